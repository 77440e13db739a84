"""What is due for one enrolment on one day. Pure: dates in, dates out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stegvis.insats.process.definition import DueRule, Limit, Process

State = Literal["coming", "due", "overdue"]


@dataclass(frozen=True, order=True, slots=True)
class Event:
    """Something that happened:

    A platform moment (referred, accepted, enrolled, ended) or a rule's `done_by`.
    """

    day: date
    kind: str


@dataclass(frozen=True, order=True, slots=True)
class Due:
    """The next open occurrence of a rule. `day` is when it falls due, `latest` when its grace has run out.

    coming: not yet · due: from `day` up to and including `latest` · overdue: after `latest`.
    """

    day: date
    latest: date
    rule_id: str
    state: State
    occurrence: int


@dataclass(frozen=True, order=True, slots=True)
class LimitState:
    """A limit of the time in the insats and whether it has been reached."""

    day: date
    limit_id: str
    kind: Literal["soft", "hard"]
    reached: bool


def due_dates(process: Process, start: date | None, events: Iterable[Event], today: date) -> tuple[Due, ...]:
    """At most one open Due per rule, earliest first. What is done, or no longer wanted, is not in it.

    `start` is the day of enrolment (None before it). A recurring rule counts from the last time it was
    done, so
    that a measurement made a week late moves the next one too; `occurrence` is 1 for the first.
    """
    known = _with_start(start, [event for event in events if event.day <= today])
    found = (_next_due(rule, known, today) for rule in process.due)
    return tuple(sorted(due for due in found if due is not None))


def limit_states(
    process: Process, start: date | None, events: Iterable[Event], today: date
) -> tuple[LimitState, ...]:
    """Every limit whose clock has started, earliest first. None once the enrolment has ended."""
    known = _with_start(start, [event for event in events if event.day <= today])
    if _first(known, "ended") is not None:
        return ()
    found = (_limit_state(limit, known, today) for limit in process.limit)
    return tuple(sorted(state for state in found if state is not None))


def _with_start(start: date | None, events: Sequence[Event]) -> list[Event]:
    return sorted([*events, *([Event(start, "enrolled")] if start is not None else [])])


def _first(events: Sequence[Event], kind: str) -> date | None:
    return next((event.day for event in events if event.kind == kind), None)


def _next_due(rule: DueRule, events: Sequence[Event], today: date) -> Due | None:
    anchor = _first(events, rule.starts)
    if anchor is None:
        return None
    done = [event.day for event in events if event.kind == rule.done_by and event.day >= anchor]
    if done and rule.every is None:
        return None
    first = (rule.after if rule.after is not None else rule.every) or None
    if done and rule.every is not None:
        day = rule.every.after(done[-1])
    else:
        day = first.after(anchor) if first is not None else anchor
    if rule.until is not None and _first(events, rule.until) is not None:
        return None
    latest = rule.grace.after(day) if rule.grace is not None else day
    return Due(day, latest, rule.id, _state(day, latest, today), len(done) + 1)


def _state(day: date, latest: date, today: date) -> State:
    if today < day:
        return "coming"
    return "due" if today <= latest else "overdue"


def _limit_state(limit: Limit, events: Sequence[Event], today: date) -> LimitState | None:
    anchor = _first(events, limit.starts)
    if anchor is None:
        return None
    day = limit.after.after(anchor)
    return LimitState(day, limit.id, limit.kind, today >= day)
