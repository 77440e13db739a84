"""The caseload as Excel: what is in it and what is not, for whom, the purpose, and the one event."""

import io
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import INSATSLEDARE, SKYDDADE, VAULT_ADMIN
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.local.check_case import INDICATORS
from stegvis.vault.enrolments import service
from stegvis.vault.enrolments.models import Enrolment
from stegvis.vault.measurements import service as measurements
from stegvis.vault.participants.models import Participant
from stegvis.vault.referrals.models import Referral
from visiting import fresh_number

ADDRESS = "/insats/karnhuset/personer/hamta"
Rows = list[dict[str, Any]]


def tables(content: bytes) -> dict[str, Rows]:
    """The sheets of a workbook: title -> its rows by heading."""
    found = {}
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        heading, *rows = sheet.iter_rows(values_only=True)
        found[sheet.title] = [dict(zip(map(str, heading), row, strict=True)) for row in rows]
    return found


def names(content: bytes) -> set[str]:
    """Everybody in the file."""
    return {row["Namn"] for rows in tables(content).values() for row in rows if "Namn" in row}


def taken(browser: Any, purpose: str = "mote") -> Any:
    """Ask for the file as the page's form does."""
    browser.get(ADDRESS)
    return browser.post(ADDRESS, {"syfte": purpose})


def told(vault: Any, account: uuid.UUID) -> list[tuple[str, str, dict[str, Any]]]:
    """What an account has left in the trail: (action, outcome, details)."""
    with vault.app.app_context(), scope(vault.scope):
        asked = sa.select(VaultAuditEvent).where(VaultAuditEvent.account_id == account)
        rows = session().scalars(asked.order_by(VaultAuditEvent.seq)).all()
        return [(row.action, row.outcome, row.details) for row in rows]


@pytest.fixture
def protect(vault: Any) -> Iterator[Callable[[uuid.UUID], None]]:
    """Give a participant protected data; taken back afterwards."""
    marked: list[uuid.UUID] = []

    def mark(person: uuid.UUID, value: bool = True) -> None:
        with vault.app.app_context(), scope(vault.scope):
            session().execute(sa.update(Participant).where(Participant.id == person).values(protected=value))
        marked.append(person)

    yield mark
    for one in set(marked):
        mark(one, False)


def person_of(vault: Any, model: Any, row_id: uuid.UUID) -> uuid.UUID:
    """The participant of an enrolment or a referral."""
    with vault.app.app_context(), scope(vault.scope):
        found: uuid.UUID = session().get_one(model, row_id).participant_id
        return found


