"""What has happened in an enrolment, as the process of the insats asks for it. Pure: dates in, dates out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from stegvis.insats.process import Due, DueRule, Event, Process, due_dates

MEASURE, PLAN = "measurement", "plan"
# What is written down here. Meetings and follow-ups are not yet: nothing could ever make them done, so they
# are shown while they lie ahead and never called late.
RECORDED_HERE = (MEASURE, PLAN)


@dataclass(frozen=True)
class History:
    """The days on which something was done: measurements as (day, instrument id), and plan versions."""

    measured: tuple[tuple[date, str], ...] = ()
    agreed: tuple[date, ...] = ()


@dataclass(frozen=True)
class NextStep:
    """Something that falls due: its words, what it is, when, and how it stands (coming, due, overdue)."""

    title: str
    what: str
    day: date
    latest: date
    state: str
    instrument: str = ""

    @property
    def recorded_here(self) -> bool:
        """Whether a page here can make it done."""
        return self.what in RECORDED_HERE


def first_to_do(steps: Sequence[NextStep]) -> NextStep | None:
    """The earliest step that a page here can make done."""
    return next((one for one in steps if one.recorded_here), None)


def next_steps(
    process: Process, started_on: date, ended_on: date | None, history: History, today: date
) -> tuple[NextStep, ...]:
    """Everything that is due or coming for one enrolment, earliest first."""
    rules = {rule.id: rule for rule in process.due}
    found = due_dates(process, started_on, events_of(process, ended_on, history), today)
    return tuple(_step(rules[due.rule_id], due) for due in found)


def events_of(process: Process, ended_on: date | None, history: History) -> set[Event]:
    """The history as events under the names that the rules of the process give them (`done_by`)."""
    events = {Event(ended_on, "ended")} if ended_on is not None else set[Event]()
    for rule in process.due:
        if rule.what == MEASURE:
            days = [day for day, used in history.measured if rule.instrument in (None, used)]
        elif rule.what == PLAN:
            days = list(history.agreed)
        else:
            continue
        events |= {Event(day, rule.done_by) for day in days}
    return events


def _step(rule: DueRule, due: Due) -> NextStep:
    return NextStep(rule.title.sv, rule.what, due.day, due.latest, due.state, rule.instrument or "")


def weeks_between(first: date, last: date) -> int:
    """Whole weeks from one day to another; never below zero."""
    return max(0, (last - first).days // 7)
