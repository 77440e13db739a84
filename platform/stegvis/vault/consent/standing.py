"""How samtycken stand today: which of a person's counts, what it says, and whether a question waits."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import session
from stegvis.insats.consent import MAIN
from stegvis.vault.consent.models import Consent

State = Literal["saknas", "fraga", "given", "nekad", "atertagen", "utgangen", "struken"]


@dataclass(frozen=True)
class ConsentState:
    """How a samtycke stands today.

    `ended_on` is the day when it was taken back. `asked`: a question (again) waits for the person's answer.
    """

    state: State
    method: str
    valid_to: date | None
    id: uuid.UUID | None = None
    ended_on: date | None = None
    asked: bool = False


MISSING = ConsentState("saknas", "", None)


def state_of(row: Consent, *, asked: bool = False) -> ConsentState:
    """How one samtycke stands: what its row says, and whether its time is over."""
    state: Any = row.state
    if row.state == "given" and row.valid_to is not None and row.valid_to < today():
        state = "utgangen"
    return ConsentState(state, row.method, row.valid_to, row.id, row.withdrawn_on, asked)


def that_counts(rows: Iterable[Consent]) -> ConsentState:
    """How the samtycken of one person for one insats stand together.

    One that holds counts, the one that holds longest; otherwise the newest that was answered, or the question.
    """
    alive = sorted((row for row in rows if row.state != "struken"), key=lambda row: row.created_at)
    if not alive:
        return MISSING
    asked = any(row.state == "fraga" for row in alive)
    answered = [row for row in alive if row.state != "fraga"]
    holding = [row for row in answered if state_of(row).state == "given"]
    if holding:
        return state_of(max(holding, key=lambda row: row.valid_to or date.max), asked=asked)
    return state_of((answered or alive)[-1], asked=asked)


def state_for(
    participant_id: uuid.UUID, insats: str, *, kind: str = MAIN, hold: bool = False
) -> ConsentState:
    """How a participant's samtycke of a kind for an insats stands today.

    With `hold` it stays so until this transaction ends: a withdrawal waits, or has come first (walls 17).
    """
    asked = sa.select(Consent).where(
        Consent.participant_id == participant_id, Consent.insats == insats, Consent.kind == kind
    )
    if hold:
        # In one order for everybody, so that nobody waits for somebody who waits.
        asked = (
            asked.order_by(Consent.id).with_for_update(read=True).execution_options(populate_existing=True)
        )
    return that_counts(session().scalars(asked))


def states(insats: str) -> dict[uuid.UUID, ConsentState]:
    """How every participant's samtycke for an insats stands today, in one statement."""
    found: dict[uuid.UUID, list[Consent]] = {}
    asked = sa.select(Consent).where(
        Consent.insats == insats, Consent.kind == MAIN, Consent.participant_id.is_not(None)
    )
    for row in session().scalars(asked):
        if row.participant_id is not None:
            found.setdefault(row.participant_id, []).append(row)
    return {person: that_counts(rows) for person, rows in found.items()}


def of_referrals(referral_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, ConsentState]:
    """How the samtycken of some referrals stand, in one statement; a referral that has none is not there."""
    found: dict[uuid.UUID, list[Consent]] = {}
    asked = sa.select(Consent).where(Consent.referral_id.in_(set(referral_ids)), Consent.kind == MAIN)
    for row in session().scalars(asked):
        found.setdefault(row.referral_id, []).append(row)
    return {referral: that_counts(rows) for referral, rows in found.items()}
