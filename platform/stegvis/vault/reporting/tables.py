"""The figures as rows of *perioden | sedan start*, with the words that define them."""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext as _

from stegvis.ground.web import formats
from stegvis.insats.codes import AVSLUT_GROUP_LABELS
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.figures import FIGURES
from stegvis.insats.goals import Goal, MeasureResult, reached
from stegvis.insats.process import published_group
from stegvis.insats.report import ReportTemplate
from stegvis.publishing.assembling import on_the_way
from stegvis.vault.reporting.figures import Figures
from stegvis.vault.reporting.queries import ActivityCount, Volume

NOT_SIDED = "–"
# Figures that are shown in another way than as rows of this table.
SHOWN_APART = ("goals",)


@dataclass(frozen=True)
class Line:
    """One row of *perioden | sedan start*: numbers, or a few words; `help` is the definition."""

    label: str
    period: int | str
    total: int | str
    help: str = ""


def table(
    names: tuple[str, ...], counted: Figures, definition: InsatsDefinition, template: ReportTemplate
) -> list[Line]:
    """The rows of some figures that a section of the template names, in its order."""
    own = {figure.id: figure for figure in template.figure}
    rows: list[Line] = []
    for name in names:
        if name in SHOWN_APART:
            continue
        if name in own:
            figure = own[name]
            if figure.source == "plugin":
                rows.append(Line(figure.title, formats.NOT_YET, formats.NOT_YET))
                continue
            count = counted.activities.get(figure.params.activity or "", ActivityCount())
            rows += _activity_rows(figure.title, figure.source, count)
        else:
            rows += _ROWS[name](counted, definition) if name in _ROWS else [_not_yet(name)]
    return rows


def goal_lines(counted: Figures, definition: InsatsDefinition) -> list[tuple[str, str, str, str]]:
    """The goals as rows of words: (goal, target, outcome, state)."""
    rows = []
    for goal in definition.goals.goal:
        result = counted.goals[goal.id]
        rows.append((goal.title, _target(goal), _outcome(goal, result), _state(goal, result, counted)))
    return rows


def _state(goal: Goal, result: MeasureResult, counted: Figures) -> str:
    if goal.unit == "count" and goal.time_point == "since_start" and result.n is not None:
        judged = on_the_way(goal.target, result.n, counted.time_share)
        words = {"uppfyllt": _("Uppfyllt"), "pa_vag": _("På väg"), "risk": _("Risk att det inte nås")}
        return words.get(judged or "", NOT_SIDED)
    done = reached(goal, result, year=str(counted.period.end.year))
    return {True: _("Uppfyllt"), False: _("Inte nått"), None: NOT_SIDED}[done]


def _target(goal: Goal) -> str:
    if goal.target is None:
        return _("utan tal")
    return f"{goal.target} %" if goal.unit == "share" else formats.number(goal.target)


def _outcome(goal: Goal, result: MeasureResult) -> str:
    if not result.measurable:
        return result.reason
    if goal.unit == "count":
        return formats.number(result.n)
    words = formats.percent(result.n, result.denominator)
    if result.missing:
        words += ". " + _("%(n)s saknar uppgift.", n=result.missing)
    return words


def _activity_rows(title: str, source: str, count: ActivityCount) -> list[Line]:
    if source == "in_activity":
        return [Line(title, count.now, count.ever, _("Sedan start: alla som har börjat."))]
    return [Line(title, count.done_in_period, count.done, _("Räknas när aktiviteten är avslutad."))]


def _not_yet(name: str) -> Line:
    words = formats.NOT_YET
    return Line(FIGURES[name].title, words, words)


def _ended_by_reason(counted: Figures, definition: InsatsDefinition) -> list[Line]:
    labels = definition.list_labels("avslut")
    rows = [Line(f"– {labels.get(code, code)}", *both) for code, both in counted.ended.items() if both[1]]
    return [Line(_("Avslutade efter orsak (stannar här)"), "", ""), *rows] if rows else []


def _ended_by_group(counted: Figures, definition: InsatsDefinition) -> list[Line]:
    codes = {code.code: code for code in definition.process.avslut}
    groups: dict[str, tuple[int, int]] = {}
    for code, both in counted.ended.items():
        group = published_group(codes.get(code))
        before = groups.get(group, (0, 0))
        groups[group] = (before[0] + both[0], before[1] + both[1])
    rows = [
        Line(f"– {label}", *groups[group])
        for group, label in AVSLUT_GROUP_LABELS.items()
        if groups.get(group, (0, 0))[1]
    ]
    return [Line(_("Avslutade efter utfall (så som förbundet ser dem)"), "", ""), *rows] if rows else []


def _gender_help(counted: Figures, name: str) -> str:
    women = getattr(counted.by_gender.get("kvinna", Volume()), name)
    men = getattr(counted.by_gender.get("man", Volume()), name)
    return _("Sedan start: %(women)s kvinnor, %(men)s män.", women=women, men=men)


