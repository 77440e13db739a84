"""Finding a person: by a name's beginning or the whole number, in the own insatser alone."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from stegvis.ground.tenancy.scope import current, scope, session
from stegvis.identity.access.rights import HANDLEDARE, SKYDDADE, VAULT_ADMIN
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.vault.enrolments import service
from stegvis.vault.enrolments.models import Enrolment
from stegvis.vault.participants.models import Participant, ParticipantName, hashed_form


def number_of(vault: Any, enrolment: uuid.UUID) -> str:
    with vault.app.app_context(), scope(vault.scope):
        row = session().get_one(Enrolment, enrolment)
        return str(session().get_one(Participant, row.participant_id).number)


def protect(vault: Any, enrolment: uuid.UUID) -> None:
    with vault.app.app_context(), scope(vault.scope):
        row = session().get_one(Enrolment, enrolment)
        session().get_one(Participant, row.participant_id).protected = True


def found(vault: Any, account: uuid.UUID, typed: str) -> list[str]:
    with vault.acting(account):
        return [one.name for one in service.search(typed).hits]


def test_names_are_found_by_their_beginnings(vault: Any, handledare: uuid.UUID) -> None:
    for given, family in (("Åke", "Sökprovsson"), ("Anna-Lisa", "Sökprovsson"), ("Åke", "Sökannatsson")):
        vault.enrolled(handledare, given, family)
    assert found(vault, handledare, "sökprov") == ["Anna-Lisa Sökprovsson", "Åke Sökprovsson"]
    assert found(vault, handledare, "ÅK sökp") == ["Åke Sökprovsson"]
    assert found(vault, handledare, "lisa sök") == ["Anna-Lisa Sökprovsson"]
    assert found(vault, handledare, "sokprov") == []
    assert found(vault, handledare, "sökprovssonn") == []


def test_a_whole_number_finds_its_person_and_nothing_less_does(vault: Any, handledare: uuid.UUID) -> None:
    number = number_of(vault, vault.enrolled(handledare, "Test", "Nummersson"))
    for typed in (number, f"{number[:8]}-{number[8:]}", f" {number[:8]} {number[8:]}"):
        assert found(vault, handledare, typed) == ["Test Nummersson"]
    assert found(vault, handledare, number[:11]) == []
    assert found(vault, handledare, number[:8]) == []


def test_the_own_insatser_alone_and_nobody_counts_the_others(vault: Any, handledare: uuid.UUID) -> None:
    """The same person is found while enrolled in an insats of the team, and in another insats never."""
    enrolment = vault.enrolled(handledare, "Test", "Grannsson")
    number = number_of(vault, enrolment)
    assert found(vault, handledare, "grannss") == found(vault, handledare, number) == ["Test Grannsson"]
    with vault.app.app_context(), scope(vault.scope):
        session().get_one(Enrolment, enrolment).insats = "annan_insats"
    for typed in ("grannss", number):
        with vault.acting(handledare):
            nothing = service.search(typed)
        assert (nothing.looked, nothing.hits, nothing.more) == (True, (), 0)
        assert counted(vault, handledare) == 0


def counted(vault: Any, account: uuid.UUID) -> int:
    """The number in an account's last event."""
    with vault.app.app_context(), scope(vault.scope):
        event = session().scalars(
            sa.select(VaultAuditEvent)
            .where(VaultAuditEvent.account_id == account)
            .order_by(VaultAuditEvent.seq.desc())
            .limit(1)
        )
        return int(event.one().details["antal"])


def test_another_vault_finds_nobody(vault: Any, handledare: uuid.UUID, app: Any) -> None:
    number = number_of(vault, vault.enrolled(handledare, "Test", "Valvsson"))
    other = type(vault)(app, scope="gavleborg/af_gavle", insats="se_coach")
    stranger = other.account(HANDLEDARE)
    for typed in ("valvss", number):
        assert found(vault, handledare, typed) == ["Test Valvsson"]
        assert found(other, stranger, typed) == []


