"""Two measurements side by side: better, same or worse by the rule that the instrument states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from stegvis.insats.instruments.definition import Instrument

Ratings = Mapping[str, int | None]
Direction = Literal["better", "same", "worse"]


@dataclass(frozen=True, slots=True)
class Change:
    """`direction` is None when too few indicators were rated both times (`reason` says so).

    Means and difference are over the same `compared` indicators, in steps of the scale, exact.
    `per_indicator` holds the step of each of them, last minus first.
    """

    direction: Direction | None
    mean_first: Fraction | None
    mean_last: Fraction | None
    difference: Fraction | None
    compared: int
    per_indicator: dict[str, int]
    reason: str = ""


def compare(instrument: Instrument, first: Ratings, last: Ratings, rater: str = "deltagare") -> Change:
    """What has changed between two measurements by one rater, with the same version of the instrument.

    Ratings map indicator id to step; skipped ones are None or left out. Raises ValueError for a step
    outside the
    scale or an indicator that this rater is not asked about: such data has gone astray.
    """
    asked = [item.id for item in instrument.asked_of(rater)]
    for ratings in (first, last):
        _check(instrument, asked, ratings)
    both = [(name, first.get(name), last.get(name)) for name in asked]
    steps = {name: b - a for name, a, b in both if a is not None and b is not None}
    needed = instrument.change.min_indicators
    if len(steps) < needed:
        return Change(None, None, None, None, len(steps), steps, f"Minst {needed} svar behövs båda gångerna.")
    mean_first = Fraction(sum(first[name] or 0 for name in steps), len(steps))
    mean_last = Fraction(sum(last[name] or 0 for name in steps), len(steps))
    difference = mean_last - mean_first
    return Change(_direction(instrument, difference), mean_first, mean_last, difference, len(steps), steps)


def _check(instrument: Instrument, asked: list[str], ratings: Ratings) -> None:
    for name, step in ratings.items():
        if name not in asked:
            raise ValueError(f"{instrument.id}: indicator {name} is not asked of this rater")
        if step is not None and not instrument.scale.min <= step <= instrument.scale.max:
            raise ValueError(f"{instrument.id}: {name} = {step} lies outside the scale")


def _direction(instrument: Instrument, difference: Fraction) -> Direction:
    threshold = Fraction(str(instrument.change.step))
    if difference >= threshold:
        return "better"
    return "worse" if difference <= -threshold else "same"
