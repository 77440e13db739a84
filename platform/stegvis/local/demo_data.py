"""Loads the demo's made-up people and cases, once, through the services of the rooms they belong to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import sqlalchemy as sa
from flask import Flask, g

from stegvis.config import Settings
from stegvis.ground.tenancy import InsatsInstance
from stegvis.ground.tenancy.scope import current, scope, scopes, session
from stegvis.identity.access.rights import (
    FORBUNDSCHEF,
    HANDLEDARE,
    INSATSLEDARE,
    PUBLISH,
    REFER,
    VAULT_ADMIN,
    Actor,
)
from stegvis.identity.accounts import service as accounts
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.forms.answers import Answers
from stegvis.local.demo_cases import LAST_DAY, Case, Ended, cases
from stegvis.local.demo_elsewhere import load_elsewhere
from stegvis.local.demo_people import (
    DRAFTED,
    KARNHUSET,
    DemoPerson,
    MadeUp,
    made_up,
    people,
)
from stegvis.plugin_host.service import definition_of
from stegvis.vault.consent import service as consent
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.enrolments.coded import baseline_from, exit_from, form_for
from stegvis.vault.forms import service as forms
from stegvis.vault.measurements import service as measurements
from stegvis.vault.participants import service as participants
from stegvis.vault.plans import service as plans
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral

__all__ = ["DemoPerson", "load", "people"]

VAULT, INSATS = "gavleborg/sandviken", "karnhuset"
# Other authorities' accounts end after 90 days; the demo's day can be moved further than that.
REMITTENT_ENDS = date(2024, 12, 31)
RIGHTS: dict[str, tuple[str, ...]] = {
    "remittent": (REFER,),
    "handledare": (HANDLEDARE,),
    "insatsledare": (INSATSLEDARE,),
    "vault_admin": (VAULT_ADMIN, PUBLISH),
    "forbundschef": (FORBUNDSCHEF,),
}
ORGANISATIONS = ("Arbetsförmedlingen", "Region Gävleborg")
PLANS = (
    ("Jag vill ha ett arbete där jag orkar hela veckan.", "Ringa till en arbetsplats som jag valt."),
    (
        "Jag vill pröva vad jag klarar, och sedan söka jobb.",
        "Gå på studiebesök tillsammans med min handledare.",
    ),
    ("Jag vill läsa färdigt och få ett yrke.", "Träffa en studievägledare."),
    ("Jag vill komma ut bland folk och ha något att göra.", "Vara med på gruppen två gånger i veckan."),
)
QUESTIONS = (
    "Vad behöver ordnas för att en arbetsträning ska hålla?\nHur mycket orkar personen i dag?",
    "Vilken arbetsförmåga finns?\nVilket stöd behövs från vilken part?",
    "Vad är nästa rimliga steg mot arbete eller studier?",
)


def load(app: Flask) -> list[DemoPerson]:
    """Load what is missing and give everybody one can log in as, with whole start addresses.

    Needs an application context, and may be called again, also after a start that was cut short: a vault that
    is loaded gets no more, and each step of a case finds what was done before.
    """
    settings: Settings = app.config["STEGVIS"]
    known = people()
    # Pages' services speak the language of a request; this one stands in for them all.
    with app.test_request_context():
        _open_accounts(known)
        if not _karnhuset_is_loaded():
            _load_karnhuset(known)
        load_elsewhere(known)
    return [replace(one, start_url=_host(settings, one.tenant) + one.start_url) for one in known]


def _host(settings: Settings, tenant: str) -> str:
    return settings.base_url(scopes().directory.get(tenant).forbund.hosts[0])


def _open_accounts(known: list[DemoPerson]) -> None:
    """Everybody but the participants, who get theirs by being referred."""
    by_scope: dict[str, list[DemoPerson]] = {}
    for one in known:
        if one.role != "deltagare":
            by_scope.setdefault("/".join(filter(None, (one.tenant, one.huvudman))), []).append(one)
    for scope_text, here in by_scope.items():
        with scope(scope_text):
            for one in here:
                if not accounts.accounts_of_number(one.personnummer):
                    _open_account(one, here)


def _open_account(one: DemoPerson, here: list[DemoPerson]) -> None:
    kind = {"remittent": "remittent", "forbundschef": "kansli"}.get(one.role, "personal")
    whole_vault = one.role in ("vault_admin", "forbundschef")
    authors = [other for other in here if other.role == "remittent"]
    accounts.open_account(
        one.personnummer,
        one.name,
        kind,
        organisation=ORGANISATIONS[authors.index(one)] if kind == "remittent" else "",
        rights=RIGHTS[one.role],
        insats="" if whole_vault else one.insats,
        ends_on=REMITTENT_ENDS if kind == "remittent" else None,
    )


# -- Kärnhuset 2.0 -------------------------------------------------------------------------------


@contextmanager
def _as(who: Actor, day: date) -> Iterator[None]:
    """Within it the services are called by `who` on the business day `day`."""
    g.actor, g.stegvis_day = who, day
    try:
        yield
    finally:
        del g.actor, g.stegvis_day


@contextmanager
def _scope_of(who: Actor) -> Iterator[None]:
    """A scope of the vault opened for `who`: the trail names whoever did the step."""
    with scope(VAULT, account=who.account) as opened:
        opened.facts["role"] = who.kind
        yield


def _karnhuset_is_loaded() -> bool:
    """Whether the last case, which is loaded after everything else, is there."""
    with scope(VAULT):
        return participants.find_by_number(cases()[-1].person.number) is not None


def _load_karnhuset(known: list[DemoPerson]) -> None:
    with scope(VAULT):
        authors, team = _actors(known, "remittent"), _actors(known, "handledare")
    *others, last = cases()
    for number, case in enumerate(others):
        _live(case, number, authors[case.author], team[case.handledare])
    _load_waiting(known, authors, team[0])
    _live(last, len(others), authors[last.author], team[last.handledare])


def _load_waiting(known: list[DemoPerson], authors: list[Actor], handledare: Actor) -> None:
    """A referral at each stage before the enrolment: accepted, open, waiting for its person, a draft."""
    waiting = next(one for one in known if one.role == "deltagare" and one.name == "Prov Provsson")
    new, accepted, draft = (made_up(nth) for nth in (KARNHUSET + 40, KARNHUSET + 41, DRAFTED))
    _refer(MadeUp(waiting.name, waiting.personnummer), authors[0], date(2024, 1, 11), 0)
    for person, author, days, number in (
        (new, authors[1], (date(2024, 1, 4), date(2024, 1, 10)), 1),
        (accepted, authors[0], (date(2024, 1, 2), date(2024, 1, 8)), 2),
    ):
        referral_id = _refer(person, author, days[0], number)
        with _scope_of(handledare):
            _consented(person, handledare, days[1])
            if person == accepted:
                with _as(handledare, date(2024, 1, 12)):
                    referrals.decide(referral_id, accept=True, words="Välkommen. Vi hör av oss om en tid.")
    with _scope_of(authors[0]), _as(authors[0], date(2024, 1, 15)):
        draft_id = referrals.begin(INSATS, draft.number, draft.given_name, draft.family_name)
        referrals.save(draft_id, {"remittent": ["af"], "kalla": ["trisam"], "trisam_datum": ["2024-01-09"]})


def _actors(known: list[DemoPerson], role: str) -> list[Actor]:
    found = []
    for one in known:
        if (one.role, one.insats, one.huvudman) == (role, INSATS, "sandviken"):
            (account_id, _kind, _organisation), *_others = accounts.accounts_of_number(one.personnummer)
            actor = accounts.actor_of(account_id)
            assert actor is not None
            found.append(actor)
    return found


def _live(case: Case, number: int, author: Actor, handledare: Actor) -> None:
    """One case from its referral to its end, each step on its own day and by its own actor."""
    referral_id = _refer(case.person, author, case.started_on - timedelta(days=9), number)
    with _scope_of(handledare):
        if participants.find_by_number(case.person.number) is not None:
            return
        _consented(case.person, handledare, case.started_on - timedelta(days=6))
        with _as(handledare, case.started_on - timedelta(days=4)):
            referrals.decide(referral_id, accept=True, words="")
        definition = definition_of(_instance())
        with _as(handledare, case.started_on):
            form = form_for(definition, "inskrivning")
            baseline = baseline_from(form, forms.read(definition, form, case.baseline, complete=True).answers)
            enrolment_id = enrolments.enrol(
                INSATS, referral_id, handledare.account, baseline, case.started_on
            )
        agreed = case.started_on + timedelta(days=9)
        with _as(handledare, agreed):
            plans.agree(enrolment_id, _plan(definition, number, agreed), agreed)
        with _as(handledare, case.ended.on if case.ended else LAST_DAY):
            for day, ratings in case.rounds:
                measurements.measure(enrolment_id, "steg_sex", ratings, day)
            for one in case.activities:
                enrolments.start_activity(enrolment_id, one.kind, one.where, one.begins, one.until)
            if case.ended is not None:
                _end(definition, enrolment_id, case.ended)


def _end(definition: InsatsDefinition, enrolment_id: uuid.UUID, ended: Ended) -> None:
    form = form_for(definition, "avslut")
    typed = {
        "avslutskod": [ended.code],
        "forsorjning_efter": [ended.forsorjning],
        "sysselsattning_efter": [ended.sysselsattning],
        "overlamning_fbe": ["nej"],
    }
    parsed = forms.read(definition, form, typed, complete=True)
    enrolments.end(enrolment_id, exit_from(form, parsed.answers), ended.on)


def _instance() -> InsatsInstance:
    return scopes().directory.get("gavleborg").insats_by_id(INSATS)


def _plan(definition: InsatsDefinition, number: int, agreed: date) -> Answers:
    goal, step = PLANS[number % len(PLANS)]
    typed = {
        "mal": [goal],
        "nasta_steg": [step],
        "aktiviteter": ["samtal", "arbetstraning"],
        "stod": ["Samtal med handledaren varje vecka."],
        "uppfoljning": [(agreed + timedelta(days=91)).isoformat()],
    }
    return forms.read(definition, definition.forms_for("plan")[0], typed, complete=True).answers


def _refer(person: MadeUp, author: Actor, day: date, number: int) -> uuid.UUID:
    """A referral that has been sent and asks the person; returns its id."""
    typed = {
        "remittent": ["af" if author.organisation == ORGANISATIONS[0] else "region"],
        "kalla": ["trisam"],
        "trisam_datum": [(day - timedelta(days=6)).isoformat()],
        "fragestallningar": [QUESTIONS[number % len(QUESTIONS)]],
        "samordnad_rehabilitering": ["ja"],
        "forsorjningsstod_lange": ["ja"],
        "ohalsa": ["ja" if number % 3 else "nej"],
        "funktionsnedsattning": ["nej"],
        "spraksvaghet": ["nej"],
        "tidigare_beroende": ["nej"],
    }
    with _scope_of(author), _as(author, day):
        hashes = current().keys.search_hashes(person.number)
        known = session().scalar(sa.select(Referral.id).where(Referral.number_hash.in_(hashes)))
        referral_id = known or referrals.begin(INSATS, person.number, person.given_name, person.family_name)
    # As on the pages: sending opens the person's account beside, which would wait for what begins here.
    with _scope_of(author), _as(author, day):
        referrals.save(referral_id, typed)
        referrals.send(referral_id)
        consent.ask(referral_id)
    return referral_id


def _consented(person: MadeUp, staff: Actor, signed: date) -> None:
    """A samtycke on paper opens the person's referral for the team."""
    with _as(staff, signed):
        consent.paper(INSATS, person.number, signed, "I personakten på Kärnhuset")
