"""Word documents from a förbund's own template: checked and filled in by the child, in a closed sandbox."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _

from stegvis.ground.documents.in_child import RenderError, Said, TemplateError, run_child

SECONDS = 20
MEMORY_BYTES = 1024**3
LARGEST_TEMPLATE = 4 * 1024**2
LARGEST_DATA = 8 * 1024**2
NAME = "the Word template"

SENTENCES = {
    "not_docx": _(
        "Mallen är inget vanligt Word-dokument. Öppna den i Word, spara den som .docx och försök igen."
    ),
    "too_large": _(
        "Mallen är för stor. Den får vara högst 4 MB: ta bort eller förminska bilder och försök igen."
    ),
    "macros": _("Mallen innehåller makron. Spara den i Word som .docx, utan makron, och försök igen."),
    "embedded": _("Mallen innehåller en inbäddad fil eller kontroll. Ta bort den och försök igen."),
    "external": _(
        "Mallen hämtar något från en annan plats när den öppnas, till exempel en länkad bild eller en kopplad mall. "
        "Lägg in bilden i dokumentet eller ta bort kopplingen, och försök igen."
    ),
    "includes": _(
        "Mallen hämtar in en annan mall. Det går inte: lägg all text i ett dokument och försök igen."
    ),
    "forbidden": _(
        "Mallen använder något annat än rapportens uppgifter. Använd bara fälten i listan och försök igen."
    ),
    "syntax": _(
        "Ett fält i mallen är felskrivet. Kontrollera att klamrarna runt varje fält kommer två och två."
    ),
    "endless": _(
        "Mallen blir för stor när den fylls i. Ta bort den upprepning som inte tar slut och försök igen."
    ),
    "failed": _("Mallen gick inte att fylla i. Jämför den med exempelmallen och försök igen."),
}


class WordTemplateRefused(TemplateError):
    """A Word template that is not used: `code` for the log, `sentence` for the person."""

    def __init__(self, code: str) -> None:
        self.code = code if code in SENTENCES else "failed"
        self.sentence = SENTENCES[self.code]
        super().__init__(f"the Word template was refused: {self.code}")


def check_word(template: bytes) -> None:
    """Check a template and fill it in with nothing. Raises WordTemplateRefused, RenderTimeout or RenderError."""
    _make(template, {}, only_check=True, seconds=SECONDS)


def render_word(template: bytes, content: Mapping[str, Any], *, seconds: int = SECONDS) -> bytes:
    """A .docx: the template with `content` filled in. Values are text, whatever they look like.

    A field that `content` lacks is seen in the document as `[saknas: namn]`, a value None as a dash. Raises
    WordTemplateRefused, RenderTimeout or RenderError.
    """
    return _make(template, content, only_check=False, seconds=seconds)


def _make(template: bytes, content: Mapping[str, Any], *, only_check: bool, seconds: int) -> bytes:
    if len(template) > LARGEST_TEMPLATE:
        raise WordTemplateRefused("too_large")
    data = json.dumps(content, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    if len(data) > LARGEST_DATA:
        raise RenderError(f"the data are {len(data)} bytes, at most {LARGEST_DATA} are rendered")
    with tempfile.TemporaryDirectory(prefix="stegvis-document-") as folder:
        root = Path(folder)
        (root / "template.docx").write_bytes(template)
        (root / "data.json").write_bytes(data)
        order = {"kind": "word", "only_check": only_check}
        try:
            made = run_child(root, order, name=NAME, seconds=seconds, memory_bytes=MEMORY_BYTES)
        except Said as said:
            code = str(said.args[0].get("code"))
        else:
            if not only_check and not made.startswith(b"PK"):
                raise RenderError("the renderer made no document")
            return made
    raise WordTemplateRefused(code)
