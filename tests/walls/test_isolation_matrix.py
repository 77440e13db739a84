"""The isolation matrix: every guarded route x every kind of account x four places, with real ids swapped.

By GET, POST and htmx the answer is what the permission function says. Elsewhere that is 404 (403 inside the own
insats alone) with the body that an id gets which does not exist, and no canary of another place in any answer.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from stegvis.config import Settings
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.scope import Scope, scope
from stegvis.identity.access.decide import Action, Decision, decide, decide_entrance
from stegvis.identity.access.policy import Policy
from stegvis.identity.access.rights import Actor
from stegvis.identity.accounts import service as accounts
from stegvis.local.installation import DEMO_DAY, set_day, superuser
from stegvis.local.servers import Servers
from visiting import HOST, Login, RunningEid, Visitor
from walls import matrix_world as world
from walls.matrix_world import EVERYBODY, Place

pytestmark = pytest.mark.walls

ALLOWED, HIDDEN = Decision.ALLOWED, Decision.HIDDEN
FORBIDDEN, REASON = Decision.FORBIDDEN, Decision.REASON_NEEDED
# What a route does, and with which thing of a place; None: the declared policy says all there is to say.
READ_PERSON, WORK_PERSON = (Action.READ_PERSON, "person"), (Action.WORK, "person")
TEAM, LEAD = (Action.WORK, "insats"), (Action.LEAD, "insats")
TEAM_REFERRAL, OWN_REFERRAL = (Action.WORK, "team_referral"), (Action.OWN, "own_referral")
OWN_CONSENT, APPROVE = (Action.OWN, "own_consent"), (Action.APPROVE, "insats")
TEAM_CONSENT = (Action.WORK, "team_consent")
ACCOUNTS, RECEIVED = (Action.ACCOUNTS, "accounts"), (Action.FORBUND, "received")
ROUTES: dict[str, tuple[Action, str] | None] = {
    **dict.fromkeys(("accounts.overview", "accounts.new", "accounts.check", "accounts.invite")),
    **dict.fromkeys(("accounts.one", "accounts.give", "accounts.take", "accounts.end"), ACCOUNTS),
    **dict.fromkeys(("accounts.details", "accounts.renew", "accounts.take_back"), ACCOUNTS),
    **dict.fromkeys(("accounts.own", "accounts.end_own", "accounts.end_others")),
    **dict.fromkeys(("referrals.mine", "referrals.new", "referrals.begin")),
    **dict.fromkeys(("referrals.edit", "referrals.save", "referrals.check"), OWN_REFERRAL),
    **dict.fromkeys(("referrals.send", "referrals.discard"), OWN_REFERRAL),
    "referrals.team": TEAM,
    **dict.fromkeys(("referrals.read", "referrals.decide", "referrals.still_holds"), TEAM_REFERRAL),
    "consent.mine": None,
    **dict.fromkeys(("consent.read", "consent.sign", "consent.refuse"), OWN_CONSENT),
    **dict.fromkeys(("consent.withdraw", "consent.download"), OWN_CONSENT),
    **dict.fromkeys(("consent.beside", "consent.sign_beside", "consent.refuse_beside"), OWN_REFERRAL),
    **dict.fromkeys(("consent.signers", "consent.add_signer", "consent.strike_signer"), OWN_REFERRAL),
    **dict.fromkeys(("answers.paper", "answers.register_paper", "answers.oral"), TEAM),
    **dict.fromkeys(("answers.register_oral", "answers.no", "answers.register_no"), TEAM),
    **dict.fromkeys(("team_consent.read", "team_consent.ask_again", "team_consent.strike"), TEAM_CONSENT),
    "team_consent.ask_for": TEAM_CONSENT,
    **dict.fromkeys(("team_consent.withdrawn", "team_consent.told", "team_consent.beside"), TEAM_CONSENT),
    **dict.fromkeys(("team_consent.sign_beside", "team_consent.refuse_beside"), TEAM_CONSENT),
    **dict.fromkeys(("team_consent.attach", "team_consent.scanned"), TEAM_CONSENT),
    "enrolments.people": TEAM,
    "enrolments.file_page": LEAD,
    "enrolments.file_taken": (Action.EXPORT, "insats"),
    **dict.fromkeys(("enrolments.enrol", "enrolments.enrol_sent"), TEAM_REFERRAL),
    **dict.fromkeys(("enrolments.person", "enrolments.activities"), READ_PERSON),
    **dict.fromkeys(("enrolments.ask_reason", "enrolments.reason_given"), READ_PERSON),
    **dict.fromkeys(("enrolments.activity_sent", "enrolments.activity_ended"), WORK_PERSON),
    **dict.fromkeys(("enrolments.exit_form", "enrolments.exit_sent"), WORK_PERSON),
    "plans.page": READ_PERSON,
    **dict.fromkeys(("plans.write", "plans.write_sent"), WORK_PERSON),
    "measurements.page": READ_PERSON,
    **dict.fromkeys(("measurements.rate", "measurements.rate_sent"), WORK_PERSON),
    **dict.fromkeys(("tasks.today", "enrolments.search", "enrolments.search_sent")),
    **dict.fromkeys(("own_pages.front", "own_pages.plan", "own_pages.development", "own_pages.readings")),
    **dict.fromkeys(("reporting.listed", "reporting.edit", "reporting.save"), LEAD),
    **dict.fromkeys(("reporting.review", "reporting.send"), LEAD),
    "reporting.approvals": None,
    **dict.fromkeys(("reporting.approve", "reporting.answer"), APPROVE),
    **dict.fromkeys(("reporting.ask_back", "reporting.attest"), APPROVE),
    **dict.fromkeys(("diarium.overview", "reports.received", "desk.overview")),
    **dict.fromkeys(("agreements.listed", "agreements.new", "agreements.create")),
    **dict.fromkeys(world.AGREEMENTS, RECEIVED),
    **dict.fromkeys(("reports.read", "reports.pdf", "reports.give_back", "reports.given_back"), RECEIVED),
}
# What a form sends that a trial must send too: without, nobody would be given anything.
SENT = {"enrolments.file_taken": {"syfte": "mote"}}
# Here whoever must give a reason gets the page that asks for it.
ASKS = {"enrolments.ask_reason", "enrolments.reason_given"}
# Allowed, and still 404: the thing that the page would give is not there in this world.
NOT_THERE = {
    "consent.download": "the samtycke was signed on paper, so it has no receipt of an e-ID",
    **dict.fromkeys(
        ("consent.signers", "consent.add_signer", "consent.strike_signer"),
        "the samtycke has been given: who must sign is said no more",
    ),
    "accounts.end_own": "nobody is logged in twice",
    "agreements.receipt": "signed on paper too",
    "agreements.finished": "one of its two signers has not signed",
    "agreements.trail": "no other service collected it",
}
# What each may see: canaries of the own place by kind. Accounts are the whole vault's.
SEEN = {
    "handledare": {"person", "konto"}, "insatsledare": {"person", "rapport", "konto"},
    "vault_admin": {"konto"}, "publicering": {"rapport", "konto"}, "handledare_med_skal": {"person", "konto"},
    "med_skal": set(), "remittent": {"person", "konto"}, "deltagare": {"person", "konto"},
    "kansli": {"rapport"}, "forbundschef": {"rapport"}, "ingen": set(),
}  # fmt: skip
# A form's token is new every second.
TOKEN = re.compile(rb"I[\w-]{20,}\.[\w-]{6}\.[\w-]{20,}")


@dataclass
class World:
    """The application, the places and everybody in it."""

    app: Flask
    places: dict[str, Place]
    people: dict[str, Login | None]
    actors: dict[str, Actor | None]

    @property
    def own(self) -> Place:
        """The place that everybody belongs to."""
        return self.places["egen"]


@pytest.fixture(scope="module")
def here(
    running_test_eid: RunningEid,
    settings: Settings,
    running: Servers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """The four cases; what they leave behind is emptied afterwards."""
    set_day(settings, DEMO_DAY)
    with superuser(running.postgres, settings.database.name) as admin:
        world.empty(admin)
    made = world.application(settings, tmp_path_factory.mktemp("matris"))
    with made.app_context():
        places = world.four_places()
        for place in places.values():
            world.fill(place)
        people = world.everybody(places["egen"])
        actors: dict[str, Actor | None] = {}
        for name, who in people.items():
            if who is None:
                actors[name] = None
                continue
            with scope(who.scope):
                actor = accounts.actor_of(who.account)
                # Each logs in just before its trials, so that nobody is asked for the e-ID in between.
                actors[name] = replace(actor, fresh=True) if actor is not None else None
    yield World(made, places, people, actors)
    with made.app_context():
        for engine in db.engines.values():
            engine.dispose()
    with superuser(running.postgres, settings.database.name) as admin:
        world.empty(admin)


@dataclass(frozen=True)
class Trial:
    """One request: a route of one method with the ids of a place; `mixed` keeps the own insats in the address."""

    endpoint: str
    method: str
    policy: Policy
    place: str
    mixed: bool
    address: str
    unknown: str


def guarded(app: Flask) -> list[tuple[Rule, Policy]]:
    """Every route that asks who it is."""
    found = []
    for rule in app.url_map.iter_rules():
        policy = getattr(app.view_functions[rule.endpoint], "policy", None)
        if policy is not None and policy.level is not None:
            found.append((rule, policy))
    return found


def trials(here: World) -> Iterator[Trial]:
    """Each guarded route with each place's ids; a route without any is tried once."""
    adapter = here.app.url_map.bind(HOST)
    for rule, policy in guarded(here.app):
        ids = [name for name in rule.arguments if name.endswith("_id")]
        swapped = bool(ids) or "insats" in rule.arguments
        for place in here.places.values() if swapped else [here.own]:
            for mixed in (
                (False, True) if ids and "insats" in rule.arguments and place is not here.own else (False,)
            ):
                values = {name: _value(rule.endpoint, name, place) for name in rule.arguments}
                nothing = values | {name: uuid.uuid4() for name in ids}
                if mixed:
                    values["insats"] = nothing["insats"] = here.own.insats
                elif "insats" in values:
                    nothing["insats"] = "finns_inte"
                address = adapter.build(rule.endpoint, values)
                unknown = adapter.build(rule.endpoint, nothing)
                for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                    yield Trial(rule.endpoint, method, policy, place.name, mixed, address, unknown)


