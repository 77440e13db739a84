"""Agreements by the förbund's staff: drafted, sent, reminded, changed, void, and what was signed on paper."""

import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.forbund.agreements import files, keeping, rules, signing, views
from stegvis.forbund.agreements.files import AgreementFault, Upload
from stegvis.forbund.agreements.importing import import_trail
from stegvis.forbund.agreements.keeping import CHAIN, verify_signatures
from stegvis.forbund.agreements.models import (
    Agreement,
    AgreementParty,
    AgreementReminder,
    AgreementSigner,
)
from stegvis.forbund.agreements.rules import Case, RuleBroken, Signer
from stegvis.forbund.agreements.texts import GROUNDS, KINDS, WITH_NOTE, faults_on_screen
from stegvis.forbund.agreements.views import AgreementView, Listed
from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, ask, require, subject
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import binding, evidence
from stegvis.identity.eid.evidence import Evidence

__all__ = ["CHAIN", "AgreementFault", "AgreementView", "Listed", "import_trail", "verify_signatures"]

LINK_DAYS = 30
LONGEST = 200
SOON = timedelta(days=7)


@dataclass(frozen=True)
class NewSigner:
    """A signer as typed: number is twelve digits, or empty for somebody who signs on paper."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    party: str
    title: str
    ground: str
    note: str = ""


@dataclass(frozen=True)
class Link:
    """A link to pass on: it stands nowhere else, and is shown once."""

    name: str
    party: str
    token: str = field(repr=False)


# -- reading -------------------------------------------------------------------------------------


def listed() -> list[Listed]:
    """Every agreement, those that wait first."""
    _ask()
    found = views.listed()
    audit.record("lista", "agreement", antal=len(found))
    return found


def due_soon() -> list[Listed]:
    """What lacks signatures and is due within a week, or should have been signed: for the first page."""
    _ask()
    last = today() + SOON
    return [
        one
        for one in views.listed()
        if one.row.state == "collecting" and one.row.due_on is not None and one.row.due_on <= last
    ]


def page(agreement_id: uuid.UUID) -> AgreementView:
    """One agreement with everybody who signs it."""
    row = _row(agreement_id)
    audit.record("las", "agreement", row.id, insats=row.insats)
    return views.view_of(row)


def file(agreement_id: uuid.UUID, kind: str, signer_id: uuid.UUID | None = None) -> tuple[bytes, str, str]:
    """A file of an agreement: content, name, media type; 404 where there is none."""
    row = _row(agreement_id)
    found = files.find(row.id, row.version, kind, signer_id)
    require(found is not None, "agreement", agreement_id)
    assert found is not None
    audit.record("exportera", "agreement", row.id, insats=row.insats, fil=kind)
    return files.content_of(found), found.name, files.mime_of(found)


def receipt(agreement_id: uuid.UUID, signer_id: uuid.UUID) -> Evidence:
    """The evidence of one signature with e-ID; 404 where there is none."""
    row = _row(agreement_id)
    kept = signing.valid_record(row.id, signer_id, row.version)
    require(kept is not None and kept.way == "eid", "agreement", agreement_id)
    assert kept is not None
    audit.record("exportera", "agreement", row.id, insats=row.insats, fil="kvitto")
    return evidence.from_json(kept.record)


# -- drafting ------------------------------------------------------------------------------------


def create(kind: str, title: str, insats: str, due_on: date | None, document: Upload) -> uuid.UUID:
    """A new draft with its document. Raises AgreementFault."""
    _ask()
    if kind not in KINDS:
        raise AgreementFault(_("Välj om det är en ansökan eller en överenskommelse."))
    if insats and all(one.id != insats for one in current().forbund.insats):
        audit.record_refusal("annan_insats", "insats")
        raise AgreementFault(_("Den insatsen finns inte här. Inget är ändrat."))
    row = Agreement(
        kind=kind, title=_clean(title), insats=insats, due_on=due_on, made_by=actor().account, state="draft"
    )
    session().add(row)
    session().flush()
    files.keep(row.id, row.version, "dokument", document)
    audit.record("skapa", "agreement", row.id, insats=insats, slag=kind)
    return row.id


def add_signer(agreement_id: uuid.UUID, typed: NewSigner) -> None:
    """Add somebody who signs for a party, which is made when its name is new here. Raises AgreementFault."""
    row = _locked(agreement_id)
    name, title, note = _clean(typed.name), _clean(typed.title), _clean(typed.note)
    if typed.ground not in GROUNDS:
        raise AgreementFault(_("Välj vad som ger rätt att skriva under."))
    if typed.ground in WITH_NOTE and not note:
        raise AgreementFault(_("Skriv beslutets nummer, eller vem personen företräder."))
    case, parties = views.case_of(row), _parties(row.id)
    party = next((one for one in parties if one.name.casefold() == _clean(typed.party).casefold()), None)
    if party is None:
        party = AgreementParty(
            agreement_id=row.id, position=len(parties) + 1, name=_clean(typed.party), needed=0
        )
    signer = AgreementSigner(
        agreement_id=row.id,
        party_id=party.id,
        position=len(case.signers) + 1,
        name=name,
        title=title,
        number=typed.number or None,
        number_hash=current().keys.search_hash(typed.number) if typed.number else None,
        ground=typed.ground,
        ground_note=note or None,
    )
    _by_rule(lambda: rules.with_signer(case, Signer(signer.id, party.id, typed.number or None)))
    session().add(party)
    session().flush()
    session().add(signer)
    session().flush()
    audit.record("andra", "agreement", row.id, insats=row.insats, vad="undertecknare")


def remove_signer(agreement_id: uuid.UUID, signer_id: uuid.UUID) -> None:
    """Take a signer out of a draft. Raises AgreementFault."""
    row = _locked(agreement_id)
    signer = _signer(row, signer_id)
    after = _by_rule(lambda: rules.without_signer(views.case_of(row), signer_id))
    signer.removed_at = now()
    party = session().get(AgreementParty, signer.party_id)
    assert party is not None
    # Nobody is asked for more than there are.
    party.needed = min(party.needed, len(after.of_party(party.id)))
    audit.record("andra", "agreement", row.id, insats=row.insats, vad="undertecknare")


def ask_of_party(agreement_id: uuid.UUID, party_id: uuid.UUID, needed: int) -> None:
    """Say how many of a party's signers must sign; 0 is all. Raises AgreementFault."""
    row = _locked(agreement_id)
    party = session().get(AgreementParty, party_id)
    require(party is not None and party.agreement_id == row.id, "agreement", agreement_id)
    assert party is not None
    _by_rule(lambda: rules.ask_of(views.case_of(row), party.id, needed))
    party.needed = needed
    audit.record("andra", "agreement", row.id, insats=row.insats, vad="krav")


