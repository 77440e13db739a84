"""Publishing: a vault hands over, the worker decides and releases, the förbund finds it in its inbox.

Each function says at which level it runs. Reports of several huvudmän of one insats are released one by one,
each against its own ledger: adding them up before the decision is not built.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
import structlog

from stegvis.ground.day import today
from stegvis.ground.jobs import service as jobs
from stegvis.ground.jobs.models import PublishingOutbox
from stegvis.ground.tenancy.scope import current, session
from stegvis.publishing.assembling import payload_of
from stegvis.publishing.content import ReportContent, thaw_content
from stegvis.publishing.models import Contribution, InboxItem, LedgerEntry
from stegvis.publishing.payload import Payload, thaw
from stegvis.publishing.policy import Ledger, Period, Release, decide

log = structlog.get_logger("stegvis.publishing")
NOT_RELEASED = uuid.UUID(int=0)
ReportKey = tuple[date, date, int]

# What the förbund answers, as a vault may read it: the rows of its own huvudman, by row level security.
_ANSWERS = sa.MetaData(schema="forbund")
_RECEIVED = sa.Table(
    "received_report",
    _ANSWERS,
    *(sa.Column(name, sa.Text) for name in ("huvudman", "insats", "arende_number")),
    *(sa.Column(name, sa.Date) for name in ("period_from", "period_to", "arrived_on")),
    *(sa.Column(name, sa.Integer) for name in ("version", "handling_number")),
)
_RETURNED = sa.Table(
    "returned_report",
    _ANSWERS,
    *(sa.Column(name, sa.Text) for name in ("huvudman", "insats", "words")),
    *(sa.Column(name, sa.Date) for name in ("period_from", "period_to", "returned_on")),
    sa.Column("version", sa.Integer),
)


@dataclass(frozen=True)
class Answer:
    """What the förbund did with one version: registered it, and perhaps asked for completion."""

    arende: str
    handling: int
    arrived_on: date
    returned_on: date | None = None
    words: str = ""


# -- in a vault ----------------------------------------------------------------------------------


def preview(content: ReportContent) -> Payload:
    """What would cross now, decided against everything that has crossed. In a vault; nothing is kept."""
    decision = decide(
        content.counts(), ledger_of(content.insats.id, content.huvudman.id), policy=content.policy, on=today()
    )
    return payload_of(content, decision, NOT_RELEASED)


def hand_over(content: ReportContent) -> str:
    """Leave the attested content to the publishing worker, in the vault's own transaction; returns its sha256.

    A version that has been handed over already is refused by the database (Conflict).
    """
    row = Contribution(
        huvudman=content.huvudman.id,
        insats=content.insats.id,
        period_from=content.period.first,
        period_to=content.period.last,
        version=content.version,
        content=content.canonical().decode(),
        sha256=content.sha256(),
    )
    session().add(row)
    session().flush()
    jobs.add(
        "publicera",
        {"contribution": str(row.id)},
        f"publicera:{row.id}",
        level="publicering",
        huvudman=row.huvudman,
    )
    return row.sha256


def answers(insats: str) -> dict[ReportKey, Answer]:
    """What the förbund has done with this huvudman's reports of an insats: (from, to, version) -> answer."""
    own = current().huvudman.id
    returned = {
        (row.period_from, row.period_to, row.version): row
        for row in session().execute(
            sa.select(_RETURNED).where(_RETURNED.c.insats == insats, _RETURNED.c.huvudman == own)
        )
    }
    found = {}
    for row in session().execute(
        sa.select(_RECEIVED).where(_RECEIVED.c.insats == insats, _RECEIVED.c.huvudman == own)
    ):
        key = (row.period_from, row.period_to, row.version)
        back = returned.get(key)
        found[key] = Answer(
            row.arende_number,
            row.handling_number,
            row.arrived_on,
            back.returned_on if back else None,
            back.words if back else "",
        )
    return found


def ledger_of(insats: str, huvudman: str) -> Ledger:
    """Every release of one huvudman's reports of an insats, oldest first. In its vault or at the publishing level."""
    rows = session().scalars(
        sa.select(LedgerEntry)
        .where(LedgerEntry.insats == insats, LedgerEntry.huvudman == huvudman)
        .order_by(LedgerEntry.created_at, LedgerEntry.version)
    )
    return tuple(_release(row.cells) for row in rows)


