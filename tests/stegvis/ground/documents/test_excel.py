"""Excel: tables in, a workbook out; whatever a text looks like, it is a text."""

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest

from stegvis.ground.documents import Column, RenderError, RenderTimeout, Sheet, render_excel

MADE = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
COLUMNS = (Column("Namn"), Column("Dag", "date"), Column("Mått", "number"), Column("Antal", "count"))
# What a spreadsheet would take for a formula, a link or a number, and what XML cannot hold.
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@a",
    "\t=1",
    "=cmd|'/c calc'!A1",
    "{=1}",
    "1e5",
    "TRUE",
    "#REF!",
    "<v>",
    "&amp;",
]


def made(*rows: tuple, **told) -> bytes:  # type: ignore[no-untyped-def, type-arg]
    return render_excel("Prov", [Sheet("Blad", COLUMNS, rows)], made=MADE, footer="A & B", **told)


def test_each_cell_is_of_its_kind_and_a_text_is_a_text() -> None:
    rows = [(one, date(2024, 1, 2), 3.25, 4) for one in HOSTILE]
    content = made(*rows, (None, None, None, 0))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Blad"]
    assert [cell.value for cell in sheet[1]] == [one.label for one in COLUMNS]
    for row, text in zip(sheet.iter_rows(min_row=2), HOSTILE, strict=False):
        assert [cell.data_type for cell in row] == ["s", "d", "n", "n"], text
        assert [cell.value for cell in row] == [text, datetime(2024, 1, 2), 3.25, 4]
        assert row[0].quotePrefix, "it stays a text when somebody edits the cell"
    assert [cell.value for cell in sheet[len(HOSTILE) + 2]] == [None, None, None, 0]
    assert sheet.freeze_panes == "A2" and sheet.print_title_rows == "$1:$1"
    assert made(*rows, (None, None, None, 0)) == content, "the same data give the same bytes"


def test_what_xml_cannot_hold_is_left_out() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(made(("Å\x00\ud800\x0b\ufffeä", None, None, None))))["Blad"]
    assert sheet["A2"].value == "Åä"


def test_data_that_make_no_workbook_are_told_without_the_data() -> None:
    for rows in ([("a", date(2024, 1, 1), "Kanarie", 1)], [("Kanarie",)]):
        with pytest.raises(RenderError) as told:
            made(*rows)
        assert str(told.value) == "the workbook could not be made: ValueError"
    with pytest.raises(RenderError, match="at most"):
        made(("x" * 9_000_000, None, None, None))
    with pytest.raises(RenderTimeout):
        made(("a", None, None, None), seconds=0)
    with pytest.raises(ValueError, match="time zone"):
        render_excel("Prov", [], made=MADE.replace(tzinfo=None), footer="")
