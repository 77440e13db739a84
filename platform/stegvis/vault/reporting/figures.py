"""The vault's own figures of one insats at a period's end. Nothing is hidden here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from stegvis.ground.tenancy import InsatsInstance
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.goals import Counts, Goal, MeasureResult, measure_result
from stegvis.insats.instruments import compare
from stegvis.insats.process import Event, due_dates
from stegvis.insats.report import Period
from stegvis.vault.reporting import queries
from stegvis.vault.reporting.queries import ActivityCount, Question, Volume


@dataclass(frozen=True)
class Steps:
    """Stegförflyttning since the start: between the first and the newest measurement of each enrolment."""

    better: int = 0
    same: int = 0
    worse: int = 0
    missing: int = 0

    @property
    def compared(self) -> int:
        """How many have two measurements that can be compared."""
        return self.better + self.same + self.worse


@dataclass(frozen=True)
class Figures:
    """Every figure of one insats for one period and since the start; whole numbers of enrolments.

    Pairs are (in the period, since the start). `ended` has every declared code, in the plugin's order.
    """

    insats: str
    period: Period
    target: int | None
    by_gender: Mapping[str, Volume]
    ended: Mapping[str, tuple[int, int]]
    with_forsorjningsstod: tuple[int, int]
    without_forsorjningsstod: tuple[int, int]
    waiting: int
    places: int | None
    activities: Mapping[str, ActivityCount]
    measured: tuple[int, int]
    overdue: int
    plans: int
    steps: Steps
    time_share: int | None
    goals: Mapping[str, MeasureResult] = field(default_factory=dict)

    @property
    def all(self) -> Volume:
        """The genders added up."""
        names = ("total", "enrolled", "ended", "taking_part", "new", "ended_in_period")
        return Volume(*(sum(getattr(one, name) for one in self.by_gender.values()) for name in names))

    def to_json(self) -> dict[str, Any]:
        """Since the start at the period's end, in the keys that the command line promises."""
        return {
            "total": self.all.total,
            "enrolled": self.all.enrolled,
            "ended": self.all.ended,
            "ended_by_reason": {code: both[1] for code, both in self.ended.items() if both[1]},
            "with_forsorjningsstod_after": self.with_forsorjningsstod[1],
            "without_forsorjningsstod_after": self.without_forsorjningsstod[1],
            "target": self.target,
        }


def compute(instance: InsatsInstance, definition: InsatsDefinition, period: Period) -> Figures:
    """Count everything. The open scope is the huvudman's vault; nobody's permission is asked here."""
    left_out = tuple(code.code for code in definition.process.avslut if not code.counts)
    asked = Question(instance.id, period, left_out)
    found = queries.endings(asked)
    declared = [code.code for code in definition.process.avslut if code.counts]
    codes = [*declared, *(code for code in found if code not in declared)]
    with_support, without_support = queries.forsorjning_after(asked)
    counted = Figures(
        insats=instance.id,
        period=period,
        target=target_of(instance, definition),
        by_gender=queries.volumes(asked),
        ended={code: found.get(code, (0, 0)) for code in codes},
        with_forsorjningsstod=with_support,
        without_forsorjningsstod=without_support,
        waiting=queries.waiting(asked),
        places=instance.places,
        activities=queries.activities(asked),
        measured=queries.measured(asked),
        overdue=_overdue(asked, definition),
        plans=queries.with_plan(asked),
        steps=_steps(asked, definition, None),
        time_share=time_share(instance, period.end),
    )
    goals = {goal.id: _goal_result(goal, counted, asked, definition) for goal in definition.goals.goal}
    return Figures(**{**counted.__dict__, "goals": goals})


def target_of(instance: InsatsInstance, definition: InsatsDefinition) -> int | None:
    """How many persons were promised: the goal of volume, else the decision's places."""
    volume = next((goal for goal in definition.goals.goal if goal.measure == "volume"), None)
    return volume.target if volume is not None and volume.target is not None else instance.places


def time_share(instance: InsatsInstance, day: date) -> int | None:
    """Per cent of the insats' time that has passed, both days included; None without a start and an end."""
    if instance.starts is None or instance.ends is None:
        return None
    whole = (instance.ends - instance.starts).days + 1
    passed = min(max((day - instance.starts).days + 1, 0), whole)
    return round(100 * passed / whole)