# -- at the publishing level ---------------------------------------------------------------------


def publish(contribution_id: uuid.UUID) -> None:
    """Decide about one contribution and release it: ledger, inbox and the förbund's outbox in one transaction.

    A second run changes nothing. A contribution whose content speaks for somebody else is left lying, with
    one alert.
    """
    row = session().get(Contribution, contribution_id)
    if row is None:
        log.error("contribution_unknown", contribution=str(contribution_id))
        return
    _one_at_a_time()
    if _released(row):
        return
    content = thaw_content(row.content.encode(), row.sha256)
    if not _speaks_for_itself(row, content):
        log.error("contribution_refused", contribution=str(row.id), huvudman=row.huvudman)
        return
    decision = decide(
        content.counts(), ledger_of(row.insats, row.huvudman), policy=content.policy, on=today()
    )
    which = {
        name: getattr(row, name) for name in ("huvudman", "insats", "period_from", "period_to", "version")
    }
    entry = LedgerEntry(**which, cells=_written(decision.released))
    payload = payload_of(content, decision, entry.id)
    item = InboxItem(
        **which, payload=payload.canonical().decode(), sha256=payload.sha256(), arrived_on=today()
    )
    session().add_all([entry, item])
    session().flush()
    jobs.add("registrera_rapport", {"inbox": str(item.id)}, f"registrera_rapport:{item.id}", level="forbund")
    log.info("report_released", insats=row.insats, huvudman=row.huvudman, ledger=str(entry.id))


def _one_at_a_time() -> None:
    """Two decisions at once would not see each other: every run waits for the same row of the outbox."""
    session().execute(
        sa.select(PublishingOutbox.id)
        .order_by(PublishingOutbox.created_at, PublishingOutbox.id)
        .limit(1)
        .with_for_update()
    )


def _released(row: Contribution) -> bool:
    known = sa.select(LedgerEntry.id).where(
        LedgerEntry.huvudman == row.huvudman,
        LedgerEntry.insats == row.insats,
        LedgerEntry.period_from == row.period_from,
        LedgerEntry.period_to == row.period_to,
        LedgerEntry.version == row.version,
    )
    return session().scalar(known) is not None


def _speaks_for_itself(row: Contribution, content: ReportContent) -> bool:
    """Row level security holds the column `huvudman`; the content must say the same."""
    said = (
        content.huvudman.id,
        content.insats.id,
        content.period.first,
        content.period.last,
        content.version,
    )
    kept = (row.huvudman, row.insats, row.period_from, row.period_to, row.version)
    instances = {one.id for one in current().forbund.insatser_of(row.huvudman)}
    return said == kept and content.tenant.id == current().id.forbund and row.insats in instances


# -- in a förbund --------------------------------------------------------------------------------


def inbox_item(inbox_id: uuid.UUID) -> InboxItem:
    """One row of the open förbund's inbox. Raises LookupError."""
    row = session().get(InboxItem, inbox_id)
    if row is None:
        raise LookupError("no such report in the inbox")
    return row


def payloads(inbox_ids: list[uuid.UUID]) -> dict[uuid.UUID, Payload]:
    """The frozen payloads of some rows of the inbox, in one statement, each checked against its sha256."""
    rows = session().scalars(sa.select(InboxItem).where(InboxItem.id.in_(inbox_ids)))
    return {row.id: thaw(row.payload.encode(), row.sha256) for row in rows}


# -- the ledger's written form -------------------------------------------------------------------


def _written(release: Release) -> dict[str, Any]:
    return {
        "date": release.date.isoformat(),
        "period": [release.period.first.isoformat(), release.period.last.isoformat()],
        "cells": dict(release.cells),
        "tables": {table: day.isoformat() for table, day in release.tables.items()},
        "basis": dict(release.basis),
    }


def _release(written: dict[str, Any]) -> Release:
    first, last = (date.fromisoformat(day) for day in written["period"])
    return Release(
        date.fromisoformat(written["date"]),
        Period(first, last),
        written["cells"],
        {table: date.fromisoformat(day) for table, day in written["tables"].items()},
        written["basis"],
    )
