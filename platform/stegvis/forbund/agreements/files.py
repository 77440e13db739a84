"""Files of agreements: what may come in, by its content and not its name; kept sealed, shown by nobody here."""

import hashlib
import uuid
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.forbund.agreements.models import AgreementFile
from stegvis.ground.keys import KeyFault
from stegvis.ground.tenancy.scope import current, session

# A request may be 4 MB, form and all.
LARGEST = 3 * 1024 * 1024
PDF, JPEG, PNG, TEXT = "application/pdf", "image/jpeg", "image/png", "text/plain"
_BEGINS = {PDF: b"%PDF-", JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}
ENDINGS = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png", TEXT: ".txt"}
# What makes a PDF show something else than what was signed, or do something. Found where it stands in clear; what
# hides it is not found, and nothing here opens the file.
_ACTIVE = (b"/JavaScript", b"/JS ", b"/JS(", b"/Launch", b"/XFA", b"/RichMedia")


class AgreementFault(Exception):
    """What was asked cannot be done; the message is a Swedish sentence for the person."""


@dataclass(frozen=True)
class Upload:
    """A file as it came: its name without folders, what it is by its content, and the content."""

    name: str
    mime: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> bytes:
        """Of the content."""
        return hashlib.sha256(self.content).digest()


def read_document(name: str, content: bytes) -> Upload:
    """A document to sign: a PDF that can be read by everybody and does nothing. Raises AgreementFault."""
    found = _read(name, content, (PDF,), _("Välj en PDF. Spara dokumentet som PDF i Word eller motsvarande."))
    if b"%%EOF" not in content[-2048:]:
        raise AgreementFault(_("PDF-filen är inte hel. Spara den på nytt och välj den igen."))
    if b"/Encrypt" in content:
        raise AgreementFault(_("PDF-filen är låst med lösenord. Spara den utan lösenord och välj den igen."))
    if any(one in content for one in _ACTIVE):
        raise AgreementFault(
            _(
                "PDF-filen innehåller skript eller formulär som kan ändra vad den visar. Skriv ut den till PDF."
            )
        )
    return found


def read_scan(name: str, content: bytes) -> Upload:
    """A scanned paper: PDF, JPEG or PNG. Raises AgreementFault."""
    return _read(name, content, (PDF, JPEG, PNG), _("Välj det skannade pappret som PDF, JPEG eller PNG."))


def _read(name: str, content: bytes, kinds: tuple[str, ...], sentence: str) -> Upload:
    if not content:
        raise AgreementFault(sentence)
    if len(content) > LARGEST:
        raise AgreementFault(_("Filen är större än 3 MB. Spara den i mindre format och välj den igen."))
    mime = next((one for one in kinds if content.startswith(_BEGINS[one])), None)
    if mime is None:
        raise AgreementFault(sentence)
    stem = " ".join(name.replace("\\", "/").rsplit("/", 1)[-1].split())
    plain = "".join(letter for letter in stem if letter.isprintable() and letter not in '"<>|:*?')
    plain = plain.rsplit(".", 1)[0][:100] or _("dokument")
    return Upload(plain + ENDINGS[mime], mime, content)


def keep(
    agreement_id: uuid.UUID, version: int, kind: str, upload: Upload, signer_id: uuid.UUID | None = None
) -> AgreementFile:
    """Store a file, sealed with the förbund's key for files."""
    row_id = uuid.uuid4()
    row = AgreementFile(
        id=row_id,
        agreement_id=agreement_id,
        signer_id=signer_id,
        version=version,
        kind=kind,
        name=upload.name,
        sha256=upload.sha256,
        size=len(upload.content),
        blob=current().keys.seal_blob(upload.content, _context(row_id)),
    )
    session().add(row)
    session().flush()
    return row


def find(
    agreement_id: uuid.UUID, version: int, kind: str, signer_id: uuid.UUID | None = None
) -> AgreementFile | None:
    """The file of a kind; of a signer, where one is named. The content stays where it is."""
    asked = sa.select(AgreementFile).where(
        AgreementFile.agreement_id == agreement_id,
        AgreementFile.version == version,
        AgreementFile.kind == kind,
    )
    if signer_id is not None:
        asked = asked.where(AgreementFile.signer_id == signer_id)
    return session().scalar(asked.order_by(AgreementFile.created_at.desc()).limit(1))


def content_of(row: AgreementFile) -> bytes:
    """What a file holds. Raises KeyFault for another content than the one that was kept."""
    clear = current().keys.open_blob(row.blob, _context(row.id))
    if hashlib.sha256(clear).digest() != row.sha256:
        raise KeyFault(f"the file {row.id} is not the one that was kept")
    return clear


def mime_of(row: AgreementFile) -> str:
    """What a file is, by the ending that it was kept with."""
    return next(mime for mime, ending in ENDINGS.items() if row.name.endswith(ending))


def _context(row_id: uuid.UUID) -> str:
    return f"agreement_file:{row_id}"
