"""Puts the report that crosses together: only what the policy let through, in the order in which it is read. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from stegvis.insats.codes import AVSLUT_GROUP_LABELS
from stegvis.publishing.content import FigureCount, GoalPlan, ReportContent
from stegvis.publishing.payload import Cell, FigureRow, GoalRow, HiddenCell, Payload
from stegvis.publishing.policy import Decision, Hidden
from stegvis.publishing.policy.cells import GENDER, GROUPS, MEASURES, OUTCOMES

# The payload is frozen Swedish, whoever reads it: these words are not translated.
LABELS = {
    "total": "Deltagare som har varit med",
    "new": "Nya",
    "ended": "Avslutade",
    "enrolled": "Inskrivna vid periodens slut",
    "waiting": "Väntar på svar eller plats vid periodens slut",
    "places": "Platser",
}
ORDER = ("total", "new", "ended", "enrolled", "waiting", "places")
GENDERS = {"kvinna": "Kvinnor", "man": "Män", "annat": "Annat eller vill inte uppge"}
NOT_SIDED: tuple[Cell, None] = (None, None)
_IN_TIME = 90  # per cent of what the time passed would give: nearer than that is on its way


def payload_of(content: ReportContent, decision: Decision, ledger_id: uuid.UUID) -> Payload:
    """The report as it crosses; `ledger_id` names the release that the decision became."""
    reader = _Reader(decision)
    return Payload(
        tenant=content.tenant,
        huvudman=content.huvudman,
        insats=content.insats,
        kind=content.kind,
        period=content.period,
        version=content.version,
        figures=tuple(_figure_rows(content, reader)),
        goals=tuple(_goal_row(goal, content, reader) for goal in content.goals),
        sections=content.sections,
        steering=content.steering,
        signer=content.signer,
        policy=content.policy,
        ledger=str(ledger_id),
    )


class _Reader:
    """The cells of a decision, as cells of the payload."""

    def __init__(self, decision: Decision) -> None:
        self._cells: Mapping[str, int | Hidden] = decision.cells
        self._kept: Mapping[str, date] = decision.kept_tables

    def cell(self, name: str) -> Cell:
        """A number, a hidden cell, or None for one that the report does not have."""
        value = self._cells.get(name)
        return HiddenCell(hidden=value.reason) if isinstance(value, Hidden) else value

    def number(self, name: str) -> int | None:
        """The number, when it crosses."""
        value = self._cells.get(name)
        return value if isinstance(value, int) else None

    def hidden(self, name: str) -> HiddenCell | None:
        """The hidden cell, when it does not cross."""
        value = self._cells.get(name)
        return HiddenCell(hidden=value.reason) if isinstance(value, Hidden) else None

    def stands(self, table: str, name: str) -> date | None:
        """The day from which a cell stands, when it is of an earlier report."""
        return self._kept.get(table) or self._kept.get(name)


def _figure_rows(content: ReportContent, read: _Reader) -> Iterator[FigureRow]:
    for measure in ORDER:
        if measure not in MEASURES or measure not in content.totals.since:
            continue
        yield _row(measure, LABELS[measure], (f"period/{measure}", f"since/{measure}"), read)
        for gender in content.by_gender:
            if measure in content.by_gender[gender].since:
                names = (f"period/{measure}/{gender}", f"since/{measure}/{gender}")
                label = GENDERS.get(gender, gender)
                yield _row(f"{measure}/{gender}", label, names, read, table=GENDER, indent=1)
        if measure == "ended" and content.codes:
            for group in GROUPS:
                names = (f"period/group/{group}", f"since/group/{group}")
                label = AVSLUT_GROUP_LABELS[group]
                yield _row(f"group/{group}", label, names, read, table=OUTCOMES, indent=1)
    for figure in content.figures:
        if figure.in_table:
            yield from _other_rows(figure, read)


def _row(
    id_: str, label: str, names: tuple[str, str], read: _Reader, *, table: str = "", indent: Any = 0
) -> FigureRow:
    return FigureRow(
        id=id_,
        label=label,
        period=read.cell(names[0]),
        since_start=read.cell(names[1]),
        indent=indent,
        stands_from=read.stands(table, names[1]),
    )


def _other_rows(figure: FigureCount, read: _Reader) -> Iterator[FigureRow]:
    """A figure with its denominator in its label; those left over stand in a row of their own where asked for."""
    head, table = f"since/figure/{figure.id}", f"figur:{figure.id}"
    above, below = read.number(f"{head}/numerator"), read.number(f"{head}/denominator")
    hidden = read.hidden(f"{head}/numerator") or read.hidden(f"{head}/denominator")
    stands = read.stands(table, f"{head}/numerator")
    both = above is not None and below is not None
    told = f" (av {below})" if both else ""
    yield FigureRow(
        id=f"figure/{figure.id}",
        label=f"{figure.label}{told}",
        period=None,
        since_start=above if both else hidden,
        stands_from=stands,
    )
    if figure.rest_label is not None:
        rest = below - above if above is not None and below is not None else hidden
        yield FigureRow(
            id=f"figure/{figure.id}/rest",
            label=f"{figure.rest_label}{told}",
            period=None,
            since_start=rest,
            stands_from=stands,
        )


def _goal_row(goal: GoalPlan, content: ReportContent, read: _Reader) -> GoalRow:
    """The goal with the outcome that may be told; what it says of the way there rests on told numbers alone."""
    if goal.source == "none":
        return _goal(goal, NOT_SIDED, "gar_inte_att_mata_an")
    if goal.source == "total":
        above, below, hidden = read.number("since/total"), None, read.hidden("since/total")
    elif goal.source == "women":
        above, below = read.number("since/total/kvinna"), read.number("since/total")
        hidden = read.hidden("since/total/kvinna")
    else:
        head = f"since/figure/{goal.id}"
        above, below = read.number(f"{head}/numerator"), read.number(f"{head}/denominator")
        hidden = read.hidden(f"{head}/numerator") or read.hidden(f"{head}/denominator")
    if above is None or (goal.source != "total" and below is None):
        return _goal(goal, (hidden, None), None)
    if goal.unit != "procent" or below is None:
        return _goal(goal, (above, below), on_the_way(goal.target, above, content.time_share))
    if below == 0:
        return _goal(goal, NOT_SIDED, "gar_inte_att_mata_an")
    share = (200 * above + below) // (2 * below)
    return _goal(goal, (share, below), _share_reached(goal, share))


def _goal(goal: GoalPlan, outcome: tuple[Cell, Cell], judgement: Any) -> GoalRow:
    return GoalRow(
        id=goal.id,
        label=goal.label,
        target=goal.target,
        outcome=outcome[0],
        denominator=outcome[1],
        unit=goal.unit,
        judgement=judgement,
    )


def on_the_way(target: int | None, outcome: int, time_share: int | None) -> str | None:
    """How a number stands against its target and the time that has passed (per cent): uppfyllt, pa_vag or risk.

    None without a target, or without a time to go by.
    """
    if not target:
        return None
    if outcome >= target:
        return "uppfyllt"
    if time_share is None:
        return None
    return "pa_vag" if outcome * 10_000 >= target * time_share * _IN_TIME else "risk"


def _share_reached(goal: GoalPlan, share: int) -> str | None:
    if goal.tolerance is not None:
        return "uppfyllt" if abs(share - 50) <= goal.tolerance else "risk"
    if goal.target is None:
        return None
    return "uppfyllt" if share >= goal.target else "risk"
