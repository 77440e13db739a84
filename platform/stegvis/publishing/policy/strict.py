"""The policy `strikt`: every cell below five is hidden, with everything from which it could be worked out.

Cells are unknowns, tied by what everybody knows: parts add up to wholes, a number since the start grows by
the number of the period, total is enrolled and ended. While a hidden cell below five is fixed by what
crosses now and what has crossed, one more cell is held back: splits first, totals last.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

from stegvis.publishing.policy.cells import (
    FEWEST,
    GENDER,
    OUTCOMES,
    Counts,
    Decision,
    Figure,
    Hidden,
    Ledger,
    Period,
    Reason,
    Release,
    crossing_group,
    leavers,
)
from stegvis.publishing.policy.figures import ids
from stegvis.publishing.policy.solver import NoWorld, System
from stegvis.publishing.policy.standard import always, due_by_gender, gender_cells, outcome_cells
from stegvis.publishing.policy.timeline import crossed

Values = dict[str, int]
TRUE = "true/"  # in a release's basis: the numbers themselves, for the next decision
FLOWS = {"new": "total", "ended": "ended"}


def decide_strict(counts: Counts, ledger: Ledger, on: date) -> Decision:
    """The decision under `strikt`; see `decide`. A resend repeats every cell; a period out of order shows
    none."""
    values, figures = _values(counts, ledger)
    same = [r for r in ledger if r.period == counts.period]
    if same:
        shown, stands = dict(same[-1].cells), dict(same[-1].tables)
        return _decision(
            counts, on, {c: shown.get(c, Hidden(Reason.FEW)) for c in values | figures | shown}, stands
        )
    late = any(r.period.last > counts.period.last for r in ledger)
    former = {} if late else _former(ledger)
    moving = {} if late else {c: n for c, n in (values | figures).items() if _may_move(c, n, former)}
    for figure in counts.figures:
        if not _whole_figure(figure, moving, former):
            moving = {c: n for c, n in moving.items() if c not in ids(figure)}
    moving = _hold_back(counts, ledger, {c: n for c, n in moving.items() if c in values}, former) | {
        c: n for c, n in moving.items() if c in figures
    }
    cells: dict[str, int | Hidden] = {}
    tables: dict[str, date] = {}
    for cell, number in (values | figures).items():
        if cell in moving:
            cells[cell] = number
            tables[cell] = counts.period.last
        elif cell in former and not cell.startswith("period/"):
            tables[cell], cells[cell] = former[cell]
        else:
            cells[cell] = Hidden(Reason.FEW if number < FEWEST else Reason.DERIVABLE)
    if any(cell in moving for cell in gender_cells(counts)):
        tables[GENDER] = counts.period.last
    if any(cell in moving for cell in outcome_cells(counts)):
        tables[OUTCOMES] = counts.period.last
    return _decision(counts, on, cells, tables)


def _values(counts: Counts, ledger: Ledger) -> tuple[Values, Values]:
    values: Values = {c: n for c, n in always(counts).items() if isinstance(n, int)}
    values |= outcome_cells(counts) if counts.codes else {}
    values |= gender_cells(counts) if due_by_gender(counts, ledger) else {}
    figures: Values = {}
    for figure in counts.figures:
        pairs = [(figure.numerator, figure.denominator), *figure.split.values()]
        figures |= dict(zip(ids(figure), (n for pair in pairs for n in pair), strict=True))
    return values, figures


def _former(ledger: Ledger) -> dict[str, tuple[date, int]]:
    """For each cell since the start, the number that stands and the period's end from which it stands."""
    stands: dict[str, tuple[date, int]] = {}
    for release in sorted(ledger, key=lambda r: (r.period.last, r.date)):
        for cell, number in release.cells.items():
            if crossed(release, cell) and cell not in (GENDER, OUTCOMES):
                stands[cell] = release.period.last, number
    return stands


def _may_move(cell: str, number: int, former: Mapping[str, tuple[date, int]]) -> bool:
    if number < FEWEST:
        return False
    if cell.startswith("period/") or cell not in former or cell in ("since/places", "since/waiting"):
        return True
    return abs(number - former[cell][1]) >= FEWEST


def _whole_figure(figure: Figure, moving: Values, former: Mapping[str, tuple[date, int]]) -> bool:
    """A figure moves as a whole: with what is left of each denominator, and its change, nobody or five."""
    cells = ids(figure)
    if figure.of_codes is not None or any(cell not in moving for cell in cells):
        return False
    pairs = zip(cells[::2], cells[1::2], strict=True)
    for above, below in pairs:
        rest = moving[below] - moving[above]
        before = former[below][1] - former[above][1] if below in former and above in former else 0
        if 0 < rest < FEWEST or 0 < abs(rest - before) < FEWEST:
            return False
    return True


def _hold_back(
    counts: Counts, ledger: Ledger, moving: Values, former: Mapping[str, tuple[date, int]]
) -> Values:
    moving = dict(moving)
    while moving:
        found = _derivable(counts, ledger, moving)
        if found is None:
            return {}
        if not found:
            return moving
        moving.pop(_next_to_hold(found, moving))
    return moving


