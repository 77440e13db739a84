"""The outbox: what a transaction wants done outside the database, stored with it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.tenancy.models import ForbundModel, Keyed, PublishingModel, VaultModel, now


class OutboxRow(Keyed):
    """One thing to do: `kind` names the handler, `payload` holds ids and codes, never personal data.

    `key` makes a kind of effect happen once: a second row with the same key is refused.
    """

    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    handed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str | None]


class ForbundOutbox(OutboxRow, ForbundModel):
    """The outbox of a förbund."""

    __tablename__ = "outbox"


class VaultOutbox(OutboxRow, VaultModel):
    """The outbox of a vault."""

    __tablename__ = "outbox"


class PublishingOutbox(OutboxRow, PublishingModel):
    """The outbox of a publishing schema; a vault puts in a row about its own contribution."""

    __tablename__ = "outbox"
    # With `huvudman` in it: a key that is taken must not tell one vault what another has sent (walls 8).
    __table_args__ = (sa.UniqueConstraint("huvudman", "key"),)

    huvudman: Mapped[str]
    key: Mapped[str] = mapped_column(unique=False)


OUTBOXES = {"forbund": ForbundOutbox, "huvudman": VaultOutbox, "publicering": PublishingOutbox}
