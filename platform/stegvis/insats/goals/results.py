"""From counts to a result. A denominator of nothing gives "går inte att mäta än", never a zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from flask_babel import gettext as _

from stegvis.insats.codes import Gender
from stegvis.insats.goals.definition import Goal


@dataclass(frozen=True, slots=True)
class GenderCount:
    """Numerator and denominator of one gender."""

    n: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What the vault has counted for one goal and one period.

    `denominator` is persons, answers, staff or milestones as the goal says; for "planerade" it is not
    used (the
    target is the plan). `n` is None when nothing can be counted yet (no question asked, no roster given).
    `missing` counts those who should be in the denominator but lack data, a second measurement say.
    """

    n: int | None
    denominator: int = 0
    by_gender: Mapping[Gender, GenderCount] = field(default_factory=dict)
    missing: int = 0


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """`value` is a number (count, milestone) or a share between 0 and 1 (share, balance); exact.

    Not `measurable` means value None and a `reason` in words; `by_gender` leaves out genders with nobody
    in them.
    """

    value: Fraction | None
    n: int | None
    denominator: int
    by_gender: dict[Gender, MeasureResult]
    measurable: bool
    reason: str = ""
    missing: int = 0


def measure_result(goal: Goal, counts: Counts, *, year: str | None = None) -> MeasureResult:
    """The result of a goal.

    Raises ValueError for counts that cannot be (more persons than the denominator).
    """
    denominator = _planned(goal, year) if goal.denominator == "planerade" else counts.denominator
    whole = _one(goal, counts.n, denominator, counts.missing)
    if "gender" not in goal.split:
        return whole
    split = {
        gender: _one(goal, part.n, denominator if goal.denominator == "planerade" else part.denominator, 0)
        for gender, part in counts.by_gender.items()
        if part.denominator or part.n
    }
    return MeasureResult(
        whole.value, whole.n, whole.denominator, split, whole.measurable, whole.reason, whole.missing
    )


def reached(goal: Goal, result: MeasureResult, *, year: str | None = None) -> bool | None:
    """True, False, or None: not measurable yet, or a goal without a number to reach."""
    if result.value is None:
        return None
    if goal.unit == "balance":
        tolerance = Fraction(goal.params.tolerance or 0, 100)
        return abs(result.value - Fraction(1, 2)) <= tolerance
    if goal.unit == "milestone":
        return result.n == result.denominator
    if goal.unit == "count":
        return result.value >= _planned(goal, year)
    return None if goal.target is None else result.value >= Fraction(goal.target, 100)


def _planned(goal: Goal, year: str | None) -> int:
    if year is not None and goal.target_per_year is not None and year in goal.target_per_year:
        return goal.target_per_year[year]
    return goal.target or 0


def _one(goal: Goal, n: int | None, denominator: int, missing: int) -> MeasureResult:
    if n is None:
        return MeasureResult(
            None, None, denominator, {}, False, _("Går inte att mäta än: uppgifter saknas."), missing
        )
    if n < 0 or denominator < 0:
        raise ValueError(f"{goal.id}: negative counts")
    if goal.unit == "count":
        return MeasureResult(Fraction(n), n, denominator, {}, True, "", missing)
    if denominator == 0:
        return MeasureResult(None, n, 0, {}, False, _reason(goal), missing)
    if n > denominator:
        raise ValueError(f"{goal.id}: {n} of {denominator}")
    return MeasureResult(Fraction(n, denominator), n, denominator, {}, True, "", missing)


def _reason(goal: Goal) -> str:
    return {
        "inskrivna": _("Går inte att mäta än: ingen är inskriven."),
        "avslutade": _("Går inte att mäta än: ingen har avslutats."),
        "matta_tva_ganger": _("Går inte att mäta än: ingen har två mätningar."),
        "svarande": _("Går inte att mäta än: ingen har svarat."),
        "foljda": _("Går inte att mäta än: ingen har följts upp så länge efter avslutet."),
        "personal": _("Går inte att mäta än: personalen är inte angiven."),
        "milstolpar": _("Går inte att mäta än: inga milstolpar är angivna."),
    }[goal.denominator]
