"""Bad input at the walls: each is refused with a sentence, nothing is changed, and a refusal is one event.

The event stands in the trail of the scope where the request or the account belongs. A request that belongs to
none (a host that is nobody's, a stranger with an invitation of another förbund) has no trail to stand in: its
event is one line of the application's log.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest
import structlog
from flask import Flask
from psycopg import sql
from structlog.testing import LogCapture
from werkzeug.test import TestResponse

from stegvis.config import Settings
from stegvis.ground.tenancy.scope import scope
from stegvis.ground.web import errors
from stegvis.identity.access.rights import FORBUNDSCHEF, HANDLEDARE, REFER, VAULT_ADMIN
from stegvis.identity.accounts import service as accounts
from stegvis.identity.eid import routes
from stegvis.local.installation import DEMO_DAY, set_day
from visiting import HOST, INSATS, VAULT, Login, People, Visitor, fresh_number

pytestmark = pytest.mark.walls

NO_PAGE = "Sidan finns inte"


@pytest.fixture
def people(app: Flask, settings: Settings) -> People:
    """Opens accounts of made-up people, on the demo's day."""
    set_day(settings, DEMO_DAY)
    return People(app)


def visitor(app: Flask, who: Login | None = None, host: str = HOST) -> Visitor:
    made = Visitor(app, host)
    return made.logged_in(who) if who is not None else made


def counted(admin: psycopg.Connection) -> dict[str, int]:
    """How many rows every table has; the audit trails together as `audit_event`."""
    found: dict[str, int] = {}
    admin.rollback()
    for schema, table in admin.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
    ).fetchall():
        (count,) = admin.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
        ).fetchone() or (0,)
        name = table if table == "audit_event" else f"{schema}.{table}"
        found[name] = found.get(name, 0) + count
    return found


def refusals(admin: psycopg.Connection) -> Counter[str]:
    """How often each reason stands in the trails of the whole installation."""
    admin.rollback()
    found: Counter[str] = Counter()
    for (schema,) in admin.execute(
        "SELECT schemaname FROM pg_tables WHERE tablename = 'audit_event'"
    ).fetchall():
        asked = sql.SQL(
            "SELECT details ->> 'skal', count(*) FROM {} WHERE action = 'neka' AND outcome = 'nekad' GROUP BY 1"
        )
        found.update(dict(admin.execute(asked.format(sql.Identifier(schema, "audit_event"))).fetchall()))
    return found


@dataclass
class Try:
    """What was sent and what must come back: status, sentence, and the reason of the event, or the name of its line
    in the log where there is no trail.
    """

    send: Callable[[], TestResponse]
    status: int
    sentence: str
    reason: str
    line: str = ""


def forged_host(app: Flask, people: People) -> Try:
    stranger = visitor(app, host="ond.example")
    return Try(
        lambda: stranger.get("/idag"),
        404,
        "Det finns inget samordningsförbund på den här adressen",
        "",
        "unknown_host",
    )


def forged_forwarded_host(app: Flask, people: People) -> Try:
    """What a proxy would say is not believed: the host decides, and the page stays Gävleborg's."""
    browser = visitor(app, people.handledare())
    headers = {"X-Forwarded-Host": "kalmar-lan.localhost", "Forwarded": "host=kalmar-lan.localhost"}
    return Try(lambda: browser.get("/insats/krus/personer", headers), 404, NO_PAGE, "behorighet")


def cookie_of_another_host(app: Flask, people: People) -> Try:
    browser, other = visitor(app, people.handledare()), visitor(app, host="kalmar-lan.localhost")
    other.cookie = browser.cookie
    return Try(lambda: other.get("/idag"), 303, "/logga-in", "annan_adress")


def cookie_of_another_scope(app: Flask, people: People) -> Try:
    remittent = visitor(app, people.remittent())
    return Try(lambda: remittent.get("/laget"), 404, NO_PAGE, "behorighet")


def chief_in_a_vault(app: Flask, people: People) -> Try:
    chief = visitor(app, people.account("kansli", FORBUNDSCHEF, scope_id="gavleborg", insats=""))
    return Try(lambda: chief.get(f"/insats/{INSATS}/personer"), 404, NO_PAGE, "behorighet")


def id_of_another_vault_in_a_body(app: Flask, people: People) -> Try:
    """An account of another vault is chosen to get a right here."""
    keeper = visitor(app, people.account("personal", VAULT_ADMIN))
    other = people.account("personal", HANDLEDARE, scope_id="gavleborg/af_gavle", insats="se_coach")
    keeper.get("/konton/ny")
    token = keeper.token()
    return Try(
        lambda: keeper.post(
            f"/konton/{other.account}/ratter/ge",
            {"csrf_token": token, "ratt": REFER, "konto": str(other.account)},
        ),
        404,
        NO_PAGE,
        "behorighet",
    )


