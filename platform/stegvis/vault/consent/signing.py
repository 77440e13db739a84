"""Signing a samtycke with e-ID: what is sent to be signed, what follows a verified signature, and a failed one."""

import uuid
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import binding, evidence
from stegvis.identity.eid.errors import EidRefused
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.visit import SigningResult
from stegvis.vault.consent import interpreters, keeping, rows, signers, texts
from stegvis.vault.consent.asking import AGAIN
from stegvis.vault.consent.interpreters import Interpreter
from stegvis.vault.consent.models import Consent, ConsentSigner
from stegvis.vault.consent.texts import ConsentFault
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral

# Beside whom: None on the own pages, AUTHOR at the referral's author, an insats at its team.
Beside = str | None
AUTHOR = "author:"


@dataclass(frozen=True)
class ToSign:
    """What is sent to be signed; `signer` is who signs, None for the person who signs alone."""

    consent_id: uuid.UUID
    number: str
    visible_text: str
    binding_line: str
    manifest: str
    transaction: str
    signer: uuid.UUID | None


def to_sign(
    consent_id: uuid.UUID, *, beside: Beside = None, signer_id: uuid.UUID | None = None,
    interpreter: Interpreter = interpreters.NONE,
) -> ToSign:  # fmt: skip
    """Text, manifest and binding of one signing: by the person, or `beside` somebody by any of those who must.

    Raises ConsentFault.
    """
    row = _in_hand(consent_id, beside)
    signer = signers.one_of(row, signer_id if beside else None)
    if row.state != "fraga":
        raise ConsentFault(_("Samtycket är redan besvarat."))
    interpreters.note(row, interpreter)
    signers.freeze(row)
    if signer is not None and signer.state != "vantar":
        raise ConsentFault(_("Den personen har redan skrivit under."))
    transaction = str(uuid.uuid4())
    text = binding.freeze_text(row.text)
    manifest = evidence.manifest_for(**texts.matters(row))
    line = binding.binding_line(tenant=str(current().id), txn=transaction, manifest=manifest, text=text)
    audit.record("borja_signera", "consent", row.id, insats=row.insats)
    number, who = signers.number_of(row, signer), signer.id if signer is not None else None
    return ToSign(row.id, number, text.text, line, manifest.content, transaction, who)


def signed(
    consent_id: uuid.UUID,
    result: SigningResult,
    provider: Provider,
    manifest: str,
    transaction: str,
    *,
    signer_id: uuid.UUID | None = None,
) -> int:
    """Store a verified signing: evidence, samtycke, participant and opened referral, in this transaction.

    Where several must sign, only the last one's opens it. Returns how many are left.
    """
    row = rows.locked(consent_id)
    if row.state == "given":
        return 0
    if row.state != "fraga":
        raise ConsentFault(_("Samtycket är redan besvarat, så underskriften gäller inte."))
    referral = referrals.locked(row.referral_id)
    signer = signers.one_of(row, signer_id)
    days = texts.signed_days(manifest)
    if signer is None:
        # The text is the one that was signed, whatever the plugin says since.
        row.text = result.material.visible_text
        row.text_sha256 = bytes.fromhex(binding.freeze_text(row.text).sha256)
        give(row, referral, "eid", days)
    else:
        _one_of_several(row, referral, signer, result.material.visible_text, days)
    record = evidence.from_signing(
        result, texts.matter(row, signer, result.material, manifest, transaction), provider=provider
    )
    keeping.keep(row.id, "giltig", "", evidence.to_json(record))
    audit.record("signera", "consent", row.id, insats=row.insats, satt="eid", styrka=result.assurance)
    return len(signers.left(row.id))


def _one_of_several(
    row: Consent, referral: Referral, signer: ConsentSigner, text: str, days: tuple[date, date]
) -> None:
    if signer.state != "vantar":
        raise ConsentFault(_("Den personen har redan skrivit under."))
    if text != row.text:
        raise ConsentFault(
            _("Texten ändrades medan du skrev under, så underskriften gäller inte. Läs den igen.")
        )
    signers.sign(signer, "eid")
    row.valid_to = min(days[1], row.valid_to or days[1])
    session().flush()
    if not signers.left(row.id):
        give(row, referral, "eid", (days[0], row.valid_to))


def failed(consent_id: uuid.UUID, refusal: EidRefused) -> None:
    """Keep a try whose verification failed: what was asked, what came, and why it did not hold."""
    row, reason = rows.locked(consent_id), refusal.reason_code.value
    record = {"orsak": reason} if refusal.material is None else evidence.attempt_record(refusal)
    keeping.keep(row.id, "ogiltig", reason, record)
    audit.record("signera_misslyckat", "consent", row.id, insats=row.insats, skal=reason)


def refuse(consent_id: uuid.UUID, *, beside: Beside = None) -> bool:
    """The person (or somebody who must sign) says no: the draft is destroyed, its author is told.

    To a question that was asked again, only the question is answered: the yes that holds runs to its end.
    Returns whether it was such a question.
    """
    return deny(rows.locked(_in_hand(consent_id, beside).id))


def deny(row: Consent) -> bool:
    """What follows a no to a question that is locked; as `refuse`."""
    again = row.participant_id is not None
    if row.state == "nekad":
        return again
    if row.state != "fraga":
        raise ConsentFault(_("Du har redan sagt ja. Du kan ta tillbaka ditt samtycke i stället."))
    row.state = "nekad"
    audit.record("neka_samtycke", "consent", row.id, insats=row.insats)
    if not again:
        referrals.destroy(referrals.locked(row.referral_id))
        signers.forget(ConsentSigner.consent_id == row.id)
    return again


def _in_hand(consent_id: uuid.UUID, beside: Beside) -> Consent:
    if beside is None:
        return rows.own(consent_id)
    return rows.asked_beside(consent_id) if beside == AUTHOR else rows.of_team(beside, consent_id)


def give(row: Consent, referral: Referral, method: str, days: tuple[date, date]) -> None:
    """The yes is whole: the person becomes a participant, the referral opens. Raises ConsentFault."""
    # Somebody who is known already is asked again: the referral is open, or has been closed since.
    again = row.participant_id is not None
    if referral.state not in (AGAIN if again else ("vantar_samtycke",)):
        raise ConsentFault(_("Remissen väntar inte längre på ditt svar."))
    if not again:
        row.participant_id = referrals.open_for_team(referral)
    row.state, row.method, row.signed_at = "given", method, now()
    row.valid_from, row.valid_to = days
    session().flush()
