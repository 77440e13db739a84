"""The e-ID asked once more: a login of more than five minutes leads there and back, and nothing chosen is lost."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask, request

from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.ground.tenancy.models import db, now
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access import policy
from stegvis.identity.access.decide import Action
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.vault.enrolments.models import Enrolment
from stegvis.vault.participants import service as participants
from visiting import HOST, VAULT, Login, People, RunningEid, Visitor, fresh_number

Browse = Callable[..., Visitor]
FILE = "/insats/karnhuset/personer/hamta"
STALE = timedelta(seconds=policy.FRESH_SECONDS + 1)


@pytest.fixture
def leader(people: People) -> Login:
    """Somebody who leads the insats."""
    return people.account("personal", INSATSLEDARE, name="Prov Ledare")


@pytest.fixture
def somebody(app: Flask, leader: Login) -> str:
    """A name in the caseload."""
    with app.app_context(), scope(VAULT):
        person = participants.ensure(fresh_number(), "Kanariesteg", "Testsson")
        row = Enrolment(
            insats="karnhuset", participant_id=person.id, handledare_id=leader.account,
            started_on=now().date() - timedelta(days=900), forsorjning_before=["okand"],
            sysselsattning_before="okand", utbildning="okand", months_on_support="okand",
        )  # fmt: skip
        session().add(row)
    return "Kanariesteg"


def stale(browser: Browse, who: Login) -> Visitor:
    """Somebody who logged in a little more than five minutes ago, and is still logged in."""
    with time_machine.travel(now() - STALE, tick=False):
        return browser(who)


def onward(address: str | None) -> str:
    """Where an address of the login page leads afterwards."""
    assert address is not None
    split = urlsplit(address)
    assert split.path == "/logga-in"
    return parse_qs(split.query)["vidare"][0]


def asked(visitor: Visitor, purpose: str = "uppfoljning") -> Any:
    """Choose what for and ask for the file, on its page."""
    visitor.get(FILE)
    return visitor.send("/hamta", {"syfte": purpose}, follow=False)


def events(app: Flask, who: Login) -> list[str]:
    """What an account has left in the trail, but for its logins."""
    with app.app_context(), scope(VAULT):
        rows = session().query(VaultAuditEvent).filter(VaultAuditEvent.account_id == who.account)
        found = [row.action for row in rows.order_by(VaultAuditEvent.seq)]
    return [one for one in found if one != "logga_in"]


def test_five_minutes_are_fresh_and_a_second_more_is_not(
    leader: Login, somebody: str, browser: Browse
) -> None:
    begun = now()
    with time_machine.travel(begun, tick=False):
        visitor = browser(leader)
    with time_machine.travel(begun + STALE - timedelta(seconds=1), tick=False):
        assert asked(visitor).data.startswith(b"PK")
    with time_machine.travel(begun + STALE, tick=False):
        answer = asked(visitor)
    assert answer.status_code == 303
    assert onward(answer.location) == f"{FILE}?syfte=uppfoljning"


def test_the_page_itself_asks_no_e_id_and_says_what_comes(
    leader: Login, somebody: str, browser: Browse
) -> None:
    visitor = stale(browser, leader)
    assert visitor.get(FILE).status_code == 200
    words = visitor.page.words
    assert "Sedan kommer du tillbaka hit och hämtar filen." in words and "Hämta som Excel" not in words


def test_the_e_id_leads_back_with_the_purpose_and_then_the_file_comes(
    app: Flask, leader: Login, somebody: str, browser: Browse, eid: RunningEid
) -> None:
    visitor = stale(browser, leader)
    before = visitor.cookie
    answer = asked(visitor)
    assert events(app, leader) == [], "nothing left, and nobody was refused"
    visitor.get(answer.location)
    assert "Legitimera dig en gång till" in visitor.page.words
    visitor.send("/logga-in/bankid")
    visitor.get(visitor.at_eid(leader.number), follow=True)
    assert visitor.answer is not None
    assert visitor.answer.request.full_path == f"{FILE}?syfte=uppfoljning"
    assert visitor.cookie != before
    assert "Nu kan du hämta filen." in visitor.page.words
    answer = visitor.send("/hamta")
    assert answer.status_code == 200 and answer.data.startswith(b"PK")
    assert events(app, leader) == ["exportera"]


@pytest.mark.parametrize(("right", "status"), [(HANDLEDARE, 403), ("", 404)])
def test_another_person_in_between_gets_no_file(
    app: Flask,
    people: People,
    leader: Login,
    somebody: str,
    browser: Browse,
    eid: RunningEid,
    right: str,
    status: int,
) -> None:
    visitor = stale(browser, leader)
    sent = asked(visitor)
    other = people.account("personal", *([right] if right else []), name="Prov Annan")
    visitor.get(sent.location)
    visitor.send("/logga-in/bankid")
    answer = visitor.get(visitor.at_eid(other.number), follow=True)
    assert answer.status_code == status and somebody not in answer.text
    visitor.get("/logga-in")
    answer = visitor.post(FILE, {"syfte": "uppfoljning", "csrf_token": visitor.token()})
    assert answer.status_code == status and not answer.data.startswith(b"PK")
    assert events(app, other) == ["neka", "neka"] and "exportera" not in events(app, leader)


def test_who_does_not_come_back_is_still_logged_in_and_has_no_file(
    leader: Login, somebody: str, browser: Browse, eid: RunningEid
) -> None:
    visitor = stale(browser, leader)
    visitor.get(asked(visitor).location)
    visitor.send("/logga-in/bankid")
    visitor.get(visitor.at_eid(leader.number, "cancel"), follow=True)
    assert "Du avbröt" in visitor.page.words
    assert visitor.page.form("/logga-in/bankid").fields["vidare"] == f"{FILE}?syfte=uppfoljning"
    assert visitor.get("/idag").status_code == 200
    assert asked(visitor).status_code == 303


@pytest.fixture
def elsewhere(settings: Settings, people: People) -> Iterator[Flask]:
    """The application with one more page, which asks for the e-ID and names no page to come back to."""
    made = create_app(settings, levels=("forbund", "huvudman"))
    made.config["WTF_CSRF_ENABLED"] = False

    @made.route("/prov/<insats>", methods=["GET", "POST"])
    @policy.vault("personal")
    def tried(insats: str) -> str:
        policy.ask(Action.EXPORT, policy.subject(insats), "insats")
        return f"filen {request.method}"

    yield made
    with made.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_a_page_a_form_and_a_part_of_a_page_lead_back_to_where_they_stood(
    elsewhere: Flask, leader: Login
) -> None:
    visitor = stale(lambda who: Visitor(elsewhere).logged_in(who), leader)
    page, stood = "/prov/karnhuset?val=1&mer=%C3%A5", "/insats/karnhuset/personer?visa=avslutade"
    here = {"Referer": f"http://{HOST}{stood}"}
    htmx = {"HX-Request": "true", "HX-Current-URL": f"http://{HOST}{stood}"}
    read = visitor.get(page)
    assert (read.status_code, onward(read.location)) == (303, page)
    sent = visitor.post("/prov/karnhuset", {"val": "1"}, here)
    assert (sent.status_code, onward(sent.location)) == (303, stood)
    for part in (visitor.get(page, htmx), visitor.post("/prov/karnhuset", {}, htmx)):
        assert (part.status_code, part.data, part.location) == (200, b"", None)
        assert onward(part.headers["HX-Redirect"]) == stood
    stolen = visitor.post("/prov/karnhuset", {}, {"Referer": "https://ond.example/x"})
    assert stolen.location == "/logga-in"
    fresh = Visitor(elsewhere).logged_in(leader)
    assert fresh.get(page).text == "filen GET" and fresh.post("/prov/karnhuset", {}).text == "filen POST"
