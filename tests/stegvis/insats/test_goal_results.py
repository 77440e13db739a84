"""From counts to results: a false zero never, a split only of what was counted, exact shares."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stegvis.ground.definitions import load
from stegvis.insats.goals import MEASURES, Counts, GenderCount, Goal, Goals, measure_result, reached

GOALS = {
    goal.id: goal
    for goal in load(Path(__file__).parents[2] / "dummy_insats/stegvis_dummy/goals.toml", Goals).goal
}


def test_nobody_to_measure_is_no_zero():
    result = measure_result(GOALS["steg"], Counts(n=0, denominator=0, missing=3))
    assert (result.value, result.measurable, result.missing) == (None, False, 3)
    assert result.reason == "Går inte att mäta än: ingen har två mätningar."
    assert reached(GOALS["steg"], result) is None


def test_a_real_zero_is_a_zero():
    result = measure_result(GOALS["steg"], Counts(n=0, denominator=4))
    assert (result.value, result.measurable, reached(GOALS["steg"], result)) == (0, True, False)


def test_a_share_and_its_split():
    counts = Counts(6, 9, {"kvinna": GenderCount(4, 5), "man": GenderCount(2, 4), "annat": GenderCount(0, 0)})
    result = measure_result(GOALS["steg"], counts)
    assert (result.value, result.n, result.denominator) == (Fraction(2, 3), 6, 9)
    assert {gender: part.value for gender, part in result.by_gender.items()} == {
        "kvinna": Fraction(4, 5),
        "man": Fraction(1, 2),
    }
    assert reached(GOALS["steg"], result) is True


def test_a_count_is_set_against_the_plan_of_all_or_of_one_year():
    whole = measure_result(GOALS["volym"], Counts(n=5))
    year = measure_result(GOALS["volym"], Counts(n=5), year="2023")
    assert (whole.value, whole.denominator, reached(GOALS["volym"], whole)) == (5, 10, False)
    assert (year.denominator, reached(GOALS["volym"], year, year="2023")) == (4, True)


@pytest.mark.parametrize(("women", "expected"), [(3, False), (4, True), (5, True), (6, True), (7, False)])
def test_balance_has_a_tolerance(women, expected):
    assert reached(GOALS["balans"], measure_result(GOALS["balans"], Counts(women, 10))) is expected


def test_milestones_and_unknown():
    assert reached(GOALS["klart"], measure_result(GOALS["klart"], Counts(1, 1))) is True
    unknown = measure_result(GOALS["klart"], Counts(None))
    assert (unknown.measurable, unknown.reason) == (False, "Går inte att mäta än: uppgifter saknas.")


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_share_lies_between_nothing_and_all(n, denominator):
    counts = Counts(n, denominator)
    if denominator and n > denominator:
        with pytest.raises(ValueError, match="steg"):
            measure_result(GOALS["steg"], counts)
    else:
        value = measure_result(GOALS["steg"], counts).value
        assert value == (Fraction(n, denominator) if denominator else None)


def test_every_measure_has_a_denominator_and_a_time_point():
    assert [m.name for m in MEASURES.values() if not m.denominators or not m.time_points] == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"measure": "vibes"}, "Måttet ”vibes” finns inte"),
        ({"denominator": "personal"}, "räknas mot ”matta_tva_ganger”"),
        ({"time_point": "calendar_year"}, "mäts vid ”since_start” eller ”at_avslut”"),
        ({"target": 101}, "högst 100"),
        ({"params": {"codes": ("x",)}}, "använder inte ”codes”"),
        (
            {"measure": "share_exit_in", "denominator": "avslutade", "time_point": "at_avslut"},
            "behöver ”codes”",
        ),
        ({"measure": "volume", "denominator": "planerade", "params": {}}, "räknas mot ett planerat antal"),
    ],
)
def test_a_goal_that_cannot_be_computed_is_refused(changes, sentence):
    good = {
        "id": "a",
        "title": "A",
        "measure": "share_improved",
        "denominator": "matta_tva_ganger",
        "time_point": "since_start",
    }
    Goal.model_validate(good)
    with pytest.raises(ValidationError, match=sentence):
        Goal.model_validate({**good, **changes})


def test_a_goal_without_a_denominator_is_refused():
    with pytest.raises(ValidationError, match="denominator"):
        Goal.model_validate({"id": "a", "title": "A", "measure": "volume", "time_point": "since_start"})
