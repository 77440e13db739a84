"""The finished agreement: the original with a trail page after it, each signer's evidence attached, and a seal.

The original comes from outside. It is read and written on in the child alone; the file that comes back begins with
the original's own bytes, so that its checksum can be taken of the finished file too. What cannot be extended (or
bears a seal already) is attached whole to the trail page instead. The trail's words are frozen, in two languages.
"""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from stegvis.forbund.agreements import files, texts, views
from stegvis.forbund.agreements.models import Agreement, AgreementFile, AgreementSignature
from stegvis.forbund.agreements.verifying import FORMAT, SUMMARY
from stegvis.forbund.agreements.views import AgreementView, SignerView
from stegvis.ground.documents import Beside, RenderError, join_pdf, render_typst
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.ground.web.formats import SWEDEN
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import evidence
from stegvis.identity.eid.evidence import Evidence
from stegvis.identity.eid.receipt import is_test, receipt_bytes
from stegvis.identity.eid.seal import seal
from stegvis.identity.eid.seal_keys import FOLDER, SealStore

TEST = (
    "TESTMILJÖ. Underskrifter här är gjorda med en testlegitimation och binder ingen. / TEST: binds nobody."
)
TEMPLATES = Path(__file__).with_name("documents")
STANDARDS = ("ua-1", "a-3a")
# Way of signing -> the kind of file that shows it, and what is told of it.
PROOFS: dict[str, tuple[str, tuple[str, ...]]] = {
    "papper": ("skannat", ("undertecknat", "original", "registrerat_av_namn")),
    "spar": ("spar", ("tid_enligt_sparet", "metod", "underskrift", "transaktion", "anmarkningar")),
}
WAYS = {
    "underskrift": ("underskrift med e-legitimation", "signature with e-ID"),
    "godkant_efter_inloggning": (
        "godkänt efter inloggning, inte underskrivet",
        "approved after login, not signed",
    ),
    "papper": ("underskrift på papper", "signature on paper"),
    "spar": (
        "enligt en annan tjänsts spår, inte prövat här",
        "by another service's trail, not verified here",
    ),
}


@dataclass(frozen=True)
class Mark:
    """One signature that counts: by whom, and its evidence (e-ID), or what is told of it (`told`) with its file."""

    signer: SignerView
    party: str
    record: Evidence | None
    told: dict[str, Any]
    file: tuple[AgreementFile, bytes] | None
    at: datetime | None


def finish(agreement_id: uuid.UUID) -> None:
    """Make the finished file of a complete agreement. A second run changes nothing."""
    row = session().get(Agreement, agreement_id)
    if row is None or row.state != "complete" or files.find(row.id, row.version, "fardig") is not None:
        return
    shown = views.view_of(row)
    assert shown.document is not None
    original = files.content_of(shown.document)
    marks = _marks(shown)
    beside = attached(shown, marks)
    # A second seal in a file could not be told from the first.
    whole = None if b"/ByteRange" in original else _after(original, shown, marks, beside)
    if whole is None:
        kept = Beside(shown.document.name, files.PDF, "dokumentet som skrevs under", original)
        whole = join_pdf(_trail(shown, marks, extended=False), None, [kept, *beside])
    owner = current().forbund.forbund.name
    key = SealStore(current_app.config["STEGVIS"].home / FOLDER).key(str(current().id), owner)
    sealed = seal(whole, key, reason="Underskriven av alla parter")
    stem = shown.document.name.removesuffix(".pdf")
    files.keep(row.id, row.version, "fardig", files.Upload(f"{stem}-underskriven.pdf", files.PDF, sealed))
    audit.record("gor_klar", "agreement", row.id, insats=row.insats, version=row.version)


def attached(shown: AgreementView, marks: Sequence[Mark]) -> list[Beside]:
    """What lies beside the pages: a summary, and for each signature its evidence or the scan."""
    assert shown.document is not None
    beside, told = {}, []
    for nth, one in enumerate(marks, 1):
        made = _proof(nth, one)
        beside[made.name] = made
        told.append(
            {
                "namn": one.signer.name,
                "part": one.party,
                "satt": one.signer.way,
                "fil": made.name,
                "sha256": hashlib.sha256(made.content).hexdigest(),
            }
            | one.told
        )
    summary = {
        "format": FORMAT,
        "id": str(shown.row.id),
        "slag": shown.row.kind,
        "titel": shown.title,
        "version": shown.row.version,
        "dokument": {
            "namn": shown.document.name,
            "sha256": shown.document.sha256.hex(),
            "byte": shown.document.size,
        },
        "parter": [
            {"namn": party.name, "behovs": party.asked, "av": len(party.signers)} for party in shown.parties
        ],
        "underskrifter": told,
    }
    content = json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True).encode()
    return [
        Beside(SUMMARY, "application/json", "vad som skrevs under, och av vilka", content),
        *beside.values(),
    ]


