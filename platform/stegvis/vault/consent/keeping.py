"""Keeping what proves a samtycke: a link in the vault's chain, and beside it the record under a key of its own.

The chain holds digests of ciphertext, never the record: when the record's time is over, its key and blob are
erased by the role for gallring, and the chain still holds (walls 18).
"""

import base64
import hashlib
import json
import secrets
import uuid
from typing import Any

import sqlalchemy as sa

from stegvis.ground.keys import KeyFault, KeyRing
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.audit import service as audit
from stegvis.identity.audit.chain import EDITED, GONE, Link
from stegvis.identity.audit.service import Verdict
from stegvis.vault.consent.models import ConsentEvidence, ConsentKey, EvidenceBlob

CHAIN = "consent_evidence"


def keep(consent_id: uuid.UUID, verdict: str, reason: str, record: dict[str, Any]) -> None:
    """Append a piece of evidence to the vault's chain, over the digest of its ciphertext."""
    clear = json.dumps(record, ensure_ascii=False, sort_keys=True).encode()
    row_id, at = uuid.uuid4(), now()
    # One after another: the first two pieces of a samtycke at once make one key.
    audit.lock_chain()
    blob = _ring(consent_id, make=True).seal(clear, table=CHAIN, column="blob", row=row_id)
    kept = ConsentEvidence(
        id=row_id,
        consent_id=consent_id,
        verdict=verdict,
        reason=reason,
        digest=hashlib.sha256(blob).digest(),
        created_at=at,
    )
    link = audit.extend(CHAIN, *_content(kept))
    kept.seq, kept.prev_hash, kept.row_hash = link.seq, link.prev, link.hash
    session().add(kept)
    session().flush()
    session().add(EvidenceBlob(id=row_id, consent_id=consent_id, blob=blob))
    session().flush()


def valid(consent_id: uuid.UUID) -> dict[str, Any] | None:
    """The first record that proves a samtycke; as `all_valid`, None where there is none, or it has been erased."""
    return next(iter(all_valid(consent_id)), None)


def all_valid(consent_id: uuid.UUID) -> list[dict[str, Any]]:
    """The records that prove a samtycke, opened, oldest first: one for each who signed; none once erased.

    Raises KeyFault for a blob that is not the one the chain was made over.
    """
    found = session().execute(
        sa.select(EvidenceBlob.id, EvidenceBlob.blob, ConsentEvidence.digest)
        .join(ConsentEvidence, ConsentEvidence.id == EvidenceBlob.id)
        .where(ConsentEvidence.consent_id == consent_id, ConsentEvidence.verdict == "giltig")
        .order_by(ConsentEvidence.seq)
    )
    return [_opened(consent_id, row.id, row.blob, row.digest) for row in found]


def _opened(consent_id: uuid.UUID, row_id: uuid.UUID, blob: bytes, digest: bytes) -> dict[str, Any]:
    if hashlib.sha256(blob).digest() != digest:
        raise KeyFault(f"the evidence {row_id} is not the one in the chain")
    clear = _ring(consent_id).open(blob, table=CHAIN, column="blob", row=row_id)
    record: dict[str, Any] = json.loads(clear)
    return record


def erase_evidence(consent_id: uuid.UUID) -> int:
    """Erase what proves one samtycke: key first, then the blobs; returns how many. The chain keeps its links.

    Works in a scope that was opened for gallring, and in no other.
    """
    session().execute(sa.delete(ConsentKey).where(ConsentKey.consent_id == consent_id))
    gone = (
        session()
        .execute(
            sa.delete(EvidenceBlob).where(EvidenceBlob.consent_id == consent_id).returning(EvidenceBlob.id)
        )
        .all()
    )
    if gone:
        audit.record("gallra", "consent", consent_id, antal=len(gone))
    return len(gone)


def verify_evidence(given: tuple[int, bytes] | None = None) -> Verdict:
    """Walk the open vault's chain of evidence, and hold each record that lies beside it against its digest."""
    verdict = audit.judge(
        CHAIN,
        ConsentEvidence,
        lambda row: Link(row.seq, row.prev_hash, row.row_hash, _content(row)),
        given,
    )
    return _beside(verdict) if verdict.ok else verdict


def _beside(verdict: Verdict) -> Verdict:
    """The first record that is another than the chain says, or is gone without having been erased by right."""
    event, _ = audit.tables()
    erased = sa.exists().where(
        event.action == "gallra",
        event.subject_kind == "consent",
        event.subject_id == ConsentEvidence.consent_id,
    )
    bad = (
        session()
        .execute(
            sa.select(
                ConsentEvidence.seq, ConsentEvidence.digest, sa.func.sha256(EvidenceBlob.blob).label("found")
            )
            .outerjoin(EvidenceBlob, EvidenceBlob.id == ConsentEvidence.id)
            .where(sa.or_(EvidenceBlob.id.is_not(None), ~erased))
            .where(sa.func.sha256(EvidenceBlob.blob).is_distinct_from(ConsentEvidence.digest))
            .order_by(ConsentEvidence.seq)
            .limit(1)
        )
        .first()
    )
    if bad is None:
        return verdict
    if bad.found is None:
        sentence = f"beviset till rad {bad.seq} saknas utan att ha gallrats"
        return Verdict(False, verdict.rows, sentence, bad.seq, GONE)
    return Verdict(False, verdict.rows, f"beviset till rad {bad.seq} är ändrat", bad.seq, EDITED)


def _content(row: Any) -> tuple[str, ...]:
    at = row.created_at.astimezone(now().tzinfo).isoformat(timespec="microseconds")
    return (str(row.id), str(row.consent_id), at, row.verdict, row.reason, row.digest.hex())


def _ring(consent_id: uuid.UUID, *, make: bool = False) -> KeyRing:
    """The key of one samtycke, as a ring of its own; made at the first piece of evidence."""
    row = session().scalar(sa.select(ConsentKey).where(ConsentKey.consent_id == consent_id))
    if row is None and not make:
        raise KeyFault(f"the key of the samtycke {consent_id} has been erased")
    if row is None:
        row = ConsentKey(consent_id=consent_id, key=base64.b64encode(secrets.token_bytes(32)).decode())
        session().add(row)
        session().flush()
    vault = current().keys
    return KeyRing(vault.scope, vault.schema, {("field", 1): base64.b64decode(row.key)})
