"""The receipt's data file: JSON with the evidence of a signing, and its check with no network, database or
service.

The checksums in the file find every changed byte, but they hold no key: whoever changes the file can compute
them anew. What cannot be made anew is the signature with its chain to the pinned root; the report says what
it covers.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stegvis.identity.eid import evidence as records
from stegvis.identity.eid.binding import BindingError, canonical_json, sha256_hex
from stegvis.identity.eid.evidence import Evidence
from stegvis.identity.eid.receipt_checks import Findings, check_evidence

FORMAT = "stegvis-kvitto:1"
# What tells a receipt, whole or damaged, from any other file: it stands in the PDF too.
MARK = b"stegvis-kvitto:"
LARGEST_FILE = 8 * 1024 * 1024
TEST = "TESTMILJÖ: underskriften är gjord med en testlegitimation och binder ingen."
_MEMBERS = {"format", "content", "content_sha256", "checksums"}


@dataclass(frozen=True)
class Report:
    """The outcome: ``lines`` in Swedish, one per check; ``signed`` is False for a mere approval.

    ``receipt`` is False for a file that is no receipt at all; ``test`` is True for one that a test e-ID made.
    """

    ok: bool
    lines: list[str] = field(repr=False)
    signed: bool
    receipt: bool = True
    test: bool = False


def receipt_bytes(evidence: Evidence) -> bytes:
    """The receipt as it stands in a file; the same evidence always gives the same bytes."""
    content = records.to_json(evidence)
    return _layout(
        {
            "format": FORMAT,
            "content": content,
            "checksums": _checksums(content),
            "content_sha256": sha256_hex(canonical_json(content)),
        }
    )


def write_receipt(evidence: Evidence, path: Path) -> None:
    """Writes the receipt to ``path`` (readable by its owner alone), whole or not at all.

    ``OSError`` if it cannot.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(receipt_bytes(evidence))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def verify_receipt(path: Path, *, roots: Sequence[bytes]) -> Report:
    """Checks a receipt file against the pinned root certificates (PEM). Never raises for what the file holds.

    ``OSError`` when the file cannot be opened.
    """
    return verify_bytes(read_file(path), roots=roots)


def read_file(path: Path) -> bytes:
    """The content of a file, one byte more than a receipt may have at most. ``OSError``."""
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def verify_bytes(data: bytes, *, roots: Sequence[bytes]) -> Report:
    """As ``verify_receipt``, for a receipt in memory."""
    findings = Findings()
    record = check_data(data, roots, findings)
    return report(findings, record, receipt=record is not None or MARK in data)


def check_data(data: bytes, roots: Sequence[bytes], findings: Findings) -> Evidence | None:
    """Adds one line per check of a receipt's data file; its record when it can be read."""
    receipt = _read(data, findings)
    record = _check_file(data, receipt, findings) if receipt is not None else None
    if record is not None:
        check_evidence(record, roots, findings)
    return record


def report(findings: Findings, record: Evidence | None, *, receipt: bool) -> Report:
    """What was found, with a last line that says what it comes to."""
    test = record is not None and is_test(record)
    told = [f"OBS  {TEST}"] if test else []
    if findings.ok:
        verdict = "Kvittot håller: allt ovan stämmer."
    elif receipt:
        verdict = "Kvittot håller inte: se raderna med FEL."
    else:
        verdict = "Filen är inget kvitto."
    signed = record is not None and record.assurance == "underskrift"
    return Report(findings.ok, [*told, *findings.lines, verdict], signed, receipt, test)


def is_test(record: Evidence) -> bool:
    """Whether a test e-ID was used: it says so in its certificates' names, or it ran on the machine itself."""
    issuer = str(record.verification_result.certificate.get("issuer", ""))
    return "test" in issuer.lower() or record.signer.iss.startswith("http://")


