"""Spans of calendar time as definitions write them: "3 months", "6 weeks", "90 days", "1 year"."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import PlainValidator

_SPAN = re.compile(r"(\d{1,4}) (day|week|month|year)s?")


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """Whole months and whole days; years are kept as months, weeks as days."""

    months: int = 0
    days: int = 0

    def after(self, start: date) -> date:
        """The day that lies this span after `start`; 31 January + 1 month is the last of February."""
        year, month = divmod(start.year * 12 + start.month - 1 + self.months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(start.day, last)) + timedelta(days=self.days)

    def __bool__(self) -> bool:
        return bool(self.months or self.days)


def parse_span(text: str) -> TimeSpan:
    """Reads "3 months" and the like. Raises ValueError with a sentence."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"”{text}” är ingen tidslängd: "
            "skriv till exempel ”3 months”, ”6 weeks”, ”90 days” eller ”1 year”."
        )
    count, unit = int(found.group(1)), found.group(2)
    if unit in ("month", "year"):
        return TimeSpan(months=count * (12 if unit == "year" else 1))
    return TimeSpan(days=count * (7 if unit == "week" else 1))


def _read(value: Any) -> TimeSpan:
    if isinstance(value, TimeSpan):
        return value
    if not isinstance(value, str):
        raise ValueError("En tidslängd skrivs som text, till exempel ”3 months”.")
    return parse_span(value)


Span = Annotated[TimeSpan, PlainValidator(_read)]
