"""A report while it is written: its period, what stands under each heading, what is ready and what is missing."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy import InsatsInstance
from stegvis.ground.tenancy.scope import current, session
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.report import Period, ReportSection, ReportTemplate, periods
from stegvis.plugin_host.service import definition_of
from stegvis.publishing import service as publishing
from stegvis.vault.reporting import deviations, tables
from stegvis.vault.reporting.figures import Figures, compute
from stegvis.vault.reporting.models import Report, ReportText

WRITTEN = ("narrative", "goals", "deviations", "steering")
EDITABLE = ("utkast", "komplettering")
CROSSED = ("attesterad", "mottagen")


@dataclass(frozen=True)
class Ground:
    """What a report of an insats rests on: the instance, its definition, its template and its periods."""

    instance: InsatsInstance
    definition: InsatsDefinition
    template: ReportTemplate
    periods: tuple[Period, ...]

    def period(self, starts: date) -> Period | None:
        """The period that begins on a day and has begun."""
        return next((one for one in self.begun() if one.start == starts), None)

    def begun(self) -> list[Period]:
        """The periods that have begun, oldest first."""
        return [one for one in self.periods if one.start <= today()]

    def before(self, period: Period) -> Period | None:
        """The period before another."""
        earlier = [one for one in self.periods if one.start < period.start]
        return earlier[-1] if earlier else None


@dataclass(frozen=True)
class SectionView:
    """One heading in the editor. `answers` and `flags` by question; `former` is what stood there last time."""

    section: ReportSection
    text: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[tables.Line, ...] = ()
    ready: bool = False
    saved_at: datetime | None = None
    former: str = ""

    @property
    def written(self) -> bool:
        """Whether somebody writes here."""
        return self.section.kind in WRITTEN


@dataclass(frozen=True)
class Draft:
    """A report with all that its pages show. `row` is None until something has been saved.

    `state` is how it stands now, also by what the förbund has answered; `answer` is that answer.
    """

    ground: Ground
    period: Period
    row: Report | None
    state: str
    answer: publishing.Answer | None
    figures: Figures
    sections: tuple[SectionView, ...]
    steering: Mapping[str, Any]

    @property
    def editable(self) -> bool:
        """Whether the insatsledare may write."""
        return self.state in EDITABLE

    @property
    def version(self) -> int:
        """The number that the next sending gets."""
        return (self.row.version if self.row else 0) + 1

    @property
    def needed(self) -> list[SectionView]:
        """The headings that must be ready before it can be sent."""
        return [one for one in self.sections if one.written and one.section.required]

    @property
    def ready(self) -> int:
        """How many of these are ready."""
        return sum(one.ready for one in self.needed)

    @property
    def ended(self) -> bool:
        """Whether the period is over."""
        return self.period.end < today()

    def section(self, section_id: str) -> SectionView | None:
        """One written heading."""
        return next((one for one in self.sections if one.section.id == section_id and one.written), None)


def ground_of(insats: str) -> Ground | None:
    """What a report of an insats of this huvudman rests on; None for another one or one without a report."""
    scope = current()
    found = {one.id: one for one in scope.forbund.insatser_of(scope.huvudman.id)}.get(insats)
    if found is None:
        return None
    definition = definition_of(found)
    template = next(iter(definition.reports.values()), None)
    if template is None or found.starts is None:
        return None
    last = found.ends or date(today().year + 1, 12, 31)
    return Ground(found, definition, template, periods(template.cadence, found.starts, last))


def row_of(insats: str, period: Period, *, lock: bool = False) -> Report | None:
    """The stored report of a period."""
    asked = sa.select(Report).where(
        Report.insats == insats, Report.period_from == period.start, Report.period_to == period.end
    )
    return session().scalar(asked.with_for_update() if lock else asked)


def standing(
    row: Report | None, answers: Mapping[publishing.ReportKey, publishing.Answer]
) -> tuple[str, publishing.Answer | None]:
    """How a report stands: what was stored here, and what the förbund has done with its newest version."""
    if row is None:
        return "utkast", None
    answer = answers.get((row.period_from, row.period_to, row.version))
    if row.state not in CROSSED or answer is None:
        return row.state, answer
    return ("komplettering" if answer.returned_on else "mottagen"), answer


def load(ground: Ground, period: Period, *, lock: bool = False) -> Draft:
    """A report as it stands, with its figures counted now."""
    row = row_of(ground.instance.id, period, lock=lock)
    state, answer = standing(row, publishing.answers(ground.instance.id))
    counted = compute(ground.instance, ground.definition, period)
    kept = texts(row)
    former = _former(ground, period)
    steering = (row.steering or {}) if row else {}
    sections = tuple(
        _view(section, ground, counted, kept=kept, former=former, steering=steering)
        for section in ground.template.section
    )
    return Draft(ground, period, row, state, answer, counted, sections, steering)


def texts(row: Report | None) -> dict[str, ReportText]:
    """What is stored under each heading (or `heading/question`) of a report."""
    if row is None:
        return {}
    rows = session().scalars(sa.select(ReportText).where(ReportText.report_id == row.id))
    return {one.section: one for one in rows}


def ready_sections(rows: list[Report]) -> dict[uuid.UUID, set[str]]:
    """Headings marked ready of several reports, in one statement."""
    found: dict[uuid.UUID, set[str]] = {row.id: set() for row in rows}
    asked = sa.select(ReportText.report_id, ReportText.section).where(
        ReportText.report_id.in_(found), ReportText.ready
    )
    for report_id, section in session().execute(asked):
        found[report_id].add(section)
    return found


def _former(ground: Ground, period: Period) -> dict[str, ReportText]:
    before = ground.before(period)
    return texts(row_of(ground.instance.id, before)) if before else {}


def _view(
    section: ReportSection,
    ground: Ground,
    counted: Figures,
    *,
    kept: Mapping[str, ReportText],
    former: Mapping[str, ReportText],
    steering: Mapping[str, Any],
) -> SectionView:
    own = kept.get(section.id)
    flagged = {flag.question: flag.sentence for flag in deviations.flags(section, counted, ground.definition)}
    answers = {
        one.id: kept[f"{section.id}/{one.id}"].words if f"{section.id}/{one.id}" in kept else ""
        for one in section.question
    }
    text = own.words if own else ""
    return SectionView(
        section,
        text,
        answers,
        flagged,
        tuple(tables.table(section.figures, counted, ground.definition, ground.template)),
        is_ready(section, text, answers, flagged, steering),
        max((one.saved_at for name, one in kept.items() if name.split("/")[0] == section.id), default=None),
        former[section.id].words if section.id in former else _former_answers(section, former),
    )


def _former_answers(section: ReportSection, former: Mapping[str, ReportText]) -> str:
    parts = [
        f"{one.text}: {former[f'{section.id}/{one.id}'].words}"
        for one in section.question
        if f"{section.id}/{one.id}" in former and former[f"{section.id}/{one.id}"].words
    ]
    return "\n\n".join(parts)


def is_ready(
    section: ReportSection,
    text: str,
    answers: Mapping[str, str],
    flagged: Mapping[str, str],
    steering: Mapping[str, Any],
) -> bool:
    """Whether a heading has what it needs: words; every flag answered; the steering group's form and day."""
    if section.kind == "steering":
        there = steering.get("form") and steering.get("on")
        heard = steering.get("text") or steering.get("silent")
        return bool(there and heard and (steering["form"] == "mejl" or steering.get("present")))
    if section.question:
        return any(answers.values()) and all(answers.get(one) for one in flagged)
    return bool(text.strip()) or section.kind not in WRITTEN


def section_text(view: SectionView) -> str:
    """What crosses under a heading: its words, or the answers to its questions each with its word before."""
    if not view.section.question:
        return view.text.strip()
    parts = [
        f"{one.text}: {view.answers[one.id].strip()}"
        for one in view.section.question
        if view.answers.get(one.id, "").strip()
    ]
    return "\n\n".join(parts)


def missing(draft: Draft) -> list[tuple[str, str]]:
    """What stands in the way of sending: (address fragment, sentence)."""
    found = []
    for one in draft.needed:
        if not one.ready:
            name = f"{one.section.number} {one.section.heading}"
            words = _("%(section)s är inte klart.", section=name)
            if one.flags and any(one.answers.values()):
                words = _("%(section)s: svara på det som är markerat.", section=name)
            found.append((f"avsnitt-{one.section.id}", words))
    if not draft.ended:
        found.append(("", _("Perioden är inte slut. Rapporten kan skickas när den är det.")))
    return found
