"""Better, same, worse: by the mean over what was rated both times, exactly at the half step."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.definitions import load
from stegvis.insats.instruments import Instrument, compare

TESTS = Path(__file__).parents[2]
SMALL = load(TESTS / "dummy_insats/stegvis_dummy/instruments/tre_fragor.toml", Instrument)
SIX = load(TESTS.parent / "plugins/karnhuset/stegvis_karnhuset/instruments/steg_sex.toml", Instrument)
NAMES = [item.id for item in SIX.indicator]
RATINGS = st.fixed_dictionaries({name: st.one_of(st.none(), st.integers(1, 5)) for name in NAMES})


def six(*steps):
    return dict(zip(NAMES, steps, strict=True))


@pytest.mark.parametrize(
    ("first", "last", "direction", "difference"),
    [
        (six(1, 2, 3, 3, 2, 1), six(2, 3, 4, 3, 2, 1), "better", Fraction(1, 2)),
        (six(1, 2, 3, 3, 2, 1), six(2, 3, 3, 3, 2, 1), "same", Fraction(1, 3)),
        (six(2, 3, 4, 3, 2, 1), six(1, 2, 3, 3, 2, 1), "worse", Fraction(-1, 2)),
        (six(1, 1, 1, 1, None, None), six(2, 2, 1, 1, 5, 5), "better", Fraction(1, 2)),
        (six(1, 1, 1, None, None, None), six(5, 5, 5, 5, 5, 5), None, None),
    ],
)
def test_the_rule_of_the_six_questions(first, last, direction, difference):
    change = compare(SIX, first, last)
    assert (change.direction, change.difference) == (direction, difference)
    assert (change.reason == "") is (direction is not None)


@given(RATINGS, RATINGS)
def test_turning_time_round_turns_the_direction_round(first, last):
    there, back = compare(SIX, first, last), compare(SIX, last, first)
    opposite = {"better": "worse", "worse": "better", "same": "same", None: None}
    assert back.direction == opposite[there.direction]
    assert there.compared == sum(first[name] is not None and last[name] is not None for name in NAMES)
    assert there.per_indicator == {name: -step for name, step in back.per_indicator.items()}


@given(RATINGS)
def test_nothing_has_changed_between_a_measurement_and_itself(ratings):
    change = compare(SIX, ratings, ratings)
    answered = sum(step is not None for step in ratings.values())
    assert change.direction == ("same" if answered >= 4 else None)


def test_each_rater_is_compared_with_the_own_indicators():
    change = compare(SMALL, {"ett": 1, "tre": 1}, {"ett": 2, "tre": 1}, rater="handledare")
    assert (change.direction, change.compared) == ("better", 2)
    with pytest.raises(ValueError, match="tva is not asked"):
        compare(SMALL, {"tva": 1}, {}, rater="handledare")


def test_a_step_outside_the_scale_is_refused():
    with pytest.raises(ValueError, match="outside the scale"):
        compare(SMALL, {"ett": 6}, {})


def test_the_handledare_may_be_asked_in_other_words():
    eleven = load(
        TESTS.parent / "plugins/gemensam_kraft/stegvis_gemensam_kraft/instruments/steg_elva.toml", Instrument
    )
    first = eleven.indicator[0]
    assert eleven.question(first, "deltagare") == "Jag söker jobb eller tar andra steg mot ett jobb."
    assert eleven.question(first, "handledare") == "Personen söker jobb eller tar andra steg mot ett jobb."
    assert SMALL.question(SMALL.indicator[0], "handledare", "en") == "One?"


def test_words_at_the_ends():
    assert SMALL.raters == ("deltagare", "handledare")
    assert SMALL.ends(SMALL.indicator[0]) == ("Lite", "Mycket")
    assert SMALL.ends(SMALL.indicator[1], "en") == ("Nothing", "Much")