def _overdue(asked: Question, definition: InsatsDefinition) -> int:
    """Enrolled on the last day whose next measurement is overdue by the process' own rule."""
    rules = {rule.id for rule in definition.process.due if rule.what == "measurement"}
    if not rules:
        return 0
    late = 0
    for _id, started, ended, done in queries.courses(asked):
        if ended is not None and ended <= asked.period.end:
            continue
        events = [Event(day, "measured") for _instrument, day in done]
        due = due_dates(definition.process, started, events, asked.period.end)
        late += any(one.rule_id in rules and one.state == "overdue" for one in due)
    return late


def _steps(asked: Question, definition: InsatsDefinition, instrument_id: str | None) -> Steps:
    """By the instrument's own rule, as the participant rates; versions of an instrument are never mixed."""
    found: dict[str, int] = {"better": 0, "same": 0, "worse": 0}
    compared = 0
    for instrument in definition.instruments.values():
        if instrument_id is not None and instrument.id != instrument_id:
            continue
        rater = instrument.raters[0]
        given = queries.ratings(asked, instrument.id, str(instrument.version), rater)
        for rounds in given.values():
            if len(rounds) < 2:
                continue
            direction = compare(instrument, rounds[0], rounds[-1], rater).direction
            if direction is not None:
                found[direction] += 1
                compared += 1
    total = sum(one.total for one in queries.volumes(asked).values())
    return Steps(**found, missing=max(total - compared, 0))


def _goal_result(
    goal: Goal, counted: Figures, asked: Question, definition: InsatsDefinition
) -> MeasureResult:
    """A goal's result from what has been counted; a measure that is not built says that it cannot be measured."""
    return measure_result(
        goal, _goal_counts(goal, counted, asked, definition), year=str(asked.period.end.year)
    )


def _goal_counts(goal: Goal, counted: Figures, asked: Question, definition: InsatsDefinition) -> Counts:
    count = _MEASURES.get((goal.measure, goal.time_point))
    return Counts(None) if count is None else count(goal, counted, asked, definition)


def _volume(_goal: Goal, counted: Figures, _asked: Question, _d: InsatsDefinition) -> Counts:
    return Counts(counted.all.total)


def _women(_goal: Goal, counted: Figures, _asked: Question, _d: InsatsDefinition) -> Counts:
    return Counts(counted.by_gender.get("kvinna", Volume()).total, counted.all.total)


def _women_now(_goal: Goal, counted: Figures, _asked: Question, _d: InsatsDefinition) -> Counts:
    return Counts(counted.by_gender.get("kvinna", Volume()).enrolled, counted.all.enrolled)


def _measured(goal: Goal, counted: Figures, asked: Question, _d: InsatsDefinition) -> Counts:
    return Counts(queries.measured(asked, goal.params.instrument)[1], counted.all.total)


def _improved(goal: Goal, _counted: Figures, asked: Question, definition: InsatsDefinition) -> Counts:
    steps = _steps(asked, definition, goal.params.instrument)
    return Counts(steps.better, steps.compared, missing=steps.missing)


def _exits(goal: Goal, counted: Figures, _asked: Question, _d: InsatsDefinition) -> Counts:
    n = sum(counted.ended.get(code, (0, 0))[1] for code in goal.params.codes or ())
    return Counts(n, counted.all.ended)


def _plan(goal: Goal, counted: Figures, _asked: Question, _d: InsatsDefinition) -> Counts:
    # With a number of parallel activities it asks for more than the plan tells.
    return Counts(None if goal.params.parallel_activities else counted.plans, counted.all.enrolled)


def _done(goal: Goal, counted: Figures, _asked: Question, _d: InsatsDefinition) -> Counts:
    return Counts(counted.activities.get(goal.params.activity or "", ActivityCount()).done, counted.all.total)


# What is counted so far, by measure and time point; every other one says that it cannot be measured yet.
_MEASURES: dict[tuple[str, str], Callable[[Goal, Figures, Question, InsatsDefinition], Counts]] = {
    ("volume", "since_start"): _volume,
    ("gender_balance", "since_start"): _women,
    ("gender_balance", "now"): _women_now,
    ("share_measured", "since_start"): _measured,
    ("share_improved", "since_start"): _improved,
    ("share_exit_in", "at_avslut"): _exits,
    ("count_exit_in", "at_avslut"): _exits,
    ("active_plan", "now"): _plan,
    ("activity_done", "since_start"): _done,
}
