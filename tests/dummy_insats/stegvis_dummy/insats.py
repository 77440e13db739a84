"""Every hook of the plugin API once, as short as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from stegvis.plugin_api import (
    Deviation,
    ExtraFinding,
    FigureRequest,
    InsatsEvent,
    InsatsState,
    ReferralFacts,
    Suggestion,
    hookimpl,
)


@hookimpl
def stegvis_eligibility(referral: ReferralFacts) -> Sequence[ExtraFinding]:
    """Two facts that no condition can add up."""
    months = [referral.facts.get("manader_ute"), referral.facts.get("manader_sjuk")]
    known = [value for value in months if isinstance(value, int)]
    ok = sum(known) >= 12 if len(known) == 2 else None
    return [
        ExtraFinding("ett_ar_tillsammans", ok, "Tiden är minst tolv månader.", "" if ok else "För kort tid.")
    ]


@hookimpl
def stegvis_figure(request: FigureRequest) -> int | None:
    """Those who are neither enrolled nor ended."""
    if "total" not in request.counts:
        return None
    return request.counts["total"] - request.counts.get("enrolled", 0) - request.counts.get("ended", 0)


@hookimpl
def stegvis_deviations(state: InsatsState) -> Sequence[Deviation]:
    """More than the half of the money is gone before the half of the time."""
    if not state.budget or state.spent is None or state.time_passed is None:
        return []
    if state.spent * 2 <= state.budget or state.time_passed * 2 >= 1:
        return []
    return [Deviation("snabba_pengar", "Mer än hälften av pengarna är använda före halva tiden.")]


@hookimpl
def stegvis_event(event: InsatsEvent) -> Sequence[Suggestion]:
    """A letter home a week after the end."""
    if event.kind != "ended":
        return []
    return [Suggestion("hej_da", "Skicka en hälsning.", event.day + timedelta(days=7))]
