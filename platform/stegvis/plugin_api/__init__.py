"""The one door for plugins: hook markers, argument and answer types, and the version of the door.

A plugin imports from here and from nowhere else in stegvis. What stands here changes only with API_VERSION:
a new hook or a new field with a default raises the second number, anything else the first.
"""

from stegvis.plugin_api.hooks import HOOK_NAMES, HookSpecs, hookimpl, hookspec
from stegvis.plugin_api.values import (
    Deviation,
    EventKind,
    ExtraFinding,
    FactValue,
    FigureRequest,
    InsatsEvent,
    InsatsState,
    ReferralFacts,
    Suggestion,
)

API_VERSION = "1.0"
PROJECT_NAME = "stegvis"
ENTRY_POINT_GROUP = "stegvis.insatser"

__all__ = [
    "API_VERSION",
    "ENTRY_POINT_GROUP",
    "HOOK_NAMES",
    "PROJECT_NAME",
    "Deviation",
    "EventKind",
    "ExtraFinding",
    "FactValue",
    "FigureRequest",
    "HookSpecs",
    "InsatsEvent",
    "InsatsState",
    "ReferralFacts",
    "Suggestion",
    "hookimpl",
    "hookspec",
]
