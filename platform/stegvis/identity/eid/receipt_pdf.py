"""The receipt as a document for people: what was said yes to, by whom, when and how, with the evidence attached.

It is made in the child process, which has no key; the seal is put on afterwards (``seal.py``). The same evidence
gives the same unsealed file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from babel import Locale

from stegvis.ground.day import SWEDEN
from stegvis.ground.documents import Attachment, render_typst
from stegvis.ground.web.formats import LONG_MONTHS
from stegvis.identity.eid.binding import text_sha256
from stegvis.identity.eid.evidence import Evidence
from stegvis.identity.eid.receipt import FORMAT, is_test, receipt_bytes
from stegvis.identity.eid.seal_keys import SealKey

TEMPLATES = Path(__file__).with_name("documents")
STANDARDS = ("ua-1", "a-3a")
RECEIPT, TEXT, SIGNATURE, OCSP = "kvitto.json", "texten.txt", "underskrift.xml", "sparrsvar.ocsp"
NOT_SIGNED = "Godkänt efter inloggning, inte underskrivet"
SIGNED = "Underskrivet med e-legitimation"
TEST = "TESTMILJÖ. Kvittot är gjort med en testlegitimation och binder ingen."
ROLES = {
    "self": "för egen del",
    "vardnadshavare": "vårdnadshavare",
    "god_man": "god man",
    "forvaltare": "förvaltare",
}


@dataclass(frozen=True)
class File:
    """A file that is attached: its name, what it is to the document (PDF/A-3), and what it is in words."""

    name: str
    relation: str
    mime: str
    what: str
    content: bytes


def attached(record: Evidence) -> list[File]:
    """The files of a receipt, in the order in which they are told; the same for the same evidence."""
    files = [
        File(RECEIPT, "data", "application/json", "hela beviset", receipt_bytes(record)),
        File(
            TEXT, "alternative", "text/plain", "texten, tecken för tecken", record.matter.text.encode("utf-8")
        ),
    ]
    if record.proof.signature is not None:
        what = "underskriften, som e-legitimationen gjorde den"
        files.append(File(SIGNATURE, "supplement", "application/xml", what, record.proof.signature))
    if record.proof.ocsp is not None:
        what = "utfärdarens svar att e-legitimationen inte var spärrad"
        files.append(File(OCSP, "supplement", "application/ocsp-response", what, record.proof.ocsp))
    return files


def render(record: Evidence, sealed_by: SealKey) -> bytes:
    """The receipt as PDF/A-3a, before its seal. Raises ``RenderError`` when it cannot be made."""
    files = attached(record)
    return render_typst(
        TEMPLATES,
        "receipt.typ",
        _shown(record, sealed_by, files),
        made=record.times.completed_at,
        pdf_standards=STANDARDS,
        attachments=[Attachment(one.name, one.content) for one in files],
    )


def moment(at: datetime) -> str:
    """A time in Sweden with its offset: 15 januari 2024 klockan 10.23.11 (svensk tid, UTC+01:00)."""
    there = at.astimezone(SWEDEN)
    return f"{day(there.date())} klockan {there:%H.%M.%S} (svensk tid, UTC{there.isoformat()[-6:]})"


def day(value: date) -> str:
    """A day in full: 15 januari 2024."""
    return f"{value.day} {LONG_MONTHS[value.month - 1]} {value.year}"


def _period(first: date | None, last: date | None) -> str:
    start = f"från den {day(first)}" if first else "från det att du sa ja"
    return f"{start} till den {day(last)}" if last else f"{start}, tills du tar tillbaka det"


def on_the_page(record: Evidence) -> dict[str, str]:
    """What must stand on the pages of a receipt, whatever version made it: read again when it is checked."""
    at = record.times.signed_at or record.times.completed_at
    return {
        "texten": record.matter.text,
        "namnet": record.signer.name,
        "tiden": moment(at),
        "sättet": SIGNED if record.assurance == "underskrift" else NOT_SIGNED,
        "textens fingeravtryck": text_sha256(record.matter.text),
        "tillfället": record.matter.transaction_id,
    }


def footer(record: Evidence) -> str:
    """What stands at the foot of every page, before the number of the page."""
    return f"Kvitto {record.matter.transaction_id}"


def _shown(record: Evidence, sealed_by: SealKey, files: list[File]) -> dict[str, Any]:
    page, at = on_the_page(record), record.times.signed_at or record.times.completed_at
    did = "skrev under" if record.assurance == "underskrift" else "godkände"
    text, seal = (in_groups(one) for one in (page["textens fingeravtryck"], sealed_by.fingerprint))
    return {
        "title": "Kvitto på samtycke",
        "format": FORMAT,
        "controller": record.matter.controller,
        "footer": footer(record),
        "test": TEST if is_test(record) else None,
        "lead": f"{record.signer.name} {did} det här den {day(at.astimezone(SWEDEN).date())}.",
        "assurance": f"{page['sättet']}.",
        "text": record.matter.text,
        "said_yes": "Det här sa du ja till"
        if record.matter.signer_role == "self"
        else f"Det här sa {record.signer.name} ja till",
        "facts": _facts(record, page),
        "take_back": [
            "Du kan ta tillbaka ditt ja när du vill. Logga in på Mina sidor, öppna samtycket och tryck på "
            "Ta tillbaka. Du kan också säga till den som du har kontakt med.",
            "Du behöver inte säga varför. Det som redan är sagt går inte att göra osagt.",
        ],
        "checking": _checking(record, sealed_by),
        "attached": [[one.name, one.what] for one in files],
        "prints": [
            ["Textens fingeravtryck (SHA-256)", text],
            ["Fingeravtryck av stämpelns certifikat (SHA-256)", seal],
            ["Intygets utfärdare, e-legitimation och tillitsnivå", _issued(record)],
        ],
        "files": [
            {"name": one.name, "relation": one.relation, "mime": one.mime, "what": one.what} for one in files
        ],
    }


def _facts(record: Evidence, page: dict[str, str]) -> list[list[str]]:
    matter, signer = record.matter, record.signer
    born = signer.personnummer[:8]
    if signer.is_coordination_number:
        born = f"{born[:6]}{int(born[6:]) - 60:02}"
    level = re.fullmatch(r"loa([1-4])", signer.level)
    return [
        ["Namn", signer.name],
        ["Född", day(date(int(born[:4]), int(born[4:6]), int(born[6:])))],
        ["Som", ROLES.get(matter.signer_role, matter.signer_role)],
        *([["Med stöd av", matter.signer_ground]] if matter.signer_ground else []),
        *([["Tolk", _interpreter(matter.interpreter)]] if matter.interpreter else []),
        ["När", page["tiden"]],
        ["Hur", page["sättet"]],
        ["E-legitimation", signer.provider_title or signer.provider_id],
        ["Tillitsnivå", f"{level[1]} av 4" if level else signer.acr],
        ["Ansvarig", matter.controller],
        ["Gäller", _period(matter.valid_from, matter.valid_to)],
        ["Textens version", f"{matter.template_id}, version {matter.template_version}"],
        ["Tillfälle", matter.transaction_id],
    ]


def _checking(record: Evidence, sealed_by: SealKey) -> list[str]:
    signed = record.assurance == "underskrift"
    return [
        f"Filen är stämplad av {sealed_by.owner}. Stämpeln visar att inget i filen har ändrats sedan dess; "
        "program som läser PDF brukar visa det.",
        "Vem som sa ja visas av underskriften, som ligger i filen."
        if signed
        else "Det finns ingen underskrift. Att någon har godkänt visas av inloggningens intyg, som ligger i filen.",
        "Tiden är den som e-legitimationens utfärdare har intygat. När filen stämplades är vår egen uppgift: "
        "ingen utomstående har satt en tidsstämpel på den."
        if signed
        else "Tiderna är våra egna uppgifter: ingen utomstående har satt en tidsstämpel på filen.",
        "Den som har programmet Stegvis prövar allt detta utan nät, med kommandot stegvis consent verify och "
        "filens namn. De här filerna ligger i dokumentet:",
    ]


def _interpreter(noted: str) -> str:
    """Kind and language of an interpreter as people say it: ``auktoriserad:so``."""
    kind, _, language = noted.partition(":")
    words = "auktoriserad tolk" if kind == "auktoriserad" else "tolk"
    return f"{words}, {Locale('sv').languages.get(language, language)}" if language else words


def _issued(record: Evidence) -> str:
    signer = record.signer
    return "\n".join(one for one in (signer.iss, signer.authn_provider, signer.acr) if one)


def in_groups(digits: str) -> str:
    """Hexadecimal digits in groups of eight, so that two people can compare them."""
    return " ".join(digits[at : at + 8] for at in range(0, len(digits), 8))
