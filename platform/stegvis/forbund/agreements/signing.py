"""The signer's side of an agreement: a link, who is it, the document, the signature. Nobody here has an account.

A signature is verified before anything is stored; signature, evidence and what follows are one transaction, in
which the agreement is locked. A try that did not hold is kept in a transaction of its own (walls 18).
"""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.forbund.agreements import files, keeping, rules, texts, views
from stegvis.forbund.agreements.files import AgreementFault
from stegvis.forbund.agreements.models import (
    Agreement,
    AgreementFile,
    AgreementParty,
    AgreementSignature,
    AgreementSigner,
)
from stegvis.forbund.agreements.rules import Case, RuleBroken
from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import binding, evidence
from stegvis.identity.eid.errors import EidRefused
from stegvis.identity.eid.evidence import Attachment, Evidence
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.visit import SigningResult

FINISH = "satt_samman_overenskommelse"
TEMPLATE, TEMPLATE_VERSION = "stegvis-avtal", "1"


@dataclass(frozen=True)
class Opened:
    """An agreement as one of its signers meets it. Before the e-ID only `kind` and `state` may be shown.

    `state`: open, signed, closed (the party has enough, or all have signed).
    """

    signer_id: uuid.UUID
    kind: str
    state: str
    title: str
    name: str = field(repr=False)
    party: str
    role: str
    parties: tuple[str, ...]
    file_name: str
    file_size: int
    fingerprint: str
    due_on: date | None
    signed_at: datetime | None
    way: str


@dataclass(frozen=True)
class ToSign:
    """What is sent to be signed."""

    signer_id: uuid.UUID
    version: int
    number: str = field(repr=False)
    visible_text: str = field(repr=False)
    binding_line: str
    manifest: str
    transaction: str


# -- the link ------------------------------------------------------------------------------------


def signer_of(token: str) -> tuple[uuid.UUID, str] | None:
    """Whose link it is, and what holds a browser to this very link; None for one that opens nothing."""
    digest = hashlib.sha256(token.encode()).digest()
    row = session().scalar(sa.select(AgreementSigner).where(AgreementSigner.token_hash == digest))
    if row is None or not _in_use(row, digest.hex()):
        return None
    return row.id, digest.hex()


def opened(signer_id: uuid.UUID, link: str) -> Opened | None:
    """The agreement behind a link that this browser has opened, or None when the link has ended."""
    signer = session().get(AgreementSigner, signer_id)
    if signer is None or not _in_use(signer, link):
        return None
    row, party, document = _around(signer)
    case = views.case_of(row)
    kept = valid_record(row.id, signer.id, row.version)
    open_for = signer.id in {one.id for one in case.may_sign}
    words = views.words_of(signer, party)
    return Opened(
        signer_id=signer.id,
        kind=row.kind,
        state="signed" if kept else "open" if open_for else "closed",
        title=row.title,
        name=words.name,
        party=words.party,
        role=texts.role_of(words),
        parties=views.party_names(row.id),
        file_name=document.name,
        file_size=document.size,
        fingerprint=binding.fingerprint(document.sha256.hex()),
        due_on=row.due_on,
        signed_at=kept.signed_at if kept else None,
        way=kept.way if kept else "",
    )


def identified(signer_id: uuid.UUID, link: str, number: str) -> bool:
    """Whether the person at the e-ID is the one whom the link is for; what is not so is kept as a refusal."""
    signer = session().get(AgreementSigner, signer_id)
    if signer is None or not _in_use(signer, link):
        return False
    if not hmac.compare_digest((signer.number or "").encode(), number.encode()):
        audit.record_refusal("annan_person", "agreement", signer.agreement_id)
        return False
    return True


def read(signer_id: uuid.UUID) -> None:
    """That a signer, known by the e-ID, has the page open."""
    audit.record("las", "agreement", _signer(signer_id).agreement_id, som="undertecknare")


