"""How dates, money, shares and numbers are written for people: pure, Swedish unless said otherwise."""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal

NBSP = "\u00a0"
MINUS = "\u2212"
DASH = "\u2013"

# Språkrådet: mars till juli skrivs ut, övriga förkortas; punkten utelämnas i tabeller och på skärm.
SHORT_MONTHS = ("jan", "feb", "mars", "april", "maj", "juni", "juli", "aug", "sep", "okt", "nov", "dec")
LONG_MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni",
    "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip

HIDDEN = "redovisas inte (för få personer)"
NOT_YET = "går inte att mäta än"

Number = int | float | Decimal

SWEDEN = ZoneInfo("Europe/Stockholm")


def day(value: date | None, language: str = "sv") -> str:
    """Write a date: "12 dec 2026"; None gives ""."""
    if value is None:
        return ""
    if language == "sv":
        return f"{value.day} {SHORT_MONTHS[value.month - 1]} {value.year}"
    return format_date(value, "d MMM y", locale=language)


def month(value: date, language: str = "sv") -> str:
    """Write a month: "december 2026"."""
    if language == "sv":
        return f"{LONG_MONTHS[value.month - 1]} {value.year}"
    return format_date(value, "LLLL y", locale=language)


def clock(value: datetime) -> str:
    """Write a time of day in Sweden: "08:14"; a value without a zone is taken as it is."""
    return f"{value.astimezone(SWEDEN) if value.tzinfo else value:%H:%M}"


def period(first: date, last: date, language: str = "sv") -> str:
    """Write a period, last day included: "1 okt-31 dec 2023"; the first year only where it differs."""
    start, end = day(first, language), day(last, language)
    if language == "sv" and first.year == last.year:
        start = start.removesuffix(f" {first.year}")
    return f"{start}{DASH}{end}"


def relative(value: date, today: date, language: str = "sv") -> str:
    """Write how far off a date is: "i dag", "i morgon", "om 3 dagar", "för 2 veckor sedan".

    Days below 14, weeks below 60 days, months below two years, else years; always rounded down.
    """
    days = (value - today).days
    if language != "sv":
        return format_timedelta(value - today, granularity="day", add_direction=True, locale=language)
    near = {0: "i dag", 1: "i morgon", -1: "i går"}
    if days in near:
        return near[days]
    count, one, many = span(abs(days))
    words = f"{count} {one if count == 1 else many}"
    return f"om {words}" if days > 0 else f"för {words} sedan"


def span(days: int) -> tuple[int, str, str]:
    """A number of days in the unit that people use for it: (count, singular, plural)."""
    if days < 14:
        return days, "dag", "dagar"
    if days < 60:
        return days // 7, "vecka", "veckor"
    if days < 730:
        return days // 30, "månad", "månader"
    return days // 365, "år", "år"


def number(value: Number | None, decimals: int = 0, language: str = "sv") -> str:
    """Write a number: "2 293 000", "3,5", with a true minus; rounded half up. None gives "" (not 0)."""
    if value is None:
        return ""
    step = Decimal(1).scaleb(-decimals)
    rounded = Decimal(str(value)).quantize(step, ROUND_HALF_UP)
    if language != "sv":
        return format_decimal(rounded, locale=language)
    whole = f"{abs(rounded):,f}".replace(",", NBSP).replace(".", ",")
    return f"{MINUS}{whole}" if rounded < 0 else whole


def money(value: Number | None, language: str = "sv") -> str:
    """Write kronor without öre: "2 293 000 kr"; None gives ""."""
    return "" if value is None else f"{number(value, language=language)}{NBSP}kr"


def percent(part: int | None, whole: int | None, language: str = "sv") -> str:
    """Write a share with its n: "67 % (6 av 9)"; "går inte att mäta än" where there is nobody to count."""
    if part is None or not whole:
        return NOT_YET
    share = number(Decimal(100 * part) / whole, language=language)
    between = "av" if language == "sv" else "/"
    return f"{share}{NBSP}% ({part}{NBSP}{between}{NBSP}{whole})"


def personal_number(value: str) -> str:
    """Write twelve digits as "ÅÅÅÅMMDD-NNNN"; ValueError for another length (the century is no guess)."""
    digits = re.sub(r"[-\s]", "", value)
    if not re.fullmatch(r"[0-9]{12}", digits):
        raise ValueError("Ett personnummer visas bara med tolv siffror.")
    return f"{digits[:8]}-{digits[8:]}"