def _proof(nth: int, one: Mark) -> Beside:
    """The file that shows a signature: its receipt, the scan, or the other service's trail, which several share."""
    if one.record is not None:
        what = f"beviset för underskriften av {one.signer.name}"
        return Beside(f"underskrift-{nth}.json", "application/json", what, receipt_bytes(one.record))
    assert one.file is not None
    row, content = one.file
    if row.kind == "spar":
        return Beside("spar.txt", files.TEXT, "en annan tjänsts spår av underskrifter", content)
    what = f"det skannade pappret med underskriften av {one.signer.name}"
    return Beside(f"papper-{nth}.{row.name.rsplit('.', 1)[-1]}", files.mime_of(row), what, content)


def moment(at: datetime) -> str:
    """A time in Sweden with the offset of that date, and in UTC: 2024-01-15 10:23:11 UTC+01:00."""
    there = at.astimezone(SWEDEN)
    return f"{there:%Y-%m-%d %H:%M:%S} UTC{there.isoformat()[-6:]}"


# -- inside --------------------------------------------------------------------------------------


def _marks(shown: AgreementView) -> list[Mark]:
    """The signatures that count, in the order in which they were made."""
    rows = session().scalars(
        sa.select(AgreementSignature)
        .where(
            AgreementSignature.agreement_id == shown.row.id,
            AgreementSignature.version == shown.row.version,
            AgreementSignature.verdict == "giltig",
        )
        .order_by(AgreementSignature.seq)
    )
    signers = {one.id: (one, party.name) for party in shown.parties for one in party.signers}
    found = []
    for row in rows:
        signer, party = signers[row.signer_id]
        if row.way == "eid":
            found.append(Mark(signer, party, evidence.from_json(row.record), {}, None, row.signed_at))
            continue
        kind, names = PROOFS[row.way]
        kept = files.find(shown.row.id, shown.row.version, kind, signer.id if row.way == "papper" else None)
        assert kept is not None
        told = {name: row.record[name] for name in names}
        found.append(Mark(signer, party, None, told, (kept, files.content_of(kept)), row.signed_at))
    return found


def _after(
    original: bytes, shown: AgreementView, marks: Sequence[Mark], beside: Sequence[Beside]
) -> bytes | None:
    """The original with the trail after it; None when the original cannot be extended."""
    try:
        return join_pdf(original, _trail(shown, marks, extended=True), beside)
    except RenderError:
        return None


def _trail(shown: AgreementView, marks: Sequence[Mark], *, extended: bool) -> bytes:
    assert shown.document is not None
    kind_en = texts.KINDS[shown.row.kind][1]
    the_kind = texts.THE_KIND[shown.row.kind].capitalize()
    of_signer = {one.signer.id: one for one in marks}
    forbund = current().forbund.forbund.name
    where = (
        f"De första {shown.document.size} byten av den här filen är dokumentet som skrevs under, oförändrat."
        if extended
        else f"Dokumentet som skrevs under ligger som bilaga: {shown.document.name}."
    )
    where_en = (
        f"The first {shown.document.size} bytes of this file are the document that was signed, unchanged."
        if extended
        else f"The document that was signed is attached: {shown.document.name}."
    )
    data = {
        "title": f"Underskrifter: {shown.title}",
        "author": forbund,
        "test": TEST if any(one.record is not None and is_test(one.record) for one in marks) else None,
        "footer": f"{shown.title}, version {shown.row.version}",
        "lead": f"{the_kind} ”{shown.title}” är underskriven av alla parter. Underskrifterna har samlats in "
        f"av {forbund}.",
        "lead_en": f"The {kind_en} “{shown.title}” has been signed by all parties. The signatures were collected by "
        f"{forbund}.",
        "document": [
            _fact("Fil", "File", shown.document.name),
            _fact("Version", "Version", str(shown.row.version)),
            _fact("Storlek", "Size", f"{shown.document.size} byte"),
            _fact(
                "Kontrollsumma (SHA-256)",
                "Checksum (SHA-256)",
                _grouped(shown.document.sha256.hex()),
                mono=True,
            ),
            _fact("Ärende i Stegvis", "Matter in Stegvis", str(shown.row.id), mono=True),
        ],
        "parties": [
            {
                "name": party.name,
                "signers": [
                    {"name": one.name, "facts": _facts(of_signer[one.id])}
                    for one in party.signers
                    if one.id in of_signer
                ],
            }
            for party in shown.parties
        ],
        "checking": [
            where,
            f"Filen är stämplad av {forbund}: inget i den har ändrats sedan dess. Beviset för varje underskrift "
            "ligger som bilaga och kan prövas utan nät med kommandot stegvis agreement verify.",
        ],
        "checking_en": [
            where_en,
            f"The file is sealed by {forbund}: nothing in it has been changed since. The evidence of each signature "
            "is attached and can be checked offline with the command stegvis agreement verify.",
        ],
    }
    return render_typst(TEMPLATES, "trail.typ", data, made=now(), pdf_standards=STANDARDS)


