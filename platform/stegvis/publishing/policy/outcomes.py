"""How a reader could work out the outcomes of leavers, stated as equations over unknown counts and solved.

Unknown is how many left in each step of time, with each kind of outcome, of each gender. Known are the
leavers per step, those by gender where that is known, and every outcome table that crossed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stegvis.publishing.policy.cells import ANNAT, FEWEST, GROUPS, Code, crossing_group
from stegvis.publishing.policy.solver import NoWorld, System

Kind = str
NO_GENDER = ""


@dataclass(frozen=True)
class Span:
    """Numbers known of the steps from `first` up to, not including, `after`."""

    first: int
    after: int
    numbers: Mapping[str, int]


@dataclass(frozen=True)
class Question:
    """What a reader knows. `rows`: name of a published row -> the kinds that it counts. `alone`: sensitive
    codes that are a kind by themselves, so that its number is theirs."""

    steps: tuple[int, ...]
    tables: tuple[Span, ...]
    genders: tuple[Span, ...]
    rows: Mapping[str, frozenset[Kind]]
    alone: frozenset[Kind] = field(default_factory=frozenset)

    @property
    def kinds(self) -> list[Kind]:
        """Every kind that some row counts."""
        return sorted(set().union(*self.rows.values())) if self.rows else []


def kinds_of(codes: tuple[Code, ...]) -> tuple[dict[str, frozenset[Kind]], frozenset[Kind]]:
    """Rows of the outcome table over kinds of outcome: one kind a group, as no published row tells its
    codes apart.

    Returns the rows, and the kinds that are one sensitive code alone (`annat` with nothing to hide behind).
    """
    rows = {
        f"group/{group}": frozenset([group])
        for group in GROUPS
        if any(crossing_group(c) == group for c in codes)
    }
    in_annat = [code for code in codes if crossing_group(code) == ANNAT]
    return rows, frozenset([ANNAT] if len(in_annat) == 1 and in_annat[0].is_sensitive else [])


def leaks(question: Question, *, few_leavers: bool = True, gender: bool = True) -> list[str]:
    """What a reader can work out that is protected, in words for the log; empty when nothing can.

    `few_leavers`: whether the outcomes of fewer than five leavers are protected (the huvudman may give that
    up). `gender`: whether the gender of an outcome cell is; it always is, tests switch it off to see the
    leak.
    """
    if any(n < 0 for n in question.steps):
        return ["a correction took leavers away"]
    labels = sorted({g for span in question.genders for g in span.numbers}) or [NO_GENDER]
    system, cell = _equations(question, labels)
    sums: dict[object, dict[int, int]] = {}
    if gender and labels != [NO_GENDER]:
        sums |= _gender_sums(question, labels, cell)
    if few_leavers:
        sums |= _few_sums(question, labels, cell)
    try:
        fixed = system.fixed(sums)
    except NoWorld:
        return ["no counts fit what has crossed: a correction stands between"]
    found = [str(name) for name, value in fixed.items() if _is_protected(name, value)]
    for table in question.tables:
        for kind in sorted(question.alone):
            terms = {cell[s, kind, g]: 1 for s in range(table.first, table.after) for g in labels}
            if not system.may_be_zero(terms):
                found.append(f"sensitive code alone in its group: {kind}")
    return found


def _equations(question: Question, labels: list[str]) -> tuple[System, dict[tuple[int, Kind, str], int]]:
    system = System()
    kinds = question.kinds
    cell = {
        (step, kind, label): system.unknown()
        for step in range(len(question.steps))
        for kind in kinds
        for label in labels
    }
    for step, total in enumerate(question.steps):
        system.equal([cell[step, kind, label] for kind in kinds for label in labels], total)
    for span in question.genders:
        for label, number in span.numbers.items():
            inside = range(span.first, span.after)
            system.equal([cell[step, kind, label] for step in inside for kind in kinds], number)
    for span in question.tables:
        for row, number in span.numbers.items():
            inside = range(span.first, span.after)
            where = [cell[step, kind, g] for step in inside for kind in question.rows[row] for g in labels]
            system.equal(where, number)
    return system, cell


def _gender_sums(
    question: Question, labels: list[str], cell: Mapping[tuple[int, Kind, str], int]
) -> dict[object, dict[int, int]]:
    """The gender of every outcome cell: of each table, of each difference between two, and within any run
    of steps."""
    sums: dict[object, dict[int, int]] = {}
    count = len(question.steps)
    for first, after in ((a, b) for a in range(count) for b in range(a + 1, count + 1)):
        if sum(question.steps[first:after]):
            for row, kinds in question.rows.items():
                for label in labels:
                    terms = {cell[step, kind, label]: 1 for step in range(first, after) for kind in kinds}
                    sums["gender in steps", row, label, first, after, FEWEST] = terms
    for i, begin in enumerate(question.tables):
        for j in range(i, len(question.tables)):
            inside = range(begin.first, question.tables[j].after)
            for row, kinds in question.rows.items():
                if any(row not in table.numbers for table in question.tables[i : j + 1]):
                    continue
                size = sum(table.numbers[row] for table in question.tables[i : j + 1])
                for label in labels:
                    terms = {cell[step, kind, label]: 1 for step in inside for kind in kinds}
                    sums["gender", row, label, i, j, size] = terms
    return sums


def _few_sums(
    question: Question, labels: list[str], cell: Mapping[tuple[int, Kind, str], int]
) -> dict[object, dict[int, int]]:
    """The outcomes of every run of steps in which fewer than five left."""
    sums: dict[object, dict[int, int]] = {}
    steps = question.steps
    for first in range(len(steps)):
        for after in range(first + 1, len(steps) + 1):
            size = sum(steps[first:after])
            if size >= FEWEST:
                break
            if size == 0:
                continue
            for row, kinds in question.rows.items():
                terms = {cell[s, kind, g]: 1 for s in range(first, after) for kind in kinds for g in labels}
                sums["few", row, first, after] = terms
    return sums


def _is_protected(name: object, value: int) -> bool:
    if not isinstance(name, tuple):
        raise TypeError(name)
    if name[0] == "few":
        return value > 0
    size = name[-1]
    return 0 < size < FEWEST or 0 < value < FEWEST
