"""Goals as declarations with a named measure, and the step from counts to a result."""

from stegvis.insats.goals.definition import Goal, Goals
from stegvis.insats.goals.measures import MEASURES, Denominator, Measure, TimePoint
from stegvis.insats.goals.results import Counts, GenderCount, MeasureResult, measure_result, reached

__all__ = [
    "MEASURES",
    "Counts",
    "Denominator",
    "GenderCount",
    "Goal",
    "Goals",
    "Measure",
    "MeasureResult",
    "TimePoint",
    "measure_result",
    "reached",
]