def test_protected_data_are_found_by_the_whole_number_only(vault: Any, handledare: uuid.UUID) -> None:
    """And by those who are named for them: to others of the team nobody is there."""
    enrolment = vault.enrolled(handledare, "Test", "Skyddsson")
    number = number_of(vault, enrolment)
    named = vault.account(HANDLEDARE, SKYDDADE)
    for account in (handledare, named):
        assert found(vault, account, "skyddss") == found(vault, account, number) == ["Test Skyddsson"]
    protect(vault, enrolment)
    assert [found(vault, handledare, one) for one in ("skyddss", number)] == [[], []]
    assert [found(vault, named, one) for one in ("skyddss", number)] == [[], ["Test Skyddsson"]]
    with vault.app.app_context(), scope(vault.scope):
        row = session().get_one(Enrolment, enrolment)
        assert ParticipantName.entries(session().get_one(Participant, row.participant_id)) == []


def test_an_event_tells_how_many_and_never_what(vault: Any, handledare: uuid.UUID) -> None:
    vault.enrolled(handledare, "Test", "Hemligsson")
    for typed, count in (("hemligss", 1), ("finnsinteson", 0)):
        before = len(vault.events(handledare))
        found(vault, handledare, typed)
        with vault.app.app_context(), scope(vault.scope):
            rows = session().scalars(
                sa.select(VaultAuditEvent)
                .where(VaultAuditEvent.account_id == handledare)
                .order_by(VaultAuditEvent.seq)
            )
            (event,) = list(rows)[before:]
            assert (event.action, event.subject_kind, event.subject_id) == ("sok", "participant", None)
            assert event.details == {"antal": count}
    assert vault.new_events(handledare, lambda: found(vault, handledare, "h")) == [], "nothing was looked for"


def test_somebody_in_no_team_finds_no_page(vault: Any, browse: Callable[..., Any]) -> None:
    nobody = vault.account(VAULT_ADMIN, insats="")
    browser = browse(nobody)
    assert [browser.get("/sok").status_code, browser.post("/sok", {"ord": "te"}).status_code] == [404, 400]


def test_the_page_in_three_keys(vault: Any, handledare: uuid.UUID, browse: Callable[..., Any]) -> None:
    """Two letters and Enter: one hit is the person's page; several are rows with one link each."""
    one = vault.enrolled(handledare, "Test", "Qzensam")
    browser = browse(handledare)
    assert 'role="search"' in browser.get("/idag").text
    answer = browser.post("/sok", {"ord": "qz"})
    assert (answer.status_code, answer.location) == (303, f"/personer/{one}")
    two = vault.enrolled(handledare, "Test", "Qztvasam")
    page = browser.post("/sok", {"ord": "qz"})
    assert page.status_code == 200
    assert re.findall(r'<a class="sv-radlank" href="/personer/([^"]+)"', page.text) == [str(one), str(two)]
    part = browser.post("/sok", {"ord": "qz"}, **{"HX-Request": "true"})
    assert re.findall(r'href="/personer/([^"]+)"', part.text) == [str(one), str(two)]
    assert "<html" not in part.text
    assert page.headers["Cache-Control"] == "no-store"


def test_more_than_fit_are_counted(
    vault: Any, insatsledare: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stegvis.vault.enrolments.search.SHOWN", 2)
    for letter in "abc":
        vault.enrolled(insatsledare, "Test", f"Xwmånga{letter}")
    with vault.acting(insatsledare):
        given = service.search("xwmånga")
    assert ([one.name for one in given.hits], given.more, given.only) == (
        ["Test Xwmångaa", "Test Xwmångab"],
        1,
        None,
    )


def test_the_number_of_statements_does_not_depend_on_how_many(
    vault: Any, handledare: uuid.UUID, statements: list[str]
) -> None:
    counts = []
    for _ in range(2):
        vault.enrolled(handledare, "Test", "Rakneson")
        before = len(statements)
        found(vault, handledare, "rakne")
        counts.append(len(statements) - before)
    assert counts[0] == counts[1]


def test_a_beginning_is_never_hashed_as_a_number(vault: Any, handledare: uuid.UUID) -> None:
    with vault.acting(handledare):
        keys = current().keys
        assert keys.search_hash(hashed_form("19")) != keys.search_hash("19")
