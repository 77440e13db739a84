"""What the public pages show of an insats: the plugin's texts with the instance's period, places, owners."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from flask_babel import get_locale
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy import Forbund, InsatsInstance
from stegvis.ground.web import formats
from stegvis.insats.budget import EVERY_YEAR, MISSING
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.goals.definition import Goal
from stegvis.plugin_host.service import definition_of

State = Literal["pagar", "kommer", "avslutad"]


@dataclass(frozen=True)
class Card:
    """An insats on the förbund's first page."""

    id: str
    name: str
    summary: str
    owner: str
    period: str
    state: State


@dataclass(frozen=True)
class Part:
    """A heading of an insats' page with paragraphs."""

    heading: str
    paragraphs: tuple[str, ...] = ()


@dataclass(frozen=True)
class BudgetTable:
    """Money as a table: columns (years), rows of title and amounts in words, the sum last; or a sentence."""

    text: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class InsatsPage:
    """The whole public page of one insats."""

    card: Card
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    goals: tuple[tuple[str, str], ...]
    bodies: tuple[tuple[str, str], ...]
    budget: BudgetTable


def cards(forbund: Forbund) -> list[Card]:
    """The förbund's insatser: running first, then coming, then ended; by name within."""
    order = {"pagar": 0, "kommer": 1, "avslutad": 2}
    made = [_card(forbund, instance) for instance in forbund.insats]
    return sorted(made, key=lambda card: (order[card.state], card.name.casefold()))


def insats_page(forbund: Forbund, insats_id: str) -> InsatsPage | None:
    """One insats' page, or None when the förbund has no such insats."""
    try:
        instance = forbund.insats_by_id(insats_id)
    except KeyError:
        return None
    definition = definition_of(instance)
    page, language = definition.manifest.page, _language()
    facts = [
        (_("Insatsägare"), ", ".join(forbund.huvudman_by_id(one).name for one in instance.huvudmen)),
        (_("Finansiär"), page.finansiar),
        (_("Samverkansparter"), page.samverkansparter),
        (_("Period"), _card(forbund, instance).period),
    ]
    if instance.places:
        facts.append((_("Platser"), str(instance.places)))
    parts = (
        Part(_("Syfte"), page.syfte.paragraphs(language)),
        Part(_("För vem"), page.malgrupp.paragraphs(language)),
        Part(_("Bakgrund"), page.bakgrund.paragraphs(language)),
        Part(_("Så går det till"), page.metod.paragraphs(language)),
        Part(_("Uppföljning"), page.uppfoljning.paragraphs(language)),
        Part(_("Efter insatsen"), page.implementering.paragraphs(language)),
    )
    return InsatsPage(
        card=_card(forbund, instance),
        facts=tuple(facts),
        parts=parts,
        goals=tuple((goal.title, _target(goal)) for goal in definition.goals.goal),
        bodies=tuple((body.name, " ".join(body.text.split())) for body in page.organisation),
        budget=_budget(definition),
    )


def _card(forbund: Forbund, instance: InsatsInstance) -> Card:
    definition = definition_of(instance)
    return Card(
        id=instance.id,
        name=instance.name,
        summary=" ".join(definition.manifest.summary.get(_language()).split()),
        owner=", ".join(forbund.huvudman_by_id(one).name for one in instance.huvudmen),
        period=_period(instance),
        state=_state(instance, today()),
    )


def _state(instance: InsatsInstance, day: date) -> State:
    if instance.starts and day < instance.starts:
        return "kommer"
    return "avslutad" if instance.ends and day > instance.ends else "pagar"


def _period(instance: InsatsInstance) -> str:
    starts = formats.day(instance.starts) if instance.starts else ""
    if instance.ends:
        return f"{starts} – {formats.day(instance.ends)}"
    return _("sedan %(day)s", day=starts) if starts else _("framgår inte av underlaget")


def _target(goal: Goal) -> str:
    if goal.target is None:
        return _("följs upp utan måltal")
    return f"{goal.target} %" if goal.unit == "share" else str(goal.target)


def _budget(definition: InsatsDefinition) -> BudgetTable:
    budget = definition.budget
    if budget.amounts == "missing":
        return BudgetTable(_("Belopp saknas i underlaget.") if budget.text == MISSING else budget.text)
    years = budget.years
    columns = tuple(_("per år") if year == EVERY_YEAR else year for year in years)
    rows = [
        (
            line.title,
            tuple(formats.money(line.amounts[year]) if year in line.amounts else "–" for year in years),
        )
        for line in budget.line
        if line.kind == "cost"
    ]
    rows.append((_("Summa"), tuple(formats.money(budget.totals[year]) for year in years)))
    return BudgetTable(budget.text, columns, tuple(rows))


def _language() -> str:
    return str(get_locale() or "sv")
