"""The frozen text, the manifest, and the line that ties a signature to one document, one text and one
transaction.

Everything here is pure: the same input always gives the same bytes, which is what makes a signature checkable
years later without the service.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

PREFIX = "stegvis-sign:v1"
# BankID shows at most 40 000 characters after Base64; other providers take less.
LONGEST_TEXT_BYTES = 30_000
_LINE = re.compile(
    r"stegvis-sign:v1;tenant=(?P<tenant>[a-z0-9_]+(?:/[a-z0-9_]+)?);txn=(?P<txn>[A-Za-z0-9-]{1,64});"
    r"doc=sha256:(?P<doc>[0-9a-f]{64});text=sha256:(?P<text>[0-9a-f]{64})"
)
# Characters that turn the direction of what follows: a reader would see another text than the one that is
# signed.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class BindingError(ValueError):
    """A text or line that cannot be signed. The message is a Swedish sentence."""


def canonical_text(text: str) -> str:
    """The one form in which a text is shown, hashed and signed: Unicode NFC, line feeds only.

    Raises ``BindingError`` for characters that a signing screen cannot show truthfully (control characters,
    lone surrogates, marks that turn the reading direction) and for texts that no e-ID can show in full.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    for character in plain:
        if (
            unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t"
        ) or character in _TURNING:
            raise BindingError(
                f"Texten innehåller ett tecken som inte går att visa säkert (U+{ord(character):04X}). "
                "Ta bort tecknet och försök igen."
            )
    canonical = unicodedata.normalize("NFC", plain)
    if len(canonical.encode("utf-8")) > LONGEST_TEXT_BYTES:
        raise BindingError("Texten är för lång för att visas i en e-legitimation. Korta den och försök igen.")
    return canonical


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def text_sha256(canonical: str) -> str:
    """The hash of a text that is already canonical. Raises ``BindingError`` when it is not."""
    if canonical_text(canonical) != canonical:
        raise BindingError("Texten är inte i den form som skrivs under. Inget har skrivits under.")
    return sha256_hex(canonical.encode("utf-8"))


def canonical_json(content: Any) -> bytes:
    """JSON with sorted keys and no spaces, UTF-8.

    Raises ``BindingError`` for floats and for what JSON cannot hold.

    Floats are refused because their digits differ between programs; money and shares are written as whole
    numbers or strings.
    """
    _refuse_floats(content)
    try:
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise BindingError(
            "Innehållet går inte att skriva i en entydig form. Inget har skrivits under."
        ) from error


def _refuse_floats(content: Any) -> None:
    if isinstance(content, float):
        raise BindingError("Innehållet har ett decimaltal och kan därför inte skrivas i en entydig form.")
    if isinstance(content, dict):
        if not all(isinstance(key, str) for key in content):
            raise BindingError(
                "Innehållet har en nyckel som inte är text och kan inte skrivas i en entydig form."
            )
        for value in content.values():
            _refuse_floats(value)
    elif isinstance(content, list | tuple):
        for value in content:
            _refuse_floats(value)


@dataclass(frozen=True)
class FrozenText:
    """A text as it is signed: ``text`` is canonical, ``sha256`` is its hash in hexadecimal."""

    text: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a signature is about beside the visible text: ``content`` in canonical JSON and its ``sha256``."""

    content: str
    sha256: str


def freeze_text(text: str) -> FrozenText:
    """The text in its canonical form with its hash. Raises ``BindingError`` as ``canonical_text``."""
    canonical = canonical_text(text)
    return FrozenText(canonical, sha256_hex(canonical.encode("utf-8")))


def freeze_manifest(content: dict[str, Any]) -> Manifest:
    """The manifest (parties, data, purpose, time, attachments with their hashes) in canonical JSON with its
    hash.
    """
    data = canonical_json(content)
    return Manifest(data.decode("utf-8"), sha256_hex(data))


def fingerprint(sha256: str) -> str:
    """The first 16 hexadecimal digits in groups of four, for the visible text: ``1a2b 3c4d 5e6f 7a8b``."""
    return " ".join(sha256[start : start + 4] for start in range(0, 16, 4))


@dataclass(frozen=True)
class BindingLine:
    """The line that is signed beside the visible text (``tbs_data``, BankID's ``usrNonVisibleData``).

    ``tenant`` is a scope (``gavleborg/sandviken``), ``txn`` the signing transaction, ``doc`` and ``text``
    SHA-256 in hexadecimal of the manifest and of the canonical text.
    """

    tenant: str
    txn: str
    doc: str
    text: str

    def __str__(self) -> str:
        return f"{PREFIX};tenant={self.tenant};txn={self.txn};doc=sha256:{self.doc};text=sha256:{self.text}"


def binding_line(*, tenant: str, txn: str, manifest: Manifest, text: FrozenText) -> str:
    """The line for one transaction. Raises ``BindingError`` when a part would not read back the same."""
    line = str(BindingLine(tenant, txn, manifest.sha256, text.sha256))
    read_binding_line(line)
    return line


def read_binding_line(line: str) -> BindingLine:
    """The parts of a line. Raises ``BindingError`` unless the line has exactly the form of version 1."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise BindingError("Raden som binder underskriften till dokumentet har fel form.")
    return BindingLine(**match.groupdict())
