"""Measurements: rated together or alone, kept as whole steps, shown as a diagram with a table beside."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy import current
from stegvis.ground.tenancy.scope import session
from stegvis.ground.web.fields import FormField
from stegvis.identity.access.policy import actor, require
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.instruments import Indicator, Instrument
from stegvis.plugin_host.service import definition_of
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.measurements.development import Development, Occasion, development
from stegvis.vault.measurements.models import Measurement, MeasurementValue

SKIP = "hoppa"
# (rater, indicator id) -> step, or None for one that was skipped.
Ratings = Mapping[tuple[str, str], int | None]


class MeasurementFault(Exception):
    """The measurement cannot be kept; the message is a Swedish sentence."""


@dataclass(frozen=True)
class Round:
    """One measurement in short: when, with what, and its mean (None when everything was skipped)."""

    on_date: date
    instrument: str
    mean: float | None


@dataclass(frozen=True)
class Question:
    """One question on the rating page, with its number and the words at the ends of its scale."""

    number: int
    field: FormField
    ends: tuple[str, str]


@dataclass(frozen=True)
class MeasurementsPage:
    """A person's measurements by instrument and rater; `instruments` can be used: (id, title)."""

    person: enrolments.Person
    developments: tuple[Development, ...]
    instruments: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RatePage:
    """The rating page. `questions` are grouped by rater: (heading, questions)."""

    person: enrolments.Person
    instrument: Instrument
    groups: tuple[tuple[str, tuple[Question, ...]], ...]
    may_skip: bool
    errors: list[tuple[str, str]]
    done_today: bool


def rounds(enrolment_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[Round, ...]]:
    """All measurements in short by enrolment, in order of time: one statement.

    The mean is over the participant's own ratings; over the handledare's where the participant rates nothing.
    """
    value = MeasurementValue
    rows = session().execute(
        sa.select(
            Measurement.enrolment_id,
            Measurement.on_date,
            Measurement.instrument,
            sa.func.coalesce(
                sa.func.avg(value.value).filter(value.rater == "deltagare"), sa.func.avg(value.value)
            ),
        )
        .outerjoin(value, value.measurement_id == Measurement.id)
        .where(Measurement.enrolment_id.in_(set(enrolment_ids)))
        .group_by(Measurement.id)
        .order_by(Measurement.on_date, Measurement.instrument)
    )
    found: dict[uuid.UUID, tuple[Round, ...]] = {}
    for enrolment_id, day, instrument, mean in rows:
        one = Round(day, instrument, None if mean is None else float(mean))
        found[enrolment_id] = (*found.get(enrolment_id, ()), one)
    return found


def page(enrolment_id: uuid.UUID) -> MeasurementsPage:
    """A person's measurements, for the team; one read event."""
    person = enrolments.header(enrolment_id, "matningar")
    definition = definition_of(current().forbund.insats_by_id(person.insats))
    usable = [(one.id, one.title.sv) for one in definition.instruments.values() if not person.reason]
    return MeasurementsPage(person, _developments(definition, enrolment_id), tuple(usable))


def for_participant(
    participant_id: uuid.UUID, language: str = "sv"
) -> list[tuple[str, tuple[Development, ...]]]:
    """The participant's own development: (name of the insats, developments), newest enrolment first.

    404 and one kept refusal unless the participant is the one whose account is logged in. Works in the
    narrower role of outsiders.
    """
    require(accounts.participant_of(actor().account) == participant_id, "participant", participant_id)
    found = []
    for row in enrolments.of_participant(participant_id):
        instance = current().forbund.insats_by_id(row.insats)
        shown = _developments(definition_of(instance), row.id, language)
        if shown:
            found.append((instance.name, shown))
    return found


