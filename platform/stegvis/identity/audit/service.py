"""Recording events: buffered while the scope works, chained and written as its last statement.

The chain's head is one row that the writer locks, so that two writers never fork it. A refusal is written in
a short transaction of its own, which the caller's rollback does not take away (walls 18). The evidence of a
vault's samtycken is a second chain, which is extended and verified here too.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import Scope, ScopeError, current, short_scope
from stegvis.identity.audit.actions import UnknownAction, in_words, known
from stegvis.identity.audit.chain import GONE, REWRITTEN, Fault, Link, digest, first_fault
from stegvis.identity.audit.models import (
    AuditEvent,
    ForbundAuditEvent,
    ForbundAuditHead,
    VaultAuditEvent,
    VaultAuditHead,
)

__all__ = ["Event", "UnknownAction", "Verdict", "in_words", "record", "record_refusal", "verify"]

_TABLES: dict[str, tuple[Any, Any]] = {
    "forbund": (ForbundAuditEvent, ForbundAuditHead),
    "huvudman": (VaultAuditEvent, VaultAuditHead),
}
TRAIL = "audit_event"
_BUFFER, _HOLDS = "audit", "audit_held"
_PAGE = 2000


@dataclass(frozen=True)
class Event:
    """What happened: `action` is one of the closed list in actions.py."""

    action: str
    subject_kind: str = ""
    subject_id: uuid.UUID | None = None
    insats: str = ""
    outcome: str = "ok"
    details: dict[str, Any] = field(default_factory=dict)


# -- recording -----------------------------------------------------------------------------------


def record(
    action: str,
    subject_kind: str = "",
    subject_id: uuid.UUID | None = None,
    *,
    insats: str = "",
    **details: Any,
) -> None:
    """Record an event in the open scope. `details` are codes, counts and ids; never a name or a number.

    Raises UnknownAction for an action that is not in the closed list.
    """
    opened = current()
    event = Event(known(action), subject_kind, subject_id, insats, details=details)
    events = opened.facts.get(_BUFFER)
    if events is None:
        events = opened.facts[_BUFFER] = []
        opened.before_commit(lambda: _write(opened, events))
    events.append(event)


def record_refusal(reason: str, subject_kind: str = "", subject_id: uuid.UUID | None = None) -> None:
    """Keep that somebody was refused, whatever happens to the open transaction, which must not commit.

    Raises DatabaseFault when another transaction has held the chain for too long.
    """
    opened = current()
    event = Event("neka", subject_kind, subject_id, outcome="nekad", details={"skal": reason})
    if opened.facts.get(_HOLDS):
        # The short transaction would wait for this one, which waits for it. Whoever is refused is rolled
        # back anyway: it is done now, and nothing can be written afterwards.
        opened.session.rollback()
        opened.before_commit(_refused)
    with short_scope(opened.id, account=opened.account, outsider=opened.outsider) as short:
        short.facts["role"] = opened.facts.get("role", "")
        _write(short, [event])


def _refused() -> None:
    raise ScopeError("this scope was refused and rolled back: it cannot commit")


def _write(scope: Scope, events: list[Event]) -> None:
    event_table, _ = _TABLES[scope.id.level]
    session: Session = scope.session
    head = _locked_head(scope, TRAIL)
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


def _locked_head(scope: Scope, chain: str) -> Any:
    _, head_table = _TABLES[scope.id.level]
    asked = sa.select(head_table).where(head_table.chain == chain).with_for_update()
    return scope.session.scalars(asked.execution_options(populate_existing=True)).one()


def tables() -> tuple[Any, Any]:
    """The open scope's tables of events and of heads."""
    return _TABLES[current().id.level]


def lock_chain() -> None:
    """Wait for one's turn to append in the open scope; the scope's other chain waits with it."""
    scope = current()
    _locked_head(scope, TRAIL)
    scope.facts[_HOLDS] = True


