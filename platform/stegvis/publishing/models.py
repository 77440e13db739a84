"""The only door upwards: contributions and ledger (publishing schema), the inbox (förbund's schema).

A vault may insert its own contribution and read nothing of others (forced row level security by role,
walls 8); the publishing worker alone adds, decides and writes the inbox.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.tenancy.models import ForbundModel, Keyed, PublishingModel, now


class Contribution(Keyed, PublishingModel):
    """What one huvudman sent for one report: counts and words, never rows about a person."""

    __tablename__ = "contribution"
    __table_args__ = (sa.UniqueConstraint("huvudman", "insats", "period_from", "period_to", "version"),)

    huvudman: Mapped[str]
    insats: Mapped[str]
    period_from: Mapped[date]
    period_to: Mapped[date]
    version: Mapped[int]
    content: Mapped[str]
    sha256: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class LedgerEntry(Keyed, PublishingModel):
    """One release: which cells crossed on which day, against which every later one is decided."""

    __tablename__ = "ledger"
    __table_args__ = (sa.UniqueConstraint("huvudman", "insats", "period_from", "period_to", "version"),)

    huvudman: Mapped[str]
    insats: Mapped[str]
    period_from: Mapped[date]
    period_to: Mapped[date]
    version: Mapped[int]
    cells: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class InboxItem(Keyed, ForbundModel):
    """A frozen payload as it crossed; written by the publishing worker, never changed."""

    __tablename__ = "inbox"
    __table_args__ = (sa.UniqueConstraint("huvudman", "insats", "period_from", "period_to", "version"),)

    huvudman: Mapped[str]
    insats: Mapped[str]
    period_from: Mapped[date]
    period_to: Mapped[date]
    version: Mapped[int]
    payload: Mapped[str]
    sha256: Mapped[str]
    arrived_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=now)
