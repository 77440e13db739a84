"""Render a document in a child process: `render_typst` for any template, `render_report` for the report
that is sent.

The child gets an empty environment, a fresh folder as Typst's root (the template's files and one
`data.json`), limits on time, memory and files, and what to do on its standard input. Narrative reaches
Typst as data, never as markup.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

SECONDS = 30
MEMORY_BYTES = 2 * 1024**3  # address space: typst maps much more than it uses
LARGEST_DATA = 8 * 1024**2
TEMPLATES = Path(__file__).with_name("templates")
CHILD = Path(__file__).with_name("child.py")
# One file that both reads aloud (PDF/UA-1) and can be kept for good (PDF/A-2a).
STANDARDS = ("ua-1", "a-2a")


class RenderError(Exception):
    """The document could not be made. The text is for the log, and holds nothing of the document's data."""


class RenderTimeout(RenderError):
    """It took longer than it may."""


class TemplateError(RenderError):
    """The template does not compile; `message` is Typst's, without the data."""


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
        "main": main,
        "packages": [sysconfig.get_path("platlib"), sysconfig.get_path("purelib")],
        "pdf_standards": list(pdf_standards),
        "timestamp": int(made.timestamp()),
        "cpu_seconds": seconds,
        "memory_bytes": MEMORY_BYTES,
    }
    # -I: no user site, no PYTHON* variables, no current folder on the path. -S: no site at all, -B: no
    # cache written.
    command = [sys.executable, "-I", "-S", "-B", os.fspath(CHILD)]
    try:
        done = subprocess.run(  # noqa: S603 - fixed command, own interpreter, own script
            command, input=json.dumps(order).encode(), capture_output=True, timeout=seconds, cwd=root, env={}
        )
    except subprocess.TimeoutExpired:
        raise RenderTimeout(f"{main} took more than {seconds} seconds") from None
    if done.returncode == -signal.SIGXCPU:
        raise RenderTimeout(f"{main} took more than {seconds} seconds of processor time")
    if done.returncode == 2:
        raise TemplateError(_message(done.stderr, main))
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise RenderError(f"the renderer of {main} ended with {done.returncode}")
    return done.stdout


def _message(stderr: bytes, main: str) -> str:
    try:
        told = json.loads(stderr)
        return f"{main}: {str(told['message']).splitlines()[0][:300]}"
    except (ValueError, KeyError, IndexError):
        return f"{main} could not be compiled"
