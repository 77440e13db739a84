"""The policy `standard`: totals always cross, outcomes only when nothing protected can be worked out from
them.

How gender can cross every year and yet never tell the gender of an outcome: an outcome table moves only if
it would be safe for a reader who knew the genders of the leavers of *every* report. Whatever gender figure
comes later tells less. Where the huvudman has given up the five-leavers rule that is too strict (one leaver
has one gender): there only what has crossed counts, and in a year whose leavers are all of one gender the
gender figures wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from stegvis.publishing.policy import figures as other_figures
from stegvis.publishing.policy.cells import (
    FEWEST,
    GENDER,
    GROUPS,
    OUTCOMES,
    Counts,
    Decision,
    Hidden,
    Ledger,
    Reason,
    Release,
    crossing_group,
    leavers,
)
from stegvis.publishing.policy.outcomes import Question, Span, kinds_of, leaks
from stegvis.publishing.policy.timeline import Timeline, crossed, standing

Cells = dict[str, int | Hidden]
GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Rules:
    """Which protections hold. Only `few_leavers` may be given up (on record); the others are switched off
    in tests alone, to see that the attacker then finds the leak."""

    few_leavers: bool = True
    gender: bool = True


def decide_standard(counts: Counts, ledger: Ledger, on: date, rules: Rules) -> Decision:
    """The decision under `standard`; see `decide`."""
    same = [r for r in ledger if r.period == counts.period]
    if same:
        return _again(counts, same[-1], on)
    cells, today = always(counts), counts.period.last
    late = any(r.period.last > counts.period.last for r in ledger)
    earlier = tuple(r for r in ledger if r.period.last < counts.period.last)
    tables: dict[str, date] = {}
    gender_due = not late and due_by_gender(counts, ledger)
    moves, gender_due = _choose(counts, ledger, rules, gender_due) if not late else (None, False)
    shape = outcome_cells(counts)
    _place(cells, tables, OUTCOMES, today=today, moves=moves, earlier=earlier, shape=shape)
    by_gender = gender_cells(counts)
    crossing = by_gender if gender_due else None
    _place(cells, tables, GENDER, today=today, moves=crossing, earlier=earlier, shape=by_gender)
    cells |= {f"period/group/{group}": Hidden(Reason.SINCE_START_ONLY) for group in _groups(counts)}
    for figure in counts.figures:
        other_figures.place(figure, counts, ledger, cells, tables, late=late)
    return _decision(counts, on, cells, tables, given_up=not rules.few_leavers)


def always(counts: Counts) -> Cells:
    """The totals: they always cross, per period and since the start."""
    cells: Cells = {}
    for side, values in (("period", counts.totals.period), ("since", counts.totals.since)):
        cells |= {f"{side}/{measure}": n for measure, n in values.items()}
    return cells


def gender_cells(counts: Counts) -> dict[str, int]:
    """The same by gender."""
    return {
        f"{side}/{measure}/{gender}": n
        for gender, sided in counts.by_gender.items()
        for side, values in (("period", sided.period), ("since", sided.since))
        for measure, n in values.items()
    }


def outcome_cells(counts: Counts) -> dict[str, int]:
    """The outcome table: leavers since the start per group, sensitive codes in `annat`."""
    cells = {f"since/group/{group}": 0 for group in _groups(counts)}
    for code in counts.codes:
        cells[f"since/group/{crossing_group(code)}"] += code.count
    return cells


def due_by_gender(counts: Counts, ledger: Ledger) -> bool:
    """Gender crosses once per calendar year: in the report that holds the year's end, or in the last one."""
    holds_year_end = date(counts.period.last.year, 12, 31) == counts.period.last
    holds_year_end = holds_year_end or counts.period.first.year < counts.period.last.year
    done = any(crossed(r, GENDER) and r.period.last.year == counts.period.last.year for r in ledger)
    return bool(counts.by_gender) and (holds_year_end or counts.final) and not done


def _groups(counts: Counts) -> tuple[str, ...]:
    return GROUPS if counts.codes else ()


def _again(counts: Counts, former: Release, on: date) -> Decision:
    """A resend: totals as they are now, every table as it crossed."""
    cells: Cells = always(counts)
    unseen: dict[str, Reason] = {f"since/group/{group}": Reason.FEW for group in _groups(counts)}
    unseen |= dict.fromkeys(gender_cells(counts), Reason.ONCE_A_YEAR)
    for figure in counts.figures:
        unseen |= dict.fromkeys(other_figures.ids(figure), Reason.FEW)
    cells |= {cell: Hidden(reason) for cell, reason in unseen.items()}
    cells |= {f"period/group/{group}": Hidden(Reason.SINCE_START_ONLY) for group in _groups(counts)}
    cells |= {cell: n for cell, n in former.cells.items() if cell not in always(counts)}
    return _decision(counts, on, cells, dict(former.tables), given_up=GIVEN_UP in former.basis)


