"""The förbund's side: received reports, the diarium, Läget and the PDF; and no way to a person."""

import re
import uuid
from collections.abc import Callable
from datetime import date
from io import BytesIO

import pikepdf
import pytest
import sqlalchemy as sa
from flask import Flask, url_for
from pypdf import PdfReader
from report_world import (
    FORBUND,
    HOST,
    INSATS,
    VAULT,
    People,
    attest,
    fetch,
    logged_in,
    page,
    post,
    publish,
    send,
    words,
    work,
    write,
)

from stegvis.config import Settings
from stegvis.identity.access.policy import Policy
from stegvis.local.installation import set_day


def newest(app: Flask, people: People) -> str:
    """The address of the newest received report."""
    client = logged_in(app, FORBUND, people.forbundschef)
    found: str = page(client, "/rapporter").xpath("//tbody//a/@href")[0]
    return found


def test_a_received_report_is_unread_until_it_is_opened(app: Flask, people: People) -> None:
    publish(people)
    client = logged_in(app, FORBUND, people.forbundschef)
    assert "1 olästa, 0 återlämnade" in words(page(client, "/rapporter"))
    address = newest(app, people)
    shown = words(page(client, address))
    for part in (
        "SFG 24-1",
        "15 jan 2024",
        "2.1 Aktiviteter",
        "2.6 Styrgruppens",
        "3 Uppgiftslämnare",
        "– Annat",
    ):
        assert part in shown
    assert "0 olästa, 0 återlämnade" in words(page(client, "/rapporter"))


def test_the_page_has_period_and_start_side_by_side(app: Flask, people: People) -> None:
    publish(people)
    client = logged_in(app, FORBUND, people.forbundschef)
    rows = {
        row.xpath("./th/text()")[0].strip(): [cell.text_content().strip() for cell in row.xpath("./td")]
        for row in page(client, newest(app, people)).xpath("//table[1]/tbody/tr")
        if len(row.xpath("./td")) == 2
    }
    assert rows["Deltagare som har varit med"] == ["24", "30"]
    assert rows["Avslutade"] == ["2", "8"]
    assert rows["– Åter till remitterande enhet"] == ["redovisas bara sedan start", "3"]


def test_returned_with_words_and_never_without(app: Flask, people: People) -> None:
    publish(people)
    client = logged_in(app, FORBUND, people.forbundschef)
    address = newest(app, people)
    ask = f"{address}/aterlamna"
    empty = post(client, ask, ask, ord=" ")
    assert (empty.status_code, "Skriv vad som ska kompletteras" in empty.text) == (422, True)
    assert post(client, ask, ask, ord="Skriv mer.").status_code == 303
    assert "återlämnad" in words(page(client, address))
    assert "0 olästa, 1 återlämnade" in words(page(client, "/rapporter"))


def test_the_pdf_reads_aloud_and_keeps(app: Flask, people: People) -> None:
    publish(people)
    client = logged_in(app, FORBUND, people.forbundschef)
    answer = fetch(client, f"{newest(app, people)}/pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    with pikepdf.open(BytesIO(answer.get_data())) as pdf:
        xmp = str(pdf.Root.Metadata.read_bytes(), "utf-8")
        assert pdf.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in pdf.Root
    assert re.search(r"pdfuaid:part>?=?\"?1", xmp) is not None
    assert re.search(r"pdfaid:part>?=?\"?2", xmp) is not None
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.get_data())).pages)
    assert "SFG 24-1" in text.replace("\u00a0", " ")
    assert "Avbrott" not in text


def test_the_diarium_lists_the_handling(app: Flask, people: People) -> None:
    publish(people)
    shown = words(page(logged_in(app, FORBUND, people.forbundschef), "/diarium"))
    assert "SFG 24-1" in shown
    assert "Handling 1 Kvartalsrapport 1 okt–31 dec 2023 15 jan 2024" in shown


def test_the_desk_begins_with_what_needs_me(app: Flask, people: People, settings: Settings) -> None:
    client = logged_in(app, FORBUND, people.forbundschef)
    first = words(page(client, "/laget"))
    assert ("ingen rapport än" in first, "rapport saknas" in first) == (True, False)
    publish(people)
    shown = words(page(client, "/laget"))
    assert "Ny rapport: Kärnhuset 2.0" in shown
    assert "30 av 50 (60 %, 31 dec 2023)" in shown
    page(client, newest(app, people))
    assert "Ny rapport" not in words(page(client, "/laget"))
    set_day(settings, date(2024, 5, 2))
    late = words(page(client, "/laget"))
    assert "rapport saknas" in late
    assert "1 jan–31 mars 2024 skulle ha varit inne 30 april 2024" in late


def test_a_forbund_actor_gets_404_on_every_route_of_a_vault(app: Flask, people: People) -> None:
    write(people)
    client = logged_in(app, FORBUND, people.forbundschef)
    tried = 0
    for rule in app.url_map.iter_rules():
        policy = getattr(app.view_functions[rule.endpoint], "policy", None)
        if not isinstance(policy, Policy) or policy.level != "huvudman" or "GET" not in (rule.methods or ()):
            continue
        if policy.above is not None and not rule.arguments:
            # A page that the förbund has too, of its own accounts.
            continue
        values = {
            name: uuid.uuid4() if name.endswith("_id") else INSATS if name == "insats" else "2023-10-01"
            for name in rule.arguments
        }
        with app.test_request_context(base_url=f"http://{HOST}"):
            address = url_for(rule.endpoint, **values)
        assert fetch(client, address).status_code == 404, address
        tried += 1
    assert tried > 5


@pytest.mark.parametrize("address", ["/laget", "/rapporter", "/diarium"])
def test_a_vaults_staff_gets_404_on_the_desk(app: Flask, people: People, address: str) -> None:
    page(logged_in(app, VAULT, people.insatsledare), address, 404)


@pytest.mark.parametrize("address", ["/laget", "/rapporter", "/diarium"])
def test_the_same_number_of_statements_with_one_report_as_with_many(
    app: Flask, people: People, settings: Settings, address: str
) -> None:
    publish(people)
    client = logged_in(app, FORBUND, people.forbundschef)
    page(client, address)
    one = statements(lambda: page(client, address))
    set_day(settings, date(2024, 10, 15))
    for starts in (date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1)):
        write(people, starts=starts)
        attest(people, send(people, starts))
        work()
    assert len(statements(lambda: page(client, address))) == len(one)


def statements(act: Callable[[], object]) -> list[str]:
    """Every SQL statement while something is done."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return seen
