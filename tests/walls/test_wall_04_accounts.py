"""Wall 4, the page Konton: whoever answers for accounts lets people in and takes them out; each change is told."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from stegvis.config import Settings
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import (
    FORBUNDSCHEF,
    HANDLEDARE,
    INSATSLEDARE,
    KANSLI,
    OPEN_WITH_REASON,
    PUBLISH,
    REFER,
    VAULT_ADMIN,
)
from stegvis.identity.accounts import administration
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts.models import ForbundAccount, VaultAccount, VaultInvitation
from stegvis.identity.audit.models import ForbundAuditEvent, VaultAuditEvent
from stegvis.local.installation import DEMO_DAY, set_day
from visiting import INSATS, VAULT, Login, People, Visitor, fresh_number

pytestmark = pytest.mark.walls
Browse = Callable[..., Visitor]
EMAIL = "prov@kommunen.example"
EMPTY_VAULT = "skane_nordost/osby"
EMPTY_HOST = "skane-nordost.localhost"


@pytest.fixture
def keeper(people: People) -> Login:
    """Somebody who answers for accounts, with another beside so that nobody is the last."""
    people.account("personal", VAULT_ADMIN, name="Prov Kvarvarande")
    return people.account("personal", VAULT_ADMIN, name="Prov Ansvarig")


def changes(app: Flask, who: Login) -> list[tuple[str, Any]]:
    """What an account has changed: (action, subject), oldest first; readings left out."""
    table = VaultAuditEvent if "/" in who.scope else ForbundAuditEvent
    with app.app_context(), scope(who.scope):
        rows = session().scalars(
            sa.select(table)
            .where(table.account_id == who.account, table.action.not_in(("lista", "las")))
            .order_by(table.seq)
        )
        return [(row.action, row.subject_id) for row in rows]


def rights_of(app: Flask, who: Login) -> set[tuple[str, str]]:
    with app.app_context(), scope(who.scope):
        actor = accounts.actor_of(who.account)
        return set(actor.rights) if actor is not None else set()


def do(visitor: Visitor, account: uuid.UUID, what: str, **fields: str) -> Any:
    """Send one of the forms of an account's page."""
    visitor.get(f"/konton/{account}")
    return visitor.post(f"/konton/{account}/{what}", {"csrf_token": visitor.token(), **fields})


def test_it_is_the_keepers_home_and_a_way_in_the_row(keeper: Login, browser: Browse) -> None:
    visitor = browser(keeper)
    assert visitor.get("/konton").status_code == 200
    assert "Prov Ansvarig" in visitor.page.words and "(du)" in visitor.page.words
    assert any(link.endswith("/konton") for link in visitor.page.links("/konton"))


def test_participants_are_no_part_of_it(app: Flask, people: People, keeper: Login, browser: Browse) -> None:
    participant = people.account("deltagare", name="Kanarie Deltagarsson")
    staff = people.account("personal", HANDLEDARE, name="Kanarie Personalsson")
    visitor = browser(keeper)
    visitor.get("/konton")
    assert "Kanarie Personalsson" in visitor.page.words
    assert "Deltagarsson" not in visitor.page.words
    assert visitor.get(f"/konton/{staff.account}").status_code == 200
    assert visitor.get(f"/konton/{participant.account}").status_code == 404
    with app.app_context(), scope(VAULT):
        numbers = [session().get_one(VaultAccount, one.account).number for one in (participant, staff)]
    assert numbers == [participant.number, staff.number]


def test_an_invitation_is_read_back_then_shown_once(app: Flask, keeper: Login, browser: Browse) -> None:
    visitor, number = browser(keeper), fresh_number()
    visitor.get("/konton/ny")
    typed = {"namn": "Test Testsson", "nummer": number, "epost": EMAIL, "slag": "personal", "insats": INSATS}
    visitor.send("/konton/ny", typed | {"ratt": [HANDLEDARE, OPEN_WITH_REASON]})
    assert f"{number[:8]}-{number[8:]}" in visitor.page.words and "Test Testsson" in visitor.page.words
    with app.app_context(), scope(VAULT):
        asked = sa.select(sa.func.count()).select_from(VaultInvitation)
        before = session().scalar(asked)
    visitor.send("/konton/ny")
    link = visitor.page.tree.xpath("//input[@id='f-lank']/@value")[0]
    assert re.fullmatch(r"http://gavleborg\.localhost/inbjudan/sandviken/[\w-]{32}", link)
    with app.app_context(), scope(VAULT):
        assert session().scalar(asked) == (before or 0) + 1
    with app.app_context(), scope(VAULT):
        account = accounts.accept_invitation(link.rsplit("/", 1)[1], number)
    with app.app_context(), scope(VAULT):
        actor = accounts.actor_of(account)
        assert actor is not None
        assert actor.rights == {(HANDLEDARE, INSATS), (OPEN_WITH_REASON, "")}
    assert [action for action, _subject in changes(app, keeper)] == ["bjud_in"]