def change_document(agreement_id: uuid.UUID, document: Upload) -> None:
    """Another document: a new version in draft; signatures and links of the old one count no more."""
    row = _locked(agreement_id)
    after = _by_rule(lambda: rules.change_document(views.case_of(row)))
    row.version, row.state, row.sent_at = after.version, after.state, None
    _end_links(row)
    files.keep(row.id, row.version, "dokument", document)
    audit.record("andra", "agreement", row.id, insats=row.insats, vad="dokument", version=row.version)


# -- sending -------------------------------------------------------------------------------------


def send(agreement_id: uuid.UUID) -> list[Link]:
    """Begin to collect: a link for each signer with a number, shown once. Raises AgreementFault."""
    row = _locked(agreement_id)
    after = _by_rule(lambda: rules.send(views.case_of(row)))
    row.state, row.sent_at = after.state, now()
    parties = {one.id: one.name for one in _parties(row.id)}
    links = [
        Link(one.name, parties[one.party_id], _new_link(one, "lank")) for one in _signers(row) if one.number
    ]
    audit.record("skicka", "agreement", row.id, insats=row.insats, antal=len(links))
    return links


def remind(agreement_id: uuid.UUID, signer_id: uuid.UUID) -> Link:
    """A new link for somebody who has not signed, to pass on with a reminder; the old one ends."""
    row = _locked(agreement_id)
    signer = _signer(row, signer_id)
    if signer_id not in {one.id for one in views.case_of(row).may_sign} or not signer.number:
        raise AgreementFault(_("Personen behöver inte skriva under här nu. Inget är ändrat."))
    party = session().get(AgreementParty, signer.party_id)
    assert party is not None
    token = _new_link(signer, "paminnelse")
    audit.record("paminn", "agreement", row.id, insats=row.insats)
    return Link(signer.name, party.name, token)


