"""Opening a person of another insats with a reason: kept in a table, bound to one session, for half an hour."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.models import OpenedWithReason
from stegvis.identity.audit import service as audit

OPEN_FOR = timedelta(minutes=30)
FEWEST_LETTERS, MOST_LETTERS = 10, 500
KIND = "med_skal"


class ReasonFault(Exception):
    """The reason is not enough; `faults` has a Swedish sentence for each field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("the reason is not enough")
        self.faults = faults


def in_words() -> dict[str, str]:
    """The short list of reasons: code and words."""
    return {
        "vikarie": _("Jag ersätter en handledare"),
        "gemensam": _("Personen är på väg till eller från min insats"),
        "fraga": _("Personen eller någon anhörig har hört av sig till mig"),
        "uppfoljning": _("Jag följer upp eller granskar insatsens arbete"),
        "annat": _("Annat"),
    }


def open_with(account: uuid.UUID, participant: uuid.UUID, insats: str, reason: str, words: str) -> uuid.UUID:
    """Keep a reason, and one event about the participant; returns the row's id. Raises ReasonFault."""
    words, faults = " ".join(words.split()), {}
    if reason not in in_words():
        faults["skal"] = _("Välj ett skäl.")
    if len(words) < FEWEST_LETTERS:
        faults["ord"] = _("Skriv med några ord varför, minst 10 tecken. Personen kan läsa det.")
    if len(words) > MOST_LETTERS:
        faults["ord"] = _("Skriv högst 500 tecken.")
    if faults:
        raise ReasonFault(faults)
    row = OpenedWithReason(
        account_id=account, participant_id=participant, insats=insats, reason=reason, words=words
    )
    session().add(row)
    session().flush()
    audit.record("oppna_med_skal", "participant", participant, insats=insats, skal=reason, rad=str(row.id))
    return row.id


def given(account: uuid.UUID, ids: Iterable[str]) -> frozenset[tuple[uuid.UUID, str]]:
    """What an account has open by the reasons that its session carries: pairs (participant, insats)."""
    wanted = [uuid.UUID(one) for one in ids]
    if not wanted:
        return frozenset()
    rows = session().execute(
        sa.select(OpenedWithReason.participant_id, OpenedWithReason.insats).where(
            OpenedWithReason.id.in_(wanted), *_holds(account)
        )
    )
    return frozenset((row.participant_id, row.insats) for row in rows)


def newest(account: uuid.UUID, participant: uuid.UUID, insats: str) -> OpenedWithReason | None:
    """The newest reason that still holds for a person in an insats."""
    return session().scalar(
        sa.select(OpenedWithReason)
        .where(
            *_holds(account),
            OpenedWithReason.participant_id == participant,
            OpenedWithReason.insats == insats,
        )
        .order_by(OpenedWithReason.opened_at.desc())
        .limit(1)
    )


def about(participant: uuid.UUID) -> dict[str, tuple[str, str]]:
    """All reasons that were given for a participant: id -> (reason in words, own words)."""
    words = in_words()
    rows = session().scalars(
        sa.select(OpenedWithReason).where(OpenedWithReason.participant_id == participant)
    )
    return {str(row.id): (words.get(row.reason, row.reason), row.words) for row in rows}


def _holds(account: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (OpenedWithReason.account_id == account, OpenedWithReason.opened_at > now() - OPEN_FOR)
