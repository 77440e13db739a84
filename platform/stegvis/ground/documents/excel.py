"""Excel workbooks: tables of text, dates and numbers, written by the child. No text becomes a formula."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from stegvis.ground.documents.in_child import RenderError, Said, run_child

SECONDS = 30
MEMORY_BYTES = 1024**3
LARGEST_DATA = 8 * 1024**2
NAME = "the workbook"
Cell = str | int | float | date | None


@dataclass(frozen=True)
class Column:
    """One column: its heading, what its cells are, its width in letters.

    `number` has one decimal, `count` none; `date` is a date that Excel can sort. Anything else is text.
    """

    label: str
    kind: Literal["text", "date", "number", "count"] = "text"
    width: int = 18


@dataclass(frozen=True)
class Sheet:
    """One table. `title` is at most 31 letters, without `\\ / * ? : [ ]`; None is an empty cell."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def render_excel(
    title: str, sheets: Sequence[Sheet], *, made: datetime, footer: str, seconds: int = SECONDS
) -> bytes:
    """An .xlsx with a sheet for each table. Same input, same bytes: `made` is the file's date.

    `footer` stands on every printed page. `made` must carry a time zone. Raises RenderTimeout or RenderError.
    """
    if made.tzinfo is None:
        raise ValueError("the date of a document carries a time zone")
    data = {
        "title": title,
        "made": made.replace(tzinfo=None).isoformat(),
        "footer": footer,
        "sheets": [asdict(one) for one in sheets],
    }
    content = json.dumps(data, ensure_ascii=True, allow_nan=False, default=date.isoformat).encode()
    if len(content) > LARGEST_DATA:
        raise RenderError(f"the data are {len(content)} bytes, at most {LARGEST_DATA} are rendered")
    with tempfile.TemporaryDirectory(prefix="stegvis-document-") as folder:
        root = Path(folder)
        (root / "data.json").write_bytes(content)
        try:
            found = run_child(root, {"kind": "excel"}, name=NAME, seconds=seconds, memory_bytes=MEMORY_BYTES)
        except Said as said:
            fault = str(said.args[0].get("fault"))
        else:
            if not found.startswith(b"PK"):
                raise RenderError("the renderer made no workbook")
            return found
    raise RenderError(f"the workbook could not be made: {fault}")
