"""Agreements: parties, signers, files, what proves each signature, reminders. Officials' data are sealed."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.keys import Sealed, SealedJson
from stegvis.ground.tenancy.models import ForbundModel, Keyed, now

AGREEMENT = "forbund.agreement.id"


class Agreement(Keyed, ForbundModel):
    """An ansökan or överenskommelse. `version` counts its documents: what was signed of an earlier one is void.

    `state`: draft, collecting, complete, void. `due_on` is a business day; the times are the real clock.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        sa.CheckConstraint("kind in ('ansokan','overenskommelse')", name="kind"),
        sa.CheckConstraint("state in ('draft','collecting','complete','void')", name="state"),
    )

    kind: Mapped[str]
    insats: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    title_sealed: Mapped[bytes]
    due_on: Mapped[date | None]
    made_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    void_reason_sealed: Mapped[bytes | None]

    title = Sealed()
    void_reason = Sealed()


class AgreementParty(Keyed, ForbundModel):
    """One party: an organisation, or a person's representatives. `needed` of its signers sign; 0 means all."""

    __tablename__ = "agreement_party"

    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey(AGREEMENT), index=True)
    position: Mapped[int]
    name_sealed: Mapped[bytes]
    needed: Mapped[int] = mapped_column(default=0)

    name = Sealed()


class AgreementSigner(Keyed, ForbundModel):
    """Somebody who signs for a party. Without a number only on paper: the e-ID must be the expected person's.

    `ground` is what gives the right to sign; `ground_note` its number or what it says. `token_hash` is of the
    link in use; a new one ends it.
    """

    __tablename__ = "agreement_signer"
    __table_args__ = (
        sa.CheckConstraint(
            "ground in ('delegationsordning','arbetsordning','beslut','firmateckningsratt',"
            "'stallningsfullmakt','god_man','forvaltare')",
            name="ground",
        ),
    )

    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey(AGREEMENT), index=True)
    party_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("forbund.agreement_party.id"))
    position: Mapped[int]
    name_sealed: Mapped[bytes]
    title_sealed: Mapped[bytes]
    number_sealed: Mapped[bytes | None]
    number_hash: Mapped[bytes | None]
    ground: Mapped[str]
    ground_note_sealed: Mapped[bytes | None]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    token_ends_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    name = Sealed()
    title = Sealed()
    number = Sealed(hashed=True)
    ground_note = Sealed()


class AgreementSignature(Keyed, ForbundModel):
    """What proves one signature (or a failed try) of one version: append-only, chained over digests.

    `way`: eid, papper, or spar (read from another service's page); `verdict`: giltig or ogiltig. The digest is
    of the record in clear, so that the record may be sealed anew with another key and the chain still holds.
    """

    __tablename__ = "agreement_signature"
    __table_args__ = (
        sa.CheckConstraint("way in ('eid','papper','spar')", name="way"),
        sa.CheckConstraint("verdict in ('giltig','ogiltig')", name="verdict"),
    )

    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey(AGREEMENT), index=True)
    signer_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("forbund.agreement_signer.id"), index=True)
    version: Mapped[int]
    way: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[datetime | None]
    seq: Mapped[int] = mapped_column(sa.BigInteger, unique=True)
    digest: Mapped[bytes]
    prev_hash: Mapped[bytes]
    row_hash: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)
    record_sealed: Mapped[bytes]

    record: Any = SealedJson()


class AgreementFile(Keyed, ForbundModel):
    """A file of an agreement: a version's document, a signed paper's scan, another service's trail, the finished PDF.

    `blob` is sealed with the förbund's key for files; `sha256` is of the content in clear.
    """

    __tablename__ = "agreement_file"
    __table_args__ = (sa.CheckConstraint("kind in ('dokument','skannat','spar','fardig')", name="kind"),)

    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey(AGREEMENT), index=True)
    signer_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("forbund.agreement_signer.id"))
    version: Mapped[int]
    kind: Mapped[str]
    name_sealed: Mapped[bytes]
    sha256: Mapped[bytes]
    size: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    blob: Mapped[bytes] = mapped_column(deferred=True)

    name = Sealed()


class AgreementReminder(Keyed, ForbundModel):
    """That a signer was given the link, or reminded with a new one: when, and by whom."""

    __tablename__ = "agreement_reminder"
    __table_args__ = (sa.CheckConstraint("kind in ('lank','paminnelse')", name="kind"),)

    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey(AGREEMENT), index=True)
    signer_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("forbund.agreement_signer.id"))
    kind: Mapped[str]
    on_date: Mapped[date]
    by_account: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
