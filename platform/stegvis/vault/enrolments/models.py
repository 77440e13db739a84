"""An enrolment with its baseline and avslut, and the activities that it holds."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.keys import Sealed, SealedJson
from stegvis.ground.tenancy.models import Keyed, VaultModel, now


class Enrolment(Keyed, VaultModel):
    """One person's time in one insats. Codes and dates are clear: the measures run on them as SQL.

    The codes come from the plugin's process and the platform's lists (stegvis.insats.process). `baseline`
    and `exit_answers` keep every answer of the plugin's forms as {"form", "version", "answers"}, sealed.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        sa.CheckConstraint("ended_on is null or ended_on >= started_on", name="order"),
        sa.CheckConstraint("(ended_on is null) = (exit_code is null)", name="exit"),
        sa.Index("ix_enrolment_insats_started", "insats", "started_on"),
    )

    insats: Mapped[str]
    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.participant.id"), index=True)
    referral_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("huvudman.referral.id"), unique=True)
    handledare_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("huvudman.account.id"), index=True)
    started_on: Mapped[date]
    forsorjning_before: Mapped[list[str]]
    sysselsattning_before: Mapped[str]
    utbildning: Mapped[str]
    months_on_support: Mapped[str]
    baseline_sealed: Mapped[bytes | None]
    ended_on: Mapped[date | None]
    exit_code: Mapped[str | None]
    exit_words_sealed: Mapped[bytes | None]
    exit_answers_sealed: Mapped[bytes | None]
    forsorjning_after: Mapped[list[str] | None]
    sysselsattning_after: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    baseline: dict[str, Any] | None = SealedJson()  # type: ignore[assignment]
    exit_words = Sealed()
    exit_answers: dict[str, Any] | None = SealedJson()  # type: ignore[assignment]


class Activity(Keyed, VaultModel):
    """Something that a participant takes part in within an enrolment (arbetsträning, study visit, ...).

    `kind` is a code of the plugin; `area` one of the four BIP groups where the plugin uses them.
    """

    __tablename__ = "activity"

    enrolment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.enrolment.id"), index=True)
    kind: Mapped[str]
    area: Mapped[str] = mapped_column(default="")
    where_sealed: Mapped[bytes | None]
    started_on: Mapped[date]
    ended_on: Mapped[date | None]

    where = Sealed()
