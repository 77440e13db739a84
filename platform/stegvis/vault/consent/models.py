"""A samtycke and its evidence; the signing transaction while it is under way."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.keys import Sealed, SealedJson
from stegvis.ground.tenancy.models import Keyed, VaultModel, now


class Consent(Keyed, VaultModel):
    """One person's sekretessbrytande samtycke (OSL 10 kap. 1 §) for one referral to one insats.

    `state`: fraga (asked), given, nekad, atertagen, struken (a question that is not asked any more). `method`:
    eid, papper, muntligt. Business days bound its time; `signed_at` is the real clock. The frozen text is sealed
    with the row, and beside it `terms`: what the text says in a form that can be acted on (`texts.terms_of`). One
    referral may have several: asked again, the old record stays. `ends_by` is the last day that follows from the
    avslut; `withdrawn_by` the staff who registered a withdrawal, None where the person did it. `paper_note` says
    where the paper lies, or why the yes was given by word of mouth; `heard_by` who heard it. `interpreter` with its
    language as a code of ISO 639 (or `swl`, Swedish sign language).
    """

    __tablename__ = "consent"
    __table_args__ = (
        sa.CheckConstraint("state in ('fraga','given','nekad','atertagen','struken')", name="state"),
        sa.CheckConstraint("method in ('','eid','papper','muntligt')", name="method"),
        sa.CheckConstraint("interpreter in ('','auktoriserad','annan')", name="interpreter"),
    )

    insats: Mapped[str]
    referral_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.referral.id"), index=True)
    participant_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("huvudman.participant.id"), index=True
    )
    kind: Mapped[str] = mapped_column(default="sekretessbrytande")
    state: Mapped[str] = mapped_column(default="fraga")
    method: Mapped[str] = mapped_column(default="")
    text_version: Mapped[str]
    text_sealed: Mapped[bytes]
    text_sha256: Mapped[bytes]
    terms_sealed: Mapped[bytes | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    ends_by: Mapped[date | None]
    signed_at: Mapped[datetime | None]
    withdrawn_on: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[uuid.UUID | None]
    withdrawn_note_sealed: Mapped[bytes | None]
    registered_by: Mapped[uuid.UUID | None]
    paper_note_sealed: Mapped[bytes | None]
    heard_by_sealed: Mapped[bytes | None]
    interpreter: Mapped[str] = mapped_column(default="")
    interpreter_language: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)

    text = Sealed()
    terms: dict[str, Any] | None = SealedJson()  # type: ignore[assignment]
    withdrawn_note = Sealed()
    paper_note = Sealed()
    heard_by = Sealed()


class ConsentSigner(Keyed, VaultModel):
    """Somebody who must sign a samtycke, where it is not the person alone. It is given when all have signed.

    `role`: personen, vardnadshavare, god_man, forvaltare; `ground` says by what right and for what (a beslut with
    its date, what it covers). `state`: vantar, signerat, atertaget (this one took it back), struken (need not sign).
    Number and name are gone when the referral is.
    """

    __tablename__ = "consent_signer"
    __table_args__ = (
        sa.CheckConstraint("role in ('personen','vardnadshavare','god_man','forvaltare')", name="role"),
        sa.CheckConstraint("state in ('vantar','signerat','atertaget','struken')", name="state"),
        sa.CheckConstraint("method in ('','eid','papper','muntligt')", name="method"),
    )

    consent_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.consent.id"), index=True)
    role: Mapped[str]
    state: Mapped[str] = mapped_column(default="vantar")
    method: Mapped[str] = mapped_column(default="")
    number_sealed: Mapped[bytes | None]
    name_sealed: Mapped[bytes | None]
    ground_sealed: Mapped[bytes | None]
    signed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    number = Sealed()
    name = Sealed()
    ground = Sealed()


class ConsentScan(Keyed, VaultModel):
    """A signed paper, scanned: the file in Base64, sealed; `kind` as its first bytes say, `size` in bytes."""

    __tablename__ = "consent_scan"
    __table_args__ = (sa.CheckConstraint("kind in ('pdf','jpeg','png')", name="kind"),)

    consent_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.consent.id"), index=True)
    kind: Mapped[str]
    size: Mapped[int]
    content_sealed: Mapped[bytes]
    added_by: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=now)

    content = Sealed()


class ConsentTold(Keyed, VaultModel):
    """A party of a samtycke that was taken back, and how and when it was told; `how` is empty until then.

    Made in the transaction of the withdrawal, from the text that was signed.
    """

    __tablename__ = "consent_told"
    __table_args__ = (
        sa.UniqueConstraint("consent_id", "position"),
        sa.CheckConstraint("(told_on is null) = (how = '')", name="told"),
        sa.CheckConstraint("how in ('','telefon','mote','brev','inget_delat')", name="how"),
    )

    consent_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.consent.id"))
    position: Mapped[int]
    party: Mapped[str]
    how: Mapped[str] = mapped_column(default="")
    told_on: Mapped[date | None]
    told_by: Mapped[uuid.UUID | None]


class ConsentEvidence(Keyed, VaultModel):
    """What proves a samtycke (or a failed try): append-only, chained over digests of the ciphertext.

    `verdict`: giltig or ogiltig. The evidence record itself (eid.md 3.2) lies beside, in EvidenceBlob: it can be
    erased when its time is over, and the chain still holds (walls 18).
    """

    __tablename__ = "consent_evidence"
    __table_args__ = (sa.CheckConstraint("verdict in ('giltig','ogiltig')", name="verdict"),)

    consent_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.consent.id"), index=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger, unique=True)
    verdict: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    digest: Mapped[bytes]
    prev_hash: Mapped[bytes]
    row_hash: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)


class EvidenceBlob(Keyed, VaultModel):
    """The evidence record of one link of the chain (same id), encrypted with the key of its samtycke alone.

    Only the role for gallring may delete it.
    """

    __tablename__ = "consent_evidence_blob"

    id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("huvudman.consent_evidence.id"), primary_key=True, sort_order=-10
    )
    consent_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.consent.id"), index=True)
    blob: Mapped[bytes]


class ConsentKey(Keyed, VaultModel):
    """The key of one samtycke, and so of one person, wrapped with the vault's: without it the blobs are noise.

    Only the role for gallring may delete it.
    """

    __tablename__ = "consent_key"

    consent_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.consent.id"), unique=True)
    key_sealed: Mapped[bytes]

    key = Sealed()