def document(signer_id: uuid.UUID) -> tuple[bytes, str]:
    """The document that a signer is asked to sign: content and name."""
    row, _party, found = _around(_signer(signer_id))
    audit.record("exportera", "agreement", row.id, fil="dokument", som="undertecknare")
    return files.content_of(found), found.name


def receipt(signer_id: uuid.UUID) -> Evidence | None:
    """The evidence of the signer's own signature, if it was made with e-ID."""
    signer = _signer(signer_id)
    row, _party, _document = _around(signer)
    kept = valid_record(row.id, signer.id, row.version)
    if kept is None or kept.way != "eid":
        return None
    audit.record("exportera", "agreement", row.id, fil="kvitto", som="undertecknare")
    return evidence.from_json(kept.record)


# -- signing -------------------------------------------------------------------------------------


def to_sign(signer_id: uuid.UUID) -> ToSign:
    """Text, manifest and binding of one signing. Raises AgreementFault when it is not the time for it."""
    signer = _signer(signer_id)
    row, party, found = _around(signer)
    case = views.case_of(row)
    if signer.id not in {one.id for one in case.may_sign} or not signer.number:
        raise AgreementFault(_("Dokumentet tar inte emot din underskrift nu. Inget är ändrat."))
    transaction = str(uuid.uuid4())
    text = texts.text_to_sign(
        kind=row.kind,
        title=row.title,
        file=found.name,
        version=row.version,
        sha256=found.sha256.hex(),
        parties=views.party_names(row.id),
        signer=views.words_of(signer, party),
        forbund=current().forbund.forbund.name,
    )
    manifest = _manifest(row, found)
    line = binding.binding_line(tenant=str(current().id), txn=transaction, manifest=manifest, text=text)
    audit.record("borja_signera", "agreement", row.id, insats=row.insats)
    return ToSign(signer.id, row.version, signer.number, text.text, line, manifest.content, transaction)


def signed(
    signer_id: uuid.UUID,
    version: int,
    result: SigningResult,
    *,
    provider: Provider,
    manifest: str,
    transaction: str,
) -> None:
    """Store a verified signature. Raises AgreementFault, with nothing stored, when it does not count any more."""
    signer = _signer(signer_id)
    row = locked(signer.agreement_id)
    assert row is not None
    case = views.case_of(row)
    if case.has_signed(signer.id) and version == row.version:
        return
    try:
        after = rules.sign(case, signer.id, result.identity.personnummer, version)
    except RuleBroken as broken:
        raise AgreementFault(texts.faults_on_screen()[broken.fault]) from None
    party = session().get(AgreementParty, signer.party_id)
    assert party is not None
    content = json.loads(manifest)
    matter = evidence.Matter(
        tenant=str(current().id),
        controller=content["controller"],
        transaction_id=transaction,
        case_id=str(row.id),
        subject_id=str(row.id),
        signer_role=texts.role_of(views.words_of(signer, party)),
        kind=content["kind"],
        legal_ground=content["legal_ground"],
        template_id=content["template_id"],
        template_version=content["template_version"],
        language=content["language"],
        text=result.material.visible_text,
        manifest_json=manifest,
        binding_line=result.material.binding_line,
        parties=tuple(content["parties"]),
        data_categories=tuple(content["data_categories"]),
        purpose=content["purpose"],
        valid_from=None,
        valid_to=None,
        attachments=tuple(Attachment(**one) for one in content["attachments"]),
    )
    record = evidence.from_signing(result, matter, provider=provider)
    keeping.keep(
        row.id,
        signer.id,
        version,
        way="eid",
        verdict="giltig",
        record=evidence.to_json(record),
        signed_at=record.times.signed_at or record.times.completed_at,
    )
    audit.record("signera", "agreement", row.id, insats=row.insats, satt="eid", styrka=result.assurance)
    finish(row, after)


