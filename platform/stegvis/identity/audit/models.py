"""The audit trail's rows and the head of its chain, in each vault and each förbund."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.tenancy.models import ForbundModel, VaultModel


class AuditEvent:
    """One event. Ids and codes only: no name or number, so that erasure need not break the chain."""

    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    account_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    role: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    insats: Mapped[str]
    outcome: Mapped[str]
    details: Mapped[dict[str, Any]]
    prev_hash: Mapped[bytes]
    row_hash: Mapped[bytes]


class AuditHead:
    """The last number and hash of a chain (this trail's, or a vault's evidence): locked by whoever appends."""

    chain: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[bytes]


class VaultAuditEvent(AuditEvent, VaultModel):
    """An event in a vault."""

    __tablename__ = "audit_event"


class VaultAuditHead(AuditHead, VaultModel):
    """The heads of a vault's chains."""

    __tablename__ = "audit_head"


class ForbundAuditEvent(AuditEvent, ForbundModel):
    """An event in a förbund."""

    __tablename__ = "audit_event"


class ForbundAuditHead(AuditHead, ForbundModel):
    """The head of a förbund's chain."""

    __tablename__ = "audit_head"
