"""Samtycke: asked, given by e-ID or on paper, refused, taken back; with its frozen text and evidence.

The signature is verified before anything is stored; samtycke, evidence, participant and opened referral are
one transaction. A failed try is kept as evidence in a transaction of its own (walls 18).
"""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, require, subject
from stegvis.identity.access.policy import ask as ask_permission
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import binding, evidence
from stegvis.identity.eid.errors import EidRefused
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.visit import SigningResult
from stegvis.insats.consent import Block, blocks
from stegvis.vault.consent import keeping, texts
from stegvis.vault.consent.keeping import CHAIN as EVIDENCE
from stegvis.vault.consent.keeping import erase_evidence, verify_evidence
from stegvis.vault.consent.models import Consent
from stegvis.vault.consent.texts import ConsentFault
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral
from stegvis.vault.referrals.service import Opened

__all__ = ["EVIDENCE", "erase_evidence", "verify_evidence"]

State = Literal["saknas", "fraga", "given", "nekad", "atertagen", "utgangen"]


@dataclass(frozen=True)
class ConsentState:
    """How a samtycke stands today."""

    state: State
    method: str
    valid_to: date | None


@dataclass(frozen=True)
class ConsentPage:
    """A samtycke as the person reads it: blocks in the chosen language, the Swedish text that is signed."""

    row: Consent
    state: State
    insats_name: str
    title: str
    blocks: tuple[Block, ...]
    language: str
    reviewed: bool
    valid_to: date
    text: str


@dataclass(frozen=True)
class ToSign:
    """What is sent to be signed."""

    consent_id: uuid.UUID
    number: str
    visible_text: str
    binding_line: str
    manifest: str
    transaction: str


# -- asking --------------------------------------------------------------------------------------


def ask(referral_id: uuid.UUID) -> Consent:
    """The question that goes with a sent referral, with its text frozen; the same one when asked again."""
    row = session().scalar(sa.select(Consent).where(Consent.referral_id == referral_id))
    if row is not None:
        return row
    referral = referrals.locked(referral_id)
    require(referral.state == "vantar_samtycke", "referral", referral_id)
    kind = texts.text_of(referral.insats).kind
    row = Consent(insats=referral.insats, referral_id=referral.id, state="fraga", method="", kind=kind)
    texts.freeze(row)
    session().add(row)
    session().flush()
    audit.record("fraga", "consent", row.id, insats=row.insats)
    return row


def page(consent_id: uuid.UUID, language: str) -> ConsentPage:
    """A samtycke for the person it asks; 404 for anybody else."""
    row = _own(consent_id)
    audit.record("las", "consent", row.id, insats=row.insats)
    return _page(row, language)


def page_for_author(referral_id: uuid.UUID, language: str) -> ConsentPage:
    """The question for the person who sits beside the referral's author."""
    mine = referrals.own_id(referral_id)
    row = session().scalar(sa.select(Consent).where(Consent.referral_id == mine))
    require(row is not None, "consent")
    assert row is not None
    audit.record("las", "consent", row.id, insats=row.insats, sida="bredvid")
    return _page(row, language)


def mine() -> list[tuple[Consent, ConsentState, str]]:
    """The samtycken of the person who is logged in: those that wait, then the others, newest first."""
    rows = sorted(_own_rows(), key=lambda row: row.created_at, reverse=True)
    audit.record("lista", "consent", antal=len(rows))
    named = [(row, _state(row), current().forbund.insats_by_id(row.insats).name) for row in rows]
    return sorted(named, key=lambda one: one[1].state != "fraga")


# -- signing -------------------------------------------------------------------------------------


def to_sign(consent_id: uuid.UUID, *, beside_author: bool = False) -> ToSign:
    """Text, manifest and binding of one signing; the person must be the one who is asked."""
    row = _asked_beside(consent_id) if beside_author else _own(consent_id)
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
    row = _locked(consent_id)
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
    row, reason = _locked(consent_id), refusal.reason_code.value
    record = {"orsak": reason} if refusal.material is None else evidence.attempt_record(refusal)
    keeping.keep(row.id, "ogiltig", reason, record)
    audit.record("signera_misslyckat", "consent", row.id, insats=row.insats, skal=reason)


def refuse(consent_id: uuid.UUID, *, beside_author: bool = False) -> None:
    """The person says no: the draft is destroyed, its author is told."""
    row = _locked((_asked_beside(consent_id) if beside_author else _own(consent_id)).id)
    if row.state == "nekad":
        return
    if row.state != "fraga":
        raise ConsentFault(_("Du har redan sagt ja. Du kan ta tillbaka ditt samtycke i stället."))
    row.state = "nekad"
    audit.record("neka_samtycke", "consent", row.id, insats=row.insats)
    referrals.destroy(referrals.locked(row.referral_id))