def test_a_newer_invitation_ends_the_older_and_one_can_be_taken_back(
    app: Flask, keeper: Login, browser: Browse
) -> None:
    visitor, number, links = browser(keeper), fresh_number(), []
    for _time in range(2):
        visitor.get("/konton/ny")
        visitor.send(
            "/konton/ny",
            {
                "namn": "Prov Inbjuden",
                "nummer": number,
                "epost": EMAIL,
                "slag": "personal",
                "ratt": [PUBLISH],
            },
        )
        visitor.send("/konton/ny")
        links.append(visitor.page.tree.xpath("//input[@id='f-lank']/@value")[0].rsplit("/", 1)[1])
    with pytest.raises(accounts.InvitationRefused), app.app_context(), scope(VAULT):
        accounts.accept_invitation(links[0], number)
    with app.app_context(), scope(VAULT):
        newest = (
            session()
            .scalars(sa.select(VaultInvitation.id).order_by(VaultInvitation.created_at.desc()).limit(1))
            .one()
        )
    visitor.get("/konton")
    visitor.send(f"/konton/inbjudan/{newest}/ta-tillbaka")
    with pytest.raises(accounts.InvitationRefused), app.app_context(), scope(VAULT):
        accounts.accept_invitation(links[1], number)
    assert [action for action, _ in changes(app, keeper)] == [
        "bjud_in", "ta_tillbaka_inbjudan", "bjud_in", "ta_tillbaka_inbjudan",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"namn": "Prov"}, "Skriv förnamn och efternamn."),
        ({"nummer": "199001012396"}, "Personnumret stämmer inte. Skriv tolv siffror: ÅÅÅÅMMDD-NNNN."),
        ({"epost": ""}, "Skriv en hel e-postadress, till exempel namn@kommunen.example."),
        ({"epost": "prov@kommunen"}, "Skriv en hel e-postadress, till exempel namn@kommunen.example."),
        ({"org": "abc@4444444444"}, "Skriv personnummer eller e-legitimation i tjänsten, inte båda."),
        (
            {"nummer": "", "org": "abc@4444444445"},
            "Skriv id, snabel-a och tio siffror: abc123@4444444444.",
        ),
        ({"slag": "kansli"}, "Välj vad för slags konto det ska vara."),
        ({"slag": "deltagare"}, "Välj vad för slags konto det ska vara."),
        ({"ratt": []}, "Välj minst en rätt. Utan rätter kan personen inte göra något."),
        ({"ratt": [FORBUNDSCHEF]}, "Välj minst en rätt. Utan rätter kan personen inte göra något."),
        ({"slag": "remittent"}, "Skriv vilken myndighet personen arbetar på."),
        ({"insats": "krus"}, "Välj insats."),
    ],
)
def test_a_wrong_invitation_is_told_and_nothing_is_made(
    app: Flask, keeper: Login, browser: Browse, typed: dict[str, Any], sentence: str
) -> None:
    visitor = browser(keeper)
    visitor.get("/konton/ny")
    right = {
        "namn": "Test Testsson",
        "nummer": fresh_number(),
        "epost": EMAIL,
        "slag": "personal",
        "ratt": [HANDLEDARE],
    }
    answer = visitor.post("/konton/ny", {"csrf_token": visitor.token(), **right, **typed})
    assert (answer.status_code, sentence in visitor.page.words) == (422, True)
    assert changes(app, keeper) == []


