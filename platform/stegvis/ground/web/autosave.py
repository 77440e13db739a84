"""Which of two savings is the newer one: an autosave that was overtaken on the way must not undo what came after.

Several requests of one page may be under way at once, and the server may take them in any order. The page
writes down when something was last typed (stegvis.js, the macro `autosave_clock`), by the clock of the one
device that types; where no script runs, the form is sent once and is the newest.
"""

from collections.abc import Mapping
from typing import Any

FIELD = "skrivet_vid"
MOST_DIGITS = 15


def typed_at(typed: Mapping[str, Any]) -> int | None:
    """When the form was last typed in, in milliseconds of the writer's clock; None where no script ran."""
    told = str(typed.get(FIELD, ""))
    return int(told) if told.isascii() and told.isdigit() and len(told) <= MOST_DIGITS else None


def overtaken(typed: Mapping[str, Any], kept: int | None) -> bool:
    """Whether something that was typed later has been kept already."""
    told = typed_at(typed)
    return told is not None and kept is not None and told < kept