def failed(signer_id: uuid.UUID, version: int, refusal: EidRefused) -> None:
    """Keep a try whose verification failed: what was asked, what came, and why it did not hold."""
    reason = refusal.reason_code.value
    record = {"orsak": reason} if refusal.material is None else evidence.attempt_record(refusal)
    not_counted(signer_id, version, reason, record)


def too_late(signer_id: uuid.UUID, version: int, result: SigningResult) -> None:
    """Keep a signature that held but came when it did not count any more (the document changed, it was void)."""
    material = result.material
    record = {
        "orsak": "raknas_inte",
        "transaktion": result.identity.txn,
        "rad": material.binding_line,
        "text": material.visible_text,
        "id_token": result.identity.id_token,
        "tid": material.completed_at.isoformat(),
    }
    not_counted(signer_id, version, "raknas_inte", record)


def not_counted(signer_id: uuid.UUID, version: int, reason: str, record: dict[str, Any]) -> None:
    """A try that is kept and does not count."""
    signer = _signer(signer_id)
    keeping.keep(
        signer.agreement_id, signer.id, version, way="eid", verdict="ogiltig", reason=reason, record=record
    )
    audit.record("signera_misslyckat", "agreement", signer.agreement_id, skal=reason)


def finish(row: Agreement, after: Case) -> None:
    """After a signature: the last one completes the agreement, and the worker puts it together."""
    row.state = after.state
    if after.state == "complete":
        row.ended_at = now()
        jobs.add(FINISH, {"agreement": str(row.id)}, key=f"{FINISH}:{row.id}:{row.version}")


# -- what both sides use -------------------------------------------------------------------------


def locked(agreement_id: uuid.UUID) -> Agreement | None:
    """The agreement as it is now, held until this transaction ends."""
    asked = sa.select(Agreement).where(Agreement.id == agreement_id).with_for_update()
    return session().scalar(asked.execution_options(populate_existing=True))


def valid_record(agreement_id: uuid.UUID, signer_id: uuid.UUID, version: int) -> AgreementSignature | None:
    """The signature of a version that counts, with its record."""
    return session().scalar(
        sa.select(AgreementSignature)
        .where(
            AgreementSignature.agreement_id == agreement_id,
            AgreementSignature.signer_id == signer_id,
            AgreementSignature.version == version,
            AgreementSignature.verdict == "giltig",
        )
        .order_by(AgreementSignature.seq)
        .limit(1)
    )


# -- inside --------------------------------------------------------------------------------------


def _in_use(signer: AgreementSigner, link: str) -> bool:
    return (
        signer.removed_at is None
        and signer.token_hash is not None
        and hmac.compare_digest(signer.token_hash.hex(), link)
        and signer.token_ends_at is not None
        and signer.token_ends_at > now()
    )


def _signer(signer_id: uuid.UUID) -> AgreementSigner:
    found = session().get(AgreementSigner, signer_id)
    assert found is not None
    return found


def _around(signer: AgreementSigner) -> tuple[Agreement, AgreementParty, AgreementFile]:
    row, party = session().get(Agreement, signer.agreement_id), session().get(AgreementParty, signer.party_id)
    assert row is not None and party is not None
    found = files.find(row.id, row.version, "dokument")
    assert found is not None
    return row, party, found


def _manifest(row: Agreement, found: AgreementFile) -> binding.Manifest:
    """What everybody signs besides the own text: one and the same for all signers of a version."""
    made = evidence.manifest_for(
        controller=current().forbund.forbund.name,
        kind=row.kind,
        legal_ground="avtal" if row.kind == "overenskommelse" else "ansokan",
        template_id=TEMPLATE,
        template_version=TEMPLATE_VERSION,
        language="sv",
        parties=views.party_names(row.id),
        data_categories=(),
        purpose=row.title,
        valid_from=None,
        valid_to=None,
        attachments=(Attachment(found.name, files.PDF, found.sha256.hex()),),
    )
    content = json.loads(made.content) | {"case_id": str(row.id), "document_version": row.version}
    return binding.freeze_manifest(content)
