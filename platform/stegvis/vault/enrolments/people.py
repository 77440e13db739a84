"""Reading about people: the caseload of an insats, and one person's page with its header and time line.

Both look at measurements, plans, samtycke and referrals through those rooms' services.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.identity.access import policy, reasons
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.insats import codes
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.forms import from_json
from stegvis.plugin_host.service import definition_of
from stegvis.vault.consent import service as consent
from stegvis.vault.enrolments import queries
from stegvis.vault.enrolments.cases import instance_of, readable, team_of
from stegvis.vault.enrolments.coded import UNKNOWN, form_of_record
from stegvis.vault.enrolments.history import History, NextStep, first_to_do, next_steps, weeks_between
from stegvis.vault.enrolments.models import Activity, Enrolment
from stegvis.vault.forms import service as forms
from stegvis.vault.measurements import service as measurements
from stegvis.vault.participants import service as participants
from stegvis.vault.plans import service as plans
from stegvis.vault.referrals import service as referrals

ENROLLED, ENDED = "inskrivna", "avslutade"


@dataclass(frozen=True)
class PersonRow:
    """One row of the caseload. `means` are those of all measurements in order, on the scale `low`-`high`.

    Without `open` the person is one that the actor may not open: the row tells that somebody is there, no name.
    `measured_on` is the day of the last of `means`, `exit_code` the code of avslut.
    """

    enrolment_id: uuid.UUID
    participant_id: uuid.UUID
    name: str
    protected: bool
    handledare_id: uuid.UUID | None
    handledare: str
    started_on: date
    ended_on: date | None
    weeks: int
    means: tuple[float, ...]
    low: int
    high: int
    steps: tuple[NextStep, ...]
    open: bool = True
    measured_on: date | None = None
    exit_code: str = ""

    @property
    def next(self) -> NextStep | None:
        """What falls due first."""
        return first_to_do(self.steps)


@dataclass(frozen=True)
class Waiting:
    """Somebody whose referral is accepted and who is not enrolled yet; `open` as in a row of the caseload."""

    referral_id: uuid.UUID
    name: str
    since: date
    open: bool = True
    protected: bool = False


@dataclass(frozen=True)
class Caseload:
    """An insats' people: the rows that were asked for, who waits to be enrolled, and how many there are."""

    insats: str
    insats_name: str
    shown: str
    mine: bool
    rows: tuple[PersonRow, ...]
    waiting: tuple[Waiting, ...]
    enrolled: int
    mine_enrolled: int
    ended: int
    may_take_file: bool = False


@dataclass(frozen=True)
class Person:
    """What stands on top of every page about a person in an insats.

    `reason` are the words of somebody outside the team who reads with a reason: such a page writes nothing.
    """

    enrolment_id: uuid.UUID
    participant_id: uuid.UUID
    insats: str
    insats_name: str
    name: str
    protected: bool
    age: int
    started_on: date
    ended_on: date | None
    handledare: str
    consent: consent.ConsentState
    steps: tuple[NextStep, ...]
    day: date
    reason: str = ""

    @property
    def next(self) -> NextStep | None:
        """What falls due first; nothing once the enrolment has ended."""
        return first_to_do(self.steps) if self.ended_on is None else None

    @property
    def weeks(self) -> int:
        """Weeks in the insats so far, or until its end."""
        return weeks_between(self.started_on, self.ended_on or self.day)


@dataclass(frozen=True)
class Moment:
    """One thing on the time line. `state`: done, now or coming."""

    day: date
    title: str
    text: str = ""
    state: str = "done"


@dataclass(frozen=True)
class PersonPage:
    """A person's first page: time line, baseline and, when ended, how it went."""

    person: Person
    moments: tuple[Moment, ...]
    baseline: tuple[tuple[str, str], ...]
    outcome: tuple[tuple[str, str], ...]


