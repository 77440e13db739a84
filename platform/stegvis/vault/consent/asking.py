"""Asking for a samtycke: with a sent referral, and again when one ends, has ended or has a new text."""

import uuid

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.policy import require
from stegvis.identity.audit import service as audit
from stegvis.insats.consent import MAIN
from stegvis.vault.consent import rows, signers, texts
from stegvis.vault.consent.models import Consent
from stegvis.vault.consent.texts import ConsentFault
from stegvis.vault.referrals import service as referrals

# The referral still stands: what a new yes would open again.
AGAIN = ("oppen", "antagen")


def ask(referral_id: uuid.UUID) -> Consent:
    """The question that goes with a sent referral, with its text frozen; the same one when asked again."""
    referral = referrals.locked(referral_id)
    there = newest(referral_id)
    if there is not None:
        return there
    require(referral.state == "vantar_samtycke", "referral", referral_id)
    return _question(Consent(insats=referral.insats, referral_id=referral.id, kind=MAIN))


def ask_again(insats: str, consent_id: uuid.UUID) -> Consent:
    """Ask the person once more, with the text of today: the former record stays as it is, to its end.

    A second click gives the question that is there. 404 outside the team. Raises ConsentFault.
    """
    former = rows.of_team(insats, consent_id)
    return _ask_known(former, former.kind)


def ask_for(insats: str, consent_id: uuid.UUID, kind: str) -> Consent:
    """Ask a person who is known for a yes of another kind that the insats has, in a form of its own.

    `consent_id` is any samtycke of the person in the insats. As `ask_again`; ConsentFault where there is no text.
    """
    former = rows.of_team(insats, consent_id)
    texts.text_of(insats, kind)
    return _ask_known(former, kind)


def _ask_known(former: Consent, kind: str) -> Consent:
    referral = referrals.locked(former.referral_id)
    beside = rows.locked_beside(former, kind)
    waiting = next((row for row in beside if row.state == "fraga"), None)
    if waiting is not None:
        return waiting
    if referral.state not in AGAIN:
        raise ConsentFault(_("Remissen är stängd, så det finns inget att samtycka till. Be om en ny remiss."))
    asked = Consent(
        insats=former.insats,
        referral_id=former.referral_id,
        participant_id=former.participant_id,
        kind=kind,
        ends_by=former.ends_by,
    )
    made = _question(asked)
    signers.copy(former, made)
    return made


def strike(insats: str, consent_id: uuid.UUID) -> None:
    """Take back a question that was asked again and is not answered; a second click changes nothing."""
    row = rows.locked(rows.of_team(insats, consent_id).id)
    if row.state == "fraga":
        row.state = "struken"
        audit.record("andra", "consent", row.id, insats=row.insats, vad="struken_fraga")


def newest(referral_id: uuid.UUID) -> Consent | None:
    """The samtycke that was asked for last with a referral."""
    asked = sa.select(Consent).where(
        Consent.referral_id == referral_id, Consent.kind == MAIN, Consent.state != "struken"
    )
    return session().scalar(asked.order_by(Consent.created_at.desc()).limit(1))


def _question(row: Consent) -> Consent:
    row.state, row.method = "fraga", ""
    texts.freeze(row)
    session().add(row)
    session().flush()
    audit.record("fraga", "consent", row.id, insats=row.insats)
    return row