def _total(f: Figures, _d: InsatsDefinition) -> list[Line]:
    words = _("Inskrivna någon dag. Den som kommer tillbaka räknas igen.")
    return [
        Line(
            _("Deltagare som har varit med"),
            f.all.taking_part,
            f.all.total,
            f"{words} {_gender_help(f, 'total')}",
        )
    ]


def _enrolled(f: Figures, _d: InsatsDefinition) -> list[Line]:
    words = _("Inskrivna och inte avslutade på periodens sista dag.")
    return [Line(_("Inskrivna vid periodens slut"), f.all.enrolled, f.all.enrolled, words)]


def _new(f: Figures, _d: InsatsDefinition) -> list[Line]:
    return [Line(_("Nya"), f.all.new, f.all.total, _("Inskrivna med startdag i perioden."))]


def _ended(f: Figures, _d: InsatsDefinition) -> list[Line]:
    words = _("Avslutsdag senast periodens sista dag.")
    return [Line(_("Avslutade"), f.all.ended_in_period, f.all.ended, f"{words} {_gender_help(f, 'ended')}")]


def _waiting(f: Figures, _d: InsatsDefinition) -> list[Line]:
    words = _("Öppnade remisser som inte är avböjda eller inskrivna på periodens sista dag.")
    return [Line(_("Väntar på svar eller plats"), f.waiting, NOT_SIDED, words)]


def _places(f: Figures, _d: InsatsDefinition) -> list[Line]:
    return [Line(_("Platser"), NOT_SIDED if f.places is None else f.places, NOT_SIDED)]


def _with_support(f: Figures, _d: InsatsDefinition) -> list[Line]:
    words = _("Försörjning vid avslutet, i koder. Den som har försörjningsstöd och något mer räknas hit.")
    return [Line(_("Med försörjningsstöd efter avslutet"), *f.with_forsorjningsstod, words)]


def _without_support(f: Figures, _d: InsatsDefinition) -> list[Line]:
    words = _("All annan försörjning, också sjukersättning: det säger inte att personen arbetar.")
    return [Line(_("Utan försörjningsstöd efter avslutet"), *f.without_forsorjningsstod, words)]


def _measured(f: Figures, _d: InsatsDefinition) -> list[Line]:
    return [Line(_("Har minst en mätning"), *f.measured, _("Av alla som har varit med."))]


def _on_time(f: Figures, _d: InsatsDefinition) -> list[Line]:
    words = _("Inskrivna utan försenad mätning på periodens sista dag.")
    return [Line(_("Mätta i tid"), f.all.enrolled - f.overdue, NOT_SIDED, words)]


def _overdue_rows(f: Figures, _d: InsatsDefinition) -> list[Line]:
    return [Line(_("Försenade mätningar"), f.overdue, NOT_SIDED, _("Inskrivna på periodens sista dag."))]


def _plans(f: Figures, _d: InsatsDefinition) -> list[Line]:
    return [Line(_("Har gällande plan"), f.plans, NOT_SIDED, _("Inskrivna på periodens sista dag."))]


def _steps_rows(f: Figures, _d: InsatsDefinition) -> list[Line]:
    help_text = _(
        "Första mätningen mot den senaste, efter instrumentets regel. %(n)s saknar en andra mätning.",
        n=f.steps.missing,
    )
    told = [(_("Bättre"), f.steps.better), (_("Oförändrat"), f.steps.same), (_("Sämre"), f.steps.worse)]
    return [Line(label, NOT_SIDED, n, help_text if label == told[0][0] else "") for label, n in told]


def _money(_f: Figures, definition: InsatsDefinition) -> list[Line]:
    if definition.budget.amounts == "missing":
        return [Line(_("Budget"), _("belopp saknas i underlaget"), _("belopp saknas i underlaget"))]
    year = str(_f.period.end.year)
    planned = definition.budget.cost(year=year if year in definition.budget.years else "per_ar")
    words = _("Utfallet går inte att mäta än.")
    return [
        Line(
            _("Budget %(year)s", year=year),
            formats.money(planned),
            formats.money(definition.budget.total),
            words,
        )
    ]


def _time(f: Figures, _d: InsatsDefinition) -> list[Line]:
    share = formats.NOT_YET if f.time_share is None else f"{f.time_share} %"
    return [Line(_("Andel av insatsens tid som har gått"), NOT_SIDED, share)]


_ROWS: dict[str, Callable[[Figures, InsatsDefinition], list[Line]]] = {
    "total": _total,
    "enrolled": _enrolled,
    "new": _new,
    "ended": _ended,
    "waiting": _waiting,
    "places": _places,
    "ended_by_reason": _ended_by_reason,
    "ended_by_group": _ended_by_group,
    "with_forsorjningsstod_after": _with_support,
    "without_forsorjningsstod_after": _without_support,
    "measured": _measured,
    "measured_on_time": _on_time,
    "measurements_overdue": _overdue_rows,
    "plans_active": _plans,
    "steps_taken": _steps_rows,
    "money": _money,
    "time_passed": _time,
}
