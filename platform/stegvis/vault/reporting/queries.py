"""What the vault counts for a report: SQL on coded values and dates, nothing that needs a key.

An enrolment is counted, not a person: somebody who comes back is counted again. Enrolments that ended as
registered by mistake (a code that does not count) are left out of everything.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from stegvis.ground.tenancy.scope import session
from stegvis.insats.report import Period
from stegvis.vault.enrolments.models import Activity, Enrolment
from stegvis.vault.measurements.models import Measurement, MeasurementValue
from stegvis.vault.participants.models import Participant
from stegvis.vault.plans.models import Plan
from stegvis.vault.referrals.models import Referral

FORSORJNINGSSTOD = "forsorjningsstod"


@dataclass(frozen=True)
class Question:
    """What is asked: which insats, up to which day and for which period; codes that do not count."""

    insats: str
    period: Period
    left_out: tuple[str, ...] = ()

    @property
    def counted(self) -> Any:
        """Enrolments that had begun when the period ended."""
        mistaken = sa.and_(Enrolment.exit_code.is_not(None), Enrolment.exit_code.in_(self.left_out))
        return sa.and_(
            Enrolment.insats == self.insats, Enrolment.started_on <= self.period.end, sa.not_(mistaken)
        )

    @property
    def ended(self) -> Any:
        """Of these, the ones that had ended."""
        return Enrolment.ended_on <= self.period.end

    @property
    def enrolled(self) -> Any:
        """Of these, the ones still in on the last day."""
        return sa.or_(Enrolment.ended_on.is_(None), Enrolment.ended_on > self.period.end)

    @property
    def ended_in_period(self) -> Any:
        """Of these, the ones that ended in the period."""
        return Enrolment.ended_on.between(self.period.start, self.period.end)

    @property
    def part_of_period(self) -> Any:
        """Of these, the ones that took part on some day of the period."""
        return sa.or_(Enrolment.ended_on.is_(None), Enrolment.ended_on >= self.period.start)


@dataclass(frozen=True)
class Volume:
    """Enrolments of one gender, since the start and in the period."""

    total: int = 0
    enrolled: int = 0
    ended: int = 0
    taking_part: int = 0
    new: int = 0
    ended_in_period: int = 0


def _n(*conditions: Any) -> Any:
    return sa.func.count().filter(*conditions) if conditions else sa.func.count()


def volumes(asked: Question) -> dict[str, Volume]:
    """Gender -> enrolments."""
    began = Enrolment.started_on >= asked.period.start
    rows = session().execute(
        sa.select(
            Participant.gender,
            _n(),
            _n(asked.enrolled),
            _n(asked.ended),
            _n(asked.part_of_period),
            _n(began),
            _n(asked.ended_in_period),
        )
        .join(Enrolment, Enrolment.participant_id == Participant.id)
        .where(asked.counted)
        .group_by(Participant.gender)
    )
    return {row[0]: Volume(*row[1:]) for row in rows}


def endings(asked: Question) -> dict[str, tuple[int, int]]:
    """Code of avslut -> (ended in the period, ended since the start)."""
    rows = session().execute(
        sa.select(Enrolment.exit_code, _n(asked.ended_in_period), _n())
        .where(asked.counted, asked.ended)
        .group_by(Enrolment.exit_code)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def forsorjning_after(asked: Question) -> tuple[tuple[int, int], tuple[int, int]]:
    """(with, without) försörjningsstöd after the avslut, each (in the period, since the start)."""
    has = sa.cast(Enrolment.forsorjning_after, JSONB).contains([FORSORJNINGSSTOD])
    known = sa.and_(Enrolment.forsorjning_after.is_not(None), sa.not_(has))
    row = (
        session()
        .execute(
            sa.select(
                _n(has, asked.ended_in_period), _n(has), _n(known, asked.ended_in_period), _n(known)
            ).where(asked.counted, asked.ended)
        )
        .one()
    )
    return (row[0], row[1]), (row[2], row[3])


@dataclass(frozen=True)
class ActivityCount:
    """Enrolments with one kind of activity: going on at the period's end, ever begun, and done."""

    now: int = 0
    ever: int = 0
    ever_in_period: int = 0
    done: int = 0
    done_in_period: int = 0