def people(insats: str, shown: str = ENROLLED, *, mine: bool = False) -> Caseload:
    """The caseload of an insats for somebody of its team, by name in Swedish order.

    `shown` is ENROLLED or ENDED, `mine` only those whose handledare the actor is. The number of statements
    does not depend on how many there are. One audit event says that the list was read, and how many it had.
    """
    instance = instance_of(insats)
    definition = definition_of(instance)
    everybody = queries.of_insats(insats)
    own = actor().account
    wanted = [
        row
        for row in everybody
        if (row.ended_on is not None) == (shown == ENDED) and (not mine or row.handledare_id == own)
    ]
    waiting = waiting_in(insats, everybody)
    rows = rows_of(definition, wanted, dict(team_of(insats)))
    audit.record("lista", "participant", insats=insats, antal=len(rows), vantar=len(waiting))
    enrolled = [row for row in everybody if row.ended_on is None]
    return Caseload(
        insats,
        instance.name,
        shown,
        mine,
        tuple(rows),
        waiting,
        len(enrolled),
        sum(row.handledare_id == own for row in enrolled),
        len(everybody) - len(enrolled),
        policy.may(Action.LEAD, policy.subject(insats)),
    )


def waiting_in(insats: str, everybody: Sequence[Enrolment]) -> tuple[Waiting, ...]:
    """Who is accepted to an insats and not among those who are, or have been, enrolled."""
    enrolled = {row.referral_id for row in everybody}
    return tuple(Waiting(*one) for one in referrals.accepted(insats) if one[0] not in enrolled)


def rows_of(
    definition: InsatsDefinition, wanted: Sequence[Enrolment], team: Mapping[uuid.UUID, str]
) -> list[PersonRow]:
    """Enrolments as rows of the caseload, by name in Swedish order."""
    day = today()
    ids = [row.id for row in wanted]
    persons = participants.many(row.participant_id for row in wanted)
    rounds = measurements.rounds(ids)
    agreed = plans.agreed(ids)
    shown = next(iter(definition.instruments.values()), None)
    low, high = (shown.scale.min, shown.scale.max) if shown else (1, 5)
    rows = []
    for row in wanted:
        person = persons[row.participant_id]
        open_to_me = may_open(row.insats, person)
        own = rounds.get(row.id, ()) if open_to_me else ()
        history = History(tuple((one.on_date, one.instrument) for one in own), agreed.get(row.id, ()))
        steps = next_steps(definition.process, row.started_on, row.ended_on, history, day)
        if not open_to_me:
            steps = ()
        measured = [one for one in own if shown and one.instrument == shown.id and one.mean is not None]
        rows.append(
            PersonRow(
                row.id,
                row.participant_id,
                person.name if open_to_me else _("Skyddade personuppgifter"),
                person.protected,
                row.handledare_id,
                team.get(row.handledare_id, "") if row.handledare_id else "",
                row.started_on,
                row.ended_on,
                weeks_between(row.started_on, row.ended_on or day),
                tuple(one.mean for one in measured if one.mean is not None),
                low,
                high,
                steps,
                open_to_me,
                measured[-1].on_date if measured else None,
                row.exit_code or "",
            )
        )
    return sorted(rows, key=lambda one: participants.swedish_order(one.name))


@dataclass(frozen=True)
class _Opened:
    """One enrolment with what other rooms know about it."""

    row: Enrolment
    definition: InsatsDefinition
    person: Person
    rounds: tuple[measurements.Round, ...]
    agreed: tuple[date, ...]


def header(enrolment_id: uuid.UUID, page: str) -> Person:
    """The person on top of a page, for the team; reading it leaves one event that names the page.

    404 and one kept refusal for anybody else.
    """
    return _open(enrolment_id, page).person


def open_person(enrolment_id: uuid.UUID) -> PersonPage:
    """A person's first page, for the team of the insats; one read event."""
    found = _open(enrolment_id, "oversikt")
    row, definition = found.row, found.definition
    return PersonPage(found.person, _moments(found), _baseline(definition, row), _outcome(definition, row))


def _open(enrolment_id: uuid.UUID, page: str) -> _Opened:
    row, instance = readable(enrolment_id)
    definition = definition_of(instance)
    human = participants.get(row.participant_id)
    rounds = measurements.rounds([row.id]).get(row.id, ())
    agreed = plans.agreed([row.id]).get(row.id, ())
    history = History(tuple((one.on_date, one.instrument) for one in rounds), agreed)
    day = today()
    audit.record("las", "participant", human.id, insats=row.insats, sida=page)
    person = Person(
        row.id,
        human.id,
        row.insats,
        instance.name,
        human.name,
        human.protected,
        participants.age_on(human, day),
        row.started_on,
        row.ended_on,
        accounts.name_of(row.handledare_id),
        consent.state_for(human.id, row.insats),
        next_steps(definition.process, row.started_on, row.ended_on, history, day),
        day,
        reason_of(row),
    )
    return _Opened(row, definition, person, rounds, agreed)