def _facts(mark: Mark) -> list[dict[str, Any]]:
    one = mark.signer
    ground = texts.ground_written(one.ground, one.note)
    ground_en = texts.ground_written(one.ground, one.note, english=True)
    facts = [_fact("Organisation", "Organisation", mark.party)]
    if one.title:
        facts.append(_fact("Titel", "Title", one.title))
    facts.append(_fact("Med stöd av", "By right of", f"{ground} / {ground_en}"))
    if mark.record is None:
        return [*facts, *(_by_trail(mark) if one.way == "spar" else _on_paper(mark))]
    record = mark.record
    sv, en = WAYS[record.assurance]
    at = record.times.signed_at or record.times.completed_at
    method = f"{sv} / {en}: {record.signer.provider_title or record.signer.provider_id}"
    facts += [
        _fact("Namn enligt e-legitimationen", "Name by the e-ID", record.signer.name),
        _fact("Sätt", "Method", method),
        _fact("Tid (svensk)", "Time (Swedish)", moment(at)),
        _fact("Transaktion", "Transaction", record.signer.txn or record.matter.transaction_id, mono=True),
        _fact("Underskriftens id", "Signature id", record.matter.transaction_id, mono=True),
    ]
    return facts


def _on_paper(mark: Mark) -> list[dict[str, Any]]:
    assert mark.file is not None
    return [
        _fact("Sätt", "Method", " / ".join(WAYS["papper"])),
        _fact("Undertecknat", "Signed on", mark.told["undertecknat"]),
        _fact("Originalet förvaras", "Original kept at", mark.told["original"]),
        _fact("Registrerat av", "Registered by", mark.told["registrerat_av_namn"]),
        _fact(
            "Skanningens kontrollsumma",
            "Checksum of the scan",
            _grouped(mark.file[0].sha256.hex()),
            mono=True,
        ),
    ]


def _by_trail(mark: Mark) -> list[dict[str, Any]]:
    facts = [
        _fact("Sätt", "Method", f"{' / '.join(WAYS['spar'])}: {mark.told['metod']}"),
        _fact("Tid enligt spåret", "Time by the trail", mark.told["tid_enligt_sparet"]),
        _fact("Transaktion", "Transaction", mark.told["transaktion"], mono=True),
        _fact("Underskriftens id", "Signature id", mark.told["underskrift"], mono=True),
    ]
    if mark.at is not None:
        facts.insert(2, _fact("Tid (svensk)", "Time (Swedish)", moment(mark.at)))
    if mark.told["anmarkningar"]:
        facts.append(_fact("Anmärkningar", "Remarks (in Swedish)", " ".join(mark.told["anmarkningar"])))
    return facts


def _fact(sv: str, en: str, value: str, *, mono: bool = False) -> dict[str, Any]:
    return {"sv": sv, "en": en, "value": value, "mono": mono}


def _grouped(digits: str) -> str:
    """Hexadecimal digits in groups of eight, so that two people can compare them."""
    return " ".join(digits[at : at + 8] for at in range(0, len(digits), 8))
