"""Leavers over time as the ledger tells them: the steps between two releases, and which genders are known
of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

from stegvis.publishing.policy.cells import GENDER, Ledger, Period, Release
from stegvis.publishing.policy.outcomes import Span

Basis = Mapping[str, int]
START = date.min


def genders(basis: Basis) -> list[str]:
    """The genders of a basis, in its own order."""
    return [key.removeprefix("since/ended/") for key in basis if key.startswith("since/ended/")]


class Timeline:
    """Cumulated leavers at each day that some release tells of; the newest release of a day counts."""

    def __init__(self, ledger: Ledger, period: Period, basis: Basis) -> None:
        self._ledger = ledger
        self._points: dict[date, dict[str, int]] = {START: {}}
        self._covered: set[tuple[date, date]] = set()
        told = [*((r.period, r.basis) for r in ledger), (period, basis)]
        for when, known in told:
            before = when.first - timedelta(days=1)
            cumulated = {k.removeprefix("since/"): n for k, n in known.items() if k.startswith("since/")}
            flow = {k.removeprefix("period/"): n for k, n in known.items() if k.startswith("period/")}
            self._points.setdefault(before, {k: n - flow.get(k, 0) for k, n in cumulated.items()})
            self._points[when.last] = cumulated
            self._covered.add((before, when.last))

    def between(
        self, start: date | None, end: date, from_basis: Basis
    ) -> tuple[tuple[int, ...], tuple[Span, ...]]:
        """Steps and their genders after `start` (None: since the start) up to `end`.

        A stretch that no report covers may yet be told in parts: one leaver is split off it. Where a
        correction makes the parts contradict each other, the whole stretch is one step.
        """
        begin = start or START
        first = {k.removeprefix("since/"): n for k, n in from_basis.items() if k.startswith("since/")}
        inner = [day for day in sorted(self._points) if begin < day < end]
        days = [begin, *inner, end]
        values = [first, *(self._points[day] for day in inner), self._points[end]]
        differences = [_minus(later, earlier) for earlier, later in pairwise(values)]
        if any(n < 0 for difference in differences for n in difference.values()):
            differences, days = [_minus(values[-1], first)], [begin, end]
        pieces: list[dict[str, int]] = []
        for day, next_day, difference in zip(days, days[1:], differences, strict=False):
            covered = (day, next_day) in self._covered
            pieces += [difference] if covered else _split_one_off(difference)
        steps = tuple(piece.get("ended", 0) for piece in pieces)
        spans = tuple(
            Span(i, i + 1, {k.removeprefix("ended/"): n for k, n in piece.items() if k.startswith("ended/")})
            for i, piece in enumerate(pieces)
            if any(k.startswith("ended/") for k in piece)
        )
        return steps, spans

    def days(self) -> list[date]:
        """Every day that a release tells of, in order; the first is the start."""
        return sorted(self._points)

    def ended(self, day: date) -> int:
        """Leavers since the start, at the end of `day`."""
        return self._points[day].get("ended", 0)

    def crossed_genders(self, candidate: tuple[Period, Basis] | None) -> tuple[Span, ...]:
        """The gender figures that have crossed (and those of `candidate`), as spans over the steps between
        `days()`."""
        days = self.days()
        spans: list[Span] = []
        told: list[tuple[Period, Basis]] = [(r.period, r.basis) for r in self._ledger if crossed(r, GENDER)]
        for period, basis in [*told, *([candidate] if candidate else [])]:
            end = days.index(period.last)
            begin = days.index(period.first - timedelta(days=1))
            names = genders(basis)
            spans.append(Span(0, end, {g: basis[f"since/ended/{g}"] for g in names}))
            spans.append(Span(begin, end, {g: basis[f"period/ended/{g}"] for g in names}))
        return tuple(spans)


def crossed(release: Release, table: str) -> bool:
    """Whether the table moved with this release (and does not only stand in it)."""
    return release.tables.get(table) == release.period.last


def standing(ledger: Ledger, table: str) -> Release | None:
    """The release from which a table stands now: the first one of its day (a resend repeats its cells)."""
    days = [r.tables[table] for r in ledger if table in r.tables]
    if not days:
        return None
    return next(r for r in ledger if crossed(r, table) and r.period.last == max(days))


def _minus(later: Mapping[str, int], earlier: Mapping[str, int]) -> dict[str, int]:
    return {key: n - earlier.get(key, 0) for key, n in later.items()}


def _split_one_off(difference: Mapping[str, int]) -> list[dict[str, int]]:
    total = difference.get("ended", 0)
    if total < 2:
        return [dict(difference)]
    one = dict.fromkeys(difference, 0) | {"ended": 1}
    gender = next((k for k, n in difference.items() if k.startswith("ended/") and n > 0), None)
    if gender is not None:
        one[gender] = 1
    return [one, _minus(difference, one)]
