"""Render a document in a child process: `render_typst` for any template, `render_report` for the report
that is sent.

The child gets an empty environment, a fresh folder as Typst's root (the template's files and one
`data.json`), limits on time, memory and files, and what to do on its standard input. Narrative reaches
Typst as data, never as markup.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stegvis.ground.documents.in_child import RenderError, Said, TemplateError, run_child

SECONDS = 30
MEMORY_BYTES = 2 * 1024**3  # address space: typst maps much more than it uses
LARGEST_DATA = 8 * 1024**2
TEMPLATES = Path(__file__).with_name("templates")
# One file that both reads aloud (PDF/UA-1) and can be kept for good (PDF/A-2a).
STANDARDS = ("ua-1", "a-2a")


@dataclass(frozen=True)
class Attachment:
    """A file that the template may attach (`name` without folders); needs one of the a-3 standards."""

    name: str
    content: bytes


def render_typst(
    template_dir: Path,
    main: str,
    data: Mapping[str, Any],
    *,
    made: datetime,
    pdf_standards: Sequence[str] = STANDARDS,
    attachments: Sequence[Attachment] = (),
    seconds: int = SECONDS,
) -> bytes:
    """A PDF from `template_dir`/`main`, which reads `data.json`. Same input, same bytes: `made` is the
    file's date.

    `made` must carry a time zone. Raises TemplateError, RenderTimeout or RenderError.
    """
    if made.tzinfo is None:
        raise ValueError("the date of a document carries a time zone")
    content = json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    if len(content) > LARGEST_DATA:
        raise RenderError(f"the data are {len(content)} bytes, at most {LARGEST_DATA} are rendered")
    with tempfile.TemporaryDirectory(prefix="stegvis-document-") as folder:
        root = Path(folder)
        _lay_out(root, template_dir, main, content, attachments)
        return _run(root, main, made, pdf_standards, seconds)


def render_report(data: Mapping[str, Any], *, made: datetime, seconds: int = SECONDS) -> bytes:
    """The report that is sent to a förbund as PDF/UA-1 and PDF/A-2a, from a frozen payload and the
    handling's data.

    `data`: `{"payload": ..., "tenant_name", "dnr", "handling", "received", "sha256"}`, the last four text
    or None.
    """
    return render_typst(TEMPLATES, "report.typ", data, made=made, seconds=seconds)


def _lay_out(
    root: Path, template_dir: Path, main: str, content: bytes, attachments: Sequence[Attachment]
) -> None:
    """Copy plain files only: a link in a template folder would lead out of the root."""
    for source in sorted(template_dir.rglob("*")):
        if source.is_symlink() or not source.is_file():
            continue
        target = root / source.relative_to(template_dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    if not (root / main).is_file() or Path(main).name != main:
        raise TemplateError(f"there is no template {main}")
    for attachment in attachments:
        if Path(attachment.name).name != attachment.name or (root / attachment.name).exists():
            raise RenderError("an attachment needs a name of its own, without folders")
        (root / attachment.name).write_bytes(attachment.content)
    (root / "data.json").write_bytes(content)


def _run(root: Path, main: str, made: datetime, pdf_standards: Sequence[str], seconds: int) -> bytes:
    order = {
        "kind": "typst",
        "main": main,
        "pdf_standards": list(pdf_standards),
        "timestamp": int(made.timestamp()),
    }
    try:
        pdf = run_child(root, order, name=main, seconds=seconds, memory_bytes=MEMORY_BYTES)
    except Said as said:
        lines = str(said.args[0].get("message") or "").splitlines()
    else:
        if not pdf.startswith(b"%PDF-"):
            raise RenderError(f"the renderer of {main} made no PDF")
        return pdf
    raise TemplateError(f"{main}: {lines[0][:300]}" if lines else f"{main} could not be compiled")
