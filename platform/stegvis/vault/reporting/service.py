"""Reports in a vault: written and sent by the insatsledare, attested by whoever may approve publishing.

Until the attest nothing leaves the vault. The insatsledare of the insats writes, nobody else; handledare do
not see the editor (404, and the refusal is kept).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy import Conflict, savepoint
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.ground.web import autosave
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, ask, may, require, subject
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.insats.report import Period
from stegvis.plugin_host.service import definition_of
from stegvis.publishing import service as publishing
from stegvis.publishing.content import ReportContent, due_on
from stegvis.publishing.payload import Payload
from stegvis.vault.reporting import drafts, marking
from stegvis.vault.reporting.contents import content_of
from stegvis.vault.reporting.drafts import Draft, Ground
from stegvis.vault.reporting.figures import compute
from stegvis.vault.reporting.models import Report, ReportMark, ReportText, SentReport

LONGEST = 50_000
KEPT = "behall"


class ReportFault(Exception):
    """What was asked cannot be done; the message is a sentence for the person."""


@dataclass(frozen=True)
class Listed:
    """One period in the list of an insats: how its report stands and how much of it is ready.

    `before`: an older period that nobody has begun to write on here.
    """

    period: Period
    state: str
    ready: int
    needed: int
    due: date
    late: bool
    answer: publishing.Answer | None
    running: bool
    before: bool


@dataclass(frozen=True)
class Review:
    """*Detta blir allmän handling*: what the board will see, and what the words tell that the tables hide."""

    draft: Draft
    payload: Payload | None
    marks: tuple[marking.Found, ...]
    missing: list[tuple[str, str]]


@dataclass(frozen=True)
class ToAttest:
    """A report that waits for the attest: the page, its marks, and the digest of what was seen."""

    row: Report
    insats_name: str
    payload: Payload
    marks: tuple[ReportMark, ...]
    seen: str

    @property
    def headings(self) -> dict[str, str]:
        """The heading of each section, by its id."""
        return {one.id: f"{one.number} {one.heading}" for one in self.payload.sections}

    @property
    def unanswered(self) -> int:
        """How many marks nobody has answered."""
        return sum(one.answer is None for one in self.marks)


# -- figures -------------------------------------------------------------------------------------


def figures_json(insats: str, period: Period) -> dict[str, Any]:
    """The huvudman's own figures since the start at the period's end, for the command line.

    Raises LookupError for an insats that this huvudman does not run. Nobody's permission is asked: the caller
    has opened the vault.
    """
    scope = current()
    found = {one.id: one for one in scope.forbund.insatser_of(scope.huvudman.id)}.get(insats)
    if found is None:
        raise LookupError(f"no insats {insats} in {scope.id}")
    audit.record("exportera", "report", insats=insats, vad="siffror")
    return compute(found, definition_of(found), period).to_json()


# -- the insatsledare ----------------------------------------------------------------------------


def listed(insats: str) -> tuple[Ground, list[Listed]]:
    """The periods of an insats up to today, newest first, each with how its report stands."""
    ground = _mine(insats)
    rows = {
        (row.period_from, row.period_to): row
        for row in session().scalars(sa.select(Report).where(Report.insats == insats))
    }
    answers = publishing.answers(insats)
    ready = drafts.ready_sections(list(rows.values()))
    needed = [one.id for one in ground.template.section if one.required and one.kind in drafts.WRITTEN]
    found: list[Listed] = []
    for period in reversed(ground.begun()):
        row = rows.get((period.start, period.end))
        state, answer = drafts.standing(row, answers)
        done = len(ready[row.id] & set(needed)) if row else 0
        due = due_on(period.end)
        running = period.end >= today()
        # A period before the newest that nobody began here was reported before the service came, or not at all.
        before = row is None and any(not one.running for one in found)
        late = due < today() and state in drafts.EDITABLE and not before
        found.append(Listed(period, state, done, len(needed), due, late, answer, running, before))
    audit.record("lista", "report", insats=insats, antal=len(found))
    return ground, found


def opened(insats: str, starts: date) -> Draft:
    """One report to write on or to read."""
    draft = drafts.load(*_my_period(insats, starts))
    audit.record("las", "report", draft.row.id if draft.row else None, insats=insats, fran=starts.isoformat())
    return draft


def save_section(insats: str, starts: date, section_id: str, typed: Mapping[str, Any]) -> Draft:
    """Keep what has been typed under one heading, whatever it is. A report that has been sent stays as it is."""
    ground, period = _my_period(insats, starts)
    row = _row_to_write(ground, period)
    draft = drafts.load(ground, period, lock=True)
    view = draft.section(section_id)
    require(view is not None, "report", row.id)
    assert view is not None
    section = view.section
    if not draft.editable or autosave.overtaken(typed, _page_mark(row, section.id)):
        return draft
    _take_back(row, draft)
    words = _typed(typed, "text")
    answers = {one.id: _typed(typed, f"fraga_{one.id}") for one in section.question}
    if section.kind == "steering":
        row.steering = _steering(typed)
        words = ""
    ready = drafts.is_ready(section, words, answers, view.flags, row.steering or {})
    for question, answer in answers.items():
        _keep(row, f"{section.id}/{question}", answer, ready)
    kept = _keep(row, section.id, words if not section.question else "", ready)
    kept.page_mark = autosave.mark_of(typed) or kept.page_mark
    session().flush()
    return drafts.load(ground, period)


def review(insats: str, starts: date) -> Review:
    """What the board will see if it is sent now, and what stands in the way."""
    draft = opened(insats, starts)
    try:
        content = content_of(draft, actor().name, today())
        payload = publishing.preview(content)
    except ValueError:
        return Review(draft, None, (), [("", _unreadable())])
    marks = tuple(marking.find(content, draft.ground.definition)) if draft.editable else ()
    return Review(draft, payload, marks, drafts.missing(draft) if draft.editable else [])


def send(insats: str, starts: date) -> Draft:
    """Send it to be attested. A second click changes nothing. Raises ReportFault when something is missing."""
    ground, period = _my_period(insats, starts)
    draft = drafts.load(ground, period, lock=True)
    row = draft.row
    if row is not None and not draft.editable:
        return draft
    if row is None or drafts.missing(draft):
        raise ReportFault(_("Rapporten är inte klar. Inget är skickat och allt du har skrivit finns kvar."))
    try:
        content = content_of(draft, actor().name, today())
    except ValueError:
        raise ReportFault(_unreadable()) from None
    row.state, row.sent_by, row.sent_on = "granskas", actor().account, today()
    row.returned_words = None
    for old in session().scalars(_marks(row)):
        old.version = 0
    for position, found in enumerate(marking.find(content, ground.definition)):
        session().add(
            ReportMark(
                report_id=row.id,
                version=draft.version,
                position=position,
                section=found.section,
                kind=",".join(found.kinds),
                sentence=found.sentence,
            )
        )
    audit.record("skicka", "report", row.id, insats=insats, version=draft.version)
    session().flush()
    return drafts.load(ground, period)


# -- the attest ----------------------------------------------------------------------------------


def waiting_for_attest() -> list[tuple[Report, str]]:
    """Reports that wait for the attest in insatser where the actor may approve: (report, insats' name)."""
    waiting = sa.select(Report).where(Report.state == "granskas").order_by(Report.sent_on)
    here = current().forbund.insatser_of(current().huvudman.id)
    mine = {one.id: one.name for one in here if may(Action.APPROVE, subject(one.id))}
    found = [(row, mine[row.insats]) for row in session().scalars(waiting) if row.insats in mine]
    audit.record("lista", "report", antal=len(found))
    return found


def to_attest(report_id: uuid.UUID) -> ToAttest:
    """One report as it will cross, with its marks."""
    row = _approvable(report_id)
    require(row.state == "granskas", "report", report_id)
    draft, content = _sent_content(row)
    marks = tuple(session().scalars(_marks(row).order_by(ReportMark.position)))
    audit.record("las", "report", row.id, insats=row.insats)
    return ToAttest(row, draft.ground.instance.name, publishing.preview(content), marks, content.sha256())


def answer_mark(report_id: uuid.UUID, mark_id: uuid.UUID, reason: str) -> None:
    """Let a marked sentence stand, with the reason. Raises ReportFault without one."""
    row = _approvable(report_id, lock=True)
    mark = session().get(ReportMark, mark_id)
    require(mark is not None and mark.report_id == row.id and row.state == "granskas", "report", report_id)
    assert mark is not None
    if not reason.strip():
        raise ReportFault(_("Skriv varför meningen kan stå kvar. Inget är ändrat."))
    mark.answer, mark.reason = KEPT, reason.strip()[:LONGEST]
    mark.answered_by, mark.answered_at = actor().account, now()
    audit.record("besvara_markering", "report", row.id, insats=row.insats, slag=mark.kind)


def ask_back(report_id: uuid.UUID, words: str) -> None:
    """Give the report back to the insatsledare, with words. A second click changes nothing."""
    row = _approvable(report_id, lock=True)
    if row.state != "granskas":
        return
    if not words.strip():
        raise ReportFault(_("Skriv vad insatsledaren ska ändra. Inget är ändrat."))
    row.state = "utkast"
    row.returned_words = words.strip()[:LONGEST]
    audit.record("lamna_tillbaka", "report", row.id, insats=row.insats)


def attest(report_id: uuid.UUID, seen: str) -> Report:
    """Attest the figures and hand the report over: what crosses is frozen here. A second click changes nothing.

    `seen` is the digest of the page that was read: figures that have moved since are read again first. Raises
    ReportFault.
    """
    row = _approvable(report_id, lock=True)
    if row.state != "granskas":
        return row
    if session().scalar(_marks(row).where(ReportMark.answer.is_(None)).limit(1)) is not None:
        raise ReportFault(_("Svara på alla markeringar först. Inget är skickat."))
    draft, content = _sent_content(row)
    if content.sha256() != seen:
        raise ReportFault(_("Siffrorna har ändrats sedan du läste. Läs igenom igen. Inget är skickat."))
    row.version, row.state = draft.version, "attesterad"
    row.attested_by, row.attested_at = actor().account, now()
    digest = publishing.hand_over(content)
    session().add(
        SentReport(report_id=row.id, version=row.version, payload=content.canonical().decode(), sha256=digest)
    )
    audit.record("attestera", "report", row.id, insats=row.insats, version=row.version, sha256=digest)
    return row


# -- inside --------------------------------------------------------------------------------------


def _mine(insats: str) -> Ground:
    ground = drafts.ground_of(insats)
    ask(Action.LEAD, subject(insats) if ground is not None else None, "report")
    assert ground is not None
    return ground


def _my_period(insats: str, starts: date) -> tuple[Ground, Period]:
    ground = _mine(insats)
    period = ground.period(starts)
    require(period is not None, "report")
    assert period is not None
    return ground, period


def _row_to_write(ground: Ground, period: Period) -> Report:
    """The stored report, locked; made at the first save. Two first saves at once give one row."""
    row = drafts.row_of(ground.instance.id, period, lock=True)
    if row is not None:
        return row
    row = Report(
        insats=ground.instance.id,
        template=ground.template.id,
        period_from=period.start,
        period_to=period.end,
        state="utkast",
        version=0,
    )
    try:
        with savepoint():
            session().add(row)
    except Conflict:
        found = drafts.row_of(ground.instance.id, period, lock=True)
        if found is None:
            raise
        return found
    audit.record("skapa", "report", row.id, insats=row.insats)
    return row


def _take_back(row: Report, draft: Draft) -> None:
    """Writing on a report that the förbund sent back makes that its state here too."""
    if draft.state == "komplettering" and row.state != "komplettering" and draft.answer is not None:
        row.state, row.returned_words = "komplettering", draft.answer.words


def _kept(row: Report, section: str) -> ReportText | None:
    return session().scalar(
        sa.select(ReportText).where(ReportText.report_id == row.id, ReportText.section == section)
    )


def _page_mark(row: Report, section: str) -> str | None:
    kept = _kept(row, section)
    return kept.page_mark if kept is not None else None


def _keep(row: Report, section: str, words: str, ready: bool) -> ReportText:
    kept = _kept(row, section)
    if kept is None:
        kept = ReportText(report_id=row.id, section=section)
        session().add(kept)
    kept.words, kept.ready = words, ready
    kept.saved_by, kept.saved_at = actor().account, now()
    return kept


def _typed(typed: Mapping[str, Any], name: str) -> str:
    return str(typed.get(name, "")).replace("\r\n", "\n").strip()[:LONGEST]


def _steering(typed: Mapping[str, Any]) -> dict[str, Any]:
    form, day = _typed(typed, "satt"), _typed(typed, "datum")
    try:
        on = date.fromisoformat(day).isoformat()
    except ValueError:
        on = ""
    return {
        "form": form if form in ("mote", "mejl") else "",
        "on": on,
        "present": [line.strip()[:300] for line in _typed(typed, "narvarande").split("\n") if line.strip()],
        "text": _typed(typed, "text"),
        "silent": bool(typed.get("inga")),
    }


def _marks(row: Report) -> sa.Select[ReportMark]:
    return sa.select(ReportMark).where(ReportMark.report_id == row.id, ReportMark.version == row.version + 1)


def _approvable(report_id: uuid.UUID, *, lock: bool = False) -> Report:
    row = session().get(Report, report_id, with_for_update=lock or None)
    ask(Action.APPROVE, subject(row.insats) if row is not None else None, "report", report_id)
    assert row is not None
    return row


def _sent_content(row: Report) -> tuple[Draft, ReportContent]:
    """The content of a report that has been sent, signed by the one who sent it on that day."""
    ground = drafts.ground_of(row.insats)
    require(ground is not None, "report", row.id)
    assert ground is not None
    period = Period(row.period_from, row.period_to)
    draft = drafts.load(ground, period)
    return draft, content_of(draft, accounts.name_of(row.sent_by), row.sent_on or today())


def _unreadable() -> str:
    return _("Någon text innehåller tecken som inte syns. Ta bort dem och försök igen. Inget är skickat.")
