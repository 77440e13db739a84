"""A received report and its way: mottagen, aterlamnad för komplettering, kompletterad."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.tenancy.models import ForbundModel, Keyed, now


class ReceivedReport(Keyed, ForbundModel):
    """One version of one report, registered in the diarium; the payload lies in the inbox."""

    __tablename__ = "received_report"
    __table_args__ = (
        sa.UniqueConstraint("huvudman", "insats", "period_from", "period_to", "version"),
        sa.CheckConstraint("status in ('mottagen','aterlamnad','ersatt')", name="status"),
    )

    inbox_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    handling_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("forbund.handling.id"))
    huvudman: Mapped[str]
    insats: Mapped[str]
    period_from: Mapped[date]
    period_to: Mapped[date]
    version: Mapped[int]
    arende_number: Mapped[str]
    handling_number: Mapped[int]
    arrived_on: Mapped[date]
    status: Mapped[str] = mapped_column(default="mottagen")
    opened_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ReturnedReport(Keyed, ForbundModel):
    """The förbund asks for completion: what is missing, in its words; the huvudman reads it from here."""

    __tablename__ = "returned_report"
    __table_args__ = (sa.UniqueConstraint("huvudman", "insats", "period_from", "period_to", "version"),)

    huvudman: Mapped[str]
    insats: Mapped[str]
    period_from: Mapped[date]
    period_to: Mapped[date]
    version: Mapped[int]
    words: Mapped[str]
    returned_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=now)
