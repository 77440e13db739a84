"""A measurement and its values; scales stay clear so that measures run as SQL."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stegvis.ground.tenancy.models import Keyed, VaultModel, now


class Measurement(Keyed, VaultModel):
    """One occasion at which an instrument was used; `together` when rated on the handledare's screen."""

    __tablename__ = "measurement"
    __table_args__ = (sa.UniqueConstraint("enrolment_id", "instrument", "on_date"),)

    enrolment_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.enrolment.id"))
    instrument: Mapped[str]
    instrument_version: Mapped[str]
    on_date: Mapped[date]
    together: Mapped[bool] = mapped_column(default=True)
    written_by: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=now)

    values: Mapped[list["MeasurementValue"]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class MeasurementValue(VaultModel):
    """The rating of one indicator by one rater (deltagare or handledare)."""

    __tablename__ = "measurement_value"

    measurement_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("huvudman.measurement.id"), primary_key=True
    )
    indicator: Mapped[str] = mapped_column(primary_key=True)
    rater: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
