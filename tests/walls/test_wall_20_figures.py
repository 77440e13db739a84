"""Wall 20: above a vault there is what was sent, and no number besides.

H: drafts, flags and the answers to marks had no level; formats made from rows could show more than was
decided. C: they live in the vault, and every format is rendered on the förbund's side from the frozen payload
alone.
"""

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pikepdf
import psycopg
import pytest
from psycopg import sql
from pypdf import PdfReader

from stegvis.config import find_root
from stegvis.forbund.reports import service as received

sys.path.insert(0, str(find_root() / "tests" / "stegvis" / "vault" / "reporting"))

from report_world import (
    FORBUND,
    INSATS,
    TEXTS,
    VAULT,
    acting,
    newest,
    people,  # noqa: F401  the fixture
    send,
    work,
    write,
)

from stegvis.vault.reporting import service

pytestmark = pytest.mark.walls

# Numbers that nothing else in the installation holds, long enough for no digest or id to hold them by chance.
DRAFT, FLAG, ANSWER, CROSSES = "732197321", "864286428", "975397539", "641864186"


def above(admin: psycopg.Connection, schemas: tuple[str, ...]) -> str:
    """Every row of the schemas, as text."""
    found = []
    for schema in schemas:
        tables = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
        for (table,) in tables:
            rows = admin.execute(
                sql.SQL("SELECT one::text FROM {} one").format(sql.Identifier(schema, table))
            )
            found += [row[0] for row in rows]
    return "\n".join(found)


@pytest.fixture
def nobody_else(admin: psycopg.Connection) -> None:
    """Take away people whom other tests planted past every rule: their names open with no key."""
    admin.execute("TRUNCATE hm_gavleborg_sandviken.participant CASCADE")


@pytest.fixture
def sent(nobody_else: None, people: Any) -> Any:  # noqa: F811
    """A report with a canary in a draft that was written over, in a flag, in an answer, and in what crosses."""
    write(people, {"aktiviteter": {"text": f"En deltagare dömdes, {DRAFT} kronor."}})
    crossing = {"aktiviteter": {"text": f"Arbetslaget har kört {CROSSES} kilometer. En deltagare dömdes."}}
    write(people, crossing | {"avvikelser": TEXTS["avvikelser"] | {"fraga_ekonomi": f"Nej, {FLAG}."}})
    report_id = send(people)
    with acting(VAULT, people.approver):
        marks = [mark.id for mark in service.to_attest(report_id).marks]
    assert marks != [], "the hidden code's word is marked"
    for mark in marks:
        with acting(VAULT, people.approver):
            service.answer_mark(report_id, mark, f"Det är arbetslaget, {ANSWER}.")
    return people, report_id


def test_before_sending_nothing_of_it_is_above(sent: Any, admin: psycopg.Connection) -> None:
    found = above(admin, ("fb_gavleborg", "pub_gavleborg"))
    assert [one for one in (DRAFT, FLAG, ANSWER, CROSSES) if one in found] == []


def crossed(sent: Any) -> tuple[dict[str, Any], bytes, dict[str, Any]]:
    """Send it: the frozen payload, the PDF and the command line's JSON."""
    people, report_id = sent  # noqa: F811
    with acting(VAULT, people.approver):
        service.attest(report_id, service.to_attest(report_id).seen)
    work()
    with acting(FORBUND, people.forbundschef):
        row = received.newest_of_each([INSATS])[INSATS, "sandviken"].row
        opened = received.read(row.id)
        content, _name = received.pdf(row.id)
        meta = {"dnr": row.arende_number, "handling": row.handling_number, "day": row.arrived_on.isoformat()}
    return {"payload": opened.payload.data(), "sha256": opened.sha256} | meta, content, newest()


def numbers(text: str) -> set[str]:
    """The numbers of a text as they are meant: no leading zero, a point for decimals, no gap in thousands."""
    plain = re.sub(r"(?<=\d)[\u00a0\u202f](?=\d{3}(?!\d))", "", text)
    found = re.findall(r"\d+(?:[.,]\d+)?", plain)
    return {re.sub(r"^0+(?=\d)", "", one).replace(",", ".") for one in found}


def test_a_format_holds_no_number_that_did_not_cross(sent: Any, admin: psycopg.Connection) -> None:
    known, content, told = crossed(sent)
    frozen = json.dumps(known["payload"], ensure_ascii=False)
    may = numbers(frozen) | numbers(f"{known['dnr']} {known['handling']} {known['day']}")
    pages = PdfReader(io.BytesIO(content)).pages
    text = "\n".join(page.extract_text() for page in pages)
    text = re.sub(r"\s*".join(known["sha256"]), "", text).replace("SHA-256", "")
    may |= {str(page) for page in range(1, len(pages) + 1)}
    assert CROSSES in numbers(text), "what was sent is there"
    assert numbers(text) - may == set()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        info = " ".join(str(value) for key, value in pdf.docinfo.items() if "Date" not in key)
        assert numbers(info) - may - numbers(pdf.docinfo["/Creator"].__str__()) == set()
    assert numbers(json.dumps(told)) - may == set()
    found = above(admin, ("fb_gavleborg", "pub_gavleborg"))
    # The answer to a question of the report is part of it; what was written over, and what was said to who
    # attests, is not.
    assert [one for one in (DRAFT, FLAG, ANSWER, CROSSES) if one in found] == [FLAG, CROSSES]
    assert [one for one in (DRAFT, FLAG, ANSWER, CROSSES) if one in numbers(text)] == [FLAG, CROSSES]


def test_a_hidden_cell_holds_no_number(sent: Any) -> None:
    known, _content, _told = crossed(sent)
    cells = [row[side] for row in known["payload"]["figures"] for side in ("period", "since_start")]
    hidden = [cell for cell in cells if isinstance(cell, dict)]
    assert hidden != [], "there is something to hide"
    assert all(set(cell) == {"hidden"} and numbers(cell["hidden"]) == set() for cell in hidden)


def test_no_report_room_of_the_forbund_imports_a_vault() -> None:
    """Rendering sees the payload alone: nothing above can even name a vault's room."""
    rooms = Path(find_root() / "platform" / "stegvis" / "forbund").rglob("*.py")
    assert [one.name for one in rooms if "stegvis.vault" in one.read_text("utf-8")] == []