def rate_page(
    enrolment_id: uuid.UUID,
    instrument_id: str | None = None,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> RatePage:
    """The page where an instrument is rated: the insats' first one unless another is named; 404 without."""
    row = enrolments.case(enrolment_id)
    instrument = _instrument(enrolments.definition_for(row.insats), instrument_id)
    faults, given = errors or {}, typed or {}
    numbers = count(1)
    groups = tuple(
        (
            _rater_heading(rater),
            tuple(
                _question(instrument, rater, one, number=next(numbers), typed=given, faults=faults)
                for one in instrument.asked_of(rater)
            ),
        )
        for rater in instrument.raters
    )
    person = enrolments.header(enrolment_id, "matning_ny")
    asked = [question for _heading, group in groups for question in group]
    listed = [
        (
            one.field.id,
            _("Fråga %(number)s: %(sentence)s", number=one.number, sentence=one.field.error.lower()),
        )
        for one in asked
        if one.field.error
    ]
    if "" in faults:
        listed.insert(0, (asked[0].field.id, faults[""]))
    return RatePage(
        person,
        instrument,
        groups,
        may_skip(instrument),
        listed,
        _on_day(enrolment_id, instrument.id, today()) is not None,
    )


def rate_typed(enrolment_id: uuid.UUID, instrument_id: str | None, typed: Mapping[str, str]) -> Round:
    """Keep what was rated on the handledare's screen today. Raises enrolments.FormFaults."""
    row = enrolments.case(enrolment_id)
    instrument = _instrument(enrolments.definition_for(row.insats), instrument_id)
    ratings, faults = _read(instrument, typed)
    if not faults:
        try:
            return measure(enrolment_id, instrument.id, ratings)
        except MeasurementFault as fault:
            faults[""] = str(fault)
    raise enrolments.FormFaults(rate_page(enrolment_id, instrument.id, typed, faults))


def measure(
    enrolment_id: uuid.UUID,
    instrument_id: str,
    ratings: Ratings,
    on: date | None = None,
    *,
    together: bool = True,
) -> Round:
    """Keep one measurement of a day (today unless said); the same again on the same day is the same one.

    `ratings` may leave out what was skipped. Raises MeasurementFault when the day has another measurement or
    lies outside the enrolment, or too few questions have an answer; ValueError for a step outside the scale.
    """
    row = enrolments.case(enrolment_id, lock=True)
    instrument = _instrument(enrolments.definition_for(row.insats), instrument_id)
    day = on or today()
    kept = {key: step for key, step in ratings.items() if step is not None}
    _check(instrument, kept)
    if not row.started_on <= day <= today() or (row.ended_on is not None and day > row.ended_on):
        raise MeasurementFault(_("Mätningen ligger utanför tiden i insatsen. Inget är sparat."))
    there = _on_day(enrolment_id, instrument_id, day)
    if there is not None:
        return _same_or_refused(there, kept)
    made = Measurement(
        enrolment_id=enrolment_id,
        instrument=instrument.id,
        instrument_version=str(instrument.version),
        on_date=day,
        together=together,
        written_by=actor().account,
    )
    made.values = [
        MeasurementValue(measurement_id=made.id, indicator=indicator, rater=rater, value=step)
        for (rater, indicator), step in sorted(kept.items())
    ]
    session().add(made)
    session().flush()
    audit.record("skapa", "participant", row.participant_id, insats=row.insats, vad="matning")
    return Round(day, instrument.id, _mean(kept))


def may_skip(instrument: Instrument) -> bool:
    """Whether a question may be skipped: where the instrument's rule needs fewer answers than it asks for."""
    return all(
        len(instrument.asked_of(rater)) > instrument.change.min_indicators for rater in instrument.raters
    )


def _check(instrument: Instrument, kept: Mapping[tuple[str, str], int]) -> None:
    for (rater, indicator), step in kept.items():
        asked = {one.id for one in instrument.asked_of(rater)}
        if indicator not in asked or not instrument.scale.min <= step <= instrument.scale.max:
            raise ValueError(f"{instrument.id}: {rater} cannot rate {indicator} as {step}")
    for rater in instrument.raters:
        answered = sum(one == rater for one, _indicator in kept)
        if answered < instrument.change.min_indicators:
            raise MeasurementFault(
                _(
                    "Minst %(count)s frågor behöver ett svar, annars går mätningen inte att jämföra.",
                    count=instrument.change.min_indicators,
                )
            )


def _same_or_refused(there: Measurement, kept: Mapping[tuple[str, str], int]) -> Round:
    if {(one.rater, one.indicator): one.value for one in there.values} != dict(kept):
        raise MeasurementFault(_("Det finns redan en mätning från den dagen. Den står kvar som den är."))
    return Round(there.on_date, there.instrument, _mean(kept))


def _mean(kept: Mapping[tuple[str, str], int]) -> float | None:
    own = [step for (rater, _indicator), step in kept.items() if rater == "deltagare"] or list(kept.values())
    return sum(own) / len(own) if own else None


def _on_day(enrolment_id: uuid.UUID, instrument_id: str, day: date) -> Measurement | None:
    return session().scalar(
        sa.select(Measurement).where(
            Measurement.enrolment_id == enrolment_id,
            Measurement.instrument == instrument_id,
            Measurement.on_date == day,
        )
    )


def _instrument(definition: InsatsDefinition, instrument_id: str | None) -> Instrument:
    found = definition.instruments.get(instrument_id or next(iter(definition.instruments), ""))
    require(found is not None, "instrument")
    assert found is not None
    return found


def _developments(
    definition: InsatsDefinition, enrolment_id: uuid.UUID, language: str = "sv"
) -> tuple[Development, ...]:
    rows: Sequence[Measurement] = (
        session()
        .scalars(
            sa.select(Measurement)
            .where(Measurement.enrolment_id == enrolment_id)
            .order_by(Measurement.on_date)
        )
        .all()
    )
    return tuple(
        development(instrument, rater, occasions, language)
        for instrument in definition.instruments.values()
        for rater in instrument.raters
        if (occasions := _occasions(instrument, rater, rows))
    )


def _occasions(instrument: Instrument, rater: str, rows: Iterable[Measurement]) -> list[Occasion]:
    """The measurements with this version of the instrument; versions are never compared."""
    return [
        Occasion(
            row.on_date, row.together, {one.indicator: one.value for one in row.values if one.rater == rater}
        )
        for row in rows
        if (row.instrument, row.instrument_version) == (instrument.id, str(instrument.version))
    ]


def _name(rater: str, indicator: str) -> str:
    return f"{rater}-{indicator}"


def _read(
    instrument: Instrument, typed: Mapping[str, str]
) -> tuple[dict[tuple[str, str], int | None], dict[str, str]]:
    """Steps by (rater, indicator), and a sentence for each question without an answer."""
    ratings: dict[tuple[str, str], int | None] = {}
    faults: dict[str, str] = {}
    steps = {str(step): step for step in range(instrument.scale.min, instrument.scale.max + 1)}
    skip = may_skip(instrument)
    for rater in instrument.raters:
        for one in instrument.asked_of(rater):
            name = _name(rater, one.id)
            answer = typed.get(name, "")
            if answer in steps:
                ratings[rater, one.id] = steps[answer]
            elif answer == SKIP and skip:
                ratings[rater, one.id] = None
            else:
                faults[name] = _("Välj ett steg, eller hoppa över frågan.") if skip else _("Välj ett steg.")
    return ratings, faults


def _question(
    instrument: Instrument,
    rater: str,
    indicator: Indicator,
    *,
    number: int,
    typed: Mapping[str, str],
    faults: Mapping[str, str],
) -> Question:
    name = _name(rater, indicator.id)
    label = f"{number}. {indicator.question.sv}"
    field = FormField(name, name, label, value=typed.get(name, ""), error=faults.get(name, ""))
    return Question(number, field, instrument.ends(indicator))


def _rater_heading(rater: str) -> str:
    return {"deltagare": _("Deltagaren svarar"), "handledare": _("Handledaren svarar")}[rater]