def _layout(receipt: dict[str, Any]) -> bytes:
    return (json.dumps(receipt, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _checksums(content: dict[str, Any]) -> dict[str, str]:
    """A checksum for each value one step into each part, so that a changed byte can be told by name."""
    sums: dict[str, str] = {}
    for part, value in content.items():
        members = value if isinstance(value, dict) else {"": value}
        for name, member in members.items():
            sums[f"{part}.{name}".rstrip(".")] = sha256_hex(canonical_json(member))
    return sums


def _json_of(data: bytes) -> Any:
    """The JSON value in ``data``. ``ValueError`` with a sentence that says where it cannot be read."""
    if len(data) > LARGEST_FILE:
        raise ValueError("Filen är för stor för att vara ett kvitto.")
    try:
        return json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"Filen går inte att läsa som text: fel vid byte {error.start + 1}.") from None
    except json.JSONDecodeError as error:
        where = f"rad {error.lineno}, tecken {error.colno}"
        raise ValueError(f"Filen går inte att läsa: fel på {where}.") from None
    except (RecursionError, ValueError):
        raise ValueError("Filen går inte att läsa: den har en form som inget kvitto har.") from None


def _read(data: bytes, findings: Findings) -> dict[str, Any] | None:
    """The file as JSON with the right members; None (and a line that says where) otherwise."""
    try:
        receipt = _json_of(data)
    except ValueError as error:
        findings.wrong(str(error))
        return None
    if not isinstance(receipt, dict) or receipt.get("format") != FORMAT:
        findings.wrong(f"Filen är inte ett kvitto av formen {FORMAT} (uppgiften format).")
        return None
    strange = sorted(set(receipt) ^ _MEMBERS)
    if strange:
        findings.wrong(f"Kvittot saknar en del eller har en del för mycket: {strange[0]}.")
        return None
    return receipt


def _check_file(data: bytes, receipt: dict[str, Any], findings: Findings) -> Evidence | None:
    """Checksums, layout and form; the record when it can be read."""
    content, kept = receipt["content"], receipt["checksums"]
    if not isinstance(content, dict) or not isinstance(kept, dict):
        findings.wrong("Kvittots innehåll eller kontrollsummor har fel form (content, checksums).")
        return None
    try:
        computed = _checksums(content)
        whole = sha256_hex(canonical_json(content))
        record = records.from_json(content)
    except (BindingError, UnicodeEncodeError):
        findings.wrong("Kvittots innehåll går inte att läsa entydigt (content).")
        return None
    except ValueError as error:
        findings.wrong(f"Kvittots innehåll har fel form: {_place(error)}.")
        return None
    changed = sorted(name for name in set(computed) | set(kept) if computed.get(name) != kept.get(name))
    for name in changed:
        findings.wrong(f"Uppgiften {name} stämmer inte med sin kontrollsumma: den eller summan är ändrad.")
    if not changed:
        findings.right("Varje uppgift stämmer med sin kontrollsumma.")
    findings.add(
        receipt["content_sha256"] == whole,
        "Kontrollsumman för hela innehållet stämmer.",
        "Kontrollsumman för hela innehållet stämmer inte (content_sha256).",
    )
    expected = receipt_bytes(record)
    if data == expected:
        findings.right("Filen är skriven exakt som ett kvitto skrivs, byte för byte.")
    elif not changed and receipt["content_sha256"] == whole:
        findings.wrong(f"Filens uppställning är ändrad från byte {_first_difference(data, expected)}.")
    return record


def _first_difference(data: bytes, expected: bytes) -> int:
    """Where two byte strings part, counted from 1."""
    return next(
        (place for place, pair in enumerate(zip(data, expected, strict=False), 1) if pair[0] != pair[1]),
        min(len(data), len(expected)) + 1,
    )


def _place(error: ValueError) -> str:
    """Where a record has the wrong form, as names joined by dots; never the value itself."""
    found = getattr(error, "errors", None)
    if not callable(found):
        return "content"
    return "content." + ".".join(
        str(step) for step in found(include_input=False, include_url=False)[0]["loc"]
    )