def _place(
    cells: Cells,
    tables: dict[str, date],
    table: str,
    *,
    today: date,
    moves: dict[str, int] | None,
    earlier: Ledger,
    shape: dict[str, int],
) -> None:
    """Put a table into the cells: as it is now, as it stands, or hidden."""
    if not shape:
        return
    if moves is not None:
        cells |= moves
        tables[table] = today
        return
    stands = standing(earlier, table)
    reason = Reason.ONCE_A_YEAR if table == GENDER else Reason.FEW
    cells |= {cell: Hidden(reason) for cell in shape}
    if stands is not None:
        cells |= {cell: stands.cells[cell] for cell in shape if cell in stands.cells}
        tables[table] = stands.period.last


def _choose(
    counts: Counts, ledger: Ledger, rules: Rules, gender_due: bool
) -> tuple[dict[str, int] | None, bool]:
    """The outcome table that moves (None: it stands), and whether the gender figures cross."""
    moves = outcome_cells(counts) if counts.codes and _enough(counts, ledger, rules) else None
    block_is_safe = moves is not None and not leaks(
        _block(counts, ledger), few_leavers=rules.few_leavers, gender=rules.gender
    )
    if rules.few_leavers and not block_is_safe:
        moves = None
    if rules.few_leavers and not any(GIVEN_UP in r.basis for r in ledger):
        return moves, gender_due
    for table, with_gender in ((moves, gender_due), (None, gender_due), (moves, False)):
        if _crossed_is_safe(counts, ledger, table, with_gender, rules):
            return table, with_gender
    return (moves if block_is_safe else None), False


def _enough(counts: Counts, ledger: Ledger, rules: Rules) -> bool:
    ended = counts.totals.since.get("ended", 0)
    stands = standing(ledger, OUTCOMES)
    if ended < FEWEST:
        return False
    if stands is None or not rules.few_leavers:
        return True
    return ended - stands.basis.get("since/ended", 0) >= FEWEST


def _block(counts: Counts, ledger: Ledger) -> Question:
    """What a reader who knows every report's genders learns from this table and the one that stands."""
    stands = standing(ledger, OUTCOMES)
    now = leavers(counts)
    begin = stands.period.last if stands else None
    line = Timeline(ledger, counts.period, now)
    steps, spans = line.between(begin, counts.period.last, stands.basis if stands else {})
    numbers = _difference(outcome_cells(counts), stands)
    corrected = sum(-n for n in numbers.values() if n < 0)
    if corrected:
        steps = (*steps, corrected)
        numbers = {row: max(n, 0) for row, n in numbers.items()}
    rows, alone = kinds_of(counts.codes)
    empty: dict[str, frozenset[str]] = {row: frozenset() for row in numbers}
    return Question(steps, (Span(0, len(steps), numbers),), spans, empty | rows, alone)


def _difference(now: dict[str, int], stands: Release | None) -> dict[str, int]:
    before = stands.cells if stands else {}
    return {cell.removeprefix("since/"): n - before.get(cell, 0) for cell, n in now.items()}


def _crossed_is_safe(
    counts: Counts, ledger: Ledger, moves: dict[str, int] | None, with_gender: bool, rules: Rules
) -> bool:
    """Whether what has crossed, with this table and these gender figures, tells the gender of an outcome."""
    now = leavers(counts)
    line = Timeline(ledger, counts.period, now)
    days = line.days()
    steps = tuple(line.ended(b) - line.ended(a) for a, b in pairwise(days))
    tables: list[Span] = []
    before: dict[str, int] = {}
    first = 0
    moved = [r for r in ledger if crossed(r, OUTCOMES)]
    told = {
        r.period.last: {c: n for c, n in r.cells.items() if c.startswith("since/group/")}
        for r in reversed(moved)
    }
    if moves is not None:
        told[counts.period.last] = moves
    for day in sorted(told):
        after = days.index(day)
        numbers = {cell.removeprefix("since/"): n - before.get(cell, 0) for cell, n in told[day].items()}
        tables.append(Span(first, after, numbers))
        before, first = told[day], after
    rows, alone = kinds_of(counts.codes)
    empty: dict[str, frozenset[str]] = {f"group/{group}": frozenset() for group in GROUPS}
    spans = line.crossed_genders((counts.period, now) if with_gender else None)
    question = Question(steps, tuple(tables), spans, empty | rows, alone)
    return not leaks(question, few_leavers=False, gender=rules.gender)


def _decision(counts: Counts, on: date, cells: Cells, tables: dict[str, date], *, given_up: bool) -> Decision:
    visible = {cell: n for cell, n in cells.items() if not isinstance(n, Hidden)}
    kept = {table: day for table, day in tables.items() if day != counts.period.last}
    basis = leavers(counts) | ({GIVEN_UP: 1} if given_up else {})
    return Decision(cells, kept, Release(on, counts.period, visible, tables, basis))