def _value(endpoint: str, name: str, place: Place) -> Any:
    if name == "report_id" and endpoint.startswith("reports."):
        return place.ids["received"]
    if name == "referral_id" and endpoint.startswith("enrolments."):
        return place.ids["accepted"]
    known = {"insats": place.insats, "starts": place.starts.isoformat(), "section": place.section}
    return place.ids.get(name) or known.get(name) or "bankid"


def expected(here: World, name: str, trial: Trial) -> Decision | None:
    """What the permission function says; None where nobody is logged in."""
    actor, who, place = here.actors[name], here.people[name], here.places[trial.place]
    if actor is None or who is None:
        return None
    holds = trial.policy.at("huvudman" if "/" in who.scope else "forbund")
    if holds is None:
        return HIDDEN
    in_address = "insats" in str(trial.address.split("/")[1]) or None
    insats = (here.own.insats if trial.mixed else place.insats) if in_address else None
    entrance = decide_entrance(actor, holds.kinds, holds.rights, insats)
    asked = ROUTES[trial.endpoint]
    if entrance is not ALLOWED or asked is None:
        return entrance
    action, what = asked
    if action is Action.ACCOUNTS and actor.kind == "kansli":
        action = Action.FORBUND_ACCOUNTS
    answer = decide(actor, action, world.subject_of(place, what))
    return ALLOWED if answer is REASON and trial.endpoint in ASKS else answer


