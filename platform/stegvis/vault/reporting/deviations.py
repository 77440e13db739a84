"""What section 2.2 must be answered: at most three things that the figures say by themselves. Pure."""

from dataclasses import dataclass

from flask_babel import gettext as _

from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.report import ReportSection
from stegvis.vault.reporting.figures import Figures

MOST = 3
BEHIND = 10  # points of per cent that the volume may lie behind the time before it is flagged


@dataclass(frozen=True)
class Flag:
    """A question of the section that needs an answer, and why; the sentence stays in the vault."""

    question: str
    sentence: str


def flags(section: ReportSection, counted: Figures, definition: InsatsDefinition) -> list[Flag]:
    """The flags of a section, in the order of its questions."""
    found = []
    for question in section.question:
        sentence = {
            "money": _money,
            "volume_against_time": _volume,
            "measurements_overdue": _measurements,
            "milestones": _milestones,
        }[question.fed_by](counted, definition)
        if sentence:
            found.append(Flag(question.id, sentence))
    return found[:MOST]


def _money(_counted: Figures, definition: InsatsDefinition) -> str:
    if definition.budget.amounts == "missing":
        return _("Budgeten är inte inlagd: belopp saknas i underlaget. Skriv hur ekonomin går.")
    return ""


def _volume(counted: Figures, _definition: InsatsDefinition) -> str:
    if not counted.target or counted.time_share is None:
        return ""
    reached = 100 * counted.all.total // counted.target
    if reached + BEHIND >= counted.time_share:
        return ""
    return _(
        "%(reached)s %% av deltagarna (%(n)s av %(target)s) när %(time)s %% av tiden har gått. "
        "Varför, och vad gör ni?",
        reached=reached,
        n=counted.all.total,
        target=counted.target,
        time=counted.time_share,
    )


def _measurements(counted: Figures, _definition: InsatsDefinition) -> str:
    if not counted.overdue:
        return ""
    return _(
        "Mätningen är försenad för %(n)s av %(all)s inskrivna. Varför, och när görs de?",
        n=counted.overdue,
        all=counted.all.enrolled,
    )


def _milestones(counted: Figures, definition: InsatsDefinition) -> str:
    late = [
        one for one in definition.process.milestone if one.due is not None and one.due < counted.period.start
    ]
    if not late:
        return ""
    return _("Milstolpen ”%(title)s” skulle vara klar. Hur går det?", title=late[0].title.sv)