def test_rights_act_at_the_next_request(app: Flask, people: People, keeper: Login, browser: Browse) -> None:
    who = people.account("personal", HANDLEDARE)
    theirs, visitor = browser(who), browser(keeper)
    address = f"/insats/{INSATS}/personer"
    assert theirs.get(address).status_code == 200
    assert do(visitor, who.account, "ratter/ta", ratt=HANDLEDARE, insats=INSATS).status_code == 303
    assert theirs.get(address).status_code == 404
    assert do(visitor, who.account, "ratter/ge", ratt=INSATSLEDARE, insats=INSATS).status_code == 303
    assert theirs.get(f"/insats/{INSATS}/rapporter").status_code == 200
    assert rights_of(app, who) == {(INSATSLEDARE, INSATS)}
    assert do(visitor, who.account, "avsluta").status_code == 303
    assert theirs.get(address).status_code == 303
    assert changes(app, keeper) == [
        ("ta_ratt", who.account), ("ge_ratt", who.account), ("stang_konto", who.account),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "right", "insats"),
    [("personal", FORBUNDSCHEF, ""), ("personal", "finns_inte", ""), ("personal", HANDLEDARE, "krus"),
     ("remittent", HANDLEDARE, INSATS), ("remittent", VAULT_ADMIN, "")],
)  # fmt: skip
def test_a_right_outside_the_list_is_not_given(
    app: Flask, people: People, keeper: Login, browser: Browse, kind: str, right: str, insats: str
) -> None:
    who, visitor = people.account(kind, REFER), browser(keeper)
    assert do(visitor, who.account, "ratter/ge", ratt=right, insats=insats).status_code == 422
    assert rights_of(app, who) == {(REFER, INSATS)}
    assert changes(app, keeper) == [("neka", None)]


def test_the_last_keeper_stays(app: Flask, people: People, browser: Browse) -> None:
    last = people.account("personal", VAULT_ADMIN, scope_id=EMPTY_VAULT, insats="")
    try:
        visitor = browser(last, host=EMPTY_HOST)
        sentence = "Det är den sista som kan släppa in andra. Ge någon annan den rätten först."
        for what, fields in (("avsluta", {}), ("ratter/ta", {"ratt": VAULT_ADMIN, "insats": ""})):
            assert do(visitor, last.account, what, **fields).status_code == 422
            assert sentence in visitor.page.words
        assert rights_of(app, last) == {(VAULT_ADMIN, "")} and changes(app, last) == []
        other = people.account("personal", VAULT_ADMIN, scope_id=EMPTY_VAULT, insats="")
        assert do(visitor, last.account, "ratter/ta", ratt=VAULT_ADMIN, insats="").status_code == 303
        assert visitor.get("/konton").status_code == 404
        with app.app_context(), scope(EMPTY_VAULT):
            accounts.close_account(other.account)
    finally:
        with app.app_context(), scope(EMPTY_VAULT):
            accounts.close_account(last.account)


def test_anothers_authority_is_renewed_by_a_named_contact(
    app: Flask, people: People, keeper: Login, browser: Browse, settings: Settings
) -> None:
    who, visitor = people.account("remittent", REFER, name="Prov Remittent"), browser(keeper)
    theirs = browser(who)
    with app.app_context(), scope(VAULT):
        session().get_one(VaultAccount, who.account).ends_on = today() + timedelta(days=90)
    try:
        set_day(settings, DEMO_DAY + timedelta(days=80))
        visitor.get("/konton")
        assert "Slutar snart" in visitor.page.words
        assert do(visitor, who.account, "fornya", kontakt=" ").status_code == 422
        assert do(visitor, who.account, "fornya", kontakt="Exempel Chefsson, enhetschef").status_code == 303
        visitor.get(f"/konton/{who.account}")
        assert "Exempel Chefsson" in visitor.page.words
        set_day(settings, DEMO_DAY + timedelta(days=91))
        assert theirs.get("/remisser").status_code == 200
        set_day(settings, DEMO_DAY + timedelta(days=80 + 91))
        assert theirs.get("/remisser").status_code == 303, "the session ended with the account"
        assert theirs.cookie == ""
        assert do(visitor, who.account, "fornya", kontakt="Exempel Chefsson").status_code == 422
    finally:
        set_day(settings, DEMO_DAY)
    assert changes(app, keeper) == [("fornya_konto", who.account)]
    staff = people.account("personal", HANDLEDARE)
    assert do(visitor, staff.account, "fornya", kontakt="Exempel Chefsson").status_code == 422