def activities(asked: Question) -> dict[str, ActivityCount]:
    """Kind of activity -> enrolments."""
    first, last = asked.period.start, asked.period.end
    distinct = sa.func.count(sa.distinct(Activity.enrolment_id))
    going_on = sa.and_(asked.enrolled, sa.or_(Activity.ended_on.is_(None), Activity.ended_on > last))
    in_period = sa.or_(Activity.ended_on.is_(None), Activity.ended_on >= first)
    done = Activity.ended_on <= last
    rows = session().execute(
        sa.select(
            Activity.kind,
            distinct.filter(going_on),
            distinct,
            distinct.filter(in_period, asked.part_of_period),
            distinct.filter(done),
            distinct.filter(Activity.ended_on.between(first, last)),
        )
        .join(Enrolment, Enrolment.id == Activity.enrolment_id)
        .where(asked.counted, Activity.started_on <= last)
        .group_by(Activity.kind)
    )
    return {row[0]: ActivityCount(*row[1:]) for row in rows}


def measured(asked: Question, instrument: str | None = None) -> tuple[int, int]:
    """(enrolments with a measurement in the period, with at least one since the start)."""
    which = [] if instrument is None else [Measurement.instrument == instrument]
    distinct = sa.func.count(sa.distinct(Measurement.enrolment_id))
    row = (
        session()
        .execute(
            sa.select(distinct.filter(Measurement.on_date >= asked.period.start), distinct)
            .join(Enrolment, Enrolment.id == Measurement.enrolment_id)
            .where(asked.counted, Measurement.on_date <= asked.period.end, *which)
        )
        .one()
    )
    return row[0], row[1]


def with_plan(asked: Question) -> int:
    """Enrolled on the last day who have a plan."""
    has = sa.exists().where(Plan.enrolment_id == Enrolment.id, Plan.agreed_on <= asked.period.end)
    return session().scalar(sa.select(sa.func.count()).where(asked.counted, asked.enrolled, has)) or 0


def waiting(asked: Question) -> int:
    """Referrals that were open for the team at the period's end: not declined, not yet enrolled."""
    last = asked.period.end
    enrolled = sa.exists().where(Enrolment.referral_id == Referral.id, Enrolment.started_on <= last)
    declined = sa.and_(Referral.state == "avbojd", Referral.decided_on <= last)
    return (
        session().scalar(
            sa.select(sa.func.count()).where(
                Referral.insats == asked.insats,
                Referral.opened_on <= last,
                Referral.state.in_(("oppen", "antagen", "avbojd")),
                sa.not_(declined),
                sa.not_(enrolled),
            )
        )
        or 0
    )


def courses(asked: Question) -> list[tuple[uuid.UUID, date, date | None, list[tuple[str, date]]]]:
    """Each enrolment with its measurements' (instrument, day), oldest first: (id, started, ended, these)."""
    enrolments = (
        session()
        .execute(sa.select(Enrolment.id, Enrolment.started_on, Enrolment.ended_on).where(asked.counted))
        .all()
    )
    done: dict[uuid.UUID, list[tuple[str, date]]] = {}
    for row in session().execute(
        sa.select(Measurement.enrolment_id, Measurement.instrument, Measurement.on_date)
        .join(Enrolment, Enrolment.id == Measurement.enrolment_id)
        .where(asked.counted, Measurement.on_date <= asked.period.end)
        .order_by(Measurement.on_date)
    ):
        done.setdefault(row.enrolment_id, []).append((row.instrument, row.on_date))
    return [(row.id, row.started_on, row.ended_on, done.get(row.id, [])) for row in enrolments]


def ratings(
    asked: Question, instrument: str, version: str, rater: str
) -> dict[uuid.UUID, list[dict[str, int]]]:
    """Enrolment -> what one rater gave at each measurement with one version of an instrument, oldest first."""
    rows = session().execute(
        sa.select(
            Measurement.enrolment_id, Measurement.id, MeasurementValue.indicator, MeasurementValue.value
        )
        .join(MeasurementValue, MeasurementValue.measurement_id == Measurement.id)
        .join(Enrolment, Enrolment.id == Measurement.enrolment_id)
        .where(
            asked.counted,
            Measurement.on_date <= asked.period.end,
            Measurement.instrument == instrument,
            Measurement.instrument_version == version,
            MeasurementValue.rater == rater,
        )
        .order_by(Measurement.on_date)
    )
    found: dict[uuid.UUID, dict[uuid.UUID, dict[str, int]]] = {}
    for enrolment_id, measurement_id, indicator, value in rows:
        found.setdefault(enrolment_id, {}).setdefault(measurement_id, {})[indicator] = value
    return {enrolment_id: list(by.values()) for enrolment_id, by in found.items()}


def names() -> list[str]:
    """The names of everybody in this vault, in the clear: to look for in a narrative, never to show."""
    return [row.name for row in session().scalars(sa.select(Participant))]
