"""Which samtycken somebody may have in hand: the own, the one asked beside, the team's; and the locks."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, ask, require, subject
from stegvis.identity.accounts import service as accounts
from stegvis.vault.consent.models import Consent
from stegvis.vault.participants import service as participants
from stegvis.vault.referrals import service as referrals


def own_rows() -> list[Consent]:
    """The samtycken that ask, or were given by, the person who is logged in."""
    person = accounts.participant_of(actor().account)
    waiting = [row.id for row in referrals.waiting_for_person()]
    asked = sa.and_(Consent.referral_id.in_(waiting), Consent.state == "fraga")
    given = Consent.participant_id == person if person is not None else sa.false()
    found = sa.select(Consent).where(sa.or_(asked, given), Consent.state != "struken")
    return list(session().scalars(found))


def own(consent_id: uuid.UUID) -> Consent:
    """A samtycke of the person who is logged in; 404 for any other."""
    found = [row for row in own_rows() if row.id == consent_id]
    require(bool(found), "consent", consent_id)
    return found[0]


def asked_beside(consent_id: uuid.UUID) -> Consent:
    """A samtycke that goes with a referral of the actor's; 404 for any other."""
    row = session().get(Consent, consent_id)
    require(row is not None, "consent", consent_id)
    assert row is not None
    referrals.own_id(row.referral_id)
    return row


def of_team(insats: str, consent_id: uuid.UUID) -> Consent:
    """A samtycke of a person whom the team of its insats knows; 404 for others, and before the first yes."""
    row = session().get(Consent, consent_id)
    there = row is not None and row.insats == insats and row.participant_id is not None
    about = None
    if there and row is not None:
        compartment = participants.compartment_of(row.participant_id)
        about = subject(insats, person=row.participant_id, compartment=compartment)
    ask(Action.WORK, about, "consent", consent_id)
    assert row is not None
    return row


def locked(consent_id: uuid.UUID) -> Consent:
    """The row, locked for the transaction that decides about it."""
    asked = sa.select(Consent).where(Consent.id == consent_id).with_for_update()
    # Read again under the lock: what was read before it may have been answered meanwhile.
    row = session().scalar(asked.execution_options(populate_existing=True))
    require(row is not None, "consent", consent_id)
    assert row is not None
    return row


def locked_beside(row: Consent, kind: str = "") -> Sequence[Consent]:
    """The samtycken of a kind (the row's own) that were asked for with one referral, locked, oldest first."""
    asked = sa.select(Consent).where(
        Consent.referral_id == row.referral_id, Consent.kind == (kind or row.kind)
    )
    # In one order for everybody, so that nobody waits for somebody who waits.
    asked = asked.order_by(Consent.id).with_for_update().execution_options(populate_existing=True)
    return sorted(session().scalars(asked), key=lambda one: one.created_at)
