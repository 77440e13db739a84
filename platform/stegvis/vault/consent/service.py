"""Samtycke: asked, given by e-ID or on paper, refused, taken back; with its frozen text and evidence.

The room's public door: asking lies in `asking`, ending in `ending`, how they stand in `standing`, what pages show
in `pages`. The signature is verified before anything is stored; samtycke, evidence, participant and opened
referral are one transaction. A failed try is kept as evidence in a transaction of its own (walls 18).
"""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, require, subject
from stegvis.identity.access.policy import ask as ask_permission
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import binding, evidence
from stegvis.identity.eid.errors import EidRefused
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.visit import SigningResult
from stegvis.vault.consent import keeping, rows, texts
from stegvis.vault.consent.asking import AGAIN, ask, ask_again, strike
from stegvis.vault.consent.ending import (
    HOW_TOLD,
    ToldFaults,
    at_avslut,
    tell,
    untold,
    withdraw,
    withdraw_by_staff,
)
from stegvis.vault.consent.keeping import CHAIN as EVIDENCE
from stegvis.vault.consent.keeping import erase_evidence, verify_evidence
from stegvis.vault.consent.models import Consent
from stegvis.vault.consent.pages import (
    ConsentPage,
    Mine,
    StaffPage,
    mine,
    page,
    page_for_author,
    soon,
    staff_page,
)
from stegvis.vault.consent.standing import (
    ConsentState,
    State,
    of_referrals,
    state_for,
    states,
)
from stegvis.vault.consent.texts import ConsentFault
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral
from stegvis.vault.referrals.service import Opened

__all__ = [
    "EVIDENCE",
    "HOW_TOLD",
    "ConsentFault",
    "ConsentPage",
    "ConsentState",
    "Mine",
    "StaffPage",
    "State",
    "ToldFaults",
    "ask",
    "ask_again",
    "at_avslut",
    "erase_evidence",
    "mine",
    "of_referrals",
    "page",
    "page_for_author",
    "soon",
    "staff_page",
    "state_for",
    "states",
    "strike",
    "tell",
    "untold",
    "verify_evidence",
    "withdraw",
    "withdraw_by_staff",
]


@dataclass(frozen=True)
class ToSign:
    """What is sent to be signed."""

    consent_id: uuid.UUID
    number: str
    visible_text: str
    binding_line: str
    manifest: str
    transaction: str


# -- signing -------------------------------------------------------------------------------------


def to_sign(consent_id: uuid.UUID, *, beside_author: bool = False) -> ToSign:
    """Text, manifest and binding of one signing; the person must be the one who is asked."""
    row = rows.asked_beside(consent_id) if beside_author else rows.own(consent_id)
    if row.state != "fraga":
        raise ConsentFault(_("Samtycket är redan besvarat."))
    texts.freeze(row)
    referral = session().get(Referral, row.referral_id)
    assert referral is not None
    transaction = str(uuid.uuid4())
    text = binding.freeze_text(row.text)
    manifest = evidence.manifest_for(**texts.matters(row))
    line = binding.binding_line(tenant=str(current().id), txn=transaction, manifest=manifest, text=text)
    audit.record("borja_signera", "consent", row.id, insats=row.insats)
    return ToSign(row.id, referral.number, text.text, line, manifest.content, transaction)


def signed(
    consent_id: uuid.UUID, result: SigningResult, provider: Provider, manifest: str, transaction: str
) -> uuid.UUID:
    """Store a verified signing: evidence, samtycke, participant and opened referral, in this transaction."""
    row = rows.locked(consent_id)
    if row.state == "given":
        return row.id
    if row.state != "fraga":
        raise ConsentFault(_("Samtycket är redan besvarat, så underskriften gäller inte."))
    referral = referrals.locked(row.referral_id)
    _give(row, referral, "eid", texts.signed_days(manifest))
    # The text is the one that was signed, whatever the plugin says since.
    row.text = result.material.visible_text
    row.text_sha256 = bytes.fromhex(binding.freeze_text(row.text).sha256)
    record = evidence.from_signing(
        result, texts.matter(row, result.material, manifest, transaction), provider=provider
    )
    keeping.keep(row.id, "giltig", "", evidence.to_json(record))
    audit.record("signera", "consent", row.id, insats=row.insats, satt="eid", styrka=result.assurance)
    return row.id


def failed(consent_id: uuid.UUID, refusal: EidRefused) -> None:
    """Keep a try whose verification failed: what was asked, what came, and why it did not hold."""
    row, reason = rows.locked(consent_id), refusal.reason_code.value
    record = {"orsak": reason} if refusal.material is None else evidence.attempt_record(refusal)
    keeping.keep(row.id, "ogiltig", reason, record)
    audit.record("signera_misslyckat", "consent", row.id, insats=row.insats, skal=reason)