def make_void(agreement_id: uuid.UUID, reason: str) -> None:
    """It shall not be signed: links end, what was signed stays on record. Raises AgreementFault."""
    row = _locked(agreement_id)
    if len(_clean(reason)) < 3:
        raise AgreementFault(_("Skriv varför dokumentet makuleras. Inget är ändrat."))
    after = _by_rule(lambda: rules.make_void(views.case_of(row)))
    row.state, row.ended_at, row.void_reason = after.state, now(), _clean(reason)
    _end_links(row)
    audit.record("makulera", "agreement", row.id, insats=row.insats)


def register_paper(
    agreement_id: uuid.UUID, signer_id: uuid.UUID, signed_on: date, place: str, scan: Upload
) -> None:
    """Somebody signed on paper: who registers it, the day, where the original lies, and the scan. AgreementFault."""
    row = _locked(agreement_id)
    signer = _signer(row, signer_id)
    if signed_on > today():
        raise AgreementFault(_("Dagen har inte varit än. Skriv dagen då pappret skrevs under."))
    if not _clean(place):
        raise AgreementFault(_("Skriv var originalet förvaras."))
    after = _by_rule(lambda: rules.sign(views.case_of(row), signer.id, signer.number, row.version))
    kept = files.keep(row.id, row.version, "skannat", scan, signer.id)
    document = files.find(row.id, row.version, "dokument")
    assert document is not None
    record: dict[str, Any] = {
        "format": "stegvis-papper:1",
        "namn": signer.name,
        "undertecknat": signed_on.isoformat(),
        "original": _clean(place),
        "registrerat_av": str(actor().account),
        "registrerat_av_namn": actor().name,
        "skannat_sha256": kept.sha256.hex(),
        "dokument_sha256": document.sha256.hex(),
    }
    keeping.keep(row.id, signer.id, row.version, way="papper", verdict="giltig", record=record)
    audit.record("signera", "agreement", row.id, insats=row.insats, satt="papper")
    signing.finish(row, after)


# -- inside --------------------------------------------------------------------------------------


def _ask(agreement_id: uuid.UUID | None = None) -> None:
    ask(Action.FORBUND, subject(), "agreement", agreement_id)


def _row(agreement_id: uuid.UUID) -> Agreement:
    _ask(agreement_id)
    row = session().get(Agreement, agreement_id)
    require(row is not None, "agreement", agreement_id)
    assert row is not None
    return row


def _locked(agreement_id: uuid.UUID) -> Agreement:
    """The agreement, for a change: one after another, so that nobody signs what is just being changed."""
    _ask(agreement_id)
    row = signing.locked(agreement_id)
    require(row is not None, "agreement", agreement_id)
    assert row is not None
    return row


def _signer(row: Agreement, signer_id: uuid.UUID) -> AgreementSigner:
    found = session().get(AgreementSigner, signer_id)
    require(
        found is not None and found.agreement_id == row.id and found.removed_at is None, "agreement", row.id
    )
    assert found is not None
    return found


def _signers(row: Agreement) -> list[AgreementSigner]:
    asked = sa.select(AgreementSigner).where(
        AgreementSigner.agreement_id == row.id, AgreementSigner.removed_at.is_(None)
    )
    return list(session().scalars(asked.order_by(AgreementSigner.position)))


def _parties(agreement_id: uuid.UUID) -> list[AgreementParty]:
    asked = sa.select(AgreementParty).where(AgreementParty.agreement_id == agreement_id)
    return list(session().scalars(asked.order_by(AgreementParty.position)))


def _new_link(signer: AgreementSigner, kind: str) -> str:
    token = secrets.token_urlsafe(24)
    signer.token_hash = hashlib.sha256(token.encode()).digest()
    signer.token_ends_at = now() + timedelta(days=LINK_DAYS)
    session().add(
        AgreementReminder(
            agreement_id=signer.agreement_id,
            signer_id=signer.id,
            kind=kind,
            on_date=today(),
            by_account=actor().account,
        )
    )
    session().flush()
    return token


def _end_links(row: Agreement) -> None:
    for one in _signers(row):
        one.token_hash = one.token_ends_at = None


def _by_rule(act: Callable[[], Case]) -> Case:
    try:
        return act()
    except RuleBroken as broken:
        raise AgreementFault(faults_on_screen()[broken.fault]) from None


def _clean(text: str) -> str:
    """One line, as it can be shown on a signing screen. Raises AgreementFault."""
    try:
        return binding.canonical_text(" ".join(text.split())[:LONGEST])
    except binding.BindingError as fault:
        raise AgreementFault(str(fault)) from None
