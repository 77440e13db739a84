"""What waits, ordered by what cannot wait. Pure: rows and dates in, tasks out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["consent_urgent", "overdue", "referral", "to_enrol", "due", "consent_ends"]

# Without a valid samtycke the parties may not talk at all; then what is late, and somebody who waits for us.
URGENCY: dict[Kind, int] = {
    "consent_urgent": 0,
    "overdue": 1,
    "referral": 2,
    "to_enrol": 3,
    "due": 4,
    "consent_ends": 5,
}
URGENT_DAYS, SOON_DAYS = 7, 30


@dataclass(frozen=True)
class Task:
    """One line with one action.

    `day` is when it fell or falls due, or since when it has waited. `subject` is the referral of "referral"
    and "to_enrol", the enrolment of the others; `name` the person, where the person may be named. `title`,
    `what` and `instrument` say what is due.
    """

    kind: Kind
    day: date
    insats: str
    subject: uuid.UUID
    name: str = ""
    title: str = ""
    what: str = ""
    instrument: str = ""


@dataclass(frozen=True)
class Step:
    """What is due for a person: title, kind of thing, last day of its grace, coming, due or overdue."""

    title: str
    what: str
    latest: date
    state: str
    instrument: str = ""


def order(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """The tasks, most urgent first: by kind, then the earliest day, then name."""
    return tuple(sorted(tasks, key=lambda one: (URGENCY[one.kind], one.day, one.name, str(one.subject))))


def about_person(
    insats: str,
    enrolment_id: uuid.UUID,
    name: str,
    *,
    steps: Iterable[Step],
    consent_to: date | None,
    today: date,
) -> Iterator[Task]:
    """What waits for one enrolled person; `consent_to` is the last day of a samtycke that was given."""
    for step in steps:
        kind: Kind | None = {"overdue": "overdue", "due": "due"}.get(step.state)  # type: ignore[assignment]
        if kind is not None:
            yield Task(kind, step.latest, insats, enrolment_id, name, step.title, step.what, step.instrument)
    if consent_to is not None and consent_to <= today + timedelta(days=SOON_DAYS):
        urgent = consent_to <= today + timedelta(days=URGENT_DAYS)
        yield Task("consent_urgent" if urgent else "consent_ends", consent_to, insats, enrolment_id, name)