def shut_out(here: World, name: str, trial: Trial) -> bool:
    """Whether the route is not for this kind of account at all, and the place not the own one.

    Then nothing of the address is read, and htmx is tried with the own ids alone.
    """
    actor = here.actors[name]
    kinds = {*trial.policy.kinds, *(trial.policy.above.kinds if trial.policy.above else ())}
    return trial.place != here.own.name and (actor is None or actor.kind not in kinds)


class Tried:
    """Sends requests as one account, counts them and collects what was wrong."""

    def __init__(self, here: World, name: str) -> None:
        self.here, self.name, self.count = here, name, 0
        self.wrong: list[str] = []
        self.nothing: dict[tuple[str, str, bool, bool], tuple[int, bytes]] = {}
        who = here.people[name]
        visitor = Visitor(here.app)
        self.client = (visitor.logged_in(who) if who is not None else visitor).client
        seen = {here.own.canary(kind) for kind in SEEN[name]}
        if name == "vault_admin":
            seen.add(here.places["syskon"].canary("konto"))
        if name in ("kansli", "forbundschef"):
            # What has been published is the förbund's to read, whichever of its huvudmän sent it.
            seen |= {one.canary("rapport") for one in here.places.values() if one.forbund == here.own.forbund}
        every = [one.canary(kind) for one in here.places.values() for kind in ("person", "rapport", "konto")]
        self.canaries = [one.encode() for one in every if one not in seen]

    def send(self, trial: Trial, address: str, *, htmx: bool) -> Any:
        """One request; no canary of what this account may not see is in its answer."""
        self.count += 1
        headers = {"HX-Request": "true"} if htmx else {}
        answer = self.client.open(
            address,
            method=trial.method,
            base_url=f"http://{HOST}",
            headers=headers,
            data=SENT.get(trial.endpoint),
        )
        told = answer.data + str(answer.headers).encode()
        for canary in self.canaries:
            if canary in told:
                self.wrong.append(f"LÄCKA {canary.decode()} {self._said(trial, htmx)}")
        return answer

    def check(self, trial: Trial, decision: Decision | None, *, htmx: bool) -> None:
        """The answer is what the permission function says."""
        answer = self.send(trial, trial.address, htmx=htmx)
        if not _fits(trial, decision, answer, htmx=htmx):
            self.wrong.append(f"{self._said(trial, htmx)}: {decision} men {answer.status_code}")
        if decision is not HIDDEN:
            return
        if self._unknown(trial, htmx=htmx) != (404, _plain(answer.data, trial.address)):
            self.wrong.append(f"{self._said(trial, htmx)}: svaret skiljer sig från okänt id")

    def _unknown(self, trial: Trial, *, htmx: bool) -> tuple[int, bytes]:
        """The answer to ids that do not exist, asked once for each route."""
        key = (trial.endpoint, trial.method, trial.mixed, htmx)
        if key not in self.nothing:
            answer = self.send(trial, trial.unknown, htmx=htmx)
            self.nothing[key] = (answer.status_code, _plain(answer.data, trial.unknown))
        return self.nothing[key]

    def _said(self, trial: Trial, htmx: bool) -> str:
        mixed = " blandad" if trial.mixed else ""
        return f"{self.name} {trial.method}{' htmx' if htmx else ''} {trial.endpoint} {trial.place}{mixed}"


