"""Conditions on facts: the one evaluator behind forms' `visible_when` and the rules of a target group.

Three answers: True, False and None for "cannot be known yet, because an answer is missing". All, any and
not follow Kleene's three-valued logic, so that one criterion that is met is enough for "at least one"
although
the others are unanswered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator

from stegvis.ground.definitions import Definition, Identifier

Fact = str | int | Decimal | bool | date | tuple[str, ...] | None
Facts = Mapping[str, Fact]
Truth = bool | None

Operator = Literal[
    "equals", "not_equals", "in", "not_in", "at_least", "at_most", "contains", "answered", "not_answered"
]
_WITHOUT_VALUE = frozenset({"answered", "not_answered"})
_WITH_LIST = frozenset({"in", "not_in"})


class Condition(Definition):
    """Either field + op (+ value), or exactly one of all, any, none with conditions inside."""

    field: Identifier | None = None
    op: Operator | None = None
    value: Any = None
    all: tuple[Condition, ...] | None = Field(default=None, min_length=1)
    any: tuple[Condition, ...] | None = Field(default=None, min_length=1)
    none: tuple[Condition, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Condition:
        groups = [group for group in (self.all, self.any, self.none) if group is not None]
        if self.field is None:
            if len(groups) != 1 or self.op is not None or self.value is not None:
                raise ValueError(
                    "Ett villkor anger antingen ”field” och ”op”, eller en av ”all”, ”any” och ”none”."
                )
            return self
        if groups or self.op is None:
            raise ValueError(
                "Ett villkor med ”field” behöver ”op” och kan inte samtidigt ha ”all”, ”any” eller ”none”."
            )
        _check_value(self.op, self.value)
        return self


def _check_value(op: str, value: Any) -> None:
    if op in _WITHOUT_VALUE:
        if value is not None:
            raise ValueError(f"Villkoret ”{op}” tar inget ”value”.")
    elif op in _WITH_LIST:
        if not isinstance(value, tuple) or not value or not all(isinstance(v, str | int) for v in value):
            raise ValueError(f"Villkoret ”{op}” behöver en lista i ”value”.")
    elif op in ("at_least", "at_most"):
        if isinstance(value, bool) or not isinstance(value, int | float | date):
            raise ValueError(f"Villkoret ”{op}” behöver ett tal eller ett datum i ”value”.")
    elif not isinstance(value, str | int | float | bool | date):
        raise ValueError(f"Villkoret ”{op}” behöver ett enkelt värde i ”value”.")


def fields_of(condition: Condition) -> frozenset[str]:
    """Every fact that the condition asks for."""
    return frozenset(leaf.field for leaf in leaves(condition) if leaf.field is not None)


def leaves(condition: Condition) -> Iterator[Condition]:
    """The innermost conditions, those with a field."""
    if condition.field is not None:
        yield condition
    for group in (condition.all, condition.any, condition.none):
        for inner in group or ():
            yield from leaves(inner)


def holds(condition: Condition, facts: Facts) -> Truth:
    """True, False, or None when it hangs on a fact that is missing."""
    if condition.all is not None:
        return all_of([holds(inner, facts) for inner in condition.all])
    if condition.any is not None:
        return at_least([holds(inner, facts) for inner in condition.any], 1)
    if condition.none is not None:
        return negated(at_least([holds(inner, facts) for inner in condition.none], 1))
    return _leaf_holds(condition, facts.get(condition.field or ""))


def all_of(truths: Sequence[Truth]) -> Truth:
    """Every one true."""
    return at_least(truths, len(truths))


def at_least(truths: Sequence[Truth], count: int) -> Truth:
    """At least `count` true; None while the unknown ones could still tip it."""
    sure = sum(truth is True for truth in truths)
    possible = sure + sum(truth is None for truth in truths)
    if sure >= count:
        return True
    return None if possible >= count else False


def negated(truth: Truth) -> Truth:
    """Not, with unknown staying unknown."""
    return None if truth is None else not truth


def is_answered(fact: Fact) -> bool:
    """An empty text or list is no answer; False and 0 are."""
    return fact is not None and fact not in ("", ())


def _leaf_holds(condition: Condition, fact: Fact) -> Truth:
    op, value = condition.op, condition.value
    if op in _WITHOUT_VALUE:
        return is_answered(fact) is (op == "answered")
    if not is_answered(fact):
        return None
    if op in ("at_least", "at_most"):
        return _compared(fact, value, at_least=op == "at_least")
    if op == "contains":
        return isinstance(fact, tuple | str) and isinstance(value, str) and value in fact
    choices = value if op in _WITH_LIST else (value,)
    return any(_same(fact, item) for item in choices) is (op in ("equals", "in"))


def _same(fact: Fact, value: Any) -> bool:
    # True == 1 in Python, but "yes" and "one" are two answers.
    return isinstance(fact, bool) is isinstance(value, bool) and fact == value


def _compared(fact: Fact, value: Any, *, at_least: bool) -> Truth:
    if isinstance(fact, bool):
        return None
    if isinstance(fact, int | Decimal) and isinstance(value, int | float):
        number = Decimal(str(value))
        return fact >= number if at_least else fact <= number
    if isinstance(fact, date) and isinstance(value, date):
        return fact >= value if at_least else fact <= value
    return None
