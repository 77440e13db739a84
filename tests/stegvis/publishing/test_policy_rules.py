"""The disclosure policy, rule by rule, on the figures of a real kind of report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from insats_in_time import Insats, quarter

from stegvis.publishing.policy import (
    Code,
    Counts,
    CountsError,
    Figure,
    Hidden,
    Period,
    Reason,
    Release,
    Sided,
    crossing_group,
    decide,
)

OPEN = {
    "tillsvidareanstallning": "arbete_utan_lonestod",
    "lonesubventionerad_anstallning": "arbete_med_lonestod",
    "studier": "studier",
    "praktik_via_af": "vidare_till_af",
    "ater_till_remitterande_enhet": "ater_till_remittent",
}
SEED = {
    "tillsvidareanstallning": 1, "lonesubventionerad_anstallning": 1, "studier": 0, "praktik_via_af": 1,
    "ater_till_remitterande_enhet": 3, "sjukersattning": 1, "avbrott": 1, "flytt": 0,
}  # fmt: skip
Q4 = Period(date(2023, 10, 1), date(2023, 12, 31))
Q1 = Period(date(2024, 1, 1), date(2024, 3, 31))
Q2 = Period(date(2024, 4, 1), date(2024, 6, 30))
FIRST = {
    "arbete_utan_lonestod": 1, "arbete_med_lonestod": 1, "studier": 0,
    "vidare_till_af": 1, "ater_till_remittent": 3, "annat": 2,
}  # fmt: skip


def report(period, codes=SEED, here=2, women=4, women_here=1, figures=()):
    ended = sum(codes.values())
    rows = tuple(Code(c, n, OPEN.get(c, "annat"), c not in OPEN) for c, n in codes.items())

    def side(total, gone, gone_here):
        since = {"total": total, "enrolled": total - gone, "ended": gone}
        return Sided({"new": 1, "ended": gone_here}, since)

    genders = {"kvinna": side(15, women, women_here), "man": side(15, ended - women, here - women_here)}
    genders = {
        g: replace(s, period={**s.period, "new": n})
        for (g, s), n in zip(genders.items(), (1, 0), strict=True)
    }
    return Counts(period, side(30, ended, here), genders, rows, tuple(figures))


def groups(decision):
    return {
        c.removeprefix("since/group/"): n for c, n in decision.cells.items() if c.startswith("since/group/")
    }


def test_first_release_shows_open_groups_and_puts_sensitive_codes_in_annat():
    decision = decide(report(Q4), (), on=date(2024, 1, 15))
    assert groups(decision) == FIRST
    assert decision.kept_tables == {}
    assert decision.cells["since/total"] == 30
    assert decision.cells["since/enrolled"] == 22
    assert decision.cells["period/ended"] == 2
    assert decision.cells["since/ended/kvinna"] == 4
    assert decision.cells["period/group/annat"] == Hidden(Reason.SINCE_START_ONLY)


def test_a_ninth_leaver_alone_changes_no_group_cell_and_five_more_move_it():
    first = decide(report(Q4), (), on=date(2024, 1, 15))
    nine = SEED | {"studier": 1}
    second = decide(report(Q1, nine, here=1, women=4, women_here=0), (first.released,), on=date(2024, 4, 9))
    assert groups(second) == FIRST
    assert second.kept_tables["utfall"] == Q4.last
    assert second.cells["since/ended"] == 9
    more = nine | {"studier": 3, "ater_till_remitterande_enhet": 4, "avbrott": 2}
    ledger = (first.released, second.released)
    third = decide(report(Q2, more, here=4, women=6, women_here=2), ledger, on=date(2024, 7, 9))
    assert groups(third) == FIRST | {"studier": 3, "ater_till_remittent": 4, "annat": 3}
    assert "utfall" not in third.kept_tables


def test_the_ninth_leaver_moves_the_table_when_the_five_leavers_rule_is_given_up():
    first = decide(report(Q4), (), on=date(2024, 1, 15))
    nine = report(Q1, SEED | {"studier": 1}, here=1, women=4, women_here=0)
    second = decide(nine, (first.released,), gives_up_five_leavers=True, on=date(2024, 4, 9))
    assert groups(second) == FIRST | {"studier": 1}


def test_gender_crosses_once_a_year_and_stands_with_its_date():
    first = decide(report(Q4), (), on=date(2024, 1, 15))
    second = decide(report(Q1, here=0, women_here=0), (first.released,), on=date(2024, 4, 9))
    assert second.cells["since/ended/kvinna"] == 4
    assert second.cells["period/ended/kvinna"] == 1
    assert second.kept_tables["kon"] == Q4.last
    alone = decide(report(Q1), (), on=date(2024, 4, 9))
    assert alone.cells["since/ended/kvinna"] == Hidden(Reason.ONCE_A_YEAR)


def test_a_resend_gives_the_same_cells_even_when_a_code_was_corrected():
    first = decide(report(Q4), (), on=date(2024, 1, 15))
    again = decide(report(Q4), (first.released,), on=date(2024, 1, 20))
    assert again.cells == first.cells
    corrected = SEED | {"ater_till_remitterande_enhet": 2, "avbrott": 2}
    third = decide(report(Q4, corrected), (first.released, again.released), on=date(2024, 1, 25))
    assert third.cells == first.cells


def test_four_ended_show_no_group():
    four = {"tillsvidareanstallning": 2, "ater_till_remitterande_enhet": 1, "avbrott": 1, "sjukersattning": 0}
    decision = decide(report(Q4, four, women=2), (), on=date(2024, 1, 15))
    assert set(groups(decision).values()) == {Hidden(Reason.FEW)}


def test_leavers_of_one_gender_show_no_group_as_gender_crosses():
    decision = decide(report(Q4, women=8, women_here=2), (), on=date(2024, 1, 15))
    assert set(groups(decision).values()) == {Hidden(Reason.FEW)}
    assert decision.cells["since/ended/man"] == 0


def test_one_sensitive_code_has_nothing_to_hide_behind_in_annat():
    codes = {c: n for c, n in SEED.items() if c not in ("avbrott", "flytt")}
    decision = decide(report(Q4, codes | {"studier": 1}), (), on=date(2024, 1, 15))
    assert set(groups(decision).values()) == {Hidden(Reason.FEW)}


def test_undeclared_and_floor_codes_cross_as_annat_whatever_a_plugin_says():
    assert crossing_group(Code("ny_kod", 1)) == "annat"
    assert crossing_group(Code("domd_for_brott", 1, "ater_till_remittent", False)) == "annat"
    assert crossing_group(Code("sjukersattning", 1, "studier", False)) == "annat"
    assert crossing_group(Code("ny_kod", 1, "studier", True)) == "annat"
    assert crossing_group(Code("hittepa", 1, "hittepa", False)) == "annat"
    assert crossing_group(Code("skyddad_identitet", 1, "studier", False)) == "annat"
    assert crossing_group(Code("folkhogskola", 1, "studier", False)) == "studier"
    assert crossing_group(Code("skyddat_arbete", 1, "arbete_med_lonestod", False)) == "arbete_med_lonestod"


def test_figures_cross_from_a_denominator_of_five_and_splits_from_five_a_cell():
    small = Figure("matta", 3, 4)
    large = Figure("skattade", 15, 22, {"kvinna": (10, 10), "man": (5, 12)})
    thin = Figure("nojda", 14, 22, {"kvinna": (10, 10), "man": (4, 12)})
    cells = decide(report(Q4, figures=(small, large, thin)), (), on=date(2024, 1, 15)).cells
    assert cells["since/figure/matta/numerator"] == Hidden(Reason.FEW)
    assert cells["since/figure/skattade/split/man/numerator"] == 5
    assert cells["since/figure/nojda/numerator"] == 14
    assert cells["since/figure/nojda/split/kvinna/numerator"] == Hidden(Reason.FEW)


def test_a_split_does_not_move_by_one_person():
    split = Figure("nojda", 15, 30, {"kvinna": (8, 15), "man": (7, 15)})
    one_more = Figure("nojda", 16, 31, {"kvinna": (9, 16), "man": (7, 15)})
    first = decide(report(Q4, figures=(split,)), (), on=date(2024, 1, 15))
    second = decide(
        report(Q1, here=0, women_here=0, figures=(one_more,)), (first.released,), on=date(2024, 4, 9)
    )
    assert second.cells["since/figure/nojda/numerator"] == 16
    assert second.cells["since/figure/nojda/split/kvinna/numerator"] == 8
    assert second.kept_tables["figur:nojda/split"] == Q4.last


def test_support_after_moves_with_five_more_leavers_only():
    after = Figure("forsorjningsstod_efter", 3, 8, of_leavers=True)
    first = decide(report(Q4, figures=(after,)), (), on=date(2024, 1, 15))
    assert first.cells["since/figure/forsorjningsstod_efter/numerator"] == 3
    later = Figure("forsorjningsstod_efter", 4, 9, of_leavers=True)
    nine = report(Q1, SEED | {"studier": 1}, here=1, women=5, women_here=1, figures=(later,))
    second = decide(nine, (first.released,), on=date(2024, 4, 9))
    assert second.cells["since/figure/forsorjningsstod_efter/numerator"] == 3
    assert second.kept_tables["figur:forsorjningsstod_efter"] == Q4.last
    alike = Figure("forsorjningsstod_efter", 0, 8, of_leavers=True)
    all_alike = decide(report(Q4, figures=(alike,)), (), on=date(2024, 1, 15))
    assert all_alike.cells["since/figure/forsorjningsstod_efter/numerator"] == Hidden(Reason.FEW)


def test_a_goal_that_counts_codes_is_a_sum_of_groups_or_hidden():
    work = Figure(
        "arbete", 2, 8, of_codes=frozenset(["tillsvidareanstallning", "lonesubventionerad_anstallning"])
    )
    split = Figure("egen", 2, 8, of_codes=frozenset(["tillsvidareanstallning", "sjukersattning"]))
    cells = decide(report(Q4, figures=(work, split)), (), on=date(2024, 1, 15)).cells
    assert cells["since/figure/arbete/numerator"] == 2
    assert cells["since/figure/egen/numerator"] == Hidden(Reason.DERIVABLE)


def test_a_late_period_moves_no_table():
    first = decide(report(Q1, here=1, women_here=0), (), on=date(2024, 4, 9))
    late = decide(report(Q4), (first.released,), on=date(2024, 4, 10))
    assert set(groups(late).values()) == {Hidden(Reason.FEW)}
    assert late.cells["since/ended"] == 8


def test_a_correction_that_takes_back_an_outcome_does_not_stop_the_table_for_good():
    first = decide(report(Q4), (), on=date(2024, 1, 15))
    codes = SEED | {"ater_till_remitterande_enhet": 2, "studier": 3, "avbrott": 3, "praktik_via_af": 2}
    counts = report(Q1, codes, here=5, women=6, women_here=2)
    second = decide(counts, (first.released,), on=date(2024, 4, 9))
    assert groups(second)["ater_till_remittent"] == 2


def test_counts_that_contradict_themselves_are_refused():
    totals = Sided({"ended": 1}, {"ended": 2})
    with pytest.raises(CountsError, match="do not add up to those who ended"):
        Counts(Q4, totals, codes=(Code("a", 1),))
    with pytest.raises(CountsError, match="undeclared measure"):
        Counts(Q4, Sided({}, {"namn": 1}))
    with pytest.raises(CountsError, match="whole number"):
        Counts(Q4, Sided({}, {"ended": True}))
    with pytest.raises(CountsError, match="the genders of since/ended"):
        Counts(Q4, totals, {"man": Sided({"ended": 1}, {"ended": 1})})
    with pytest.raises(CountsError, match="twice"):
        Counts(Q4, totals, codes=(Code("a", 1), Code("a", 1)))
    with pytest.raises(ValueError, match="no such disclosure policy"):
        decide(report(Q4), (), policy="fri", on=date(2024, 1, 15))  # type: ignore[arg-type]


def test_a_release_cannot_be_changed_afterwards():
    release = Release(date(2024, 1, 15), Q4, {"since/ended": 8})
    with pytest.raises(TypeError):
        release.cells["since/ended"] = 9  # type: ignore[index]


def test_a_homogeneous_block_over_two_quarters_stands():
    quarters = [[("ater", "kvinna"), ("ater", "man"), ("ater", "man")], [("ater", "kvinna"), ("ater", "man")]]
    insats = Insats(quarters)
    first = decide(insats.counts(0), (), on=quarter(0).last)
    second = decide(insats.counts(1), (first.released,), on=quarter(1).last)
    assert set(groups(second).values()) == {Hidden(Reason.FEW)}


def test_without_new_leavers_the_table_keeps_its_date():
    first = decide(report(Q4), (), on=date(2024, 1, 15))
    second = decide(report(Q1, here=0, women_here=0), (first.released,), on=date(2024, 4, 9))
    assert second.kept_tables["utfall"] == Q4.last


def test_leavers_before_the_first_report_may_yet_be_told_apart():
    insats = Insats([[("ater", "kvinna")] * 5, []])
    only = decide(insats.counts(1), (), on=quarter(1).last)
    assert set(groups(only).values()) == {Hidden(Reason.FEW)}
    at_once = decide(insats.counts(0), (), on=quarter(0).last)
    assert groups(at_once)["ater_till_remittent"] == 5


def test_given_up_the_table_waits_when_the_years_gender_would_tell_one_leaver():
    six = [("ater", "kvinna"), ("avbrott", "man"), ("ater", "man"), ("tillsvidareanstallning", "kvinna")] * 2
    insats, ledger = Insats([six, [("ater", "man")], [], [("avbrott", "kvinna")]]), ()
    for now in range(4):
        decision = decide(insats.counts(now), ledger, gives_up_five_leavers=True, on=quarter(now).last)
        ledger = (*ledger, decision.released)
    assert [release.tables["utfall"] for release in ledger] == [
        quarter(0).last,
        quarter(1).last,
        quarter(2).last,
        quarter(2).last,
    ]
    assert ledger[3].cells["period/ended/kvinna"] == 1
