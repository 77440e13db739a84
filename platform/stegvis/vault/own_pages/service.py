"""Gathers what a participant's own pages show; each room answers for its part."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from stegvis.ground.day import SWEDEN
from stegvis.ground.tenancy.scope import current
from stegvis.identity.access import reasons
from stegvis.identity.access.policy import actor
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.vault.consent import service as consent
from stegvis.vault.measurements import service as measurements
from stegvis.vault.plans import service as plans


@dataclass(frozen=True)
class Front:
    """The first page: what waits for the person, what the parties may not talk about any more, what they may."""

    first_name: str
    waiting: tuple[consent.Mine, ...]
    ended: tuple[consent.Mine, ...]
    given: tuple[consent.Mine, ...]
    responsible: str
    is_participant: bool


@dataclass(frozen=True)
class Reading:
    """Somebody read something about the person; `why` where a reason had to be given."""

    at: datetime
    who: str
    what: str
    why: str = ""


def front() -> Front:
    """The person's first page."""
    mine = consent.mine()
    counts = [one for one in mine if one.counts]
    return Front(
        first_name=actor().name.split(" ")[0],
        waiting=tuple(one for one in mine if one.state.state == "fraga"),
        ended=tuple(one for one in counts if one.state.state == "utgangen"),
        given=tuple(one for one in counts if one.state.state == "given"),
        responsible=current().huvudman.responsible,
        is_participant=accounts.participant_of(actor().account) is not None,
    )


def participant_id() -> uuid.UUID | None:
    """The participant who is logged in, once a samtycke has made one."""
    return accounts.participant_of(actor().account)


def my_plans(language: str) -> list[tuple[str, plans.PlanText]]:
    """The person's plans: (insats, the version that holds)."""
    person = _reads("plan")
    return plans.for_participant(person, language) if person is not None else []


def my_development(language: str) -> list[tuple[str, tuple[measurements.Development, ...]]]:
    """The person's own development: (insats, one for each instrument)."""
    person = _reads("matningar")
    return measurements.for_participant(person, language) if person is not None else []


def readings() -> list[Reading]:
    """Who else has read or changed something about the person, newest first."""
    person = _reads("lasningar")
    if person is None:
        return []
    made, given = [], reasons.about(person)
    for event in audit.events_about(person):
        if event.account_id == actor().account:
            continue
        who = accounts.name_of(event.account_id) or _("Systemet")
        what = str(event.details.get("sida") or event.details.get("vad") or "")
        why = ": ".join(given.get(str(event.details.get("rad", "")), ()))
        made.append(Reading(event.at.astimezone(SWEDEN), who, _in_words(event.action, what), why))
    return made


def _reads(page: str) -> uuid.UUID | None:
    """The participant who is logged in and reads an own page; one event, as for anybody else who reads it."""
    person = participant_id()
    if person is not None:
        audit.record("las", "participant", person, sida=page)
    return person


def _in_words(action: str, what: str) -> str:
    """What somebody did, as the person reads it; a new kind of page is told in general words."""
    things = {
        "remiss": _("din remiss"),
        "inskrivning": _("din inskrivning"),
        "oversikt": _("din sida"),
        "plan": _("din plan"),
        "matningar": _("dina mätningar"),
        "matning": _("en mätning"),
        "aktivitet": _("en aktivitet"),
        "aktiviteter": _("dina aktiviteter"),
        "avslut": _("ditt avslut"),
        "samtycke": _("ditt samtycke"),
    }
    return audit.in_words(action, things.get(what, _("dina uppgifter")))
