"""The fault table, run: each case by its name, and that the table holds exactly the cases that are named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from eid_faults.acts import Act
from eid_faults.table import CASES, NAMED, OTHER_KIND, Case
from eid_summary import line
from stegvis.identity.eid.tokens import verify

TRIED = [one for one in CASES if one.acts]


@pytest.mark.parametrize("case", TRIED, ids=lambda case: case.name)
def test_case(case: Case, judged: Callable[[str, Act], str]) -> None:
    assert [judged(case.party, act) for act in case.acts] == [case.outcome] * len(case.acts)


@pytest.mark.parametrize("case", OTHER_KIND, ids=lambda case: case.name)
def test_case_at_the_other_kind_of_provider(case: Case, judged: Callable[[str, Act], str]) -> None:
    assert [judged("idura", act) for act in case.acts] == [case.outcome] * len(case.acts)


def test_the_table_has_exactly_the_named_cases_each_once() -> None:
    named = {name for plan in NAMED.values() for name in plan}
    assert Counter(one.name for one in CASES) == Counter(named)


def test_a_case_is_tried_or_says_in_a_sentence_why_not() -> None:
    wrong = [
        one.name
        for one in CASES
        if bool(one.acts) == bool(one.why_not) or (one.why_not and not one.why_not.endswith("."))
    ]
    assert wrong == []


def test_the_count_tells_what_failed() -> None:
    ran = {"one": "passed", "two": "failed", "three": "skipped", "four": "error"}
    assert line(ran, 12) == "e-legitimation: 3 fall prövade, 12 gäller inte, 2 föll"
    assert line({"one": "passed"}, 12) == "e-legitimation: 1 fall prövade, 12 gäller inte"


def test_what_is_left_out_is_not_there(app: Flask, live: Any) -> None:
    """No back channel, no request by address, no token to renew a login with."""
    assert not [rule.rule for rule in app.url_map.iter_rules() if "channel" in rule.rule]
    for purpose in ("login", "sign"):
        started = live.start(purpose)
        asked = verify(started.fields["request"], live.provider.client_key.as_dict(private=False)).claims
        assert "request_uri" not in started.fields
        assert "offline_access" not in asked["scope"].split()
