"""The named measures: what each counts, against which denominators, at which time points.

A measure here is a promise about meaning; the vault's reporting computes the counts as SQL on coded values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What a numerator is set against. None of them is "nothing": a number alone says nothing.
Denominator = Literal[
    "planerade",  # the planned number of the whole period or of the year
    "inskrivna",  # everybody who was ever enrolled
    "avslutade",  # everybody who has ended (felregistrering left out)
    "matta_tva_ganger",  # enrolled or ended with two comparable measurements
    "svarande",  # answers to the question
    "foljda",  # ended, and followed up at the time point
    "personal",  # staff of the training's own roster
    "milstolpar",  # the milestones of the goal
]
TimePoint = Literal["now", "since_start", "calendar_year", "at_avslut", "after_avslut", "at_end"]
Unit = Literal["count", "share", "balance", "milestone"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. `needs` are params that must stand in the goal, `may` those that may."""

    name: str
    title: str
    unit: Unit
    denominators: tuple[Denominator, ...]
    time_points: tuple[TimePoint, ...]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


_ALL: tuple[Measure, ...] = (
    Measure("volume", "Antal personer i insatsen", "count", ("planerade",), ("since_start", "calendar_year")),
    Measure(
        "gender_balance", "Andel kvinnor", "balance", ("inskrivna",), ("since_start", "now"), ("tolerance",)
    ),
    Measure(
        "offered",
        "Antal som har erbjudits insatsen",
        "count",
        ("planerade",),
        ("since_start", "calendar_year"),
    ),
    Measure(
        "share_measured",
        "Andel med minst en mätning",
        "share",
        ("inskrivna",),
        ("since_start", "now"),
        (),
        ("instrument",),
    ),
    Measure(
        "share_improved",
        "Andel som har gjort en stegförflyttning",
        "share",
        ("matta_tva_ganger",),
        ("since_start", "at_avslut"),
        (),
        ("instrument",),
    ),
    Measure(
        "share_exit_in",
        "Andel som har avslutats till något av utfallen",
        "share",
        ("avslutade",),
        ("at_avslut",),
        ("codes",),
    ),
    Measure(
        "count_exit_in",
        "Antal som har avslutats till något av utfallen",
        "count",
        ("planerade",),
        ("at_avslut",),
        ("codes",),
    ),
    Measure(
        "outcome_after",
        "Andel i något av utfallen en tid efter avslutet",
        "share",
        ("foljda",),
        ("after_avslut",),
        ("after", "statuses"),
    ),
    Measure(
        "share_answered",
        "Andel som har svarat positivt",
        "share",
        ("svarande",),
        ("since_start", "at_avslut"),
        ("question", "at_least"),
    ),
    Measure(
        "active_plan",
        "Andel med gällande plan",
        "share",
        ("inskrivna",),
        ("now",),
        (),
        ("parallel_activities",),
    ),
    Measure(
        "plan_at_exit",
        "Andel som har avslutats med en godkänd plan",
        "share",
        ("avslutade",),
        ("at_avslut",),
        (),
        ("form",),
    ),
    Measure(
        "activity_done",
        "Antal som har genomfört aktiviteten",
        "share",
        ("inskrivna",),
        ("since_start", "now"),
        ("activity",),
    ),
    Measure(
        "staff_trained",
        "Andel av personalen med utbildningen",
        "share",
        ("personal",),
        ("since_start",),
        ("course",),
        ("roster",),
    ),
    Measure(
        "cases_per_year",
        "Ärenden under kalenderåret",
        "count",
        ("planerade",),
        ("calendar_year",),
        ("kinds",),
    ),
    Measure(
        "milestone",
        "Milstolpar som är klara",
        "milestone",
        ("milstolpar",),
        ("since_start", "at_end"),
        ("milestones",),
    ),
)
MEASURES: dict[str, Measure] = {measure.name: measure for measure in _ALL}
