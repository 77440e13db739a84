"""The model bases of the levels, with placeholder schemas, and the tables that every scope has."""

import uuid
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
LEVELS = ("forbund", "huvudman", "publicering")


class Base(DeclarativeBase):
    """Root of all models; each level below has its own metadata and placeholder schema."""

    metadata = sa.MetaData(schema="stegvis", naming_convention=NAMING)


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
db.Model.registry.update_type_annotation_map(  # type: ignore[attr-defined]
    {
        datetime: sa.DateTime(timezone=True),
        dict[str, Any]: sa.JSON(),
        list[str]: sa.JSON(),
        bytes: sa.LargeBinary(),
        str: sa.Text(),
        uuid.UUID: sa.Uuid(),
    }
)
for _level in LEVELS:
    db.metadatas[_level] = sa.MetaData(schema=_level, naming_convention=NAMING)


class PlatformModel(db.Model):  # type: ignore[name-defined]
    """A table of schema `stegvis`: nothing personal, ever."""

    __abstract__ = True


class ForbundModel(db.Model):  # type: ignore[name-defined]
    """A table of a förbund's schema: money, reports, agreements, its own staff; no participant."""

    __abstract__ = True
    __bind_key__ = "forbund"


class VaultModel(db.Model):  # type: ignore[name-defined]
    """A table of a huvudman's vault."""

    __abstract__ = True
    __bind_key__ = "huvudman"


class PublishingModel(db.Model):  # type: ignore[name-defined]
    """A table of a förbund's publishing schema: counts, never rows about a person."""

    __abstract__ = True
    __bind_key__ = "publicering"


def now() -> datetime:
    """The real clock, in UTC: for signatures, sessions, evidence and audit (never the business day)."""
    return datetime.now(UTC)


class Keyed:
    """A random UUID as key, known before the row is stored, so that sealed fields can be bound to it."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-10)

    def __init__(self, **values: Any) -> None:
        values.setdefault("id", uuid.uuid4())
        super().__init__()
        self.id = values.pop("id")
        for name, value in values.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no field {name}")
            setattr(self, name, value)


class Marker:
    """The one row that tells which scope a schema belongs to; read when a scope is first opened.

    `keys` moves when the data keys change, so that a process that has read older ones reads them again; it is
    odd while a change is under way.
    """

    scope: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    grants: Mapped[str] = mapped_column(default="")
    keys: Mapped[int] = mapped_column(default=0)


class ForbundMarker(Marker, ForbundModel):
    """The marker of a förbund's schema."""

    __tablename__ = "scope_marker"


class VaultMarker(Marker, VaultModel):
    """The marker of a vault."""

    __tablename__ = "scope_marker"


class PublishingMarker(Marker, PublishingModel):
    """The marker of a publishing schema."""

    __tablename__ = "scope_marker"


class DataKey:
    """One version of one data key, wrapped with the scope's key from outside the database (walls 11)."""

    purpose: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ForbundDataKey(DataKey, ForbundModel):
    """Data keys of a förbund (its staff's numbers and the evidence of its signers)."""

    __tablename__ = "data_key"


class VaultDataKey(DataKey, VaultModel):
    """Data keys of a vault."""

    __tablename__ = "data_key"


MARKERS = {"forbund": ForbundMarker, "huvudman": VaultMarker, "publicering": PublishingMarker}
DATA_KEYS = {"forbund": ForbundDataKey, "huvudman": VaultDataKey}


class Tenant(PlatformModel):
    """A förbund that has been provisioned here."""

    __tablename__ = "tenant"

    id: Mapped[str] = mapped_column(primary_key=True)
    provisioned_at: Mapped[datetime] = mapped_column(default=now)


class Installation(PlatformModel):
    """The installation's one row: the business day, when it is not the real one (demo only)."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[str | None]
