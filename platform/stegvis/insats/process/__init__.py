"""How an insats goes: steps, what falls due when, limits, codes of avslut, milestones."""

from stegvis.insats.process.avslut import AvslutCode, avslut_codes, published_group
from stegvis.insats.process.definition import Activity, DueRule, Limit, Milestone, Process, Step
from stegvis.insats.process.due import Due, Event, LimitState, due_dates, limit_states

__all__ = [
    "Activity",
    "AvslutCode",
    "Due",
    "DueRule",
    "Event",
    "Limit",
    "LimitState",
    "Milestone",
    "Process",
    "Step",
    "avslut_codes",
    "due_dates",
    "limit_states",
    "published_group",
]
