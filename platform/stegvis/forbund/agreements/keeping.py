"""What proves a signature: a link in the förbund's chain with its record beside it, sealed in the same row."""

import hashlib
import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from stegvis.forbund.agreements.models import AgreementSignature
from stegvis.ground.keys import SealedJson
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import session
from stegvis.identity.audit import service as audit
from stegvis.identity.audit.chain import EDITED, Link
from stegvis.identity.audit.service import Verdict

CHAIN = "agreement_signature"


def keep(
    agreement_id: uuid.UUID,
    signer_id: uuid.UUID,
    version: int,
    *,
    way: str,
    verdict: str,
    record: dict[str, Any],
    reason: str = "",
    signed_at: datetime | None = None,
) -> AgreementSignature:
    """Append a signature, or a try that did not hold, to the förbund's chain."""
    row = AgreementSignature(
        agreement_id=agreement_id,
        signer_id=signer_id,
        version=version,
        way=way,
        verdict=verdict,
        reason=reason,
        signed_at=signed_at,
        digest=hashlib.sha256(SealedJson().encode(record)).digest(),
        created_at=now(),
        record=record,
    )
    link = audit.extend(CHAIN, *_content(row))
    row.seq, row.prev_hash, row.row_hash = link.seq, link.prev, link.hash
    session().add(row)
    session().flush()
    return row


def verify_signatures(given: tuple[int, bytes] | None = None) -> Verdict:
    """Walk the open förbund's chain of signatures, and hold each record against its digest."""
    verdict = audit.judge(
        CHAIN,
        AgreementSignature,
        lambda row: Link(row.seq, row.prev_hash, row.row_hash, _content(row)),
        given,
    )
    if not verdict.ok:
        return verdict
    for row in session().scalars(sa.select(AgreementSignature).order_by(AgreementSignature.seq)):
        if hashlib.sha256(SealedJson().encode(row.record)).digest() != row.digest:
            return Verdict(False, verdict.rows, f"beviset till rad {row.seq} är ändrat", row.seq, EDITED)
    return verdict


def _content(row: Any) -> tuple[str, ...]:
    """What a link's hash is over: whose signature of what, when, how it was judged, and the record's digest."""
    zone = now().tzinfo
    times = [
        one.astimezone(zone).isoformat(timespec="microseconds") if one else ""
        for one in (row.created_at, row.signed_at)
    ]
    whose = (str(row.id), str(row.agreement_id), str(row.signer_id), str(row.version))
    return (*whose, *times, row.way, row.verdict, row.reason, row.digest.hex())
