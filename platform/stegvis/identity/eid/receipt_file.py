"""Checks a downloaded receipt, whichever of its two forms it has: the sealed document or the data file.

Nothing but the file and the pinned roots is used: no network, no database, no service.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdf
from cryptography import x509
from pypdf.errors import PyPdfError

from stegvis.identity.eid import receipt, seal_keys
from stegvis.identity.eid.receipt import LARGEST_FILE, MARK, Report
from stegvis.identity.eid.receipt_checks import Findings
from stegvis.identity.eid.receipt_pdf import RECEIPT, attached, footer, in_groups, moment, on_the_page
from stegvis.identity.eid.seal_checks import SealBroken, check_seal

_MOST_PAGES = 60


@dataclass(frozen=True)
class Pinned:
    """The root certificates that are believed (PEM): those of e-ID signatures, and those of seals.

    ``left_out`` counts the test roots that were there but do not count here.
    """

    roots: tuple[bytes, ...]
    seals: tuple[bytes, ...]
    left_out: int = 0


def pinned(
    eid_folder: Path,
    seal_folder: Path,
    *,
    roots: Sequence[Path] = (),
    seals: Sequence[Path] = (),
    test: bool,
) -> Pinned:
    """The roots of an installation, or those that were named instead. ``ValueError`` names a file that is none.

    A test root counts only where ``test`` says that this is a test environment: elsewhere anybody could sign as
    anybody with a test e-ID.
    """
    found = [_root(path) for path in roots or sorted(eid_folder.glob("*.pem"))]
    counted = [one for one in found if test or not _is_test_root(one)]
    sealing = [_root(path) for path in seals or sorted(seal_folder.glob(seal_keys.ROOT))]
    return Pinned(tuple(counted), tuple(sealing), len(found) - len(counted))


def verify_file(path: Path, known: Pinned) -> Report:
    """Checks a receipt, sealed document or data file. Never raises for what the file holds.

    ``OSError`` when it cannot be opened.
    """
    return verify_content(receipt.read_file(path), known)


def verify_content(data: bytes, known: Pinned) -> Report:
    """As ``verify_file``, for a receipt in memory."""
    if not data.startswith(b"%PDF-"):
        return receipt.verify_bytes(data, roots=known.roots)
    findings = Findings()
    if len(data) > LARGEST_FILE:
        findings.wrong("Filen är för stor för att vara ett kvitto.")
        return receipt.report(findings, None, receipt=False)
    if not _check_seal(data, known.seals, findings):
        # What a broken seal leaves open is not even read: anybody may have written it.
        return receipt.report(findings, None, receipt=MARK in data)
    found = _read(data)
    if found is None or RECEIPT not in found.files:
        findings.wrong(f"Bilagan {RECEIPT} med beviset saknas.")
        return receipt.report(findings, None, receipt=MARK in data)
    record = receipt.check_data(found.files[RECEIPT], known.roots, findings)
    if record is not None:
        right = {one.name: one.content for one in attached(record)}
        findings.add(
            found.files == right,
            "Bilagorna är de som beviset innehåller, byte för byte.",
            f"Bilagorna är andra än beviset säger: {', '.join(_differing(found.files, right))}.",
        )
        missing = _not_on_page(found.pages, on_the_page(record), footer(record))
        findings.add(
            not missing,
            "Det som står på sidorna är det som står i beviset.",
            f"På sidorna står något annat än i beviset: {', '.join(missing)}.",
        )
    return receipt.report(findings, record, receipt=True)


@dataclass(frozen=True)
class _Read:
    files: dict[str, bytes]
    pages: list[str]


def _check_seal(data: bytes, roots: Sequence[bytes], findings: Findings) -> bool:
    """Adds the lines about the seal; whether it is whole."""
    try:
        seal = check_seal(data, roots)
    except SealBroken as broken:
        findings.wrong(str(broken))
        return False
    findings.right(
        "Stämpeln är hel: inte en byte i filen har ändrats sedan den stämplades, och inget är tillagt."
    )
    findings.add(
        seal.trusted,
        f"Stämpeln är gjord av {seal.organisation}, med ett certifikat från en rot som är godkänd här.",
        f"Stämpeln säger att den är gjord av {seal.organisation}, men certifikatet kommer inte från en rot som är "
        "godkänd här.",
    )
    findings.note(
        f"Stämplad {moment(seal.sealed_at)} enligt den som stämplade; ingen utomstående har satt en tidsstämpel. "
        f"Stämpelns certifikat har fingeravtrycket {in_groups(seal.fingerprint)}."
    )
    return True


def _read(data: bytes) -> _Read | None:
    """Attachments and words of a document whose seal is whole; None when they cannot be read."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        files = {name: contents[0] for name, contents in reader.attachments.items() if len(contents) == 1}
        pages = [page.extract_text() for page in reader.pages[:_MOST_PAGES]]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None
    return _Read(files, pages)


def _not_on_page(pages: list[str], expected: dict[str, str], foot: str) -> list[str]:
    """The names of what should stand on the pages and does not; blanks and line breaks do not count."""
    count = len(pages)
    words = "".join(
        _squeezed(page).replace(_squeezed(f"{foot}Sida {number} av {count}"), "")
        for number, page in enumerate(pages, 1)
    )
    return [name for name, value in expected.items() if _squeezed(value) not in words]


def _squeezed(words: str) -> str:
    return "".join(unicodedata.normalize("NFC", words).split()).replace("\u00ad", "")


def _differing(found: dict[str, bytes], right: dict[str, bytes]) -> list[str]:
    return sorted(name for name in {*found, *right} if found.get(name) != right.get(name))


def _root(path: Path) -> bytes:
    try:
        pem = path.read_bytes()
        x509.load_pem_x509_certificates(pem)
    except (OSError, ValueError):
        raise ValueError(f"Filen {path.name} är inget rotcertifikat.") from None
    return pem


def _is_test_root(pem: bytes) -> bool:
    return any("test" in one.subject.rfc4514_string().lower() for one in x509.load_pem_x509_certificates(pem))
