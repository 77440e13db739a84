"""Which of two savings is the newer one: an autosave that was overtaken on the way must not undo what came after.

Several requests of one page may be under way at once, and the server may take them in any order. A page as it
was shown has a mark of its own and counts its changes (stegvis.js, the macro `autosave_clock`): within one page
the higher count is the newer. Another page, tab or device is never compared with: what arrives last stands, as
it does where no script runs.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any

FIELD = "skrivet_vid"
MARK = re.compile(r"([0-9a-f]{16})\.([0-9]{1,9})")


def new_mark() -> str:
    """The mark of a page that is being shown, before anything has been typed in it."""
    return f"{secrets.token_hex(8)}.0"


def mark_of(typed: Mapping[str, Any]) -> str | None:
    """The page's mark and count that came with a saving; None where there is none to trust."""
    told = str(typed.get(FIELD, ""))
    return told if MARK.fullmatch(told) else None


def overtaken(typed: Mapping[str, Any], kept: str | None) -> bool:
    """Whether the same page has had something newer kept already."""
    told, before = MARK.fullmatch(str(typed.get(FIELD, ""))), MARK.fullmatch(kept or "")
    return bool(told and before and told[1] == before[1] and int(told[2]) < int(before[2]))