def may_open(insats: str, person: participants.Participant) -> bool:
    """Whether the actor, who is in the team, may open this person of the insats (compartments)."""
    compartment = participants.compartment(person)
    return policy.may(Action.WORK, policy.subject(insats, person=person.id, compartment=compartment))


def reason_of(row: Enrolment) -> str:
    """The words by which somebody outside the team reads; empty for the team."""
    if policy.may(Action.WORK, policy.subject(row.insats)):
        return ""
    given = reasons.newest(actor().account, row.participant_id, row.insats)
    return given.words if given is not None else ""


def _moments(found: _Opened) -> tuple[Moment, ...]:
    """Everything that has been and what comes, the latest first."""
    row, definition = found.row, found.definition
    moments = [Moment(row.started_on, _("Inskriven i %(insats)s", insats=found.person.insats_name))]
    moments += [Moment(one.on_date, _("Mätning"), _spoken_mean(one)) for one in found.rounds]
    word = definition.manifest.words.get("plan", _("plan")).capitalize()
    for version, day in enumerate(found.agreed, 1):
        moments.append(Moment(day, _("%(plan)s, version %(version)s", plan=word, version=version)))
    labels = definition.list_labels("aktivitet")
    for activity in queries.activities_of([row.id]):
        moments += _of_activity(labels, activity)
    if row.ended_on is not None:
        label = definition.list_labels("avslut").get(row.exit_code or "", row.exit_code or "")
        moments.append(Moment(row.ended_on, _("Avslut"), label))
    # On one day what came first stands lowest, as between days.
    done = sorted(reversed(moments), key=lambda one: one.day, reverse=True)
    coming = [
        Moment(step.day, step.title, state="coming" if step.state == "coming" else "now")
        for step in found.person.steps
        if step.recorded_here or step.state == "coming"
    ]
    return (*reversed(coming), *done)


def _spoken_mean(one: measurements.Round) -> str:
    if one.mean is None:
        return ""
    return _("Medelvärde %(mean)s", mean=f"{one.mean:.1f}".replace(".", ","))


def _of_activity(labels: Mapping[str, str], activity: Activity) -> list[Moment]:
    label = labels.get(activity.kind, activity.kind)
    moments = [Moment(activity.started_on, _("%(activity)s började", activity=label), activity.where or "")]
    if activity.ended_on is not None:
        moments.append(Moment(activity.ended_on, _("%(activity)s slutade", activity=label)))
    return moments


def _baseline(definition: InsatsDefinition, row: Enrolment) -> tuple[tuple[str, str], ...]:
    """The baseline in words: as the form asked it, or by the codes where no form was filled in."""
    if row.baseline:
        form = form_of_record(definition, "inskrivning", row.baseline)
        return tuple(forms.answered(definition, form, from_json(form, row.baseline["answers"])))
    return (
        (_("Försörjning"), _labels("forsorjning", row.forsorjning_before)),
        (_("Sysselsättning"), _labels("sysselsattning", [row.sysselsattning_before])),
        (_("Utbildning"), _labels("utbildning", [row.utbildning])),
        (
            _("Tid med offentlig försörjning"),
            _labels("tid_med_offentlig_forsorjning", [row.months_on_support]),
        ),
    )


def _outcome(definition: InsatsDefinition, row: Enrolment) -> tuple[tuple[str, str], ...]:
    """How it ended, in words; empty while it goes on."""
    if row.ended_on is None:
        return ()
    if row.exit_answers:
        form = form_of_record(definition, "avslut", row.exit_answers)
        told = forms.answered(definition, form, from_json(form, row.exit_answers["answers"]))
    else:
        label = definition.list_labels("avslut").get(row.exit_code or "", row.exit_code or "")
        told = [
            (_("Hur slutade insatsen?"), label),
            (_("Försörjning efter"), _labels("forsorjning", row.forsorjning_after or [UNKNOWN])),
            (_("Sysselsättning efter"), _labels("sysselsattning", [row.sysselsattning_after or UNKNOWN])),
        ]
    if row.exit_words:
        told.append((_("Med egna ord"), row.exit_words))
    return tuple(told)


def _labels(list_name: str, values: Sequence[str]) -> str:
    return ", ".join(codes.label(list_name, value) for value in values)