def extend(chain: str, *content: str) -> Link:
    """Take the next place in another chain of the open scope: its number, and its hash over the content.

    The caller stores the row in the same transaction.
    """
    lock_chain()
    head = _locked_head(current(), chain)
    hashed = digest(head.hash, (str(head.seq + 1), *content))
    link = Link(head.seq + 1, head.hash, hashed, content)
    head.seq, head.hash = link.seq, link.hash
    return link


# -- verifying -----------------------------------------------------------------------------------


def content_of(row: Any) -> tuple[str, ...]:
    """What an event's hash is over, beside its number and the hash of the one before."""
    at = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    return (
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


def row_hash(row: AuditEvent) -> bytes:
    """The hash of an event by its number, content and the hash of the one before."""
    return digest(row.prev_hash, (str(row.seq), *content_of(row)))


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: whether the chain holds, how many rows its head names, and its first bad row."""

    ok: bool
    rows: int
    fault: str = ""
    row: int = 0
    kind: str = ""


def verify(given: tuple[int, bytes] | None = None) -> Verdict:
    """Walk the open scope's trail from its start; names the first bad row and tells what was done to it.

    `given` is a head (number, hash) that was handed out before: without it a chain that its owner has written
    anew from the start cannot be told from the true one.
    """
    event_table, _ = _TABLES[current().id.level]
    return judge(
        TRAIL, event_table, lambda row: Link(row.seq, row.prev_hash, row.row_hash, content_of(row)), given
    )


def judge(
    chain: str, model: Any, link: Callable[[Any], Link], given: tuple[int, bytes] | None = None
) -> Verdict:
    """Verify one chain of the open scope; `link` reads a row of its table."""
    session, table = current().session, model.__table__
    _, head_table = _TABLES[current().id.level]
    # One statement, one snapshot: rows that come while this reads are the next one's matter.
    found = session.execute(
        sa.select(
            head_table.seq, head_table.hash, sa.select(sa.func.max(table.c.seq)).scalar_subquery()
        ).where(head_table.chain == chain)
    ).first()
    if found is None:
        return Verdict(False, 0, "kedjans huvud saknas", 0, GONE)
    seq, head, last = found
    fault = first_fault(lambda: map(link, _rows(session, table, last or 0)), seq, head)
    if fault is None and given is not None:
        fault = _against(
            given, seq, session.scalar(sa.select(table.c.row_hash).where(table.c.seq == given[0]))
        )
    if fault is None:
        return Verdict(True, seq)
    return Verdict(False, seq, fault.sentence, fault.row, fault.kind)


def _against(given: tuple[int, bytes], seq: int, there: bytes | None) -> Fault | None:
    number, handed = given
    if number > seq:
        sentence = f"rad {seq + 1} saknas: huvudet som lämnades ut räknar {number} rader, kedjan {seq}"
        return Fault(seq + 1, GONE, sentence)
    if number and there != handed:
        sentence = f"kedjan är omskriven: rad {number} är en annan än i huvudet som lämnades ut"
        return Fault(number, REWRITTEN, sentence)
    return None


def _rows(session: Session, table: Any, last: int) -> Iterator[Any]:
    """The rows of a chain in order, a page at a time: a trail of years need not fit in memory."""
    page = sa.select(table).where(table.c.seq <= last).order_by(table.c.seq).limit(_PAGE)
    rows = session.execute(page).all()
    while rows:
        yield from rows
        rows = session.execute(page.where(table.c.seq > rows[-1].seq)).all()


# -- reading -------------------------------------------------------------------------------------


def events_about(subject_id: uuid.UUID, limit: int = 200) -> list[Any]:
    """Events about one subject, newest first: what the participant sees under *Vem har läst om mig*."""
    scope = current()
    event_table, _ = _TABLES[scope.id.level]
    newest = sa.select(event_table).where(event_table.subject_id == subject_id)
    return list(scope.session.scalars(newest.order_by(event_table.seq.desc()).limit(limit)))
