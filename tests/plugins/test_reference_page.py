"""docs/plugins/reference.md lists every key, measure, figure and hook, and none that does not exist."""

import re
from pathlib import Path

import pytest

from stegvis.insats.budget import Budget, BudgetLine
from stegvis.insats.conditions import Condition
from stegvis.insats.consent import Consent, ConsentParty, Duration
from stegvis.insats.consent_translation import ConsentTranslation, Headings, TranslatedParty
from stegvis.insats.figures import FIGURES
from stegvis.insats.forms import Field, Form, Option, Section
from stegvis.insats.goals import MEASURES, Goal, Goals
from stegvis.insats.goals.definition import Params
from stegvis.insats.instruments import ChangeRule, Indicator, Instrument, Scale
from stegvis.insats.manifest import Body, Manifest, PublicPage, RegistrationChoice, RunningTime
from stegvis.insats.process import Activity, AvslutCode, DueRule, Limit, Milestone, Process, Step
from stegvis.insats.report import Figure, FigureParams, Question, ReportSection, ReportTemplate
from stegvis.insats.target_group import (
    Age,
    FactDefinition,
    Gate,
    Group,
    Item,
    Priority,
    Referral,
    Rule,
    TargetGroup,
)
from stegvis.insats.texts import LocalText
from stegvis.plugin_api import API_VERSION, HOOK_NAMES

PAGE = (Path(__file__).parents[2] / "docs/plugins/reference.md").read_text(encoding="utf-8")
TABLES = {
    "texts": LocalText,
    "condition": Condition,
    "plugin.toml": Manifest,
    "plugin.toml [registration]": RegistrationChoice,
    "plugin.toml [page]": PublicPage,
    "plugin.toml [page.period]": RunningTime,
    "plugin.toml [[page.organisation]]": Body,
    "target_group.toml": TargetGroup,
    "target_group.toml [age]": Age,
    "target_group.toml [referral]": Referral,
    "target_group.toml [[fact]]": FactDefinition,
    "target_group.toml [[rule]]": Rule,
    "target_group.toml [[group]]": Group,
    "target_group.toml [[group.item]]": Item,
    "target_group.toml [[gate]]": Gate,
    "target_group.toml [[priority]]": Priority,
    "process.toml": Process,
    "process.toml [[step]]": Step,
    "process.toml [[due]]": DueRule,
    "process.toml [[limit]]": Limit,
    "process.toml [[avslut]]": AvslutCode,
    "process.toml [[milestone]]": Milestone,
    "process.toml [[activity]]": Activity,
    "forms/*.toml": Form,
    "forms/*.toml [[section]]": Section,
    "forms/*.toml [[field]]": Field,
    "forms/*.toml options": Option,
    "instruments/*.toml": Instrument,
    "instruments/*.toml [scale]": Scale,
    "instruments/*.toml [change]": ChangeRule,
    "instruments/*.toml [[indicator]]": Indicator,
    "goals.toml": Goals,
    "goals.toml [[goal]]": Goal,
    "goals.toml params": Params,
    "budget.toml": Budget,
    "budget.toml [[line]]": BudgetLine,
    "consent.toml": Consent,
    "consent.toml [[party]]": ConsentParty,
    "consent.toml [duration]": Duration,
    "consent.<language>.toml": ConsentTranslation,
    "consent.<language>.toml [headings]": Headings,
    "consent.<language>.toml [party]": TranslatedParty,
    "report/*.toml": ReportTemplate,
    "report/*.toml [[figure]]": Figure,
    "report/*.toml figure params": FigureParams,
    "report/*.toml [[section]]": ReportSection,
    "report/*.toml [[section.question]]": Question,
}
PARTS = {part.split("\n", 1)[0]: part for part in PAGE.split("\n## ")[1:]}


def keys(heading: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", PARTS[heading], flags=re.MULTILINE)


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_stands_there_once_in_the_order_of_the_model(heading):
    assert keys(heading) == list(TABLES[heading].model_fields)


def test_every_table_of_the_page_is_compared():
    assert sorted(PARTS) == sorted([*TABLES, "Measures", "Figures", "Hooks"])


def test_measures():
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in PARTS["Measures"].splitlines()
        if "`" in line
    ]
    found = {row[0].strip("`"): [re.findall(r"`([^`]+)`", cell) for cell in row[2:]] for row in rows}
    assert found == {
        name: [list(measure.denominators), list(measure.time_points), [*measure.needs, *measure.may]]
        for name, measure in MEASURES.items()
    }


def test_figures():
    assert [name for name in re.findall(r"`([a-z_]+)`", PARTS["Figures"])] == list(FIGURES)


def test_hooks():
    assert sorted(keys("Hooks")) == list(HOOK_NAMES)
    assert f"(API {API_VERSION})" in PAGE
