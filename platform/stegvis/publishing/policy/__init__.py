"""The disclosure policy: which figures of an insats may leave its huvudmän. Pure: no database, no clock, no
framework.

Everything that crosses may be read by anybody (it becomes allmän handling), so each release is decided
against every release before it. `standard` and `strikt` are described in docs under Publishing; `decide` is
the one entrance.
"""

from stegvis.publishing.policy.cells import (
    ANNAT,
    FEWEST,
    OPEN_GROUPS,
    Code,
    Counts,
    CountsError,
    Decision,
    Figure,
    Hidden,
    Ledger,
    Period,
    Reason,
    Release,
    Sided,
    crossing_group,
)
from stegvis.publishing.policy.decide import decide

__all__ = [
    "ANNAT",
    "FEWEST",
    "OPEN_GROUPS",
    "Code",
    "Counts",
    "CountsError",
    "Decision",
    "Figure",
    "Hidden",
    "Ledger",
    "Period",
    "Reason",
    "Release",
    "Sided",
    "crossing_group",
    "decide",
]
