"""What hooks are given and what they answer: small frozen values, never a request, a session or a
database row.

Nothing here names a person: a hook sees facts, codes, counts and dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

FactValue = str | int | Decimal | bool | date | tuple[str, ...] | None
EventKind = Literal["referred", "accepted", "refused", "enrolled", "measured", "plan_agreed", "ended"]


@dataclass(frozen=True, slots=True)
class ReferralFacts:
    """One referral as the target group sees it.

    `facts` maps fact id to answer; None or absent is "not answered".
    """

    plugin_id: str
    today: date
    facts: Mapping[str, FactValue]


@dataclass(frozen=True, slots=True)
class ExtraFinding:
    """One more rule beside those of target_group.toml. `ok` None means that an answer is missing.

    `rule_id` must be unique in the plugin; `sentence` is the rule, `reason` why it is not met; both Swedish.
    """

    rule_id: str
    ok: bool | None
    sentence: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FigureRequest:
    """Ask for one figure that the report template declares with source = "plugin".

    `counts` holds what the platform has counted for the period and since the start: "total", "enrolled",
    "new", "ended", and "ended:<code>" per code of avslut.
    """

    plugin_id: str
    figure_id: str
    start: date
    end: date
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InsatsState:
    """How the insats stands at a day: counts as in FigureRequest, money in kronor, share of its time 0-1.

    Amounts and `time_passed` are None where they are not known.
    """

    plugin_id: str
    today: date
    counts: Mapping[str, int]
    overdue: Mapping[str, int] = field(default_factory=dict)
    budget: int | None = None
    spent: int | None = None
    time_passed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """Something that the report's writer should comment.

    `id` unique in the plugin, `sentence` Swedish, no names.
    """

    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class InsatsEvent:
    """Something has happened to one enrolment. `code` is the avslut code for "ended", else empty."""

    plugin_id: str
    kind: EventKind
    day: date
    code: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A task that the platform may put on the handledare's list. `due` is a day, `text` Swedish, no names."""

    id: str
    text: str
    due: date
