"""Checks a finished agreement from its file alone: seal, document, each signature, and that the parties have enough.

Nothing but the file and the pinned roots is used: no network, no database, no service.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from stegvis.identity.eid.receipt import Report, verify_bytes
from stegvis.identity.eid.receipt_checks import Findings
from stegvis.identity.eid.seal_checks import SealBroken, check_seal

SUMMARY = "overenskommelse.json"
FORMAT = "stegvis-overenskommelse:1"
LARGEST = 64 * 1024 * 1024


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Document(_Closed):
    """The document that was signed."""

    namn: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    byte: int = Field(ge=1)


class Party(_Closed):
    """A party: how many of its signers had to sign."""

    namn: str
    behovs: int = Field(ge=1)
    av: int = Field(ge=1)


class Signature(_Closed):
    """One signature: whose, for which party, in which way, and the file that shows it."""

    namn: str
    part: str
    satt: str = Field(pattern="^(eid|papper|spar)$")
    fil: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    undertecknat: str = ""
    original: str = ""
    registrerat_av_namn: str = ""
    tid_enligt_sparet: str = ""
    metod: str = ""
    underskrift: str = ""
    transaktion: str = ""
    anmarkningar: list[str] = []


class Summary(_Closed):
    """What was signed, and by whom: the attachment that names all the others."""

    format: str = Field(pattern=f"^{FORMAT}$")
    id: str
    slag: str
    titel: str
    version: int = Field(ge=1)
    dokument: Document
    parter: list[Party] = Field(min_length=1)
    underskrifter: list[Signature] = Field(min_length=1)


def verify(data: bytes, *, roots: Sequence[bytes], seals: Sequence[bytes]) -> Report:
    """Check a finished agreement, or the receipt of one signature. Never raises for what the file holds.

    `roots` are those of e-ID signatures, `seals` those of seals (PEM).
    """
    if not data.startswith(b"%PDF-"):
        return verify_bytes(data, roots=roots)
    findings = Findings()
    if len(data) > LARGEST:
        findings.wrong("Filen är för stor för att vara en underskriven handling.")
    elif _seal(data, seals, findings):
        # What a broken seal leaves open is not even read: anybody may have written it.
        _content(data, roots, findings)
    verdict = (
        "Handlingen håller: allt ovan stämmer."
        if findings.ok
        else "Handlingen håller inte: se raderna med FEL."
    )
    return Report(findings.ok, [*findings.lines, verdict], findings.ok)


def _seal(data: bytes, seals: Sequence[bytes], findings: Findings) -> bool:
    try:
        seal = check_seal(data, seals)
    except SealBroken as broken:
        findings.wrong(str(broken))
        return False
    findings.right("Stämpeln är hel: inte en byte i filen har ändrats sedan den stämplades.")
    findings.add(
        seal.trusted,
        f"Stämpeln är gjord av {seal.organisation}, med ett certifikat från en rot som är godkänd här.",
        f"Stämpeln säger {seal.organisation}, men certifikatet kommer inte från en rot som är godkänd här.",
    )
    return True


def _content(data: bytes, roots: Sequence[bytes], findings: Findings) -> None:
    attached = _attached(data)
    try:
        told = Summary.model_validate_json(attached.get(SUMMARY, b""))
    except (ValidationError, ValueError):
        findings.wrong(f"Bilagan {SUMMARY}, som säger vad som skrevs under, saknas eller har fel form.")
        return
    beginning = hashlib.sha256(data[: told.dokument.byte]).hexdigest()
    beside = hashlib.sha256(attached.get(told.dokument.namn, b"")).hexdigest()
    findings.add(
        told.dokument.sha256 in (beginning, beside),
        f"Dokumentet är det som skrevs under: {told.dokument.namn}.",
        "Dokumentet i filen är inte det som skrevs under.",
    )
    people: list[str] = []
    for nth, one in enumerate(told.underskrifter, 1):
        content = attached.get(one.fil)
        if content is None or hashlib.sha256(content).hexdigest() != one.sha256:
            findings.wrong(f"Underskrift {nth}, {one.namn}: bilagan {one.fil} saknas eller är en annan.")
        elif one.satt == "papper":
            findings.note(
                f"Underskrift {nth}, {one.namn}: på papper {one.undertecknat}. Bara originalet visar den; det "
                f"förvaras: {one.original}."
            )
        elif one.satt == "spar":
            findings.note(
                f"Underskrift {nth}, {one.namn}: enligt en annan tjänsts spår ({one.tid_enligt_sparet}). "
                "Den går inte att pröva här."
            )
        else:
            people.append(_one(nth, content, told, roots=roots, findings=findings))
    findings.add(
        len(people) == len(set(people)),
        "Ingen har skrivit under två gånger.",
        "Samma person har skrivit under två gånger.",
    )
    for party in told.parter:
        have = sum(one.part == party.namn for one in told.underskrifter)
        findings.add(
            have >= party.behovs,
            f"{party.namn}: {have} av {party.av} har skrivit under, och {party.behovs} behövs.",
            f"{party.namn}: {have} har skrivit under, men {party.behovs} behövs.",
        )


def _one(nth: int, content: bytes, told: Summary, *, roots: Sequence[bytes], findings: Findings) -> str:
    """Check one signature with e-ID; whose it is, by number."""
    one, report = told.underskrifter[nth - 1], verify_bytes(content, roots=roots)
    findings.lines += [f"     {line}" for line in report.lines]
    findings.add(
        report.ok,
        f"Underskrift {nth}, {one.namn}: beviset håller.",
        f"Underskrift {nth}, {one.namn}: beviset håller inte.",
    )
    try:
        record: dict[str, Any] = json.loads(content)["content"]
        signed = [each["sha256"] for each in record["matter"]["attachments"]]
        same = signed == [told.dokument.sha256] and record["matter"]["case_id"] == told.id
        number = str(record["signer"]["personnummer"])
    except (ValueError, KeyError, TypeError):
        same, number = False, f"okänd {nth}"
    findings.add(
        same,
        f"Underskrift {nth} gäller just det här dokumentet.",
        f"Underskrift {nth} gäller ett annat dokument.",
    )
    return number


def _attached(data: bytes) -> dict[str, bytes]:
    """The attachments by name; none when they cannot be read, or a name stands twice."""
    try:
        tree = PdfFileReader(io.BytesIO(data)).root["/Names"]["/EmbeddedFiles"]["/Names"]
        names = [str(tree[at]) for at in range(0, len(tree), 2)]
        found = {name: tree[2 * nth + 1]["/EF"]["/F"].data for nth, name in enumerate(names)}
    except (PdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return {}
    return found if len(found) == len(names) else {}
