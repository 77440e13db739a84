"""Reports that the förbund has received: registered, read from their frozen payload, returned for completion.

Nothing here knows a vault: what is shown is what crossed, and no more.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.forbund.diarium import service as diarium
from stegvis.forbund.reports.models import ReceivedReport, ReturnedReport
from stegvis.ground.day import today
from stegvis.ground.documents import render_report
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.ground.web import formats
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import ask, require, subject
from stegvis.identity.audit import service as audit
from stegvis.publishing import service as publishing
from stegvis.publishing.payload import Payload

LONGEST = 10_000
# Frozen words of the diarium: not translated.
KINDS = {
    "kvartalsrapport": "Kvartalsrapport",
    "delrapport": "Delrapport",
    "halvarsrapport": "Halvårsrapport",
    "arsrapport": "Årsrapport",
    "slutrapport": "Slutrapport",
}


class ReportFault(Exception):
    """What was asked cannot be done; the message is a sentence for the person."""


@dataclass(frozen=True)
class Received:
    """A received report in a list."""

    row: ReceivedReport
    insats_name: str
    huvudman_name: str


@dataclass(frozen=True)
class Opened:
    """A received report with what crossed, and the förbund's words where it was returned."""

    row: ReceivedReport
    payload: Payload
    sha256: str
    returned: ReturnedReport | None


# -- the worker ----------------------------------------------------------------------------------


def register(inbox_id: uuid.UUID) -> None:
    """Register what has arrived in the inbox as a handling; an earlier version of it is replaced.

    A second run changes nothing. Raises LookupError when there is no such row.
    """
    known = session().scalar(sa.select(ReceivedReport.id).where(ReceivedReport.inbox_id == inbox_id))
    if known is not None:
        return
    item = publishing.inbox_item(inbox_id)
    payload = publishing.payloads([inbox_id])[inbox_id]
    title = f"{KINDS[payload.kind]} {formats.period(item.period_from, item.period_to)}"
    if item.version > 1:
        title += f", version {item.version} efter komplettering"
    kept = diarium.register(
        item.insats, item.huvudman, title=title, kind=payload.kind, arrived_on=item.arrived_on
    )
    for earlier in session().scalars(_versions(item).where(ReceivedReport.version < item.version)):
        earlier.status = "ersatt"
    newer = session().scalar(_versions(item).where(ReceivedReport.version > item.version).limit(1))
    session().add(
        ReceivedReport(
            inbox_id=item.id,
            handling_id=kept.handling_id,
            huvudman=item.huvudman,
            insats=item.insats,
            period_from=item.period_from,
            period_to=item.period_to,
            version=item.version,
            arende_number=kept.arende,
            handling_number=kept.handling,
            arrived_on=item.arrived_on,
            status="mottagen" if newer is None else "ersatt",
        )
    )
    session().flush()


# -- pages ---------------------------------------------------------------------------------------


def received() -> list[Received]:
    """Every received report, newest first."""
    _staff()
    rows = session().scalars(
        sa.select(ReceivedReport).order_by(ReceivedReport.arrived_on.desc(), ReceivedReport.created_at.desc())
    )
    found = [Received(row, insats_name(row.insats), huvudman_name(row.huvudman)) for row in rows]
    audit.record("lista", "received_report", antal=len(found))
    return found


def read(report_id: uuid.UUID) -> Opened:
    """One received report; the first reading is remembered."""
    found = _opened(report_id)
    if found.row.opened_at is None:
        found.row.opened_at = now()
    audit.record("las", "received_report", found.row.id, insats=found.row.insats)
    return found


def pdf(report_id: uuid.UUID) -> tuple[bytes, str]:
    """One received report as PDF/UA-1 and PDF/A-2a, made in a child process: (bytes, file name)."""
    found = _opened(report_id)
    row = found.row
    content = render_report(
        {
            "payload": found.payload.data(),
            "tenant_name": found.payload.tenant.name,
            "dnr": row.arende_number,
            "handling": str(row.handling_number),
            "received": row.arrived_on.isoformat(),
            "sha256": found.sha256,
        },
        made=datetime.combine(row.arrived_on, datetime.min.time(), UTC),
    )
    audit.record("skriv_ut", "received_report", row.id, insats=row.insats)
    return content, f"{row.insats}-{row.period_to:%Y-%m-%d}-handling-{row.handling_number}.pdf"


