"""Ärenden and handlingar of a förbund; nothing is deleted here."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.tenancy.models import ForbundModel, Keyed, now


class Arende(Keyed, ForbundModel):
    """An ärende: `number` as the förbund writes it ("SFG 22-8"), one per insats and huvudman."""

    __tablename__ = "arende"
    __table_args__ = (sa.UniqueConstraint("insats", "huvudman"),)

    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    insats: Mapped[str]
    huvudman: Mapped[str]
    opened_on: Mapped[date]


class Handling(Keyed, ForbundModel):
    """A handling within an ärende, numbered from 1; `arrived_on` is a business day."""

    __tablename__ = "handling"
    __table_args__ = (sa.UniqueConstraint("arende_id", "number"),)

    arende_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("forbund.arende.id"))
    number: Mapped[int]
    title: Mapped[str]
    kind: Mapped[str]
    arrived_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=now)
