"""Nothing protected can be worked out from any sequence of releases: tried by an attacker who enumerates
every world."""

from __future__ import annotations

import os
from datetime import timedelta

import brute_force
import pytest
from brute_force import leaks
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from insats_in_time import CODES, GENDERS, Insats, quarter

from stegvis.publishing.policy import Release, decide
from stegvis.publishing.policy.standard import Rules

EXAMPLES = int(os.environ.get("STEGVIS_ATTACKS", "30"))
leaver = st.tuples(st.sampled_from(list(CODES)), st.sampled_from(GENDERS))
# Alike leavers are where tables leak: half of the insatser have few kinds of them.
alike = st.lists(leaver, min_size=1, max_size=2, unique=True).flatmap(
    lambda kinds: st.lists(st.lists(st.sampled_from(kinds), max_size=4), min_size=4, max_size=5)
)
mixed = st.lists(st.lists(leaver, max_size=4), min_size=4, max_size=5)
lives = (alike | mixed).filter(lambda q: sum(map(len, q)) <= 13)


PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # shrinking would enumerate worlds for minutes


def send_all(quarters, *, resends=frozenset(), gives_up=False, rules=None) -> tuple[Release, ...]:
    """Every quarter's report is sent, those in `resends` twice, the second time after a day."""
    insats, ledger = Insats(quarters), ()
    for now in range(len(quarters)):
        for turn in range(2 if now in resends else 1):
            on = quarter(now).last + timedelta(days=9 + turn)
            decision = decide(insats.counts(now), ledger, gives_up_five_leavers=gives_up, rules=rules, on=on)
            if turn:
                assert decision.released.cells == ledger[-1].cells
            ledger = (*ledger, decision.released)
    return ledger


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(quarters=lives, resends=st.frozensets(st.integers(0, 4)))
def test_nothing_protected_is_derivable(quarters, resends):
    assert leaks(send_all(quarters, resends=resends), quarters) == []


@settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(quarters=lives, resends=st.frozensets(st.integers(0, 4)))
def test_given_up_five_leavers_still_tells_no_code_and_no_gender(quarters, resends):
    ledger = send_all(quarters, resends=resends, gives_up=True)
    assert leaks(ledger, quarters, few_leavers=False) == []


TWO_KINDS = [("ater", "kvinna"), ("avbrott", "man"), ("ater", "man"), ("avbrott", "kvinna")]
SIX = [*TWO_KINDS, ("tillsvidareanstallning", "man"), ("sjukersattning", "kvinna")]


def test_the_attacker_finds_the_ninth_leaver_when_tables_move_at_once():
    quarters = [SIX, [("ater", "man")], [], []]
    assert leaks(send_all(quarters), quarters) == []
    off = send_all(quarters, rules=Rules(few_leavers=False))
    assert "few ater_till_remittent 1-1" in leaks(off, quarters)


def test_the_attacker_finds_a_gender_when_its_rule_is_off():
    quarters = [[], [], [(code, "kvinna") for code, _ in SIX[:3]], [(code, "kvinna") for code, _ in SIX[3:]]]
    assert leaks(send_all(quarters), quarters) == []
    off = send_all(quarters, rules=Rules(gender=False))
    assert any(leak.startswith("gender ater_till_remittent") for leak in leaks(off, quarters))


def test_five_alike_over_two_quarters_are_held_back_and_would_leak():
    quarters = [
        [("ater", "kvinna"), ("ater", "man"), ("ater", "man")],
        [("ater", "kvinna"), ("ater", "man")],
        [],
        [],
    ]
    assert leaks(send_all(quarters), quarters) == []
    off = send_all(quarters, rules=Rules(few_leavers=False))
    assert "few ater_till_remittent 1-1" in leaks(off, quarters)


def test_the_attacker_finds_a_code_that_fills_annat(monkeypatch):
    """With `annat` one code wide the attacker reads the code itself: what the policy hides such a table
    for."""
    monkeypatch.setattr(brute_force, "CODES", {c: v for c, v in CODES.items() if c != "avbrott"})
    monkeypatch.setattr(brute_force, "KINDS", [k for k in brute_force.KINDS if k[0] != "avbrott"])
    quarters = [[(code if code != "avbrott" else "ater", gender) for code, gender in SIX], [], [], []]
    assert "code sjukersattning 0-0" in leaks(send_all(quarters), quarters)


@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_tables_still_move_in_an_ordinary_insats(lost):
    quarters = [SIX, TWO_KINDS[lost:], SIX, TWO_KINDS]
    ledger = send_all(quarters)
    assert [r.tables["utfall"] for r in ledger] != [quarter(0).last] * 4
    assert ledger[0].tables["utfall"] == quarter(0).last
