"""Recording events: buffered while the scope works, chained and written as its last statement.

The chain's head is one row that the writer locks, so that two writers never fork it. A refusal is written in
a short transaction of its own, which the caller's rollback does not take away (walls 18).
"""

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import Scope, current, short_scope
from stegvis.identity.audit.models import (
    AuditEvent,
    ForbundAuditEvent,
    ForbundAuditHead,
    VaultAuditEvent,
    VaultAuditHead,
)

_TABLES: dict[str, tuple[Any, Any]] = {
    "forbund": (ForbundAuditEvent, ForbundAuditHead),
    "huvudman": (VaultAuditEvent, VaultAuditHead),
}
_BUFFER = "audit"


@dataclass(frozen=True)
class Event:
    """What happened: `action` is a code (las, skapa, andra, signera, skicka, skriv_ut, neka, ...)."""

    action: str
    subject_kind: str = ""
    subject_id: uuid.UUID | None = None
    insats: str = ""
    outcome: str = "ok"
    details: dict[str, Any] = field(default_factory=dict)


def record(
    action: str,
    subject_kind: str = "",
    subject_id: uuid.UUID | None = None,
    *,
    insats: str = "",
    **details: Any,
) -> None:
    """Record an event in the open scope. `details` are codes, counts and ids; never a name or a number."""
    opened = current()
    events = opened.facts.get(_BUFFER)
    if events is None:
        events = opened.facts[_BUFFER] = []
        opened.before_commit(lambda: _write(opened, events))
    events.append(Event(action, subject_kind, subject_id, insats, details=details))


def record_refusal(reason: str, subject_kind: str = "", subject_id: uuid.UUID | None = None) -> None:
    """Keep that somebody was refused, whatever happens to the open transaction."""
    opened = current()
    event = Event("neka", subject_kind, subject_id, outcome="nekad", details={"skal": reason})
    with short_scope(opened.id, account=opened.account, outsider=opened.outsider) as short:
        short.facts["role"] = opened.facts.get("role", "")
        _write(short, [event])


def _write(scope: Scope, events: list[Event]) -> None:
    event_table, head_table = _TABLES[scope.id.level]
    session: Session = scope.session
    head = session.scalars(sa.select(head_table).with_for_update()).one()
    for event in events:
        row = event_table(
            seq=head.seq + 1,
            at=now(),
            account_id=scope.account,
            role=str(scope.facts.get("role", "")),
            action=event.action,
            subject_kind=event.subject_kind,
            subject_id=event.subject_id,
            insats=event.insats,
            outcome=event.outcome,
            details=event.details,
            prev_hash=head.hash,
        )
        row.row_hash = row_hash(row)
        session.add(row)
        head.seq, head.hash = row.seq, row.row_hash
    session.flush()


def lock_chain() -> None:
    """Wait for one's turn to append in the open scope; the scope's other chain waits with it."""
    scope = current()
    _, head_table = _TABLES[scope.id.level]
    scope.session.execute(sa.select(head_table.id).with_for_update())


def row_hash(row: AuditEvent) -> bytes:
    """The hash of a row over length-prefixed fields, so that no two contents give the same bytes."""
    at = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    fields = (
        str(row.seq),
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(row.account_id or ""),
        row.role,
        row.action,
        row.subject_kind,
        str(row.subject_id or ""),
        row.insats,
        row.outcome,
        json.dumps(row.details, sort_keys=True, ensure_ascii=False),
    )
    digest = hashlib.sha256(row.prev_hash)
    for text in fields:
        raw = text.encode()
        digest.update(len(raw).to_bytes(4) + raw)
    return digest.digest()


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: whether the chain holds, how many rows, and the first fault in a sentence."""

    ok: bool
    rows: int
    fault: str = ""


def verify() -> Verdict:
    """Walk the open scope's chain from its start; names the first bad row: edit, gap or swap."""
    scope = current()
    event_table, head_table = _TABLES[scope.id.level]
    previous, count = bytes(32), 0
    for row in scope.session.scalars(sa.select(event_table).order_by(event_table.seq)):
        count += 1
        if row.seq != count:
            return Verdict(False, count, f"rad {count} saknas: nästa rad har nummer {row.seq}")
        if row.prev_hash != previous:
            return Verdict(False, count, f"rad {count} följer inte på raden före: bytt plats eller ersatt")
        if row_hash(row) != row.row_hash:
            return Verdict(False, count, f"rad {count} är ändrad")
        previous = row.row_hash
    head = scope.session.scalars(sa.select(head_table)).one()
    if (head.seq, head.hash) != (count, previous):
        return Verdict(False, count, f"kedjans slut stämmer inte: {head.seq} rader väntades, {count} finns")
    return Verdict(True, count)


def events_about(subject_id: uuid.UUID, limit: int = 200) -> list[Any]:
    """Events about one subject, newest first: what the participant sees under *Vem har läst om mig*."""
    scope = current()
    event_table, _ = _TABLES[scope.id.level]
    newest = sa.select(event_table).where(event_table.subject_id == subject_id)
    return list(scope.session.scalars(newest.order_by(event_table.seq.desc()).limit(limit)))