def _next_to_hold(found: set[str], moving: Values) -> str:
    """The cell to hold back: next to what leaks (same measure), splits before totals, small before large."""

    def order(cell: str) -> tuple[bool, bool, int, str]:
        measure = cell.split("/")[1]
        near = any(
            measure == leak.split("/")[1] or {measure, leak.split("/")[1]} <= {"group", "ended"}
            for leak in found
        )
        return not near, cell.count("/") == 1, moving[cell], cell

    return min(moving, key=order)


def _derivable(counts: Counts, ledger: Ledger, moving: Values) -> set[str] | None:
    """Cells below five that a reader can work out; None when what has crossed contradicts itself (a
    correction)."""
    told: dict[Period, Values] = {}
    truth = {counts.period: _all(counts)}
    for release in sorted(ledger, key=lambda r: (r.period.last, r.date)):
        visible = {c: n for c, n in release.cells.items() if c.startswith("period/") or crossed(release, c)}
        told[release.period] = visible
        truth[release.period] = {
            c.removeprefix(TRUE): n for c, n in release.basis.items() if c.startswith(TRUE)
        }
    told[counts.period] = moving
    system = System()
    shape = list(_all(counts))
    # A group without a declared code holds nobody, and every reader knows that.
    empty = set(outcome_cells(counts)) - {f"since/group/{crossing_group(code)}" for code in counts.codes}
    cell = {(p, c): system.unknown() for p in told for c in shape}
    for period, visible in told.items():
        for name, number in visible.items():
            if (period, name) in cell:
                system.equal([cell[period, name]], number)
        for name in empty & set(shape):
            system.equal([cell[period, name]], 0)
        _tie_parts(system, {c: cell[period, c] for c in shape}, counts)
    targets: dict[object, dict[int, int]] = {(p, c): {u: 1} for (p, c), u in cell.items() if c not in told[p]}
    grown: list[tuple[Period, Period, str]] = []
    periods = sorted(told)
    for earlier, later in pairwise(periods):
        follows = later.first == earlier.last + timedelta(days=1)
        more = _tie_time(system, shape, cell, earlier, later, follows=follows)
        grown += more
        targets.update(more.items())
    try:
        known = [truth[p][c] for p, c in cell] + [truth[b][c] - truth[a][c] for a, b, c in grown]
        fixed = system.fixed(targets, known if min(known) >= 0 else None)
    except (NoWorld, KeyError):
        return None
    return {name[-1] for name, n in fixed.items() if isinstance(name, tuple) and n < FEWEST} - empty


def _all(counts: Counts) -> Values:
    """Every cell of the grid with its number, whatever crosses."""
    totals = {c: n for c, n in always(counts).items() if isinstance(n, int)}
    return totals | gender_cells(counts) | (outcome_cells(counts) if counts.codes else {})


def _tie_parts(system: System, cell: Mapping[str, int], counts: Counts) -> None:
    """Within one report: genders and groups add up, total is enrolled and ended."""
    suffixes = ["", *(f"/{gender}" for gender in counts.by_gender)]
    for name, unknown in cell.items():
        parts = [cell[f"{name}/{g}"] for g in counts.by_gender if f"{name}/{g}" in cell]
        if parts:
            system.equal({unknown: -1, **dict.fromkeys(parts, 1)}, 0)
    for suffix in suffixes:
        names = [f"since/{m}{suffix}" for m in ("total", "enrolled", "ended")]
        if all(name in cell for name in names):
            total, enrolled, ended = (cell[name] for name in names)
            system.equal({total: -1, enrolled: 1, ended: 1}, 0)
    groups = [u for name, u in cell.items() if name.startswith("since/group/")]
    if groups and "since/ended" in cell:
        system.equal({cell["since/ended"]: -1, **dict.fromkeys(groups, 1)}, 0)


def _tie_time(
    system: System,
    shape: list[str],
    cell: Mapping[tuple[Period, str], int],
    earlier: Period,
    later: Period,
    *,
    follows: bool,
) -> dict[tuple[Period, Period, str], dict[int, int]]:
    """Between two reports: what is counted since the start grows, by the period's number where they follow
    on."""
    targets: dict[tuple[Period, Period, str], dict[int, int]] = {}
    for name in shape:
        side, measure, *rest = name.split("/")
        if side != "since" or measure not in ("total", "ended", "group"):
            continue
        growth = system.unknown()
        system.equal({cell[later, name]: 1, cell[earlier, name]: -1, growth: -1}, 0)
        targets[earlier, later, name] = {growth: 1}
        flow = next((f for f, stock in FLOWS.items() if stock == measure), None)
        flow_name = "/".join(["period", flow or "", *rest])
        if follows and (later, flow_name) in cell:
            system.equal({growth: 1, cell[later, flow_name]: -1}, 0)
    return targets


def _decision(
    counts: Counts, on: date, cells: Mapping[str, int | Hidden], tables: dict[str, date]
) -> Decision:
    visible = {cell: n for cell, n in cells.items() if not isinstance(n, Hidden)}
    kept = {cell: day for cell, day in tables.items() if day != counts.period.last}
    true = {f"{TRUE}{cell}": n for cell, n in _all(counts).items()}
    return Decision(cells, kept, Release(on, counts.period, visible, tables, leavers(counts) | true))
