"""A report before it crosses: draft, words of the steering group, answers to marks, what was sent."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.keys import Sealed, SealedJson
from stegvis.ground.tenancy.models import Keyed, VaultModel, now


class Report(Keyed, VaultModel):
    """The report of one insats for one period.

    States: utkast, granskas (sent by the insatsledare, waits for the attest), attesterad (handed over to
    publishing), mottagen (the förbund has it), komplettering (sent back). `version` counts sendings.
    """

    __tablename__ = "report"
    __table_args__ = (
        sa.UniqueConstraint("insats", "period_from", "period_to"),
        sa.CheckConstraint(
            "state in ('utkast','granskas','attesterad','mottagen','komplettering')", name="state"
        ),
    )

    insats: Mapped[str]
    template: Mapped[str]
    period_from: Mapped[date]
    period_to: Mapped[date]
    state: Mapped[str] = mapped_column(default="utkast")
    version: Mapped[int] = mapped_column(default=0)
    steering_sealed: Mapped[bytes | None]
    sent_by: Mapped[uuid.UUID | None]
    sent_on: Mapped[date | None]
    attested_by: Mapped[uuid.UUID | None]
    attested_at: Mapped[datetime | None]
    returned_words_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    steering: dict[str, Any] | None = SealedJson()  # type: ignore[assignment]
    returned_words = Sealed()


class ReportText(Keyed, VaultModel):
    """What stands under one heading; saved as it is typed."""

    __tablename__ = "report_text"
    __table_args__ = (sa.UniqueConstraint("report_id", "section"),)

    report_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.report.id"))
    section: Mapped[str]
    words_sealed: Mapped[bytes]
    ready: Mapped[bool] = mapped_column(default=False)
    page_mark: Mapped[str | None]
    saved_by: Mapped[uuid.UUID]
    saved_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    words = Sealed()


class ReportMark(Keyed, VaultModel):
    """A sentence that tells what the table hides, and how the attesting person answered it.

    `kind` has the kinds of mark in it, with commas; `answer` is a code (behall), `reason` the words for it.
    """

    __tablename__ = "report_mark"

    report_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.report.id"), index=True)
    version: Mapped[int]
    position: Mapped[int]
    section: Mapped[str]
    kind: Mapped[str]
    sentence_sealed: Mapped[bytes]
    answer: Mapped[str | None]
    reason_sealed: Mapped[bytes | None]
    answered_by: Mapped[uuid.UUID | None]
    answered_at: Mapped[datetime | None]

    sentence = Sealed()
    reason = Sealed()


class SentReport(Keyed, VaultModel):
    """What was attested and left the vault, byte for byte: the same content as the contribution."""

    __tablename__ = "sent_report"
    __table_args__ = (sa.UniqueConstraint("report_id", "version"),)

    report_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.report.id"))
    version: Mapped[int]
    payload_sealed: Mapped[bytes]
    sha256: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(default=now)

    payload = Sealed()
