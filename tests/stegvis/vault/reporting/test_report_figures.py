"""The vault's own figures: the seed's numbers, and the edges of days and periods."""

from datetime import date

import pytest
import sqlalchemy as sa
from report_world import INSATS, OWN, Q4, VAULT, People

from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.scope import current, session
from stegvis.insats.report import Period
from stegvis.plugin_host.service import definition_of
from stegvis.vault.enrolments.models import Enrolment
from stegvis.vault.reporting import service
from stegvis.vault.reporting.figures import Figures, compute


def counted(period: Period = Q4) -> Figures:
    instance = current().forbund.insats_by_id(INSATS)
    return compute(instance, definition_of(instance), period)


def test_the_seeds_figures(people: People) -> None:
    with scope(VAULT):
        assert service.figures_json(INSATS, Q4) == OWN


def test_the_periods_own_figures(people: People) -> None:
    with scope(VAULT):
        found = counted()
    assert (found.all.taking_part, found.all.new, found.all.ended_in_period) == (24, 4, 2)
    assert {code: both[0] for code, both in found.ended.items() if both[0]} == {
        "ater_till_remitterande_enhet": 2
    }
    assert (found.with_forsorjningsstod, found.without_forsorjningsstod) == ((2, 3), (0, 5))
    assert found.activities["arbetstraning"].now == 5
    assert found.measured == (16, 28)
    assert (found.by_gender["kvinna"].total, found.by_gender["man"].total) == (15, 15)
    assert found.time_share == 56


def test_the_last_day_counts_as_ended_and_the_day_before_does_not(people: People) -> None:
    with scope(VAULT):
        before = counted(Period(Q4.start, date(2023, 12, 30)))
        after = counted(Period(Q4.start, date(2023, 12, 31)))
    assert (before.all.enrolled, before.all.ended) == (23, 7)
    assert (after.all.enrolled, after.all.ended) == (22, 8)


def test_somebody_registered_by_mistake_is_nowhere(people: People) -> None:
    with scope(VAULT):
        row = session().scalars(sa.select(Enrolment).where(Enrolment.exit_code == "avbrott")).one()
        row.exit_code = "felregistrering"
    with scope(VAULT):
        found = service.figures_json(INSATS, Q4)
    assert (found["total"], found["ended"], "felregistrering" in found["ended_by_reason"]) == (29, 7, False)


def test_steps_follow_the_instruments_rule_and_tell_who_is_missing(people: People) -> None:
    with scope(VAULT):
        steps = counted().steps
    assert (steps.better, steps.same, steps.worse, steps.missing) == (7, 5, 0, 18)


def test_goals_that_are_not_counted_yet_say_so(people: People) -> None:
    with scope(VAULT):
        goals = counted().goals
    assert (goals["deltagare"].n, goals["deltagare"].denominator) == (30, 50)
    assert (goals["konsfordelning"].n, goals["konsfordelning"].denominator) == (15, 30)
    assert (goals["stegforflyttning"].n, goals["stegforflyttning"].denominator) == (7, 12)
    assert [goals[one].measurable for one in ("arbete_eller_studier_efter", "alla_kanner_till_bip")] == [
        False,
        False,
    ]


def test_no_figures_of_an_insats_of_another_huvudman(people: People) -> None:
    with scope(VAULT), pytest.raises(LookupError):
        service.figures_json("se_coach", Q4)
