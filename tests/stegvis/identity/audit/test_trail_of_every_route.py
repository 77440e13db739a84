"""Every route that shows or changes something leaves its event: one for a reading, one with its count for a list.

The main job is walked through the pages in this process; each request is compared with what the trail of its
scope has got since. A route that is not in the list here fails the test, so that a new one is thought about.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask, Response, g, request, request_finished, request_started, url_for
from flask import session as browser_session
from psycopg import sql
from report_world import empty

import agreed
from stegvis.config import Settings
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.policy import Policy
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.local.installation import DEMO_DAY, set_day, superuser
from stegvis.local.servers import Servers
from visiting import HOST, VAULT, Login, People, RunningEid, Visitor, fresh_number
from walked_job import (
    REAL_NAME,
    a_person_in_the_team,
    a_report,
    accounts_and_a_reason,
    referrals_and_consents,
)

Browse = Callable[..., Visitor]
Events = tuple[str, ...]
Route = tuple[str, str]

# Routes that may leave nothing, each with its reason. The autosaves: a draft's making and its readings have their
# events; one for every pause in the typing would drown them.
NO_EVENT = {
    ("referrals.new", "GET"): "an empty form: names insatser, nobody",
    ("accounts.new", "GET"): "an empty form",
    ("agreements.new", "GET"): "an empty form",
    ("accounts.check", "POST"): "reads back what was typed just now; nothing is kept of it",
    ("enrolments.ask_reason", "GET"): "asks why: tells nothing of the person",
    ("enrolments.file_page", "GET"): "says how many a file would hold: names nobody",
    ("enrolments.search", "GET"): "an empty form: what is looked for is sent, not addressed",
    ("referrals.save", "POST"): "autosave of the author's own draft",
    ("answers.paper", "GET"): "an empty form",
    ("answers.oral", "GET"): "an empty form",
    ("answers.no", "GET"): "an empty form",
    ("referrals.still_holds", "GET"): "an open page asks whether it may go on showing: no content comes",
    ("reporting.save", "POST"): "autosave of a report; the first one is the making",
}
LISTS = {
    (endpoint, "GET")
    for endpoint in (
        "accounts.overview", "accounts.own", "agreements.listed", "consent.mine", "desk.overview",
        "diarium.overview", "enrolments.people", "own_pages.front", "referrals.mine", "referrals.team",
        "reporting.approvals", "reporting.listed", "reports.received", "tasks.today",
    )
}  # fmt: skip
# What is neither read as a page nor as a list.
READINGS = {
    ("consent.download", "GET"): "exportera",
    ("team_consent.scanned", "GET"): "exportera",
    ("reports.pdf", "GET"): "skriv_ut",
    **{(f"agreements.{name}", "GET"): "exportera" for name in agreed.FILES},
}
CHANGES: dict[Route, Events] = {
    ("accounts.details", "POST"): ("andra",),
    ("accounts.end", "POST"): ("stang_konto",),
    ("accounts.end_others", "POST"): ("avsluta_inloggning",),
    ("accounts.end_own", "POST"): ("avsluta_inloggning",),
    ("accounts.give", "POST"): ("ge_ratt",),
    ("accounts.invite", "POST"): ("bjud_in",),
    ("accounts.renew", "POST"): ("fornya_konto",),
    ("accounts.take", "POST"): ("ta_ratt",),
    ("accounts.take_back", "POST"): ("ta_tillbaka_inbjudan",),
    **{(f"agreements.{name}", "POST"): (action,) for name, action in agreed.CHANGES.items()},
    ("enrolments.reason_given", "POST"): ("oppna_med_skal",),
    ("enrolments.search_sent", "POST"): ("sok",),
    ("consent.refuse", "POST"): ("neka_samtycke", "forstor"),
    ("consent.refuse_beside", "POST"): ("neka_samtycke", "forstor"),
    ("answers.register_no", "POST"): ("sok", "neka_samtycke", "forstor"),
    ("answers.register_oral", "POST"): ("sok", "skapa", "oppna", "signera"),
    ("answers.register_paper", "POST"): ("sok", "skapa", "oppna", "signera"),
    ("consent.add_signer", "POST"): ("andra",),
    ("consent.strike_signer", "POST"): ("andra",),
    ("consent.sign", "POST"): ("borja_signera",),
    ("consent.sign_beside", "POST"): ("borja_signera",),
    ("consent.withdraw", "POST"): ("ta_tillbaka",),
    ("team_consent.ask_again", "POST"): ("fraga",),
    ("team_consent.ask_for", "POST"): ("fraga",),
    ("team_consent.attach", "POST"): ("skapa",),
    ("team_consent.refuse_beside", "POST"): ("neka_samtycke",),
    ("team_consent.sign_beside", "POST"): ("borja_signera",),
    ("team_consent.strike", "POST"): ("andra",),
    ("team_consent.told", "POST"): ("andra",),
    ("team_consent.withdrawn", "POST"): ("besluta", "ta_tillbaka"),
    ("enrolments.activity_ended", "POST"): ("andra",),
    ("enrolments.activity_sent", "POST"): ("skapa",),
    ("enrolments.enrol_sent", "POST"): ("skapa",),
    ("enrolments.exit_sent", "POST"): ("andra",),
    ("enrolments.file_taken", "POST"): ("exportera",),
    ("measurements.rate_sent", "POST"): ("skapa",),
    ("plans.write_sent", "POST"): ("skapa",),
    ("referrals.begin", "POST"): ("skapa",),
    ("referrals.decide", "POST"): ("besluta",),
    ("referrals.discard", "POST"): ("forstor",),
    ("referrals.send", "POST"): ("oppna_konto", "skicka", "fraga"),
    ("reporting.answer", "POST"): ("besvara_markering",),
    ("reporting.ask_back", "POST"): ("lamna_tillbaka",),
    ("reporting.attest", "POST"): ("attestera",),
    ("reporting.send", "POST"): ("skicka",),
    ("reports.given_back", "POST"): ("aterlamna",),
}


class Trail:
    """What each route left in the trail of its scope, request by request."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.left: dict[Route, set[Events]] = defaultdict(set)
        self.details: dict[Route, list[dict[str, Any]]] = defaultdict(list)
        self.named: set[str] = set()

    @contextmanager
    def watching(self) -> Iterator["Trail"]:
        """Watch every request of the application."""
        with (
            request_started.connected_to(self._began, self.app),
            request_finished.connected_to(self._ended, self.app),
        ):
            yield self

    def _began(self, _app: Flask, **_more: Any) -> None:
        login = browser_session.get("login")
        g.seen_before = None
        if login is not None and policy_of(self.app, request.endpoint or "") is not None:
            with scope(login["scope"]):
                g.seen_before = (login["scope"], self._events(0)[-1].seq)

    @staticmethod
    def _events(after: int) -> list[Any]:
        event, _heads = audit.tables()
        return list(session().scalars(sa.select(event).where(event.seq > after).order_by(event.seq)))

    def _ended(self, _app: Flask, response: Response, **_more: Any) -> None:
        if (
            g.seen_before is None
            or response.status_code not in (200, 204, 303)
            or request.headers.get("HX-Request")
        ):
            return
        if not response.is_streamed and b"Kanarina" in response.get_data():
            self.named.add(request.endpoint or "")
        where, before = g.seen_before
        with scope(where):
            found = [(row.action, row.details) for row in self._events(before)]
        key = (request.endpoint or "", request.method)
        self.left[key].add(tuple(action for action, _ in found))
        self.details[key] += [told for _, told in found]


