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
from report_world import TEXTS, empty, staff, work

import agreed
from asked import Asked
from other_accounts import accounts_and_a_reason
from other_answers import other_answers
from stegvis.config import Settings
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.policy import Policy
from stegvis.identity.audit import service as audit
from stegvis.local.check_case import INDICATORS
from stegvis.local.installation import DEMO_DAY, set_day, superuser
from stegvis.local.servers import Servers
from stegvis.vault.consent.models import Consent
from visiting import HOST, VAULT, Login, People, RunningEid, Visitor, draft, fresh_number, refer

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
        "accounts.overview", "agreements.listed", "consent.mine", "desk.overview", "diarium.overview",
        "enrolments.people", "own_pages.front", "referrals.mine", "referrals.team", "reporting.approvals",
        "reporting.listed", "reports.received", "tasks.today",
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
    ("accounts.end", "POST"): ("stang_konto",),
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


def referrals_and_consents(people: People, browser: Browse) -> Asked:
    """A draft that is thrown away, a no, a no beside the author, and a samtycke that is signed."""
    author = browser(people.remittent())
    draft(author, fresh_number())
    author.send("/slang")
    author.get("/remisser")
    refer(author, fresh_number(), way="har")
    beside = author.answer.request.path if author.answer else ""
    assert beside.endswith("/samtycke")
    author.send("/signera/bankid")
    author.get(beside)
    author.send("/nej")
    refused = Asked(people, browser)
    refused.visitor.send("/nej")
    asked = Asked(people, browser)
    asked.sign()
    asked.visitor.get(f"{asked.path}/kvitto")
    asked.visitor.get("/mina-sidor/samtycken")
    return asked


def a_person_in_the_team(people: People, browser: Browse, asked: Asked) -> str:
    """Answered, enrolled, measured, planned, busy, ended; another referral by paper."""
    team = browser(people.handledare())
    number = fresh_number()
    refer(browser(people.remittent()), number, way="papper")
    team.get("/insats/karnhuset/samtycke-pa-papper")
    typed = {"nummer": number, "datum": "2024-01-15", "plats": "I akten", "laest": "ja"}
    team.send("/samtycke-pa-papper", typed)
    with people.app.app_context(), scope(VAULT):
        newest = sa.select(Consent.id).where(Consent.method == "papper").order_by(Consent.created_at.desc())
        on_paper = session().scalars(newest.limit(1)).one()
    other_answers(people, browser, team, f"/insats/karnhuset/samtycken/{on_paper}")
    team.get(f"/insats/karnhuset/samtycken/{on_paper}")
    team.send("/atertagande", {"hur": "Ringde i dag."})
    team.get("/insats/karnhuset/remisser")
    team.get(f"/insats/karnhuset/remisser/{asked.referral}")
    team.get(f"/insats/karnhuset/remisser/{asked.referral}/galler")
    team.get(f"/insats/karnhuset/remisser/{asked.referral}")
    team.send("/svar", {"ord": "Välkommen."}, press=("svar", "ja"))
    baseline: dict[str, str | list[str]] = {
        "forsorjning_fore": ["forsorjningsstod"],
        "sysselsattning_fore": "ingen",
        "utbildning": "grundskola",
        "tid_med_offentlig_forsorjning": "3_5_ar",
    }
    team.send("/inskrivning/", baseline)
    assert team.answer is not None
    person = team.answer.request.path
    assert person.startswith("/personer/")
    team.get("/idag")
    team.get("/insats/karnhuset/personer")
    team.get(f"{person}/matningar/ny")
    team.send("/matningar/ny", {f"deltagare-{one}": "3" for one in INDICATORS})
    team.get(f"{person}/plan/ny")
    team.send("/plan/ny", {"mal": "Halvtid.", "nasta_steg": "Studiebesök.", "uppfoljning": "2024-04-15"})
    team.get(f"{person}/aktiviteter")
    kind = team.page.tree.xpath("//*[@name='aktivitet-slag']//@value")[-1]
    team.send("/aktiviteter", {"aktivitet-slag": kind})
    team.send("/slut")
    for page in ("", "/plan", "/utveckling", "/lasningar"):
        asked.visitor.get(f"/mina-sidor{page}")
    team.get(f"{person}/avslut")
    ended: dict[str, str | list[str]] = {
        "avslutskod": "tillsvidareanstallning",
        "forsorjning_efter": ["lon"],
        "sysselsattning_efter": "arbete",
    }
    team.send("/avslut", ended)
    samtycke = f"/insats/karnhuset/samtycken/{asked.consent}"
    team.get(samtycke)
    team.send("/fraga-igen")
    team.send("/stryk")
    team.get(samtycke)
    team.send("/fraga-igen")
    team.get(team.page.links("/har")[0].removeprefix(team.base))
    beside = team.answer.request.path if team.answer else ""
    team.send("/signera/bankid")
    team.get(beside)
    team.send("/nej")
    asked.visitor.get(asked.path)
    asked.visitor.send("/ta-tillbaka")
    team.get(samtycke)
    team.send("/parter", {"part": ["0"], "hur": "telefon"})
    return str(person)


def a_report(app: Flask, browser: Browse) -> None:
    """Written, given back within the vault, sent again, attested; read, printed and sent back by the förbund."""
    with app.app_context():
        who = staff()
    leader = browser(Login(who.insatsledare, "", "personal", VAULT))
    approver = browser(Login(who.approver, "", "personal", VAULT))
    chief = browser(Login(who.forbundschef, "", "kansli", "gavleborg"))
    address = "/insats/karnhuset/rapporter/2023-10-01"
    leader.get("/insats/karnhuset/rapporter")
    leader.get("/insats/karnhuset/personer/hamta")
    leader.send("/hamta", {"syfte": "mote"})
    for section, typed in TEXTS.items():
        leader.get(address)
        told = {"text": "En deltagare fick sjukersättning."} if section == "bedomning" else {}
        leader.send(f"/avsnitt/{section}", typed | told)
    for sent in range(2):
        leader.get(f"{address}/granska")
        leader.send("/skicka")
        approver.get("/granskning")
        (link,) = approver.page.links("/granskning/")
        approver.get(link.removeprefix(approver.base))
        if sent == 0:
            approver.send("/tillbaka", {"ord": "Skriv mer."})
    while list(approver.page.forms("/markering/")):
        approver.send("/markering/", {"skal": "Det är allmänt känt."})
    approver.send("/attestera")
    with app.app_context():
        work()
    chief.get("/laget")
    chief.get("/diarium")
    chief.get("/rapporter")
    one = chief.page.links("/rapporter/")[0].removeprefix(chief.base)
    chief.get(one)
    chief.get(f"{one}/pdf")
    chief.get(f"{one}/aterlamna")
    chief.send("/aterlamna", {"ord": "Komplettera."})


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
        assert who.kind not in policy.kinds
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