def test_clock_plus_91_days_ends_a_remittents_session(
    app: Flask, browser: Browse, people: People, settings: Settings
) -> None:
    number = fresh_number()
    with app.app_context(), scope(VAULT):
        token = accounts.invite(number, "Prov Remittent", "remittent", (REFER,), insats=INSATS)
    with app.app_context(), scope(VAULT):
        account = accounts.accept_invitation(token, number)
    visitor = browser(Login(account, number, "remittent", VAULT))
    assert visitor.get("/remisser").status_code == 200
    try:
        set_day(settings, DEMO_DAY + timedelta(days=91))
        assert visitor.get("/remisser").status_code == 303
        assert visitor.cookie == ""
    finally:
        set_day(settings, DEMO_DAY)
    assert visitor.get("/remisser").status_code == 303, "what has ended does not come back with the day"


def test_an_account_at_the_forbund_is_marked_and_nothing_is_kept(
    app: Flask, people: People, keeper: Login, browser: Browse
) -> None:
    both = people.account("personal", HANDLEDARE, name="Prov Dubbel")
    people.account("personal", HANDLEDARE, name="Prov Enkel")
    chief = people.account("kansli", KANSLI, scope_id="gavleborg", insats="", number=both.number)
    visitor = browser(keeper)

    def marked() -> list[bool]:
        """Whether the rows of the two are marked, by name."""
        visitor.get("/konton")
        rows = ["".join(row.itertext()) for row in visitor.page.tree.xpath("//tbody/tr")]
        ours = sorted(row.strip() for row in rows if "Prov Dubbel" in row or "Prov Enkel" in row)
        return ["Har konto hos förbundet" in row for row in ours]

    assert marked() == [True, False]
    visitor.get(f"/konton/{both.account}")
    assert "Samma person har också ett konto hos förbundet." in visitor.page.words
    with app.app_context(), scope("gavleborg"):
        session().get_one(ForbundAccount, chief.account)
        accounts.close_account(chief.account)
    assert marked() == [False, False]


def test_a_forbundschef_keeps_the_forbunds_own(app: Flask, people: People, browser: Browse) -> None:
    chief = people.account("kansli", FORBUNDSCHEF, scope_id="gavleborg", insats="", name="Prov Chefsson")
    clerk = people.account("kansli", KANSLI, scope_id="gavleborg", insats="", name="Prov Kanslisson")
    visitor = browser(chief)
    visitor.get("/konton")
    assert "Prov Kanslisson" in visitor.page.words
    assert do(visitor, clerk.account, "ratter/ge", ratt=HANDLEDARE, insats="").status_code == 422
    assert do(visitor, clerk.account, "ratter/ta", ratt=KANSLI, insats="").status_code == 303
    assert rights_of(app, clerk) == set()
    assert changes(app, chief) == [("neka", None), ("ta_ratt", clerk.account)]
    assert browser(clerk).get("/konton").status_code == 404
    in_vault = people.account("personal", HANDLEDARE)
    assert visitor.get(f"/konton/{in_vault.account}").status_code == 404


def test_the_operator_invites_the_first_keeper_alone(app: Flask, people: People) -> None:
    number = fresh_number()
    with app.app_context(), scope(EMPTY_VAULT):
        first = administration.invite_first(fresh_number(), "Prov Bortbytt")
    with app.app_context(), scope(EMPTY_VAULT):
        token = administration.invite_first(number, "Prov Först")
    with pytest.raises(accounts.InvitationRefused), app.app_context(), scope(EMPTY_VAULT):
        accounts.accept_invitation(first, number)
    with app.app_context(), scope(EMPTY_VAULT):
        account = accounts.accept_invitation(token, number)
    try:
        with pytest.raises(administration.AccountFault) as refused, app.app_context(), scope(EMPTY_VAULT):
            administration.invite_first(fresh_number(), "Prov Andra")
        assert str(refused.value) == (
            "skane_nordost/osby har redan någon som ansvarar för konton, och bara den kan bjuda in fler. "
            "Inget är ändrat."
        )
    finally:
        with app.app_context(), scope(EMPTY_VAULT):
            accounts.close_account(account)
    with app.app_context(), scope(EMPTY_VAULT):
        assert administration.invite_first(fresh_number(), "Prov Efterträdare")
