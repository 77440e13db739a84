"""A plan, in versions; the newest is the one that holds."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.keys import SealedJson
from stegvis.ground.tenancy.models import Keyed, VaultModel, now


class Plan(Keyed, VaultModel):
    """One version of a plan; `answers` follow the plugin's form, sealed."""

    __tablename__ = "plan"
    __table_args__ = (sa.UniqueConstraint("enrolment_id", "version"),)

    enrolment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.enrolment.id"))
    version: Mapped[int]
    form_version: Mapped[str]
    answers_sealed: Mapped[bytes]
    agreed_on: Mapped[date]
    written_by: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=now)

    answers: dict[str, Any] = SealedJson()  # type: ignore[assignment]
