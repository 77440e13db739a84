"""What waits, ordered by what cannot wait. Pure: rows and dates in, tasks out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["tell_parties", "consent_urgent", "overdue", "referral", "to_enrol", "due", "consent_ends"]

# Who may not talk any more must know it; without a valid samtycke the parties may not talk at all; then what is
# late, and somebody who waits for us.
URGENCY: dict[Kind, int] = {
    "tell_parties": 0,
    "consent_urgent": 1,
    "overdue": 2,
    "referral": 3,
    "to_enrol": 4,
    "due": 5,
    "consent_ends": 6,
}
URGENT_DAYS = 7


@dataclass(frozen=True)
class Task:
    """One line with one action.

    `day` is when it fell or falls due, or since when it has waited. `subject` is the referral of "referral"
    and "to_enrol", the samtycke of "tell_parties", the enrolment of the others; `name` the person, where the
    person may be named. `title`, `what` and `instrument` say what is due; `consent` is the samtycke that ends, and
    `asked` whether the person has been asked again.
    """

    kind: Kind
    day: date
    insats: str
    subject: uuid.UUID
    name: str = ""
    title: str = ""
    what: str = ""
    instrument: str = ""
    consent: uuid.UUID | None = None
    asked: bool = False


@dataclass(frozen=True)
class Ending:
    """A samtycke that was given: its last day, and whether the person has been asked again."""

    consent: uuid.UUID | None
    last: date
    asked: bool = False


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
    consent: Ending | None,
    soon: date,
    today: date,
) -> Iterator[Task]:
    """What waits for one enrolled person; `consent` was given, and ends soon when it ends by the day `soon`."""
    for step in steps:
        kind: Kind | None = {"overdue": "overdue", "due": "due"}.get(step.state)  # type: ignore[assignment]
        if kind is not None:
            yield Task(kind, step.latest, insats, enrolment_id, name, step.title, step.what, step.instrument)
    if consent is not None and consent.last <= soon:
        urgent = consent.last <= today + timedelta(days=URGENT_DAYS)
        yield Task(
            "consent_urgent" if urgent else "consent_ends",
            consent.last,
            insats,
            enrolment_id,
            name,
            consent=consent.consent,
            asked=consent.asked,
        )