def refuse(consent_id: uuid.UUID, *, beside_author: bool = False) -> bool:
    """The person says no: the draft is destroyed, its author is told.

    To a question that was asked again, only the question is answered: the yes that holds runs to its end.
    Returns whether it was such a question.
    """
    row = rows.locked((rows.asked_beside(consent_id) if beside_author else rows.own(consent_id)).id)
    again = row.participant_id is not None
    if row.state == "nekad":
        return again
    if row.state != "fraga":
        raise ConsentFault(_("Du har redan sagt ja. Du kan ta tillbaka ditt samtycke i stället."))
    row.state = "nekad"
    audit.record("neka_samtycke", "consent", row.id, insats=row.insats)
    if not again:
        referrals.destroy(referrals.locked(row.referral_id))
    return again


# -- on paper ------------------------------------------------------------------------------------


def paper(insats: str, number: str, signed_on: date, note: str) -> uuid.UUID:
    """Staff registers a samtycke that was signed on paper; what follows is the same as after an e-ID.

    `note` says where the paper lies. Returns the referral's id. Raises ConsentFault.
    """
    ask_permission(Action.WORK, subject(insats), "insats")
    referral = referrals.sent_about_number(insats, number)
    if referral is not None and referral.state == "oppen" and _registered_by_actor(referral.id):
        # The other click on the button was committed first.
        return referral.id
    if referral is None or referral.state != "vantar_samtycke":
        raise ConsentFault(
            _(
                "Det finns ingen remiss som väntar på den här personen. Kontrollera numret, eller be om en remiss."
            )
        )
    if signed_on > today():
        raise ConsentFault(_("Datumet har inte varit än. Skriv den dag då pappret skrevs under."))
    if texts.text_of(insats).duration.longest.after(signed_on) < today():
        raise ConsentFault(_("Samtycket på pappret har redan gått ut. Be personen om ett nytt."))
    row = ask(referral.id)
    row = rows.locked(row.id)
    if row.state == "given":
        return referral.id
    last = texts.terms_of(row).last_day(signed_on, row.ends_by)
    _give(row, referrals.locked(referral.id), "papper", (signed_on, last))
    row.registered_by, row.paper_note = actor().account, note
    record = {"satt": "papper", "undertecknat": signed_on.isoformat(), "text": row.text}
    keeping.keep(row.id, "giltig", "", record | {"registrerat_av": str(actor().account), "var": note})
    audit.record("signera", "consent", row.id, insats=row.insats, satt="papper")
    return referral.id


def _registered_by_actor(referral_id: uuid.UUID) -> bool:
    found = session().scalar(
        sa.select(Consent.registered_by).where(Consent.referral_id == referral_id, Consent.state == "given")
    )
    return found == actor().account


# -- what rests on it ----------------------------------------------------------------------------


def papers(insats: str, referral_id: uuid.UUID) -> Opened | None:
    """A referral as the team reads it, or None when the samtycke that opened it holds no longer.

    Samtycke and papers are asked for in one statement: no withdrawal can slip in between (walls 17). 404 for
    somebody outside the team.
    """
    referrals.allow_team(insats, referral_id)
    # Read anew: what this transaction has seen of the row before says nothing about the samtycke now.
    row = session().scalar(
        _with_valid_consent(sa.select(Referral), referral_id).execution_options(populate_existing=True)
    )
    return referrals.read_by_team(row) if row is not None else None


def holds(insats: str, referral_id: uuid.UUID) -> bool:
    """Whether the team may still read a referral's papers: what an open page asks again and again."""
    referrals.allow_team(insats, referral_id)
    return session().scalar(_with_valid_consent(sa.select(Referral.id), referral_id)) is not None


def _with_valid_consent(asked: Any, referral_id: uuid.UUID) -> Any:
    day = today()
    return asked.join(Consent, Consent.referral_id == Referral.id).where(
        Referral.id == referral_id,
        Consent.state == "given",
        Consent.valid_from <= day,
        Consent.valid_to >= day,
    )


# -- the receipt --------------------------------------------------------------------------------


def receipt(consent_id: uuid.UUID) -> evidence.Evidence:
    """The evidence of a samtycke given with e-ID, for the person's own receipt; 404 where there is none."""
    row = rows.own(consent_id)
    kept = keeping.valid(row.id) if row.method == "eid" else None
    require(kept is not None, "consent", consent_id)
    assert kept is not None
    audit.record("exportera", "consent", row.id, insats=row.insats, vad="kvitto")
    return evidence.from_json(kept)


# -- inside --------------------------------------------------------------------------------------


def _give(row: Consent, referral: Referral, method: str, days: tuple[date, date]) -> None:
    # Somebody who is known already is asked again: the referral is open, or has been closed since.
    again = row.participant_id is not None
    if referral.state not in (AGAIN if again else ("vantar_samtycke",)):
        raise ConsentFault(_("Remissen väntar inte längre på ditt svar."))
    if not again:
        row.participant_id = referrals.open_for_team(referral)
    row.state, row.method, row.signed_at = "given", method, now()
    row.valid_from, row.valid_to = days
    session().flush()
