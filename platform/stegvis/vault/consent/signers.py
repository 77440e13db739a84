"""Who must sign a samtycke where it is not the person alone: guardians, god man, förvaltare.

Each signs the same frozen text with the own e-ID, or on paper; it is given when all have. When the text changes, what
was collected is void. One who takes it back ends it for all.
"""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.policy import require
from stegvis.identity.audit import service as audit
from stegvis.vault.consent import rows, texts
from stegvis.vault.consent.models import Consent, ConsentSigner
from stegvis.vault.participants import service as participants
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral

SELF = "personen"
REPRESENTATIVES = ("vardnadshavare", "god_man", "forvaltare")
OF_AGE = 18


class SignerFaults(Exception):
    """Somebody who must sign cannot be added as it was typed: a sentence for each field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("the form has faults")
        self.faults = faults


def of(consent_id: uuid.UUID) -> Sequence[ConsentSigner]:
    """Those who must sign, in the order in which they were added; none where the person signs alone."""
    asked = sa.select(ConsentSigner).where(
        ConsentSigner.consent_id == consent_id, ConsentSigner.state != "struken"
    )
    return session().scalars(asked.order_by(ConsentSigner.created_at, ConsentSigner.id)).all()


def left(consent_id: uuid.UUID) -> list[ConsentSigner]:
    """Those who have not signed yet."""
    return [one for one in of(consent_id) if one.state == "vantar"]


def one_of(row: Consent, signer_id: uuid.UUID | None) -> ConsentSigner | None:
    """The signer who is about to sign; without an id the person, who is None where it signs alone.

    404 for an id of another samtycke, and for the person where somebody else signs instead.
    """
    everybody = of(row.id)
    if signer_id is None and not everybody:
        return None
    found = [one for one in everybody if (one.role == SELF if signer_id is None else one.id == signer_id)]
    require(bool(found), "consent", row.id)
    return found[0]


def number_of(row: Consent, signer: ConsentSigner | None) -> str:
    """The personal number that a signature is bound to."""
    if signer is not None and signer.role != SELF:
        return str(signer.number)
    referral = session().get(Referral, row.referral_id)
    assert referral is not None
    return str(referral.number)


def add(consent_id: uuid.UUID, role: str, number: str, name: str, ground: str) -> None:
    """The referral's author says who must sign besides the person. Raises SignerFaults.

    404 for another's referral, and when the question has been answered.
    """
    row = _waiting(consent_id)
    digits = participants.whole_number(number)
    person = number_of(row, None)
    faults = {}
    if role not in REPRESENTATIVES:
        faults["roll"] = _("Välj vad personen är.")
    if digits is None:
        faults["nummer"] = _("Personnumret stämmer inte. Skriv tolv siffror: ÅÅÅÅMMDD-NNNN.")
    elif digits == person:
        faults["nummer"] = _("Det är samma nummer som den samtycket gäller.")
    elif digits in {one.number for one in of(row.id)}:
        faults["nummer"] = _("Den personen finns redan med.")
    elif participants.age_of_number(digits, today()) < OF_AGE:
        faults["nummer"] = _("Den som skriver under för någon annan måste ha fyllt 18 år.")
    if not name.strip():
        faults["namn"] = _("Skriv namnet.")
    if role in ("god_man", "forvaltare") and not ground.strip():
        faults["grund"] = _("Skriv vilket beslut det är, och vad det omfattar.")
    if faults:
        raise SignerFaults(faults)
    if not of(row.id):
        referral = session().get(Referral, row.referral_id)
        assert referral is not None
        _put(row, SELF, person, f"{referral.given_name} {referral.family_name}", "")
    _put(row, role, digits or "", name.strip(), ground.strip())
    audit.record("andra", "consent", row.id, insats=row.insats, vad="undertecknare", roll=role)


def strike(consent_id: uuid.UUID, signer_id: str) -> None:
    """One who was to sign need not; without any representative left the person signs alone."""
    row = _waiting(consent_id)
    found = [one for one in of(row.id) if str(one.id) == signer_id and one.state == "vantar"]
    require(bool(found), "consent", consent_id)
    found[0].state = "struken"
    session().flush()
    rest = of(row.id)
    if all(one.role == SELF for one in rest):
        for one in rest:
            one.state = "struken"
    audit.record("andra", "consent", row.id, insats=row.insats, vad="undertecknare", roll=found[0].role)


def copy(former: Consent, row: Consent) -> None:
    """Whoever had to sign the former samtycke must sign the new one; guardians only until the person is of age."""
    person = number_of(former, None)
    grown = participants.age_of_number(person, today()) >= OF_AGE
    kept = [one for one in of(former.id) if not (grown and one.role == "vardnadshavare")]
    if all(one.role == SELF for one in kept):
        return
    for one in kept:
        _put(row, one.role, one.number, one.name, one.ground or "")


def freeze(row: Consent) -> None:
    """Write the text of today into a question; signatures under another text are void and asked for anew."""
    if not texts.freeze(row):
        return
    session().flush()
    for one in of(row.id):
        if one.state == "signerat":
            one.state, one.method, one.signed_at = "vantar", "", None
            row.valid_to = None


def forget(*where: sa.ColumnElement[bool]) -> int:
    """Take away number, name and ground of those who were to sign what is no more; returns how many."""
    gone = [ConsentSigner.name_sealed.is_not(None), *where]
    asked = (
        sa.update(ConsentSigner)
        .where(*gone)
        .values(number_sealed=None, name_sealed=None, ground_sealed=None, state="struken")
    )
    return session().execute(asked.execution_options(synchronize_session="fetch")).rowcount  # type: ignore[attr-defined]


def sign(signer: ConsentSigner, method: str) -> None:
    """One has signed."""
    signer.state, signer.method, signer.signed_at = "signerat", method, now()


def under_age(referral_id: uuid.UUID) -> bool:
    """Whether the person of an own referral is a child, so that guardians may have to sign."""
    referral = session().get(Referral, referrals.own_id(referral_id))
    return bool(
        referral is not None
        and referral.number_sealed is not None
        and participants.age_of_number(referral.number, today()) < OF_AGE
    )


def _waiting(consent_id: uuid.UUID) -> Consent:
    row = rows.locked(rows.asked_beside(consent_id).id)
    require(row.state == "fraga", "consent", consent_id)
    return row


def _put(row: Consent, role: str, number: str, name: str, ground: str) -> None:
    made = ConsentSigner(consent_id=row.id, role=role, state="vantar", method="")
    made.number, made.name, made.ground = number, name, ground or None
    session().add(made)
    session().flush()
