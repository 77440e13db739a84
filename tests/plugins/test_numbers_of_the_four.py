"""The numbers of the four insatser: targets, money, codes and headings that others count on."""

from datetime import date
from pathlib import Path

from stegvis.insats.definition import load_insats
from stegvis.insats.process import Event, due_dates, limit_states, published_group
from stegvis.insats.report import periods

PLUGINS = Path(__file__).parents[2] / "plugins"
KARNHUSET, KRUS, GEMENSAM_KRAFT, SE_COACH = (
    load_insats(PLUGINS / name / f"stegvis_{name}")
    for name in ("karnhuset", "krus", "gemensam_kraft", "se_coach")
)


def targets(insats):
    return {goal.id: goal.target for goal in insats.goals.goal}


def test_karnhuset_publishes_the_eight_who_ended_in_these_groups():
    ended = {
        "tillsvidareanstallning": 1,
        "lonesubventionerad_anstallning": 1,
        "praktik_via_af": 1,
        "sjukersattning": 1,
        "avbrott": 1,
        "ater_till_remitterande_enhet": 3,
    }
    codes = {code.code: code for code in KARNHUSET.process.avslut}
    groups: dict[str, int] = {}
    for code, count in ended.items():
        group = published_group(codes[code])
        groups[group] = groups.get(group, 0) + count
    assert groups == {
        "arbete_utan_lonestod": 1,
        "arbete_med_lonestod": 1,
        "vidare_till_af": 1,
        "ater_till_remittent": 3,
        "annat": 2,
    }


def test_karnhuset_report():
    report = KARNHUSET.reports["kvartalsrapport"]
    assert [(section.number, section.heading) for section in report.section] == [
        ("1", "Allmänna uppgifter"),
        ("2", "Aktivitetsrapport – resultat, utfall och nulägesanalys"),
        ("2.1", "Aktiviteter"),
        ("2.2", "Avvikelser från planering samt åtgärder"),
        ("2.3", "Brukarmedverkan"),
        ("2.4", "Insatsens mål samt delmål"),
        ("2.5", "Sammanfattande bedömning"),
        ("2.6", "Styrgruppens/Mysams analys av utfallet"),
        ("3", "Uppgiftslämnare"),
    ]
    period = KARNHUSET.manifest.page.period
    assert period.start is not None
    assert period.end is not None
    quarters = periods(report.cadence, period.start, period.end)
    assert [(one.start, one.end) for one in quarters][4] == (date(2023, 10, 1), date(2023, 12, 31))
    assert len(quarters) == 9


def test_karnhuset_measures_every_third_month_and_looks_in_the_akt_after():
    start, today = date(2024, 1, 15), date(2024, 4, 15)
    measured = [Event(start, "measured"), Event(start, "plan_agreed")]
    before = due_dates(KARNHUSET.process, start, measured, today)
    assert [(due.rule_id, due.day, due.state) for due in before] == [("matning", today, "due")]
    after = due_dates(KARNHUSET.process, start, [*measured, Event(today, "ended")], today)
    assert [(due.rule_id, due.day) for due in after] == [
        ("aktstudie_3", date(2024, 7, 15)),
        ("aktstudie_6", date(2024, 10, 15)),
    ]
    assert limit_states(KARNHUSET.process, start, measured, date(2030, 1, 1)) == ()


def test_karnhuset_instrument_and_money():
    (instrument,) = KARNHUSET.instruments.values()
    assert (len(instrument.indicator), instrument.scale.min, instrument.scale.max) == (6, 1, 5)
    assert instrument.raters == ("deltagare",)
    assert (KARNHUSET.budget.amounts, KARNHUSET.budget.cost()) == ("missing", 0)
    assert targets(KARNHUSET)["deltagare"] == 50


def test_krus():
    assert KRUS.budget.cost() == 2_293_000
    assert len([line for line in KRUS.budget.line if line.kind == "cost"]) == 11
    assert targets(KRUS) == {
        "stod_och_inflytande": 90,
        "mer_redo": 75,
        "vidare_efter_insatsen": 30,
        "efter_90_dagar": None,
        "framtidsplan": 100,
        "personer_per_ar": 30,
        "svt_arenden": 70,
        "larande": None,
    }
    assert (KRUS.manifest.places, len(KRUS.process.step)) == (15, 9)
    (limit,) = limit_states(KRUS.process, date(2023, 1, 10), [], date(2024, 1, 15))
    assert (limit.day, limit.kind, limit.reached) == (date(2024, 1, 10), "soft", True)
    ended = due_dates(KRUS.process, date(2023, 1, 10), [Event(date(2023, 6, 1), "ended")], date(2023, 6, 1))
    assert [(due.rule_id, due.day) for due in ended] == [("uppfoljning_90_dagar", date(2023, 8, 30))]


def test_gemensam_kraft():
    budget = GEMENSAM_KRAFT.budget
    assert {year: budget.cost(year=year) for year in budget.years} == {
        "2023": 5_107_500,
        "2024": 5_988_000,
        "2025": 5_938_000,
        "2026": 1_554_500,
    }
    assert budget.cost() == 18_588_000
    assert {party: budget.cost(year="2024", party=party) for party in budget.party} == {
        "bromolla": 737_600,
        "hassleholm": 1_822_600,
        "kristianstad": 1_822_600,
        "osby": 737_600,
        "ostra_goinge": 737_600,
        "gemensamt": 130_000,
    }
    assert sum(line.places or 0 for line in budget.line) == GEMENSAM_KRAFT.manifest.places == 125
    assert list(targets(GEMENSAM_KRAFT).values()) == [100, 100, 80, 50, None]
    (instrument,) = GEMENSAM_KRAFT.instruments.values()
    asked = {rater: len(instrument.asked_of(rater)) for rater in instrument.raters}
    assert asked == {"deltagare": 9, "handledare": 11}
    start = date(2024, 1, 15)
    found = {due.rule_id: due.day for due in due_dates(GEMENSAM_KRAFT.process, start, [], start)}
    assert found == {"matning": start, "forsta_avstamning": date(2024, 2, 26)}


def test_se_coach():
    offered = SE_COACH.goals.goal[0]
    assert (offered.target, offered.target_per_year) == (50, {"2017": 9, "2018": 25, "2019": 16})
    assert targets(SE_COACH) == {
        "erbjudna": 50,
        "arbete_eller_studier": 20,
        "annan_losning": 30,
        "for_organisationen": None,
    }
    assert (SE_COACH.budget.amounts, SE_COACH.process.limit) == ("missing", ())
    assert SE_COACH.reports["delrapport"].cadence == "half_year"
