"""From a draft to what is handed over for publishing: counts and words in the shape that crosses, nothing else."""

from datetime import date
from typing import Any

from stegvis.ground.tenancy.scope import current
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.goals import Goal
from stegvis.publishing.content import (
    KINDS,
    CodeCount,
    FigureCount,
    GoalPlan,
    ReportContent,
    SidedCounts,
)
from stegvis.publishing.payload import Days, PartyName, Section, Signer, SteeringWords
from stegvis.vault.reporting.drafts import Draft, section_text
from stegvis.vault.reporting.figures import Figures
from stegvis.vault.reporting.queries import ActivityCount, Volume

_KIND_OF_CADENCE = {
    "quarter": "kvartalsrapport",
    "half_year": "halvarsrapport",
    "year": "arsrapport",
    "at_end": "slutrapport",
}
# Frozen words of the payload: not translated.
WITHOUT, WITH = "Utan försörjningsstöd efter avslutet", "Med försörjningsstöd efter avslutet"
SILENT = "Inga kommentarer har kommit in."


def content_of(draft: Draft, signer: str, signed_on: date) -> ReportContent:
    """The report whole. Raises ValueError when a text holds what no text may (control characters)."""
    scope, ground, counted = current(), draft.ground, draft.figures
    instance = ground.instance
    return ReportContent(
        tenant=PartyName(id=scope.forbund.id, name=scope.forbund.forbund.name),
        huvudman=PartyName(id=scope.huvudman.id, name=scope.huvudman.name),
        insats=PartyName(id=instance.id, name=instance.name),
        kind=_kind(draft),
        period=Days(first=draft.period.start, last=draft.period.end),
        version=draft.version,
        final=instance.ends == draft.period.end,
        time_share=counted.time_share,
        totals=_totals(counted),
        by_gender={gender: _sided(volume) for gender, volume in sorted(counted.by_gender.items())},
        codes=tuple(_codes(counted, ground.definition)),
        figures=tuple(_figures(draft)),
        goals=tuple(_goal(goal, counted) for goal in ground.definition.goals.goal),
        sections=tuple(
            Section(
                id=one.section.id,
                number=one.section.number,
                heading=one.section.heading,
                text=section_text(one) if one.written and one.section.kind != "steering" else "",
            )
            for one in draft.sections
        ),
        steering=steering_of(draft.steering),
        signer=Signer(name=signer, on=signed_on),
        policy=instance.policy,
    )


def steering_of(written: Any) -> SteeringWords | None:
    """The steering group's words as they cross; None while form or day is missing."""
    if not written.get("form") or not written.get("on"):
        return None
    return SteeringWords(
        form=written["form"],
        on=date.fromisoformat(written["on"]),
        present=tuple(written.get("present", ())),
        text=SILENT if written.get("silent") else written.get("text", ""),
    )


def _kind(draft: Draft) -> Any:
    template = draft.ground.template
    return template.id if template.id in KINDS else _KIND_OF_CADENCE[template.cadence]


def _sided(volume: Volume) -> SidedCounts:
    return SidedCounts(
        period={
            "total": volume.taking_part,
            "new": volume.new,
            "ended": volume.ended_in_period,
            "enrolled": volume.enrolled,
        },
        since={
            "total": volume.total,
            "new": volume.total,
            "ended": volume.ended,
            "enrolled": volume.enrolled,
        },
    )


def _totals(counted: Figures) -> SidedCounts:
    whole = _sided(counted.all)
    stock = {"waiting": counted.waiting}
    if counted.places is not None:
        stock["places"] = counted.places
    return SidedCounts(period=whole.period | stock, since=whole.since | stock)


def _codes(counted: Figures, definition: InsatsDefinition) -> list[CodeCount]:
    """Every declared code, also those with nobody; a stored code that the plugin no longer has is undeclared."""
    declared = {code.code: code for code in definition.process.avslut}
    found = []
    for code, both in counted.ended.items():
        known = declared.get(code)
        if known is None:
            found.append(CodeCount(id=code, count=both[1]))
            continue
        sensitive = known.sensitivity != "open" or known.on_floor
        found.append(CodeCount(id=code, count=both[1], group=known.group, sensitive=sensitive))
    return found


def _figures(draft: Draft) -> list[FigureCount]:
    """The figures that the template's sections name, then those that goals are read from."""
    counted, template = draft.figures, draft.ground.template
    named = {name for section in template.section for name in section.figures}
    volume, found = counted.all, []
    if "without_forsorjningsstod_after" in named:
        without, with_support = counted.without_forsorjningsstod[1], counted.with_forsorjningsstod[1]
        found.append(
            FigureCount(
                id="utan_forsorjningsstod",
                label=WITHOUT,
                numerator=without,
                denominator=without + with_support,
                rest_label=WITH,
                of_leavers=True,
            )
        )
    for figure in template.figure:
        if figure.source not in ("in_activity", "activity_done"):
            continue
        count = counted.activities.get(figure.params.activity or "", ActivityCount())
        now = figure.source == "in_activity"
        found.append(
            FigureCount(
                id=figure.id,
                label=figure.title,
                numerator=count.now if now else count.done,
                denominator=volume.enrolled if now else volume.total,
            )
        )
    if "measured" in named:
        found.append(_plain("matta", "Har minst en mätning", counted.measured[1], volume.total))
    if "plans_active" in named:
        found.append(_plain("planer", "Har gällande plan", counted.plans, volume.enrolled))
    for goal in draft.ground.definition.goals.goal:
        result = counted.goals[goal.id]
        if _source(goal, counted) == "figure":
            found.append(
                FigureCount(
                    id=goal.id,
                    label=goal.title,
                    numerator=result.n or 0,
                    denominator=result.denominator,
                    in_table=False,
                    of_leavers=goal.denominator in ("avslutade", "foljda"),
                )
            )
    return found


def _plain(id_: str, label: str, n: int, of: int) -> FigureCount:
    return FigureCount(id=id_, label=label, numerator=n, denominator=of)


def _source(goal: Goal, counted: Figures) -> Any:
    """Which published figure a goal's outcome is read from. What is not counted yet says so."""
    if goal.measure == "volume" and goal.time_point == "since_start":
        return "total"
    if goal.measure == "gender_balance" and goal.time_point == "since_start":
        return "women"
    result = counted.goals[goal.id]
    return "figure" if goal.unit == "share" and result.n is not None else "none"


def _goal(goal: Goal, counted: Figures) -> GoalPlan:
    share = goal.unit in ("share", "balance")
    return GoalPlan(
        id=goal.id,
        label=goal.title,
        target=goal.target,
        unit="procent" if share else ("antal" if goal.unit == "milestone" else "personer"),
        source=_source(goal, counted),
        tolerance=goal.params.tolerance if goal.measure == "gender_balance" else None,
    )
