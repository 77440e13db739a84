"""A referral, from its author's draft to the team's answer."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.keys import Sealed, SealedJson
from stegvis.ground.tenancy.models import Keyed, VaultModel, now

STATES = (
    "utkast", "vantar_samtycke", "oppen", "antagen", "avbojd", "nekad", "slangd", "utgangen", "atertagen"
)  # fmt: skip


class Referral(Keyed, VaultModel):
    """What a remittent (or staff, for a paper referral) writes to get a person to an insats.

    States: utkast (being written), vantar_samtycke (sent, the person has not answered), oppen (samtycke
    valid: the team reads it), antagen, avbojd. What is left when everything about the person has been
    destroyed: nekad when the person refused, slangd when the author threw the draft away, utgangen when nobody
    answered in time. atertagen when the person took the samtycke back: nobody reads it any more.
    Until `oppen` only the author reads it, and the person whom it is about (`person_id`, the account that the
    sending opens): row level security says so too (walls 7).
    """

    __tablename__ = "referral"
    __table_args__ = (
        sa.CheckConstraint(f"state in {STATES!r}", name="state"),
        sa.Index("ix_referral_insats_state", "insats", "state"),
    )

    insats: Mapped[str]
    form_version: Mapped[str]
    state: Mapped[str] = mapped_column(default="utkast")
    author_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.account.id"), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("huvudman.account.id"), index=True)
    participant_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("huvudman.participant.id"), index=True
    )
    number_hash: Mapped[bytes | None] = mapped_column(index=True)
    number_sealed: Mapped[bytes | None]
    given_name_sealed: Mapped[bytes | None]
    family_name_sealed: Mapped[bytes | None]
    answers_sealed: Mapped[bytes | None]
    created_on: Mapped[date]
    saved_at: Mapped[datetime] = mapped_column(default=now)
    sent_on: Mapped[date | None]
    opened_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    decided_by: Mapped[uuid.UUID | None]
    decision_words_sealed: Mapped[bytes | None]

    number = Sealed(hashed=True)
    given_name = Sealed()
    family_name = Sealed()
    answers: dict[str, Any] = SealedJson()  # type: ignore[assignment]
    decision_words = Sealed()
