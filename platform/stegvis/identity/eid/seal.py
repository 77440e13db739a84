"""Seals a PDF: an organisation's PAdES signature that certifies the file and allows no change (DocMDP 1).

Beside the seal lie short hashes of the file's blocks, so that a check can say where a byte was changed. They need no
key: they stand under the seal like everything else, and serve only to find the place.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from stegvis.identity.eid.seal_keys import SealKey

FIELD = "Stampel"
BLOCKS = "/StegvisBlock"
BLOCK = 1024
_DIGITS = 16
# Room for the signature and a few certificates; what is not used is filled with zeros.
_RESERVED = 16_384
_KEPT = re.compile(rb"/StegvisBlock\s*\((\d+ \d+ [0-9a-f]*) ([0-9a-f]{64})\)")


def seal(pdf: bytes, key: SealKey, *, reason: str) -> bytes:
    """The PDF with its seal, as one more revision of the same file. The time of the seal is this machine's.

    ``reason`` is shown by programs that read PDF.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    information = writer.trailer["/Info"]
    information[generic.NameObject(BLOCKS)] = generic.TextStringObject(_block_list(pdf))
    writer.update_container(information)
    certificates = SimpleCertificateStore()
    certificates.register_multiple(asn1_x509.Certificate.load(one) for one in key.above)
    signer = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(key.certificate_der),
        signing_key=asn1_keys.PrivateKeyInfo.load(key.private_der),
        cert_registry=certificates,
    )
    wanted = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        name=key.owner,
        reason=reason,
    )
    sealed: Any = _finish(PdfSigner(wanted, signer).async_sign_pdf(writer, bytes_reserved=_RESERVED))
    content: bytes = sealed.getvalue()
    return content


def changed_place(data: bytes) -> str | None:
    """Where a sealed file was changed, as the end of a sentence; None when its block hashes say nothing is.

    Counted in bytes from 1. The answer is a help to find the place; that something was changed is told by the seal.
    """
    found = _KEPT.findall(data)
    if len(found) != 1 or hashlib.sha256(found[0][0]).hexdigest().encode() != found[0][1]:
        return "i den del där stämpeln ligger, sist i filen"
    size, length, digits = (part.decode() for part in found[0][0].split(b" "))
    kept = [digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS)]
    now = _hashes(data[: int(length)], int(size))
    differing = [at for at, (one, other) in enumerate(zip(kept, now, strict=False)) if one != other]
    if not differing and len(kept) == len(now):
        return None
    first, last = (differing[0], differing[-1]) if differing else (len(now), len(kept) - 1)
    end = min((last + 1) * int(size), int(length))
    return f"någonstans mellan byte {first * int(size) + 1} och byte {end}"


def _block_list(pdf: bytes) -> str:
    # Digits, letters and blanks alone: they stand in the file as they are.
    content = f"{BLOCK} {len(pdf)} {''.join(_hashes(pdf, BLOCK))}"
    return f"{content} {hashlib.sha256(content.encode()).hexdigest()}"


def _hashes(data: bytes, size: int) -> list[str]:
    return [hashlib.sha256(data[at : at + size]).hexdigest()[:_DIGITS] for at in range(0, len(data), size)]


def _finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns, run in a thread of its own: the caller's may have an event loop already."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, coroutine).result()


def read_time(text: str) -> datetime | None:
    """A time as a PDF writes it (``D:20240115102311+01'00'``), aware; None for another form."""
    match = re.fullmatch(r"D:(\d{14})(?:Z|([+-]\d\d)'(\d\d)'?)", text)
    if match is None:
        return None
    offset = f"{match[2]}{match[3]}" if match[2] else "+0000"
    try:
        return datetime.strptime(match[1] + offset, "%Y%m%d%H%M%S%z").astimezone(UTC)
    except ValueError:
        return None
