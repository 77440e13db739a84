"""Swedish formats to the letter."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.web import formats

TODAY = date(2024, 1, 15)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2026, 12, 12), "12 dec 2026"),
        (date(2024, 3, 1), "1 mars 2024"),
        (date(2024, 4, 15), "15 april 2024"),
        (date(2024, 7, 31), "31 juli 2024"),
        (date(2024, 9, 2), "2 sep 2024"),
        (None, ""),
    ],
)
def test_day(value: date | None, expected: str) -> None:
    assert formats.day(value) == expected


def test_day_in_english() -> None:
    assert formats.day(date(2026, 12, 12), "en") == "12 Dec 2026"


def test_month_and_clock() -> None:
    assert formats.month(date(2026, 12, 12)) == "december 2026"
    assert formats.month(date(2026, 12, 12), "en") == "December 2026"
    assert formats.clock(datetime(2024, 1, 15, 8, 4)) == "08:04"


def test_period() -> None:
    assert formats.period(date(2023, 10, 1), date(2023, 12, 31)) == "1 okt–31 dec 2023"
    assert formats.period(date(2023, 12, 1), date(2024, 1, 31)) == "1 dec 2023–31 jan 2024"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "i dag"),
        (1, "i morgon"),
        (-1, "i går"),
        (3, "om 3 dagar"),
        (-3, "för 3 dagar sedan"),
        (13, "om 13 dagar"),
        (14, "om 2 veckor"),
        (59, "om 8 veckor"),
        (60, "om 2 månader"),
        (-90, "för 3 månader sedan"),
        (729, "om 24 månader"),
        (730, "om 2 år"),
        (-800, "för 2 år sedan"),
    ],
)
def test_relative(days: int, expected: str) -> None:
    assert formats.relative(date.fromordinal(TODAY.toordinal() + days), TODAY) == expected


def test_relative_in_english() -> None:
    assert formats.relative(date(2024, 1, 18), TODAY, "en") == "in 3 days"


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (2293000, 0, "2\u00a0293\u00a0000"),
        (1000, 0, "1\u00a0000"),
        (999, 0, "999"),
        (0, 0, "0"),
        (None, 0, ""),
        (3.5, 1, "3,5"),
        (-1500, 0, "\u22121\u00a0500"),
        (2.5, 0, "3"),
        (Decimal("0.125"), 2, "0,13"),
        (-0.2, 0, "0"),
    ],
)
def test_number(value: float | None, decimals: int, expected: str) -> None:
    assert formats.number(value, decimals) == expected


def test_money() -> None:
    assert formats.money(2293000) == "2\u00a0293\u00a0000\u00a0kr"
    assert formats.money(Decimal("99.50")) == "100\u00a0kr"
    assert formats.money(None) == ""


def test_percent() -> None:
    assert formats.percent(6, 9) == "67\u00a0% (6\u00a0av\u00a09)"
    assert formats.percent(0, 9) == "0\u00a0% (0\u00a0av\u00a09)"
    assert formats.percent(0, 0) == "går inte att mäta än"
    assert formats.percent(None, 9) == "går inte att mäta än"
    assert formats.percent(1, None) == "går inte att mäta än"


def test_personal_number() -> None:
    assert formats.personal_number("198001019981") == "19800101-9981"
    assert formats.personal_number("19800101-9981") == "19800101-9981"


@pytest.mark.parametrize("value", ["8001019981", "1980010199811", "", "19800101-998x"])
def test_personal_number_makes_no_guess(value: str) -> None:
    with pytest.raises(ValueError, match="tolv siffror"):
        formats.personal_number(value)


@given(st.integers(-(10**12), 10**12))
def test_number_can_be_read_back(value: int) -> None:
    text = formats.number(value).replace("\u00a0", "").replace("\u2212", "-")
    assert int(text) == value


@given(st.dates(), st.dates())
def test_relative_never_lies_about_direction(value: date, today: date) -> None:
    text = formats.relative(value, today)
    assert text.startswith("om ") == ((value - today).days > 1)
    assert text.endswith(" sedan") == ((value - today).days < -1)