def give_back(report_id: uuid.UUID, words: str) -> ReceivedReport:
    """Ask for completion, in words that the huvudman reads. A second click changes nothing.

    Raises ReportFault without words, or for a version that a newer one has replaced.
    """
    _staff()
    row = session().get(ReceivedReport, report_id, with_for_update=True)
    require(row is not None, "received_report", report_id)
    assert row is not None
    if row.status == "aterlamnad":
        return row
    if row.status != "mottagen":
        raise ReportFault(_("En nyare version har kommit in. Inget är skickat."))
    if not words.strip():
        raise ReportFault(_("Skriv vad som ska kompletteras. Inget är skickat."))
    row.status = "aterlamnad"
    session().add(
        ReturnedReport(
            huvudman=row.huvudman,
            insats=row.insats,
            period_from=row.period_from,
            period_to=row.period_to,
            version=row.version,
            words=words.strip()[:LONGEST],
            returned_on=today(),
        )
    )
    audit.record("aterlamna", "received_report", row.id, insats=row.insats, version=row.version)
    return row


# -- for the desk and the command line -----------------------------------------------------------


def newest_of_each(insatser: Iterable[str]) -> dict[tuple[str, str], Opened]:
    """(insats, huvudman) -> the newest received report of the latest period. Three statements in all."""
    rows = session().scalars(
        sa.select(ReceivedReport)
        .where(ReceivedReport.insats.in_(list(insatser)))
        .order_by(ReceivedReport.period_to, ReceivedReport.version)
    )
    newest = {(row.insats, row.huvudman): row for row in rows}
    payloads = publishing.payloads([row.inbox_id for row in newest.values()])
    return {
        key: Opened(row, payloads[row.inbox_id], payloads[row.inbox_id].sha256(), None)
        for key, row in newest.items()
    }


def received_periods(insatser: Iterable[str]) -> set[tuple[str, str, date, date]]:
    """(insats, huvudman, from, to) of every report that has come in."""
    rows = session().execute(
        sa.select(
            ReceivedReport.insats,
            ReceivedReport.huvudman,
            ReceivedReport.period_from,
            ReceivedReport.period_to,
        ).where(ReceivedReport.insats.in_(list(insatser)))
    )
    return {(row.insats, row.huvudman, row.period_from, row.period_to) for row in rows}


def newest(insats: str) -> dict[str, Any]:
    """The newest received report of an insats, for the command line; empty when none has come.

    `ended_by_group` is since the start, from what crossed: groups that are hidden or have nobody are left out.
    With several huvudmän it is the one that came last.
    """
    found = newest_of_each([insats])
    if not found:
        return {}
    last = max(found.values(), key=lambda one: (one.row.period_to, one.row.arrived_on, one.row.version))
    groups = {
        row.id.removeprefix("group/"): row.since_start
        for row in last.payload.figures
        if row.id.startswith("group/") and isinstance(row.since_start, int) and row.since_start
    }
    return {
        "status": last.row.status,
        "arende": last.row.arende_number,
        "handling": last.row.handling_number,
        "ended_by_group": groups,
    }


def insats_name(insats: str) -> str:
    """The name of an insats, or its id when it is no longer in the förbund's file."""
    return next((one.name for one in current().forbund.insats if one.id == insats), insats)


def huvudman_name(huvudman: str) -> str:
    """The name of a huvudman, or its id when it is no longer in the förbund's file."""
    return next((one.name for one in current().forbund.huvudman if one.id == huvudman), huvudman)


# -- inside --------------------------------------------------------------------------------------


def _staff() -> None:
    ask(Action.FORBUND, subject(), "received_report")


def _opened(report_id: uuid.UUID) -> Opened:
    _staff()
    row = session().get(ReceivedReport, report_id)
    require(row is not None, "received_report", report_id)
    assert row is not None
    payload = publishing.payloads([row.inbox_id])[row.inbox_id]
    back = session().scalar(
        sa.select(ReturnedReport).where(
            ReturnedReport.huvudman == row.huvudman,
            ReturnedReport.insats == row.insats,
            ReturnedReport.period_from == row.period_from,
            ReturnedReport.period_to == row.period_to,
            ReturnedReport.version == row.version,
        )
    )
    return Opened(row, payload, payload.sha256(), back)


def _versions(item: Any) -> sa.Select[ReceivedReport]:
    return sa.select(ReceivedReport).where(
        ReceivedReport.huvudman == item.huvudman,
        ReceivedReport.insats == item.insats,
        ReceivedReport.period_from == item.period_from,
        ReceivedReport.period_to == item.period_to,
    )