def policy_of(app: Flask, endpoint: str) -> Policy | None:
    """The policy of a route that asks who comes; None for one that is open to everybody."""
    found: Policy | None = getattr(app.view_functions.get(endpoint), "policy", None)
    return found if found is not None and found.level is not None else None


def guarded(app: Flask) -> set[Route]:
    """Every route that asks who comes, with its method."""
    return {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
        if policy_of(app, rule.endpoint) is not None
    }


@pytest.fixture(scope="module")
def kept() -> dict[str, Trail]:
    """The walk, done once for all tests of this file."""
    return {}


@pytest.fixture
def trail(
    kept: dict[str, Trail],
    app: Flask,
    people: People,
    browser: Browse,
    eid: RunningEid,
    settings: Settings,
    running: Servers,
) -> Trail:
    """What the whole main job left, route by route."""
    if kept:
        return kept["walk"]
    with superuser(running.postgres, settings.database.name) as admin:
        empty(admin)
    set_day(settings, DEMO_DAY)
    people = People(app, REAL_NAME)
    with Trail(app).watching() as watched:
        asked = referrals_and_consents(people, browser)
        person = a_person_in_the_team(people, browser, asked)
        accounts_and_a_reason(people, browser, person)
        agreed.walk(people, browser)
        a_report(app, browser)
    kept["walk"] = watched
    return watched


