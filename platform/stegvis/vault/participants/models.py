"""A participant: the person, once per vault."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.keys import Sealed
from stegvis.ground.tenancy.models import Keyed, VaultModel, now


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

    number = Sealed()
    given_name = Sealed()
    family_name = Sealed()

    @property
    def name(self) -> str:
        """Given and family name, as it is shown."""
        return f"{self.given_name} {self.family_name}"
