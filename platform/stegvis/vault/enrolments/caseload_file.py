"""The caseload as an Excel workbook: a page says what is in it and asks what for, the e-ID is asked once more.

Who lies in a compartment that the actor is not named for is not in the file. The page tells how many those
are, since the caseload shows the actor a row for each; the file does not, since others will read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.documents import Cell, Column, Sheet, render_excel
from stegvis.ground.tenancy import InsatsInstance
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current
from stegvis.ground.web.formats import day as written_day
from stegvis.identity.access import policy
from stegvis.identity.access.decide import Action
from stegvis.identity.audit import service as audit
from stegvis.insats.definition import InsatsDefinition
from stegvis.plugin_host.service import definition_of
from stegvis.vault.enrolments import queries
from stegvis.vault.enrolments.cases import instance_of, team_of
from stegvis.vault.enrolments.people import PersonRow, Waiting, rows_of, waiting_in

Row = tuple[Cell, ...]


@dataclass(frozen=True)
class FilePage:
    """What the file would hold, and the question what for. `chosen` is a code of `purposes`, or empty.

    `left_out` are persons in a compartment that the actor is not named for, `protected` such persons that the
    file holds. `asks_eid`: the login is too old for the file.
    """

    insats: str
    insats_name: str
    enrolled: int
    waiting: int
    ended: int
    left_out: int
    protected: int
    purposes: dict[str, str]
    rules: tuple[str, ...]
    chosen: str
    asks_eid: bool
    fault: str = ""

    @property
    def persons(self) -> int:
        """How many the file holds."""
        return self.enrolled + self.waiting + self.ended


@dataclass(frozen=True)
class CaseloadFile:
    """The workbook and the name that it is saved under, which names nobody."""

    content: bytes
    name: str


class PurposeMissing(Exception):
    """No purpose of the list was chosen: the page again, with a sentence."""

    def __init__(self, page: FilePage) -> None:
        super().__init__("no purpose was chosen")
        self.page = page


@dataclass(frozen=True)
class _Held:
    """Everybody of an insats who may go into the file, and how many may not."""

    instance: InsatsInstance
    definition: InsatsDefinition
    enrolled: tuple[PersonRow, ...]
    waiting: tuple[Waiting, ...]
    ended: tuple[PersonRow, ...]
    left_out: int

    @property
    def everybody(self) -> list[PersonRow | Waiting]:
        return [*self.enrolled, *self.waiting, *self.ended]


def purposes() -> dict[str, str]:
    """What a file may be taken for: code and words. The code is kept in the audit trail."""
    return {
        "mote": _("Underlag till möte"),
        "uppfoljning": _("Egen uppföljning"),
        "insatsagaren": _("Begäran från insatsägaren"),
    }


def file_page(insats: str, chosen: str = "") -> FilePage:
    """What the file would hold, for whoever leads the insats; nothing has left, and no name is told."""
    held = _hold(insats)
    return _page(held, chosen if chosen in purposes() else "")


def take_file(insats: str, purpose: str) -> CaseloadFile:
    """The workbook, for a purpose of the list; one event with the purpose and how many it holds.

    Raises PurposeMissing. A login that is too old leads to the e-ID and back to the page, with the purpose.
    """
    held = _hold(insats)
    if purpose not in purposes():
        raise PurposeMissing(_page(held, "", _("Välj vad du ska ha filen till.")))
    policy.ask(
        Action.EXPORT,
        policy.subject(insats),
        "insats",
        comes_back=lambda: url_for("enrolments.file_page", insats=insats, syfte=purpose),
    )
    words, day = purposes()[purpose], today()
    content = render_excel(
        _("Personer i %(insats)s", insats=held.instance.name),
        _sheets(held, words),
        made=now(),
        footer=_(
            "Innehåller personuppgifter. %(insats)s, hämtad %(day)s. %(purpose)s.",
            insats=held.instance.name,
            day=written_day(day),
            purpose=words,
        ),
    )
    audit.record(
        "exportera",
        "participant",
        insats=insats,
        antal=len(held.everybody),
        syfte=purpose,
    )
    return CaseloadFile(content, f"{insats}-personer-{day}.xlsx")


def _hold(insats: str) -> _Held:
    instance = instance_of(insats, Action.LEAD)
    definition = definition_of(instance)
    everybody = queries.of_insats(insats)
    rows = rows_of(definition, everybody, dict(team_of(insats)))
    waiting = waiting_in(insats, everybody)
    return _Held(
        instance,
        definition,
        tuple(one for one in rows if one.open and one.ended_on is None),
        tuple(one for one in waiting if one.open),
        tuple(one for one in rows if one.open and one.ended_on is not None),
        sum(not one.open for one in rows) + sum(not one.open for one in waiting),
    )


def _page(held: _Held, chosen: str, fault: str = "") -> FilePage:
    return FilePage(
        held.instance.id,
        held.instance.name,
        len(held.enrolled),
        len(held.waiting),
        len(held.ended),
        held.left_out,
        sum(one.protected for one in held.everybody),
        purposes(),
        rules(),
        chosen,
        not policy.may(Action.EXPORT, policy.subject(held.instance.id)),
        fault,
    )


def rules() -> tuple[str, ...]:
    """What whoever takes the file must keep to: on the page before, and in the file itself."""
    return (
        _("Uppgifterna är insatsägarens. Sekretess gäller för dem i filen som i Stegvis."),
        _("Använd filen bara till det du har valt, och ta bort den när du är klar."),
        _("Spara den bara där insatsägaren har bestämt. Skicka den inte med vanlig e-post."),
        _("Lämna den inte till samordningsförbundet: förbundet får inte ha uppgifter om enskilda."),
    )


def _sheets(held: _Held, purpose: str) -> list[Sheet]:
    return [_enrolled(held), _waiting(held), _ended(held), _about(held, purpose)]


def _enrolled(held: _Held) -> Sheet:
    states = {"coming": _("Kommer"), "due": _("Nu"), "overdue": _("Försenat")}
    columns = (
        Column(_("Namn"), width=28),
        Column(_("Inskriven"), "date", 12),
        Column(_("Veckor i insatsen"), "count", 12),
        Column(_("Handledare"), width=28),
        Column(_("Senaste mätning"), "date", 12),
        Column(_("Medelvärde"), "number", 12),
        Column(_("Härnäst"), width=36),
        Column(_("Klart senast"), "date", 12),
        Column(_("Läge"), width=12),
    )
    rows: list[Row] = [
        (
            one.name,
            one.started_on,
            one.weeks,
            one.handledare,
            *_measured(one),
            one.next.title if one.next else None,
            one.next.latest if one.next else None,
            states[one.next.state] if one.next else None,
        )
        for one in held.enrolled
    ]
    return _sheet(_("Inskrivna"), columns, rows, held.enrolled)


def _waiting(held: _Held) -> Sheet:
    columns = (Column(_("Namn"), width=28), Column(_("Antagen"), "date", 12))
    rows: list[Row] = [(one.name, one.since) for one in held.waiting]
    return _sheet(_("Väntar på inskrivning"), columns, rows, held.waiting)


def _ended(held: _Held) -> Sheet:
    columns = (
        Column(_("Namn"), width=28),
        Column(_("Inskriven"), "date", 12),
        Column(_("Avslutad"), "date", 12),
        Column(_("Veckor i insatsen"), "count", 12),
        Column(_("Handledare"), width=28),
        Column(_("Senaste mätning"), "date", 12),
        Column(_("Medelvärde"), "number", 12),
        Column(_("Hur det slutade"), width=36),
    )
    told = _outcomes(held.definition)
    rows: list[Row] = [
        (
            one.name,
            one.started_on,
            one.ended_on,
            one.weeks,
            one.handledare,
            *_measured(one),
            told.get(one.exit_code, _("Annat, se akten")),
        )
        for one in held.ended
    ]
    return _sheet(_("Avslutade"), columns, rows, held.ended)


def _outcomes(definition: InsatsDefinition) -> dict[str, str]:
    """The codes of avslut that may stand in a list, in words: the reason for another stays in the akt."""
    return {
        one.code: one.label.sv
        for one in definition.process.avslut
        if one.sensitivity == "open" and not one.on_floor
    }


def _measured(one: PersonRow) -> tuple[date | None, float | None]:
    return one.measured_on, (one.means[-1] if one.means else None)


def _about(held: _Held, purpose: str) -> Sheet:
    """What the file is: for whoever has it in hand some other day. Tells of nobody who is not in it."""
    columns = (Column(_("Om filen"), width=24), Column(_("Uppgift"), width=90))
    absent = _("Personnummer, anteckningar och samtycken. Personer med skyddade uppgifter kan saknas.")
    rows: list[Row] = [
        (_("Insats"), held.instance.name),
        (_("Insatsägare"), current().huvudman.name),
        (_("Hämtad"), written_day(today())),
        (_("Hämtad av"), policy.actor().name),
        (_("Ska användas till"), purpose),
        (_("Inte med i filen"), absent),
        *((_("Så får den användas"), rule) for rule in rules()),
    ]
    return Sheet(_("Om filen"), columns, tuple(rows))


def _sheet(
    title: str, columns: tuple[Column, ...], rows: Sequence[Row], people: Sequence[PersonRow | Waiting]
) -> Sheet:
    """A table of people; where somebody's data are protected a last column says whose."""
    if any(one.protected for one in people):
        columns = (*columns, Column(_("Skydd"), width=24))
        word = _("Skyddade personuppgifter")
        rows = [(*row, word if one.protected else None) for row, one in zip(rows, people, strict=True)]
    return Sheet(title, columns, tuple(rows))
