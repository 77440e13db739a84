"""What falls due for a person, by what has been done. Pure, over the process of a real plugin."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.config import find_root
from stegvis.insats.definition import InsatsDefinition, load_insats
from stegvis.plugin_host.registry import Registry
from stegvis.vault.enrolments.coded import Baseline, baseline_from, exit_from, form_for
from stegvis.vault.enrolments.history import History, first_to_do, next_steps, weeks_between

START = date(2024, 1, 15)


@pytest.fixture(scope="module")
def karnhuset() -> InsatsDefinition:
    return load_insats(find_root() / "plugins" / "karnhuset" / "stegvis_karnhuset")


def due(
    definition: InsatsDefinition, history: History, day: date, ended: date | None = None
) -> list[tuple[str, str, date]]:
    steps = next_steps(definition.process, START, ended, history, day)
    return [(one.what, one.state, one.day) for one in steps]


def test_a_new_person_is_to_be_measured_now_and_get_a_plan_soon(karnhuset: InsatsDefinition) -> None:
    assert due(karnhuset, History(), START) == [
        ("measurement", "due", START),
        ("plan", "coming", date(2024, 1, 29)),
    ]


def test_the_first_measurement_gets_late_after_its_grace(karnhuset: InsatsDefinition) -> None:
    days = [due(karnhuset, History(), START + timedelta(days=n))[0][1] for n in (14, 15)]
    assert days == ["due", "overdue"]


def test_what_is_done_moves_the_next_one(karnhuset: InsatsDefinition) -> None:
    done = History(((START, "steg_sex"),), (date(2024, 1, 20),))
    assert due(karnhuset, done, date(2024, 4, 14)) == [("measurement", "coming", date(2024, 4, 15))]
    assert due(karnhuset, done, date(2024, 4, 15)) == [("measurement", "due", date(2024, 4, 15))]


def test_another_instrument_does_not_count(karnhuset: InsatsDefinition) -> None:
    assert due(karnhuset, History(((START, "annat"),), (START,)), START)[0][:2] == ("measurement", "due")


def test_after_the_avslut_only_what_follows_it_is_left(karnhuset: InsatsDefinition) -> None:
    found = due(karnhuset, History(), date(2024, 6, 1), ended=date(2024, 5, 1))
    assert found == [
        ("record_study", "coming", date(2024, 8, 1)),
        ("record_study", "coming", date(2024, 11, 1)),
    ]


@given(st.dates(START, date(2030, 1, 1)), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_weeks_are_whole_and_never_negative(first: date, last: date) -> None:
    weeks = weeks_between(first, last)
    assert weeks >= 0
    assert first + timedelta(weeks=weeks) <= max(first, last) < first + timedelta(weeks=weeks + 1)


def test_the_baseline_is_found_by_its_lists(karnhuset: InsatsDefinition) -> None:
    form = form_for(karnhuset, "inskrivning")
    answers = {"forsorjning_fore": ("forsorjningsstod", "lon"), "sysselsattning_fore": "ingen"}
    assert baseline_from(form, answers) == Baseline(
        ("forsorjningsstod", "lon"),
        "ingen",
        "okand",
        "okand",
        {
            "form": "inskrivning",
            "version": 1,
            "answers": {"forsorjning_fore": ["forsorjningsstod", "lon"], "sysselsattning_fore": "ingen"},
        },
    )


def test_the_long_text_of_an_avslut_is_its_own_words(karnhuset: InsatsDefinition) -> None:
    form = form_for(karnhuset, "avslut")
    found = exit_from(
        form, {"avslutskod": "studier", "forsorjning_efter": ("studiemedel",), "aterrapport": "Gick bra."}
    )
    assert (found.code, found.forsorjning, found.sysselsattning, found.words) == (
        "studier",
        ("studiemedel",),
        "okand",
        "Gick bra.",
    )
    assert found.record["answers"] == {"avslutskod": "studier", "forsorjning_efter": ["studiemedel"]}


@pytest.mark.parametrize("use", ["inskrivning", "avslut"])
def test_an_insats_without_forms_gets_the_platforms(karnhuset: InsatsDefinition, use: str) -> None:
    bare = InsatsDefinition(
        karnhuset.folder, karnhuset.manifest, karnhuset.process, karnhuset.goals, karnhuset.budget, {}
    )
    asked = {item.list for item in form_for(bare, use).field if item.list}
    assert (
        asked
        == {
            "inskrivning": {"forsorjning", "sysselsattning", "utbildning", "tid_med_offentlig_forsorjning"},
            "avslut": {"avslut", "forsorjning", "sysselsattning"},
        }[use]
    )


def test_every_installed_insats_gives_a_code_of_avslut() -> None:
    registry = Registry.from_installed()
    assert len(registry) > 0
    for definition in registry:
        asked = {item.list for item in form_for(definition, "avslut").field}
        assert {"avslut", "forsorjning", "sysselsattning"} <= asked, definition.id
        assert "forsorjning" in {item.list for item in form_for(definition, "inskrivning").field}, (
            definition.id
        )


def test_what_nothing_here_can_make_done_is_never_first() -> None:
    definition = Registry.from_installed().get("gemensam_kraft")
    steps = next_steps(definition.process, START, None, History(), START + timedelta(days=200))
    assert {(one.what, one.state) for one in steps} == {("meeting", "overdue"), ("measurement", "overdue")}
    first = first_to_do(steps)
    assert first is not None
    assert first.what == "measurement"
    assert first_to_do([one for one in steps if one.what == "meeting"]) is None
