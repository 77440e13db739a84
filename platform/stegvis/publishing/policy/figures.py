"""Every other figure under `standard`: a total since the start from a denominator of five, a split from
five a cell."""

from __future__ import annotations

from datetime import date

from stegvis.publishing.policy.cells import (
    FEWEST,
    GROUPS,
    OUTCOMES,
    Counts,
    Figure,
    Hidden,
    Ledger,
    Reason,
    Release,
    crossing_group,
    leavers,
)
from stegvis.publishing.policy.outcomes import Question, Span, leaks
from stegvis.publishing.policy.timeline import genders, standing

Cells = dict[str, int | Hidden]


def ids(figure: Figure) -> list[str]:
    """The cell ids of a figure, its splits last."""
    head = f"since/figure/{figure.id}"
    parts = [f"{head}/split/{label}" for label in figure.split]
    return [f"{where}/{part}" for where in (head, *parts) for part in ("numerator", "denominator")]


def place(
    figure: Figure,
    counts: Counts,
    ledger: Ledger,
    cells: Cells,
    tables: dict[str, date],
    *,
    late: bool,
) -> None:
    """Put one figure and its split into `cells`: as it is now, as it stands, or hidden; and its date into
    `tables`."""
    earlier = tuple(r for r in ledger if r.period.last < counts.period.last)
    total, split = _table(figure), f"{_table(figure)}/split"
    head = f"since/figure/{figure.id}"
    now = {f"{head}/numerator": figure.numerator, f"{head}/denominator": figure.denominator}
    if figure.of_codes is not None:
        _place_of_codes(figure, counts, cells, tables)
    else:
        free = not late and figure.denominator >= FEWEST
        if free and figure.of_leavers:
            free = _leavers_may_move(figure, counts, standing(earlier, total))
        _put(total, now, cells, tables, counts=counts, earlier=earlier, moves=free)
    if figure.split:
        free = not late and _split_may_move(figure, standing(earlier, split))
        _put(split, _split_cells(figure), cells, tables, counts=counts, earlier=earlier, moves=free)


def _table(figure: Figure) -> str:
    return f"figur:{figure.id}"


def _split_cells(figure: Figure) -> dict[str, int]:
    head = f"since/figure/{figure.id}/split"
    return {
        f"{head}/{label}/{name}": number
        for label, pair in figure.split.items()
        for name, number in zip(("numerator", "denominator"), pair, strict=True)
    }


def _put(
    table: str,
    now: dict[str, int],
    cells: Cells,
    tables: dict[str, date],
    *,
    counts: Counts,
    earlier: Ledger,
    moves: bool,
) -> None:
    stands = standing(earlier, table)
    if moves:
        cells |= now
        tables[table] = counts.period.last
        return
    cells |= dict.fromkeys(now, Hidden(Reason.FEW))
    if stands is not None:
        cells |= {cell: stands.cells[cell] for cell in now if cell in stands.cells}
        tables[table] = stands.period.last


def _place_of_codes(figure: Figure, counts: Counts, cells: Cells, tables: dict[str, date]) -> None:
    """A figure that counts codes is a sum of groups of the outcome table, and stands with it; else it stays
    hidden.

    A figure that took some codes of a group and left others would tell them apart by subtraction.
    """
    head = f"since/figure/{figure.id}"
    wanted = figure.of_codes or frozenset()
    parts = {g: {c.id for c in counts.codes if crossing_group(c) == g} for g in GROUPS}
    whole = [g for g, members in parts.items() if members and members <= wanted]
    shown = [cells.get(f"since/group/{g}") for g in GROUPS]
    sums_of_groups = wanted == set().union(*(parts[g] for g in whole))
    if not sums_of_groups or not all(isinstance(n, int) for n in shown):
        reason = Reason.FEW if sums_of_groups else Reason.DERIVABLE
        cells |= dict.fromkeys((f"{head}/numerator", f"{head}/denominator"), Hidden(reason))
        return
    numbers = {g: n for g, n in zip(GROUPS, shown, strict=True) if isinstance(n, int)}
    cells[f"{head}/numerator"] = sum(numbers[g] for g in whole)
    cells[f"{head}/denominator"] = sum(numbers.values())
    tables[_table(figure)] = tables[OUTCOMES]


def _leavers_may_move(figure: Figure, counts: Counts, stands: Release | None) -> bool:
    """Whether a figure of leavers may move: five more in it, not all alike, and no gender told by being the
    only one."""
    head = f"since/figure/{figure.id}"
    before = stands.cells if stands else {}
    denominator = figure.denominator - before.get(f"{head}/denominator", 0)
    numerator = figure.numerator - before.get(f"{head}/numerator", 0)
    rows = {"ja": numerator, "nej": denominator - numerator}
    if denominator < FEWEST or min(rows.values()) < 0:
        return False
    now, then = leavers(counts), stands.basis if stands else {}
    by_gender = {g: now[f"since/ended/{g}"] - then.get(f"since/ended/{g}", 0) for g in genders(now)}
    # Which of the leavers of a report are in the figure is not told: one of them alone is the worst case.
    steps = (1, denominator - 1)
    spans: tuple[Span, ...] = ()
    present = [g for g, n in by_gender.items() if n > 0]
    if len(present) == 1:
        spans = (Span(0, 2, dict.fromkeys(by_gender, 0) | {present[0]: denominator}),)
    question = Question(steps, (Span(0, 2, rows),), spans, {row: frozenset([row]) for row in rows})
    return not leaks(question)


def _split_may_move(figure: Figure, stands: Release | None) -> bool:
    """Every cell of a split, what is left of its denominator, and every change since it stood: nobody, or
    five."""
    head = f"since/figure/{figure.id}/split"
    before = stands.cells if stands else {}
    for label, (numerator, denominator) in figure.split.items():
        former = before.get(f"{head}/{label}/numerator", 0), before.get(f"{head}/{label}/denominator", 0)
        rest, former_rest = denominator - numerator, former[1] - former[0]
        if numerator < FEWEST or 0 < rest < FEWEST:
            return False
        if any(0 < abs(change) < FEWEST for change in (numerator - former[0], rest - former_rest)):
            return False
    return True