def _plain(body: bytes, address: str) -> bytes:
    """A body without the form's token and without the address that was asked for, which the page links to."""
    return TOKEN.sub(b"", body).replace(address.encode(), b"")


def _fits(trial: Trial, decision: Decision | None, answer: Any, *, htmx: bool) -> bool:
    status, target = (
        answer.status_code,
        answer.headers.get("Location") or answer.headers.get("HX-Redirect", ""),
    )
    if decision is None:
        return bool(status == (401 if htmx else 303) and target.startswith("/logga-in"))
    if decision is HIDDEN:
        return bool(status == 404)
    if decision is FORBIDDEN:
        return bool(status == 403)
    if decision is REASON:
        return bool(status == (200 if htmx else 303) and target.endswith("/skal"))
    if trial.endpoint in NOT_THERE:
        return bool(status == 404)
    return (
        status in (200, 204, 303, 422)
        and not target.startswith("/logga-in")
        and not (target.endswith("/skal") and trial.endpoint not in ASKS)
    )


@contextmanager
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let allowed writes be made and rolled back, so that every trial meets the same world."""

    def finish(self: Scope) -> None:
        self.session.flush()
        for call in self._before_commit:
            call()
        self.session.rollback()

    with monkeypatch.context() as patched:
        patched.setattr(Scope, "finish", finish)
        yield


def test_the_table_names_every_guarded_route(here: World) -> None:
    assert {rule.endpoint for rule, _policy in guarded(here.app)} == set(ROUTES)
    assert set(NOT_THERE) | ASKS <= set(ROUTES)


@pytest.mark.parametrize("name", EVERYBODY)
def test_each_account_gets_what_the_permission_function_says(
    here: World, name: str, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    tried = Tried(here, name)
    sorted_out: dict[bool, list[tuple[Trial, Decision | None]]] = {True: [], False: []}
    for trial in trials(here):
        decision = expected(here, name, trial)
        sorted_out[decision is ALLOWED].append((trial, decision))
    for trial, decision in sorted_out[False]:
        for htmx in (False, True):
            if not (htmx and shut_out(here, name, trial)):
                tried.check(trial, decision, htmx=htmx)
    with nothing_is_kept(monkeypatch):
        for trial, decision in sorted_out[True]:
            for htmx in (False, True):
                tried.check(trial, decision, htmx=htmx)
    record_property("isolering", (tried.count, sum(one.startswith("LÄCKA") for one in tried.wrong)))
    assert tried.wrong == []
    if name in ("handledare_med_skal", "med_skal"):
        assert {decision for _trial, decision in sorted_out[False]} >= {REASON, HIDDEN}


def test_every_place_holds_what_could_leak(here: World) -> None:
    """Read by those who may, each place tells its canaries: the search above looks for what is there."""
    for place in here.places.values():
        assert place.team is not None
        visitor = Visitor(here.app, f"{place.forbund.replace('_', '-')}.localhost").logged_in(place.team)
        enrolment, referral = place.ids["enrolment_id"], place.ids["referral_id"]
        pages = {
            f"/personer/{enrolment}": "person",
            f"/personer/{enrolment}/aktiviteter": "person",
            f"/personer/{enrolment}/plan": "person",
            f"/insats/{place.insats}/personer": "person",
            f"/insats/{place.insats}/remisser": "person",
            f"/insats/{place.insats}/remisser/{referral}": "person",
            f"/insats/{place.insats}/rapporter/{place.starts.isoformat()}": "rapport",
            f"/granskning/{place.ids['report_id']}": "rapport",
        }
        told = {address: visitor.get(address) for address in pages}
        assert {address: answer.status_code for address, answer in told.items()} == dict.fromkeys(pages, 200)
        silent = [address for address, kind in pages.items() if place.canary(kind) not in told[address].text]
        assert silent == [], place
