"""How two measurements become a diagram and one sentence with n. Pure."""

from datetime import date

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stegvis.config import find_root
from stegvis.insats.definition import load_insats
from stegvis.insats.instruments import Instrument
from stegvis.vault.measurements.development import Occasion, development
from stegvis.vault.measurements.service import may_skip

SIX = ("vardag", "halsa", "andra_manniskor", "riktning", "vagar", "tilltro")
FIRST, LAST = date(2024, 1, 15), date(2024, 4, 15)


@pytest.fixture(scope="module")
def steps() -> Instrument:
    return load_insats(find_root() / "plugins" / "karnhuset" / "stegvis_karnhuset").instruments["steg_sex"]


def occasion(day: date, *values: int | None) -> Occasion:
    return Occasion(
        day, True, {name: value for name, value in zip(SIX, values, strict=False) if value is not None}
    )


def test_both_measurements_stand_in_the_diagram_and_in_the_sentence(in_app: Flask, steps: Instrument) -> None:
    with in_app.test_request_context():
        found = development(
            steps, "deltagare", [occasion(FIRST, 2, 2, 2, 3, 2, 3), occasion(LAST, 3, 3, 3, 3, 3, 3)]
        )
    assert [(one.label, one.values) for one in found.rounds] == [
        ("15 jan 2024", (2, 2, 2, 3, 2, 3)),
        ("15 april 2024", (3, 3, 3, 3, 3, 3)),
    ]
    assert found.direction == "better"
    assert (
        found.change == "Bättre: medelvärdet har gått från 2,3 till 3,0 (6 frågor besvarade båda gångerna)."
    )
    assert [(one.on_date, one.mean, one.answered, one.asked) for one in found.rows] == [
        (LAST, "3,0", 6, 6),
        (FIRST, "2,3", 6, 6),
    ]


@pytest.mark.parametrize(
    ("last", "direction", "begins"),
    [
        ((3, 3, 3, 3, 3, 3), "same", "Oförändrat"),
        ((2, 2, 2, 3, 3, 3), "worse", "Sämre"),
        ((4, 4, 4, 4, 4, 4), "better", "Bättre"),
    ],
)
def test_the_direction_in_words(
    in_app: Flask, steps: Instrument, last: tuple[int, ...], direction: str, begins: str
) -> None:
    with in_app.test_request_context():
        found = development(steps, "deltagare", [occasion(FIRST, 3, 3, 3, 3, 3, 3), occasion(LAST, *last)])
    assert (found.direction, found.change.split(":")[0]) == (direction, begins)


def test_too_few_answers_say_so_and_one_measurement_waits(in_app: Flask, steps: Instrument) -> None:
    with in_app.test_request_context():
        few = development(steps, "deltagare", [occasion(FIRST, 1, 1, 1), occasion(LAST, 5, 5, 5, 5, 5, 5)])
        one = development(steps, "deltagare", [occasion(FIRST, 1, 1, 1, 1)])
    assert (few.direction, few.rounds[0].values) == (None, (1, 1, 1, None, None, None))
    assert (
        few.change == "Det går inte att säga vad som har ändrats: bara 3 frågor är besvarade båda gångerna."
    )
    assert (one.direction, len(one.rounds), one.change.split(".")[0]) == (None, 1, "En mätning än så länge")


@given(st.lists(st.lists(st.none() | st.integers(1, 5), min_size=6, max_size=6), min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_first_and_the_newest_are_shown_and_all_are_listed(
    in_app: Flask, steps: Instrument, values: list[list[int | None]]
) -> None:
    occasions = [occasion(date(2024, 1, 1 + at), *one) for at, one in enumerate(values)]
    with in_app.test_request_context():
        found = development(steps, "deltagare", occasions)
    wanted = [values[0], values[-1]] if len(values) > 1 else values
    assert [list(one.values) for one in found.rounds] == wanted
    assert [one.on_date for one in found.rows] == [one.on_date for one in reversed(occasions)]
    assert [one.answered for one in found.rows] == [
        sum(v is not None for v in one) for one in reversed(values)
    ]


def test_a_question_may_be_skipped_where_the_rule_needs_fewer(steps: Instrument) -> None:
    strict = steps.model_copy(update={"change": steps.change.model_copy(update={"min_indicators": 6})})
    assert (may_skip(steps), may_skip(strict)) == (True, False)
