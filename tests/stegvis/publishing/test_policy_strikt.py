"""`strikt`: no cell below five is seen or can be worked out, within a report and between reports."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from insats_in_time import quarter

from stegvis.publishing.policy import Code, Counts, Figure, Hidden, Sided, decide

OPEN = ("arbete_utan_lonestod", "studier", "ater_till_remittent")
ENTERED = 60


def report(now, ended, here, women=None, figures=()):
    """Leavers since the start per open group, and `here` of them this quarter."""
    gone = sum(ended)
    genders = {}
    if women is not None:
        for gender, total, n in (("kvinna", 30, women), ("man", 30, gone - women)):
            genders[gender] = Sided({}, {"total": total, "enrolled": total - n, "ended": n})
    codes = tuple(
        Code(f"kod{i}", n, group, False) for i, (group, n) in enumerate(zip(OPEN, ended, strict=True))
    )
    since = {"total": ENTERED, "enrolled": ENTERED - gone, "ended": gone}
    return Counts(quarter(now), Sided({"ended": here}, since), genders, codes, tuple(figures))


def shown(decision):
    return {cell: n for cell, n in decision.cells.items() if not isinstance(n, Hidden)}


def send(*reports):
    ledger, decisions = (), []
    for counts in reports:
        decisions.append(decide(counts, ledger, policy="strikt", on=counts.period.last))
        ledger = (*ledger, decisions[-1].released)
    return decisions


@settings(max_examples=40, deadline=None)
@given(ended=st.tuples(*[st.integers(0, 9)] * 3))
def test_no_small_group_is_derivable_within_a_report(ended):
    visible = shown(send(report(0, ended, 0))[0])
    assert all(n >= 5 for n in visible.values())
    worlds = []
    for world in product(range(31), repeat=3):
        cells = dict(zip([f"since/group/{g}" for g in OPEN], world, strict=True))
        cells |= {"since/ended": sum(world), "since/enrolled": ENTERED - sum(world), "since/total": ENTERED}
        if all(cells.get(cell, n) == n for cell, n in visible.items()):
            worlds.append(cells)
    assert worlds
    for cell, n in zip([f"since/group/{g}" for g in OPEN], ended, strict=True):
        if n < 5:
            assert len({world[cell] for world in worlds}) > 1, cell
    if sum(ended) < 5:
        assert len({world["since/ended"] for world in worlds}) > 1


def test_one_small_group_takes_a_second_with_it():
    visible = shown(send(report(0, (8, 9, 2), 0))[0])
    assert len([c for c in visible if c.startswith("since/group/")]) <= 1


def test_a_number_since_the_start_does_not_move_by_fewer_than_five():
    first, second, third = send(report(0, (6, 6, 6), 6), report(1, (6, 7, 7), 2), report(2, (9, 9, 7), 5))
    assert shown(first)["since/ended"] == 18
    assert shown(second)["since/ended"] == 18
    assert second.kept_tables["since/ended"] == quarter(0).last
    assert second.cells["period/ended"] != 2
    # 18 known, 25 and 5 would tell that 2 left in the second quarter
    seen = shown(third)
    assert not (seen.get("since/ended") == 25 and seen.get("period/ended") == 5)


def test_a_small_gender_hides_the_other_and_what_tells_it():
    counts = report(3, (8, 8, 8), 0, women=2)
    visible = shown(decide(counts, (), policy="strikt", on=quarter(3).last))
    assert "since/ended/kvinna" not in visible
    assert not {"since/ended", "since/ended/man"} <= set(visible)
    assert not {"since/total/kvinna", "since/enrolled/kvinna"} <= set(visible)


def test_a_figure_crosses_whole_or_not_at_all():
    rest = Figure("nojda", 18, 20)
    enough = Figure("skattade", 12, 20)
    visible = shown(send(report(0, (6, 6, 6), 6, figures=(rest, enough)))[0])
    assert visible["since/figure/skattade/numerator"] == 12
    assert "since/figure/nojda/numerator" not in visible


def test_a_resend_repeats_every_cell():
    first, again = send(report(0, (6, 6, 6), 6), report(0, (6, 7, 6), 7))
    assert shown(again) == shown(first)
