"""What was opened with a reason: by whom, which participant, and the words, sealed beside the audit trail."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from stegvis.ground.keys import Sealed
from stegvis.ground.tenancy.models import Keyed, VaultModel, now


class OpenedWithReason(Keyed, VaultModel):
    """Somebody outside the team opened a participant's pages in an insats, and said why.

    `reason` is a code of the short list; the own words are sealed here, and the audit trail holds this row's id.
    """

    __tablename__ = "opened_with_reason"

    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.account.id"), index=True)
    participant_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("huvudman.participant.id"), index=True)
    insats: Mapped[str]
    reason: Mapped[str]
    words_sealed: Mapped[bytes]
    opened_at: Mapped[datetime] = mapped_column(default=now)

    words = Sealed()