def test_no_route_is_left_out(trail: Trail, app: Flask) -> None:
    assert set(trail.left) == guarded(app)
    assert NO_EVENT.keys() <= guarded(app) and set(CHANGES) <= guarded(app)


def test_a_real_name_stands_on_the_accounts_own_page_alone(
    trail: Trail, app: Flask, settings: Settings, running: Servers
) -> None:
    """Everybody who wrote, read, measured, decided, sent and attested in the walk is shown under another name."""
    assert trail.named == {"accounts.one"}
    with app.app_context(), scope(VAULT):
        account, _right, _invitation = accounts.models_here()
        names = {row.shown_name for row in session().scalars(sa.select(account)) if row.name == REAL_NAME}
    assert {"Prov Handledare", "Prov Remittent", "Test Insatsledare"} <= names
    with superuser(running.postgres, settings.database.name) as admin:
        for table in ("fb_gavleborg.received_report", "fb_gavleborg.inbox", "pub_gavleborg.contribution"):
            kept = admin.execute(sql.SQL("SELECT t::text FROM {} t").format(name_of(table))).fetchall()
            assert kept and not any("Kanarina" in row[0] for row in kept), table


def name_of(table: str) -> sql.Identifier:
    """A table's name in two parts, quoted."""
    return sql.Identifier(*table.split("."))


def test_each_page_leaves_one_event_and_a_list_its_count(trail: Trail, app: Flask) -> None:
    for key in sorted(one for one in guarded(app) if one[1] == "GET" and one not in NO_EVENT):
        assert all(len(events) == 1 for events in trail.left[key]), (key, trail.left[key])
        actions = {action for (action,) in trail.left[key]}
        assert actions == {READINGS.get(key, "lista" if key in LISTS else "las")}, key
        if actions == {"lista"}:
            assert all(isinstance(told["antal"], int) for told in trail.details[key]), key
    counted = {key: [one["antal"] for one in told] for key, told in trail.details.items() if key in LISTS}
    assert max(map(max, counted.values())) > 1, "some list had several rows"


def test_each_decision_leaves_its_events(trail: Trail, app: Flask) -> None:
    changed = {key: trail.left[key] for key in guarded(app) if key[1] == "POST" and key not in NO_EVENT}
    assert changed == {key: {events} for key, events in CHANGES.items()}


def test_what_leaves_nothing_leaves_nothing(trail: Trail) -> None:
    assert {key: trail.left[key] - {("skapa",)} for key in NO_EVENT} == {key: {()} for key in NO_EVENT}


def test_a_search_says_how_many_it_found(people: People, browser: Browse, app: Flask) -> None:
    team = people.handledare()
    visitor = browser(team)
    visitor.get("/insats/karnhuset/samtycke-pa-papper")
    nobody = {"nummer": fresh_number(), "datum": "2024-01-15", "plats": "I akten", "laest": "ja"}
    assert visitor.send("/samtycke-pa-papper", nobody).status_code == 422
    assert events_of(app, team) == [("sok", "ok", {"antal": 0})]


def test_who_is_not_let_in_leaves_one_refusal(people: People, browser: Browse, app: Flask) -> None:
    """Each guarded page, asked for by an account of a vault or a förbund that it is not for."""
    asked = 0
    for endpoint in sorted(endpoint for endpoint, method in guarded(app) if method == "GET"):
        policy = policy_of(app, endpoint)
        assert policy is not None
        who = people.account("utvarderare")
        if who.kind in policy.kinds:
            assert endpoint == "accounts.own"
            continue
        with app.test_request_context(base_url=f"http://{HOST}"):
            rule = next(one for one in app.url_map.iter_rules() if one.endpoint == endpoint)
            path = url_for(endpoint, **{name: VALUES.get(name, uuid.uuid4()) for name in rule.arguments})
        assert browser(who).get(urlsplit(path).path).status_code == 404
        assert events_of(app, who) == [("neka", "nekad", {"skal": "behorighet"})], endpoint
        asked += 1
    assert asked > 30


VALUES: dict[str, Any] = {"insats": "karnhuset", "starts": "2023-10-01"}


def events_of(app: Flask, who: Login) -> list[tuple[str, str, dict[str, Any]]]:
    """What an account has left in its vault's trail: (action, outcome, details), oldest first."""
    with app.app_context(), scope(who.scope):
        event, _heads = audit.tables()
        rows = session().scalars(sa.select(event).where(event.account_id == who.account).order_by(event.seq))
        return [(row.action, row.outcome, row.details) for row in rows]
