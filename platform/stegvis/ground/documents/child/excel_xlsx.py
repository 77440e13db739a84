"""In the child: an Excel workbook from the JSON file in its folder. Text is text: no cell is a formula."""

import io
import json
import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

DATA = "data.json"
# What XML cannot hold.
NOT_TEXT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FORMATS = {"text": "@", "date": "yyyy-mm-dd", "number": "0.0", "count": "0"}
STAMP = (2000, 1, 1, 0, 0, 0)


class Wrong(Exception):
    """The data make no workbook; the name of the fault, without the data."""


class InMemory(ExcelWriter):
    """The library's writer, with sheets in memory: this process may write no file, not even for a moment."""

    _archive: zipfile.ZipFile

    def write_worksheet(self, ws: Any) -> None:
        """One sheet into the archive."""
        out = io.BytesIO()
        writer: Any = WorksheetWriter(ws, out)
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], out.getvalue())
        self.manifest.append(ws)


def make(root: str, order: dict[str, Any]) -> bytes:
    """The workbook that the data describe. Raises Wrong."""
    try:
        return _bytes(_book(json.loads(Path(root, DATA).read_bytes())))
    except Exception as error:
        # The data may stand in its text; its name is enough for the log.
        raise Wrong({"fault": type(error).__name__}) from None


def _book(data: dict[str, Any]) -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "Stegvis"
    book.properties.title = _text(data["title"])
    book.properties.created = book.properties.modified = datetime.fromisoformat(data["made"])
    for one in data["sheets"]:
        _sheet(book.create_sheet(one["title"]), one, data["footer"])
    return book


def _sheet(sheet: Any, one: dict[str, Any], footer: str) -> None:
    """One table: a heading that stays in view and on every printed page, then the rows."""
    for at, column in enumerate(one["columns"], 1):
        _write(sheet, 1, at, column["label"], "text").font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(at)].width = column["width"]
    for down, row in enumerate(one["rows"], 2):
        for at, (column, value) in enumerate(zip(one["columns"], row, strict=True), 1):
            if value is not None:
                _write(sheet, down, at, value, column["kind"])
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.left.text = _text(footer).replace("&", "&&")
    sheet.oddFooter.right.text = "&P (&N)"


def _write(sheet: Any, down: int, at: int, value: Any, kind: str) -> Any:
    cell = sheet.cell(down, at)
    cell.number_format = FORMATS[kind]
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if kind == "date":
        cell.value = date.fromisoformat(value)
    elif kind in ("number", "count"):
        cell.value = float(value) if kind == "number" else int(value)
    else:
        # A string, whatever it begins with; and it stays one when somebody edits the cell.
        cell.value = _text(value)
        cell.data_type = "s"
        cell.quotePrefix = True
    return cell


def _text(value: Any) -> str:
    return NOT_TEXT.sub("", str(value))


def _bytes(book: Workbook) -> bytes:
    """The file. The same data give the same bytes: no clock is in it."""
    raw, out = io.BytesIO(), io.BytesIO()
    InMemory(book, zipfile.ZipFile(raw, "w")).save()
    with zipfile.ZipFile(raw) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as whole:
        for name in made.namelist():
            whole.writestr(zipfile.ZipInfo(name, STAMP), made.read(name), compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()
