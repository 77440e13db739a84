"""goals.toml as a model: one `[[goal]]` per promise, with measure, target, denominator and time point."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from stegvis.ground.definitions import Definition, Identifier, Line, Text
from stegvis.insats.goals.measures import MEASURES, Denominator, Measure, TimePoint
from stegvis.insats.time_spans import Span


class Params(Definition):
    """What a measure needs to know. Which keys a goal must and may have, its measure says."""

    codes: tuple[Identifier, ...] | None = Field(default=None, min_length=1)
    statuses: tuple[Identifier, ...] | None = Field(default=None, min_length=1)
    after: tuple[Span, ...] | None = Field(default=None, min_length=1)
    instrument: Identifier | None = None
    question: Identifier | None = None
    at_least: int | None = None
    parallel_activities: int | None = Field(default=None, ge=1)
    activity: Identifier | None = None
    course: Identifier | None = None
    roster: int | None = Field(default=None, ge=1)
    form: Identifier | None = None
    kinds: tuple[Identifier, ...] | None = Field(default=None, min_length=1)
    milestones: tuple[Identifier, ...] | None = Field(default=None, min_length=1)
    tolerance: int | None = Field(default=None, ge=0, le=50)

    def given(self) -> frozenset[str]:
        """The keys that stand in the file."""
        return frozenset(self.model_fields_set)


class Goal(Definition):
    """One goal.

    `target` is a number of persons (count) or per cent (share); without it the goal is followed only.
    """

    id: Identifier
    title: Line
    text: Text | None = None
    level: Literal["individ", "organisation"] = "individ"
    measure: Identifier
    target: int | None = Field(default=None, ge=0)
    target_per_year: dict[str, int] | None = None
    denominator: Denominator
    split: tuple[Literal["gender"], ...] = ()
    time_point: TimePoint
    params: Params = Params()
    source: Line | None = None

    @model_validator(mode="after")
    def _fits_its_measure(self) -> Goal:
        measure = MEASURES.get(self.measure)
        if measure is None:
            raise ValueError(
                f"Måttet ”{self.measure}” finns inte. Mått som finns: {', '.join(sorted(MEASURES))}."
            )
        _check_fit(self, measure)
        if measure.unit == "share" and self.target is not None and self.target > 100:
            raise ValueError(f"Målet ”{self.id}” är en andel: ”target” är procent, högst 100.")
        if "planerade" in measure.denominators and self.target is None:
            raise ValueError(f"Målet ”{self.id}” räknas mot ett planerat antal: skriv det i ”target”.")
        for year in self.target_per_year or {}:
            if not (len(year) == 4 and year.isascii() and year.isdigit()):
                raise ValueError(f"”{year}” i ”target_per_year” är inget årtal.")
        return self

    @property
    def unit(self) -> str:
        """What the measure's value is: count, share, balance or milestone."""
        return MEASURES[self.measure].unit


def _check_fit(goal: Goal, measure: Measure) -> None:
    if goal.denominator not in measure.denominators:
        allowed = " eller ".join(f"”{name}”" for name in measure.denominators)
        raise ValueError(f"Målet ”{goal.id}”: måttet ”{measure.name}” räknas mot {allowed}.")
    if goal.time_point not in measure.time_points:
        allowed = " eller ".join(f"”{name}”" for name in measure.time_points)
        raise ValueError(f"Målet ”{goal.id}”: måttet ”{measure.name}” mäts vid {allowed}.")
    given = goal.params.given()
    for name in sorted(set(measure.needs) - given):
        raise ValueError(f"Målet ”{goal.id}”: måttet ”{measure.name}” behöver ”{name}” i ”params”.")
    for name in sorted(given - set(measure.needs) - set(measure.may)):
        raise ValueError(f"Målet ”{goal.id}”: måttet ”{measure.name}” använder inte ”{name}”.")


class Goals(Definition):
    """The whole of goals.toml."""

    goal: tuple[Goal, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique_ids(self) -> Goals:
        ids = [goal.id for goal in self.goal]
        for one in ids:
            if ids.count(one) > 1:
                raise ValueError(f"Samma id står två gånger bland målen: ”{one}”.")
        return self
