"""Figures that the platform can put into any report; a template may add own ones by source and params."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# scalar: one number · table: numbers per code · goals: the goal table · money: budget against outcome
FigureShape = Literal["scalar", "table", "goals", "money", "list"]


@dataclass(frozen=True, slots=True)
class FigureSource:
    """Something the vault's reporting can count.

    `needs` are params that a template's own figure must give.
    """

    name: str
    title: str
    shape: FigureShape
    needs: tuple[str, ...] = ()


_ALL: tuple[FigureSource, ...] = (
    FigureSource("total", "Antal personer totalt", "scalar"),
    FigureSource("enrolled", "Inskrivna vid periodens slut", "scalar"),
    FigureSource("new", "Nya under perioden", "scalar"),
    FigureSource("ended", "Avslutade", "scalar"),
    FigureSource("waiting", "Väntar på beslut eller plats", "scalar"),
    FigureSource("places", "Platser", "scalar"),
    FigureSource("ended_by_reason", "Avslutade efter orsak", "table"),
    FigureSource("ended_by_group", "Avslutade efter utfall", "table"),
    FigureSource("with_forsorjningsstod_after", "Med försörjningsstöd efter avslutet", "scalar"),
    FigureSource("without_forsorjningsstod_after", "Utan försörjningsstöd efter avslutet", "scalar"),
    FigureSource("forsorjning_after", "Försörjning efter avslutet", "table"),
    FigureSource("in_activity", "Deltar i en aktivitet", "scalar", ("activity",)),
    FigureSource("activity_done", "Har genomfört en aktivitet", "scalar", ("activity",)),
    FigureSource("measured", "Har minst en mätning", "scalar"),
    FigureSource("measured_on_time", "Mätta i tid", "scalar"),
    FigureSource("measurements_overdue", "Försenade mätningar", "scalar"),
    FigureSource("steps_taken", "Stegförflyttning: bättre, oförändrat, sämre", "table"),
    FigureSource("plans_active", "Har gällande plan", "scalar"),
    FigureSource("answers", "Svar på enkäter", "scalar"),
    FigureSource("followed_up", "Uppföljda efter avslutet", "scalar"),
    FigureSource("staff_trained", "Utbildad personal", "table"),
    FigureSource("cases", "Ärenden hos samverkansteamet", "scalar"),
    FigureSource("milestones", "Milstolpar", "list"),
    FigureSource("goals", "Mål", "goals"),
    FigureSource("money", "Budget och utfall", "money"),
    FigureSource("time_passed", "Andel av insatsens tid som har gått", "scalar"),
)
FIGURES: dict[str, FigureSource] = {source.name: source for source in _ALL}
