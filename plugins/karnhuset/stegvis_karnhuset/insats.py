"""What the files of Kärnhuset cannot say: one deviation of its own."""

from __future__ import annotations

from collections.abc import Sequence

from stegvis.plugin_api import Deviation, InsatsState, hookimpl


@hookimpl
def stegvis_deviations(state: InsatsState) -> Sequence[Deviation]:
    """Assessments are booked and missed when people fall ill:

    Late aktstudier are the ones nobody is reminded of.
    """
    late = state.overdue.get("aktstudie_3", 0) + state.overdue.get("aktstudie_6", 0)
    if late == 0:
        return ()
    return (Deviation("aktstudier_sena", "Aktstudier efter avslut är försenade. Beskriv när de görs."),)