def withdraw(consent_id: uuid.UUID) -> None:
    """The person takes a samtycke back: it ends at once, with no more steps than giving it."""
    row = _locked(_own(consent_id).id)
    if row.state == "atertagen":
        return
    require(row.state == "given", "consent", consent_id)
    row.state, row.withdrawn_on, row.withdrawn_at = "atertagen", today(), now()
    referrals.close(row.referral_id)
    audit.record("ta_tillbaka", "consent", row.id, insats=row.insats)


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
    row = _locked(row.id)
    if row.state == "given":
        return referral.id
    last = texts.text_of(insats).duration.longest.after(signed_on)
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


# -- asking how it stands ------------------------------------------------------------------------


def state_for(participant_id: uuid.UUID, insats: str, *, hold: bool = False) -> ConsentState:
    """How a participant's samtycke for an insats stands today; the newest counts.

    With `hold` it stays so until this transaction ends: a withdrawal waits, or has come first (walls 17).
    """
    newest = (
        sa.select(Consent)
        .where(Consent.participant_id == participant_id, Consent.insats == insats)
        .order_by(Consent.created_at.desc())
        .limit(1)
    )
    if hold:
        newest = newest.with_for_update(read=True).execution_options(populate_existing=True)
    row = session().scalar(newest)
    return _state(row) if row is not None else ConsentState("saknas", "", None)


def states(insats: str) -> dict[uuid.UUID, ConsentState]:
    """How every participant's samtycke for an insats stands today, in one statement."""
    rows = session().scalars(
        sa.select(Consent)
        .where(Consent.insats == insats, Consent.participant_id.is_not(None))
        .order_by(Consent.created_at)
    )
    return {row.participant_id: _state(row) for row in rows if row.participant_id is not None}


def receipt(consent_id: uuid.UUID) -> evidence.Evidence:
    """The evidence of a samtycke given with e-ID, for the person's own receipt; 404 where there is none."""
    row = _own(consent_id)
    kept = keeping.valid(row.id) if row.method == "eid" else None
    require(kept is not None, "consent", consent_id)
    assert kept is not None
    audit.record("exportera", "consent", row.id, insats=row.insats, vad="kvitto")
    return evidence.from_json(kept)


# -- inside --------------------------------------------------------------------------------------


def _page(row: Consent, language: str) -> ConsentPage:
    # What is read and what is signed are one text, also when the plugin was upgraded since the question.
    if row.state == "fraga":
        texts.freeze(row)
    text = texts.text_of(row.insats)
    shown = language if language in text.languages else "sv"
    return ConsentPage(
        row=row,
        state=_state(row).state,
        insats_name=current().forbund.insats_by_id(row.insats).name,
        title=text.title.get(shown),
        blocks=blocks(text, shown, texts.names_in(row.insats)),
        language=shown,
        reviewed=shown in text.reviewed,
        valid_to=row.valid_to or text.duration.longest.after(today()),
        text=row.text,
    )


def _own_rows() -> list[Consent]:
    """The samtycken that ask, or were given by, the person who is logged in."""
    person = accounts.participant_of(actor().account)
    waiting = [row.id for row in referrals.waiting_for_person()]
    asked = sa.and_(Consent.referral_id.in_(waiting), Consent.state == "fraga")
    given = Consent.participant_id == person if person is not None else sa.false()
    return list(session().scalars(sa.select(Consent).where(sa.or_(asked, given))))


def _own(consent_id: uuid.UUID) -> Consent:
    found = [row for row in _own_rows() if row.id == consent_id]
    require(bool(found), "consent", consent_id)
    return found[0]


def _asked_beside(consent_id: uuid.UUID) -> Consent:
    row = session().get(Consent, consent_id)
    require(row is not None, "consent", consent_id)
    assert row is not None
    referrals.own_id(row.referral_id)
    return row


def _locked(consent_id: uuid.UUID) -> Consent:
    asked = sa.select(Consent).where(Consent.id == consent_id).with_for_update()
    # Read again under the lock: what was read before it may have been answered meanwhile.
    row = session().scalar(asked.execution_options(populate_existing=True))
    require(row is not None, "consent", consent_id)
    assert row is not None
    return row


def _state(row: Consent) -> ConsentState:
    state: Any = row.state
    if row.state == "given" and row.valid_to is not None and row.valid_to < today():
        state = "utgangen"
    return ConsentState(state, row.method, row.valid_to)


def _give(row: Consent, referral: Referral, method: str, days: tuple[date, date]) -> None:
    if referral.state != "vantar_samtycke":
        raise ConsentFault(_("Remissen väntar inte längre på ditt svar."))
    row.participant_id = referrals.open_for_team(referral)
    row.state, row.method, row.signed_at = "given", method, now()
    row.valid_from, row.valid_to = days
    session().flush()
