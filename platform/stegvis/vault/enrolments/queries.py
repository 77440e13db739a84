"""Statements about enrolments and their activities."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from stegvis.ground.tenancy.scope import session
from stegvis.vault.enrolments.models import Activity, Enrolment


def of_insats(insats: str) -> Sequence[Enrolment]:
    """Everybody who is or has been in an insats."""
    return session().scalars(sa.select(Enrolment).where(Enrolment.insats == insats)).all()


def among(insatser: Iterable[str], participants: sa.Select[uuid.UUID]) -> list[Enrolment]:
    """The enrolments in some insatser of the participants whom a statement gives."""
    asked = sa.select(Enrolment).where(
        Enrolment.insats.in_(list(insatser)), Enrolment.participant_id.in_(participants)
    )
    return list(session().scalars(asked))


def by_referral(referral_id: uuid.UUID) -> Enrolment | None:
    """The enrolment that a referral led to."""
    return session().scalar(sa.select(Enrolment).where(Enrolment.referral_id == referral_id))


def open_for(participant_id: uuid.UUID, insats: str) -> Enrolment | None:
    """The enrolment of a participant in an insats that has not ended."""
    return session().scalar(
        sa.select(Enrolment).where(
            Enrolment.participant_id == participant_id,
            Enrolment.insats == insats,
            Enrolment.ended_on.is_(None),
        )
    )


def of_participant(participant_id: uuid.UUID) -> Sequence[Enrolment]:
    """All enrolments of a participant, newest first."""
    return (
        session()
        .scalars(
            sa.select(Enrolment)
            .where(Enrolment.participant_id == participant_id)
            .order_by(Enrolment.started_on.desc(), Enrolment.created_at.desc())
        )
        .all()
    )


def referrals_of(insats: str) -> set[uuid.UUID]:
    """The referrals that have led to an enrolment in an insats."""
    return set(
        session().scalars(
            sa.select(Enrolment.referral_id).where(
                Enrolment.insats == insats, Enrolment.referral_id.is_not(None)
            )
        )
    )


def activities_of(enrolment_ids: Iterable[uuid.UUID]) -> Sequence[Activity]:
    """The activities of some enrolments, newest first."""
    return (
        session()
        .scalars(
            sa.select(Activity)
            .where(Activity.enrolment_id.in_(set(enrolment_ids)))
            .order_by(Activity.started_on.desc(), Activity.kind)
        )
        .all()
    )
