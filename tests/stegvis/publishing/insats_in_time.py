"""A made-up insats over time: who leaves in which quarter, with which code, of which gender; and its
counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from stegvis.publishing.policy import Code, Counts, Figure, Period, Sided

CODES = {
    "tillsvidareanstallning": ("arbete_utan_lonestod", False),
    "ater": ("ater_till_remittent", False),
    "sjukersattning": ("annat", True),
    "avbrott": ("annat", True),
}
GENDERS = ("kvinna", "man")
Leaver = tuple[str, str]  # code, gender


def quarter(number: int) -> Period:
    """Quarter 0 is the first of 2023."""
    year, part = 2023 + number // 4, number % 4
    first = date(year, 3 * part + 1, 1)
    after = date(year + (part == 3), (3 * part + 3) % 12 + 1, 1)
    return Period(first, after - timedelta(days=1))


@dataclass(frozen=True)
class Insats:
    """Leavers per quarter; thirty have entered of each gender from the first day."""

    quarters: Sequence[Sequence[Leaver]]

    def counts(self, now: int, figures: tuple[Figure, ...] = ()) -> Counts:
        so_far = [leaver for quarter_ in self.quarters[: now + 1] for leaver in quarter_]
        here = list(self.quarters[now])
        codes = tuple(
            Code(code, sum(c == code for c, _ in so_far), group, sensitive)
            for code, (group, sensitive) in CODES.items()
        )
        by_gender = {
            g: self._sided([x for x in here if x[1] == g], [x for x in so_far if x[1] == g], 30)
            for g in GENDERS
        }
        return Counts(quarter(now), self._sided(here, so_far, 60), by_gender, codes, figures)

    def _sided(self, here: list[Leaver], so_far: list[Leaver], entered: int) -> Sided:
        since = {"total": entered, "enrolled": entered - len(so_far), "ended": len(so_far), "new": entered}
        return Sided({"new": 0, "ended": len(here)}, since)
