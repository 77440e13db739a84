"""The API range of a manifest: ">=1.0,<2.0"."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

_PART = re.compile(r"(>=|<=|==|>|<)\s*(\d{1,3})\.(\d{1,3})")
_OPERATORS: dict[str, Callable[[tuple[int, int], tuple[int, int]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def fits(version: str, wanted: str) -> bool:
    """True when the version ("1.0") lies in the range.

    Raises ValueError with a sentence for a range that is none.
    """
    major, minor = (int(part) for part in version.split("."))
    for part in wanted.split(","):
        found = _PART.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"”{wanted}” är inget versionsintervall: skriv till exempel ”>=1.0,<2.0”.")
        compare = _OPERATORS[found.group(1)]
        if not compare((major, minor), (int(found.group(2)), int(found.group(3)))):
            return False
    return True
