"""Conditions: three-valued, and never surprised by an answer of another type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stegvis.insats.conditions import Condition, all_of, at_least, fields_of, holds, negated

NAMES = ["a", "b", "c"]
TRUTHS = st.sampled_from([True, False, None])


def leaf(name: str) -> Condition:
    return Condition(field=name, op="equals", value=True)


CONDITIONS = st.recursive(
    st.sampled_from(NAMES).map(leaf),
    lambda inner: st.builds(
        lambda how, parts: Condition(**{how: tuple(parts)}),
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@given(CONDITIONS, st.fixed_dictionaries({name: TRUTHS for name in NAMES}))
def test_unknown_means_that_both_answers_are_still_possible(condition, facts):
    """Sound: once it says True or False, no answer to the open questions changes it."""
    answer = holds(condition, facts)
    open_names = [name for name in NAMES if facts[name] is None]
    filled = [dict(facts)]
    for name in open_names:
        filled = [{**one, name: value} for one in filled for value in (True, False)]
    outcomes = {holds(condition, one) for one in filled}
    assert None not in outcomes
    if answer is not None:
        assert outcomes == {answer}


@given(st.lists(TRUTHS, max_size=5), st.integers(0, 5))
def test_at_least_counts(truths, count):
    sure, possible = truths.count(True), truths.count(True) + truths.count(None)
    assert at_least(truths, count) is (True if sure >= count else None if possible >= count else False)


def test_all_of_nothing_and_negation():
    assert all_of([]) is True
    assert [negated(truth) for truth in (True, False, None)] == [False, True, None]


@pytest.mark.parametrize(
    ("op", "value", "fact", "expected"),
    [
        ("equals", True, True, True),
        ("equals", True, 1, False),
        ("equals", 1, True, False),
        ("equals", "x", None, None),
        ("equals", "x", "", None),
        ("not_equals", "x", "y", True),
        ("in", ("x", "y"), "y", True),
        ("not_in", ("x", "y"), "y", False),
        ("at_least", 3, 3, True),
        ("at_most", 3, 4, False),
        ("at_least", 3, "9", None),
        ("at_least", 0, True, None),
        ("contains", "x", ("x", "y"), True),
        ("contains", "z", ("x", "y"), False),
        ("contains", "z", (), None),
        ("answered", None, False, True),
        ("answered", None, (), False),
        ("not_answered", None, 0, False),
    ],
)
def test_operators(op, value, fact, expected):
    assert holds(Condition(field="a", op=op, value=value), {"a": fact}) is expected


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"field": "a"},
        {"op": "equals", "value": 1},
        {"field": "a", "op": "in", "value": "x"},
        {"field": "a", "op": "answered", "value": True},
        {"field": "a", "op": "at_least", "value": True},
        {"field": "a", "op": "equals"},
        {"field": "a", "op": "equals", "value": 1, "all": (leaf("b"),)},
        {"all": ()},
        {"all": (leaf("a"),), "any": (leaf("b"),)},
    ],
)
def test_a_condition_is_one_thing(content):
    with pytest.raises(ValidationError):
        Condition.model_validate(content)


@given(CONDITIONS)
def test_fields_of_names_what_matters(condition):
    """Facts that the condition does not name never change its answer."""
    named = fields_of(condition)
    base = dict.fromkeys(NAMES, True)
    changed = {name: value if name in named else None for name, value in base.items()}
    assert holds(condition, base) is holds(condition, changed)
