"""Accounts, their rights and invitations, in each vault and each förbund."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.keys import Sealed
from stegvis.ground.tenancy.models import ForbundModel, Keyed, VaultModel, now


class AccountRow(Keyed):
    """Somebody who may log in to this scope.

    `kind`: personal (staff of the huvudman), remittent, motesdeltagare, deltagare, foretradare, utvarderare;
    in a förbund always kansli. `number_hash` is the keyed hash of the twelve-digit personal number; the number
    lies sealed beside it, so that the hash can be made anew with a new key (None once it is forgotten).
    `org` is instead the identity that an employer has given (`<personal-id>@<organisation number>`, OIDC
    Sweden's orgAffiliation): one of the two is there. `display_name` is what others see where the name is
    protected. `ends_on` closes accounts of other authorities by itself, unless renewed by `contact` (a named person
    there); `closed_at` closes any at once.
    """

    kind: Mapped[str]
    number_hash: Mapped[bytes | None]
    number_sealed: Mapped[bytes | None]
    org_hash: Mapped[bytes | None]
    org_sealed: Mapped[bytes | None]
    name_sealed: Mapped[bytes]
    display_name_sealed: Mapped[bytes | None]
    email_sealed: Mapped[bytes | None]
    organisation: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    ends_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    renewed_on: Mapped[date | None]
    contact_sealed: Mapped[bytes | None]

    number = Sealed(hashed=True)
    org = Sealed(hashed=True)
    name = Sealed()
    display_name = Sealed()
    email = Sealed()
    contact = Sealed()

    @property
    def shown_name(self) -> str:
        """The name that others see: the real one only where no other has been given."""
        return str(self.display_name or self.name)


class VaultAccount(AccountRow, VaultModel):
    """An account of a vault."""

    __tablename__ = "account"
    __table_args__ = (
        sa.UniqueConstraint("number_hash", "kind"),
        sa.UniqueConstraint("org_hash", "kind"),
        sa.CheckConstraint("num_nonnulls(number_hash, org_hash) > 0", name="somebody"),
        sa.CheckConstraint(
            "kind in ('personal','remittent','motesdeltagare','deltagare','foretradare','utvarderare')",
            name="kind",
        ),
    )

    participant_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("huvudman.participant.id"), index=True
    )


class ForbundAccount(AccountRow, ForbundModel):
    """An account of a förbund's own staff."""

    __tablename__ = "account"
    __table_args__ = (
        sa.UniqueConstraint("number_hash", "kind"),
        sa.UniqueConstraint("org_hash", "kind"),
        sa.CheckConstraint("num_nonnulls(number_hash, org_hash) > 0", name="somebody"),
        sa.CheckConstraint("kind in ('kansli')", name="kind"),
    )


class RightRow:
    """What an account may do: `right` from the closed list in identity/access, for one insats or for all."""

    account_id: Mapped[uuid.UUID]
    right: Mapped[str] = mapped_column(primary_key=True)
    insats: Mapped[str] = mapped_column(primary_key=True, default="")
    given_at: Mapped[datetime] = mapped_column(default=now)


class VaultRight(RightRow, VaultModel):
    """A right in a vault."""

    __tablename__ = "account_right"

    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.account.id"), primary_key=True)


class ForbundRight(RightRow, ForbundModel):
    """A right in a förbund."""

    __tablename__ = "account_right"

    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("forbund.account.id"), primary_key=True)


class InvitationRow(Keyed):
    """A single-use invitation to one named person; accepted with e-ID, whose number or `org` must match."""

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    kind: Mapped[str]
    rights: Mapped[list[str]]
    insats: Mapped[str] = mapped_column(default="")
    number_hash: Mapped[bytes | None]
    number_sealed: Mapped[bytes | None]
    org_hash: Mapped[bytes | None]
    org_sealed: Mapped[bytes | None]
    name_sealed: Mapped[bytes]
    display_name_sealed: Mapped[bytes | None]
    email_sealed: Mapped[bytes | None]
    organisation: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    number = Sealed(hashed=True)
    org = Sealed(hashed=True)
    name = Sealed()
    display_name = Sealed()
    email = Sealed()

    @property
    def shown_name(self) -> str:
        """The name that lists show."""
        return str(self.display_name or self.name)


class VaultInvitation(InvitationRow, VaultModel):
    """An invitation to a vault."""

    __tablename__ = "invitation"


class ForbundInvitation(InvitationRow, ForbundModel):
    """An invitation to a förbund."""

    __tablename__ = "invitation"