def test_the_file_holds_the_caseload_and_no_more(
    vault: Any, handledare: uuid.UUID, insatsledare: uuid.UUID, browse: Callable[..., Any]
) -> None:
    busy = vault.enrolled(handledare, "Åsa", "Filsson", weeks=20)
    free, other = vault.enrolled(handledare, "Bo", "Filsson"), vault.enrolled(handledare, "Cia", "Filsson")
    vault.accepted("Dag", "Filsson", number := fresh_number())
    with vault.acting(handledare):
        measurements.measure(busy, "steg_sex", {("deltagare", one): 3 for one in INDICATORS})
        service.end(free, service.Exit("studier", words="Hemliga ord"))
        service.end(other, service.Exit("sjukersattning"))
        day = today()
    answer = taken(browse(insatsledare))
    assert (answer.status_code, answer.mimetype) == (
        200,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    assert answer.headers["Content-Disposition"] == f"attachment; filename=karnhuset-personer-{day}.xlsx"
    assert answer.headers["Cache-Control"] == "no-store"
    found = tables(answer.data)
    assert list(found) == ["Inskrivna", "Väntar på inskrivning", "Avslutade", "Om filen"]
    (row,) = [one for one in found["Inskrivna"] if one["Namn"] == "Åsa Filsson"]
    assert row["Handledare"] == "Prov Handledare" and row["Veckor i insatsen"] == 20
    assert (row["Senaste mätning"].date(), row["Medelvärde"]) == (day, 3)
    assert row["Läge"] == "Försenat" and row["Klart senast"].date() < day and row["Härnäst"]
    (row,) = [one for one in found["Väntar på inskrivning"] if one["Namn"] == "Dag Filsson"]
    assert row["Antagen"].date() == day
    ended = {one["Namn"]: one["Hur det slutade"] for one in found["Avslutade"]}
    assert (ended["Bo Filsson"], ended["Cia Filsson"]) == ("Studier", "Annat, se akten")
    about = [(one["Om filen"], one["Uppgift"]) for one in found["Om filen"]]
    assert ("Ska användas till", "Underlag till möte") in about and ("Hämtad av", "Prov Ledare") in about
    assert any("Lämna den inte till samordningsförbundet" in rule for _name, rule in about)
    text = str(found)
    assert number not in text and "Hemliga ord" not in text and "jukersättning" not in text


def test_the_page_says_what_and_that_it_is_kept_and_names_nobody(
    vault: Any, handledare: uuid.UUID, insatsledare: uuid.UUID, browse: Callable[..., Any]
) -> None:
    vault.enrolled(handledare, "Kanariefil", "Testsson")
    browser = browse(insatsledare)
    assert f'href="{ADDRESS}"' in browser.get("/insats/karnhuset/personer").text
    assert f'href="{ADDRESS}"' not in browse(handledare).get("/insats/karnhuset/personer").text
    page = browser.get(ADDRESS).text
    for said in ("Det här står i filen", "Så får den användas", "Hämtningen loggas", "Underlag till möte"):
        assert said in page
    assert "Kanariefil" not in page and "checked" not in page
    assert "Hämta som Excel" in page and "tillbaka hit och hämtar" not in page


@pytest.mark.parametrize("purpose", ["", "finns_inte", "Underlag till möte"])
def test_without_a_purpose_of_the_list_nothing_leaves(
    vault: Any, insatsledare: uuid.UUID, browse: Callable[..., Any], handledare: uuid.UUID, purpose: str
) -> None:
    vault.enrolled(handledare)
    answer = taken(browse(insatsledare), purpose)
    assert answer.status_code == 422 and 'href="#f-syfte">Välj vad du ska ha filen till.' in answer.text
    assert [one for one in told(vault, insatsledare) if one[0] == "exportera"] == []


def test_one_event_with_the_purpose_and_how_many(
    vault: Any, handledare: uuid.UUID, insatsledare: uuid.UUID, browse: Callable[..., Any]
) -> None:
    vault.enrolled(handledare)
    answer = taken(browse(insatsledare), "uppfoljning")
    held = sum(len(rows) for title, rows in tables(answer.data).items() if title != "Om filen")
    assert held > 0
    assert told(vault, insatsledare) == [("exportera", "ok", {"antal": held, "syfte": "uppfoljning"})]


def test_who_is_not_its_leader_gets_no_file_and_one_refusal(
    vault: Any, handledare: uuid.UUID, browse: Callable[..., Any]
) -> None:
    vault.enrolled(handledare)
    for who, own_page, status in (
        (handledare, "/sok", 403),
        (vault.account(INSATSLEDARE, insats="annan"), "/sok", 404),
        (vault.account(VAULT_ADMIN, insats=""), "/konton", 404),
    ):
        browser = browse(who)
        assert browser.get(own_page).status_code == 200
        for answer in (browser.get(ADDRESS), browser.post(ADDRESS, {"syfte": "mote"})):
            assert answer.status_code == status and not answer.data.startswith(b"PK")
        assert told(vault, who)[-2:] == [("neka", "nekad", {"skal": "behorighet"})] * 2
    leader = vault.account(INSATSLEDARE)
    assert browse(leader).get(ADDRESS.replace("karnhuset", "krus")).status_code == 404


def test_whose_data_are_protected_is_not_in_it_and_the_file_does_not_say_so(
    vault: Any,
    handledare: uuid.UUID,
    insatsledare: uuid.UUID,
    browse: Callable[..., Any],
    protect: Callable[[uuid.UUID], None],
) -> None:
    vault.enrolled(handledare, "Öppen")
    hidden = vault.enrolled(handledare, "Hemligfil")
    ended, waiting = vault.enrolled(handledare, "Hemligslut"), vault.accepted("Hemligkö")
    with vault.acting(handledare):
        service.end(ended, service.Exit("studier"))
    before = tables(taken(browse(insatsledare)).data)["Om filen"]
    with vault.acting(insatsledare):
        there = service.file_page("karnhuset")
    for model, row_id in ((Enrolment, hidden), (Enrolment, ended), (Referral, waiting)):
        protect(person_of(vault, model, row_id))
    browser = browse(insatsledare)
    said = f"{there.left_out + 3} personer med skyddade personuppgifter är inte med"
    assert said in browser.get(ADDRESS).text
    content = taken(browser).data
    found = names(content)
    assert "Öppen Testsson" in found
    assert not {one for one in found if one.startswith(("Hemlig", "Skydd"))}
    assert tables(content)["Om filen"] == before, "as if there were none"
    assert not any("Skydd" in row for rows in tables(content).values() for row in rows)

    with vault.app.app_context(), scope(vault.scope):
        accounts.give_right(insatsledare, SKYDDADE, "karnhuset")
    browser = browse(insatsledare)
    page = browser.get(ADDRESS).text
    assert f"{there.left_out + 3} personer i filen har skyddade personuppgifter." in page
    assert "är inte med, eftersom" not in page
    rows = [row for rows in tables(taken(browser).data).values() for row in rows if "Skydd" in row]
    marked = {row["Namn"] for row in rows if row["Skydd"] == "Skyddade personuppgifter"}
    assert marked >= {"Hemligfil Testsson", "Hemligslut Testsson", "Hemligkö Testsson"}
    assert "Öppen Testsson" in names(taken(browser).data) - marked


def test_a_name_that_looks_like_a_formula_is_a_name(
    vault: Any, handledare: uuid.UUID, insatsledare: uuid.UUID, browse: Callable[..., Any]
) -> None:
    evil = ["=HYPERLINK(0)", "+46", "-1+1", "@SUM(A1)", "=cmd|'/c'!A1"]
    for one in evil:
        vault.enrolled(handledare, one, "Testsson")
    book = openpyxl.load_workbook(io.BytesIO(taken(browse(insatsledare)).data))
    cells = {str(cell.value): cell for cell in book["Inskrivna"]["A"]}
    for one in evil:
        cell = cells[f"{one} Testsson"]
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert [
        cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ] == []


def test_the_file_takes_as_many_statements_for_one_as_for_many(
    vault: Any, handledare: uuid.UUID, insatsledare: uuid.UUID, statements: list[str]
) -> None:
    def counted() -> int:
        with vault.acting(insatsledare):
            statements.clear()
            service.file_page("karnhuset")
            return len(statements)

    vault.enrolled(handledare)
    few = counted()
    for _more in range(3):
        vault.enrolled(handledare)
        vault.accepted()
    assert counted() == few
