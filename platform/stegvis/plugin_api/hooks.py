"""The hooks of API 1.0. Every one is optional; a plugin that is all data implements none.

A hook that raises, or answers something of another type, costs its own tile and nothing else: it is
logged with
the plugin's name and the insatsledare is told in a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pluggy

from stegvis.plugin_api.values import (
    Deviation,
    ExtraFinding,
    FigureRequest,
    InsatsEvent,
    InsatsState,
    ReferralFacts,
    Suggestion,
)

hookspec = pluggy.HookspecMarker("stegvis")
hookimpl = pluggy.HookimplMarker("stegvis")


class HookSpecs:
    """The specifications that pluggy checks implementations against."""

    @hookspec(firstresult=True)
    def stegvis_eligibility(self, referral: ReferralFacts) -> Sequence[ExtraFinding] | None:
        """Own rules about a referral that conditions in target_group.toml cannot say.

        Called when it is shown.
        """

    @hookspec(firstresult=True)
    def stegvis_figure(self, request: FigureRequest) -> int | Decimal | None:
        """One figure for the report, a number and nothing else. None: cannot be measured yet."""

    @hookspec(firstresult=True)
    def stegvis_deviations(self, state: InsatsState) -> Sequence[Deviation] | None:
        """Deviations that the platform's own four questions do not find. Called when a report is opened."""

    @hookspec(firstresult=True)
    def stegvis_event(self, event: InsatsEvent) -> Sequence[Suggestion] | None:
        """Reacts to an event with suggestions of tasks.

        Called after the event is stored; may be called twice.
        """


HOOK_NAMES: tuple[str, ...] = tuple(sorted(name for name in vars(HookSpecs) if name.startswith("stegvis_")))