def insats_of_another_vault_in_a_body(app: Flask, people: People) -> Try:
    keeper = visitor(app, people.account("personal", VAULT_ADMIN))
    mine = people.account("personal", HANDLEDARE)
    keeper.get(f"/konton/{mine.account}")
    token = keeper.token()
    fields = {"csrf_token": token, "ratt": HANDLEDARE, "insats": "se_coach"}
    sentence = "Den insatsen finns inte här. Inget är ändrat."
    return Try(
        lambda: keeper.post(f"/konton/{mine.account}/ratter/ge", fields), 422, sentence, "annan_insats"
    )


def referral_to_another_forbund_in_a_body(app: Flask, people: People) -> Try:
    author = visitor(app, people.remittent())
    author.get("/remisser/ny")
    fields = {
        "csrf_token": author.token(),
        "insats": "krus",
        "nummer": fresh_number(),
        "fornamn": "Test",
        "efternamn": "Testsson",
    }
    return Try(lambda: author.post("/remisser/ny", fields), 422, "Välj insats.", "annan_insats")


def path_that_mixes_two_forbund(app: Flask, people: People) -> Try:
    browser = visitor(app, people.handledare())
    return Try(lambda: browser.get("/insats/krus/personer"), 404, NO_PAGE, "behorighet")


def invitation_of_another_forbund(app: Flask, people: People) -> Try:
    browser = visitor(app)
    return Try(
        lambda: browser.get("/inbjudan/kalmar/ett-paahittat-token"), 404, NO_PAGE, "", "invitation_of_nobody"
    )


def right_that_ended_a_second_ago(app: Flask, people: People) -> Try:
    who = people.account("remittent", REFER)
    author = visitor(app, who)
    author.get("/remisser/ny")
    fields = {"csrf_token": author.token(), "insats": INSATS, "nummer": fresh_number(), "fornamn": "Test"}
    with app.app_context(), scope(VAULT):
        accounts.take_right(who.account, REFER, INSATS)
    return Try(
        lambda: author.post("/remisser/ny", fields | {"efternamn": "Testsson"}), 404, NO_PAGE, "behorighet"
    )


def account_that_ended_a_second_ago(app: Flask, people: People) -> Try:
    who = people.account("remittent", REFER)
    author = visitor(app, who)
    author.get("/remisser/ny")
    fields = {"csrf_token": author.token(), "insats": INSATS, "nummer": fresh_number(), "fornamn": "Test"}
    with app.app_context(), scope(VAULT):
        accounts.close_account(who.account)
    return Try(
        lambda: author.post("/remisser/ny", fields | {"efternamn": "Testsson"}),
        303,
        "/logga-in",
        "avslutat_konto",
    )


@pytest.mark.parametrize(
    "prepare",
    [
        forged_host,
        forged_forwarded_host,
        cookie_of_another_host,
        cookie_of_another_scope,
        chief_in_a_vault,
        id_of_another_vault_in_a_body,
        insats_of_another_vault_in_a_body,
        referral_to_another_forbund_in_a_body,
        path_that_mixes_two_forbund,
        invitation_of_another_forbund,
        right_that_ended_a_second_ago,
        account_that_ended_a_second_ago,
    ],
    ids=lambda one: one.__name__,
)
def test_it_is_refused_and_nothing_is_changed(
    app: Flask,
    people: People,
    admin: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Flask, People], Try],
) -> None:
    one = prepare(app, people)
    before, refused = counted(admin), refusals(admin)
    # Put in their place: a logger that was used before is not captured by structlog's own means.
    lines = LogCapture()
    for place in (errors, routes):
        monkeypatch.setattr(place, "log", structlog.wrap_logger(None, processors=[lines]))
    answer = one.send()
    after = counted(admin)
    told = answer.headers.get("Location", "") + answer.text
    assert (answer.status_code, one.sentence in told) == (one.status, True), told[:2000]
    assert dict(refusals(admin) - refused) == ({one.reason: 1} if one.reason else {})
    assert [line["event"] for line in lines.entries] == ([one.line] if one.line else [])
    assert {name: count for name, count in after.items() if count != before[name]}.keys() <= {"audit_event"}


def test_what_is_refused_above_works_for_those_who_may(app: Flask, people: People) -> None:
    """The same requests, rightly sent, are answered: the refusals above are not of something else."""
    team = visitor(app, people.handledare())
    assert team.get("/idag").status_code == 200
    assert team.get(f"/insats/{INSATS}/personer", {"X-Forwarded-Host": "ond.example"}).status_code == 200
    assert "Gävleborg" in team.page.words or "Kärnhuset" in team.page.words
    author = visitor(app, people.remittent())
    author.get("/remisser/ny")
    fields = {"insats": INSATS, "nummer": fresh_number(), "fornamn": "Test", "efternamn": "Testsson"}
    assert author.send("/remisser/ny", fields).status_code == 200
    chief = visitor(app, people.account("kansli", FORBUNDSCHEF, scope_id="gavleborg", insats=""))
    assert chief.get("/laget").status_code == 200
