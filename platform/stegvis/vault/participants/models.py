"""A participant: the person, once per vault; and the keyed hashes by which names are found."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from stegvis.ground.keys import Sealed
from stegvis.ground.keys.current_ring import get_ring
from stegvis.ground.tenancy.models import Keyed, VaultModel, now
from stegvis.vault.participants.names import prefixes


class Participant(Keyed, VaultModel):
    """A person in this vault. Birth year and gender stay clear: measures run on them as SQL."""

    __tablename__ = "participant"
    __table_args__ = (sa.CheckConstraint("gender in ('kvinna','man')", name="gender"),)

    number_hash: Mapped[bytes] = mapped_column(unique=True)
    number_sealed: Mapped[bytes]
    given_name_sealed: Mapped[bytes]
    family_name_sealed: Mapped[bytes]
    birth_year: Mapped[int]
    gender: Mapped[str]
    protected: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)

    number = Sealed(hashed=True)
    given_name = Sealed()
    family_name = Sealed()

    @property
    def name(self) -> str:
        """Given and family name, as it is shown."""
        return f"{self.given_name} {self.family_name}"


class ParticipantName(VaultModel):
    """The keyed hash of one beginning of a participant's given or family name: a name is found by typing it.

    A person with protected data has no rows here. Whoever reads the table without the key sees which persons
    share a beginning, not which one.
    """

    __tablename__ = "participant_name"
    # Made from another table's sealed texts: made anew when that row gets a new key (ground/keys/rotation).
    index_of = "participant"

    participant_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("huvudman.participant.id"), primary_key=True
    )
    hash: Mapped[bytes] = mapped_column(primary_key=True, index=True)

    @classmethod
    def owner(cls) -> InstrumentedAttribute[uuid.UUID]:
        """The column that names the row which this one was made from."""
        return cls.participant_id

    @classmethod
    def entries(cls, person: Participant) -> list[dict[str, Any]]:
        """The rows of one participant, hashed with the newest search key of the open scope."""
        if person.protected:
            return []
        ring = get_ring()
        return [
            {"participant_id": person.id, "hash": ring.search_hash(hashed_form(one))}
            for one in sorted(prefixes(person.given_name) | prefixes(person.family_name))
        ]


def hashed_form(beginning: str) -> str:
    """What is hashed for a beginning of a name: never equal to a personal number."""
    return f"namn|{beginning}"
