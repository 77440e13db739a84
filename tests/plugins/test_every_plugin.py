"""The contract that every plugin present keeps, the dummy one included."""

import importlib
import shutil
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stegvis.insats.codes import AVSLUT_GROUPS
from stegvis.insats.conditions import fields_of
from stegvis.insats.consent import blocks
from stegvis.insats.definition import InsatsDefinition, load_insats
from stegvis.insats.forms import parse
from stegvis.insats.goals import Counts, measure_result
from stegvis.insats.process import due_dates, published_group
from stegvis.insats.report import periods
from stegvis.insats.target_group import eligible, evaluate
from stegvis.plugin_host import PluginHost, Registry, check
from stegvis.plugin_host.check import find_plugins

ROOT = Path(__file__).parents[2]
FOLDERS = [
    *sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir()),
    ROOT / "tests/dummy_insats",
]
NAMES = {"huvudman": "Provnämnden", "insats": "Prov", "forbund": "Provförbundet"}
FACT = st.one_of(st.none(), st.booleans(), st.integers(0, 120), st.text(max_size=4))


def insats_of(folder: Path) -> InsatsDefinition:
    (plugin,) = find_plugins(folder)
    assert plugin.folder is not None
    return load_insats(plugin.folder)


INSATSER = [pytest.param(insats_of(folder), id=folder.name) for folder in FOLDERS]
every_insats = pytest.mark.parametrize("insats", INSATSER)


def test_the_four_are_here():
    assert [folder.name for folder in FOLDERS] == [
        "gemensam_kraft",
        "karnhuset",
        "krus",
        "se_coach",
        "dummy_insats",
    ]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_check_finds_nothing(folder):
    assert check(folder) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_its_code_is_taken_up_from_a_copy_anywhere(folder, tmp_path, monkeypatch):
    """The distribution's folder works wherever it lies, and its hooks fit the API."""
    copy = Path(shutil.copytree(folder, tmp_path / "dist", ignore=shutil.ignore_patterns("__pycache__")))
    (plugin,) = find_plugins(copy)
    monkeypatch.syspath_prepend(str(copy))
    for name in [name for name in sys.modules if name.split(".")[0] == plugin.module.split(".")[0]]:
        monkeypatch.delitem(sys.modules, name)
    host = PluginHost(Registry.from_installed([plugin])).load()
    assert host.check_pending() == {}
    assert Path(str(importlib.import_module(plugin.module).__file__)).is_relative_to(copy)


@every_insats
def test_every_file_begins_with_what_it_is_for(insats):
    first = {path.name: path.read_text(encoding="utf-8")[:3] for path in insats.folder.rglob("*.toml")}
    assert {name: start for name, start in first.items() if not start.startswith("# ")} == {}


@every_insats
def test_codes_of_avslut(insats):
    codes = insats.process.avslut
    assert {published_group(code) for code in codes} <= set(AVSLUT_GROUPS)
    assert [code.code for code in codes if code.on_floor and published_group(code) != "annat"] == []
    assert [code.code for code in codes if not code.counts] != []  # a mistake can be taken out of the figures


@every_insats
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data())
def test_any_facts_give_findings_with_reasons(insats, data):
    group = insats.target_group
    facts = {name: data.draw(FACT, label=name) for name in sorted(group.known_facts)}
    findings = evaluate(group, facts)
    assert len({finding.rule_id for finding in findings}) == len(findings)
    assert [
        finding.rule_id for finding in findings if (finding.reason == "") is not (finding.ok is True)
    ] == []
    assert eligible(findings) in (True, False, None)


@every_insats
def test_every_declared_fact_is_used(insats):
    group = insats.target_group
    rules = [
        *group.rule,
        *group.exclusion,
        *group.priority,
        *(item for one in group.group for item in one.item),
    ]
    used = {name for rule in rules for name in fields_of(rule.when)} | {gate.fact for gate in group.gate}
    # The dummy adds two numbers in its own hook as well.
    assert sorted({fact.id for fact in group.fact} - used) == []


@every_insats
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(data=st.data())
def test_every_form_reads_anything(insats, data):
    for form in insats.forms.values():
        raw = {field.id: data.draw(st.lists(st.text(max_size=6), max_size=2)) for field in form.field}
        parsed = parse(form, raw, complete=data.draw(st.booleans()), lists=insats.lists())
        assert set(parsed.answers).isdisjoint(parsed.errors)
        assert parsed.typed == {name: tuple(values) for name, values in raw.items()}


@every_insats
def test_every_goal_waits_for_data_instead_of_showing_a_zero(insats):
    for goal in insats.goals.goal:
        unknown = measure_result(goal, Counts(None))
        nobody = measure_result(goal, Counts(0, 0))
        assert (unknown.value, unknown.measurable) == (None, False)
        assert nobody.measurable is (goal.unit == "count")


@every_insats
def test_reports_have_periods_and_somebody_who_signs(insats):
    for report in insats.reports.values():
        found = periods(report.cadence, date(2023, 1, 1), date(2023, 12, 31))
        assert len(found) == {"quarter": 4, "half_year": 2, "year": 1, "at_end": 1}[report.cadence]


@every_insats
def test_what_falls_due_has_a_day(insats):
    found = due_dates(insats.process, date(2024, 1, 15), [], date(2024, 1, 15))
    wanted = [rule.id for rule in insats.process.due if rule.starts == "enrolled"]
    assert sorted(due.rule_id for due in found) == sorted(wanted)


@every_insats
def test_a_samtycke_says_everything_in_every_promised_language(insats):
    for language in insats.consent.languages:
        parts = blocks(insats.consent, language, NAMES)
        assert [part.id for part in parts if not (part.paragraphs or part.points)] == []
        assert "{" not in str(parts)


@every_insats
def test_the_public_page_is_written(insats):
    page = insats.manifest.page
    short = ("syfte", "malgrupp", "bakgrund", "metod", "uppfoljning", "implementering")
    assert [name for name in short if not getattr(page, name).paragraphs()] == []
    assert len(page.mal) >= 1
    assert len(page.organisation) >= 1
