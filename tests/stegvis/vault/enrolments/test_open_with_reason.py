"""A person of another insats: opened with a reason by those who may, to read, for half an hour; told to the person.

Protected persons are a compartment: the team sees that somebody is there, and no more, unless named for it.
"""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.models import OpenedWithReason
from stegvis.identity.access.rights import HANDLEDARE, OPEN_WITH_REASON, SKYDDADE
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.vault.enrolments.models import Enrolment
from stegvis.vault.participants.models import Participant

WORDS = "Jag ersätter Prov Handledare den här veckan."
NAME, HIDDEN = "Kanarie", "Hemligson"


@pytest.fixture
def case(vault, handledare: uuid.UUID) -> uuid.UUID:  # type: ignore[no-untyped-def]
    """Somebody enrolled in the insats."""
    return vault.enrolled(handledare, given=NAME, family="Testsson")


@pytest.fixture
def protected(app: Flask, vault, handledare: uuid.UUID) -> Iterator[uuid.UUID]:  # type: ignore[no-untyped-def]
    """Somebody enrolled whose identity is protected."""
    case: uuid.UUID = vault.enrolled(handledare, given=HIDDEN, family="Testsson")

    def mark(value: bool) -> None:
        with app.app_context(), scope(vault.scope):
            person = session().get_one(Enrolment, case).participant_id
            session().execute(sa.update(Participant).where(Participant.id == person).values(protected=value))

    mark(True)
    yield case
    mark(False)


def opener(vault) -> uuid.UUID:  # type: ignore[no-untyped-def]
    """Staff of another insats of the same huvudman, who may open with a reason."""
    account = vault.account(OPEN_WITH_REASON, name="Prov Öppnare")
    with vault.app.app_context(), scope(vault.scope):
        accounts.give_right(account, HANDLEDARE, "annan")
    return account


def participant_of(app: Flask, vault, case: uuid.UUID) -> uuid.UUID:  # type: ignore[no-untyped-def]
    with app.app_context(), scope(vault.scope):
        return session().get_one(Enrolment, case).participant_id


def open_it(browser, case: uuid.UUID, words: str = WORDS, reason: str = "vikarie"):  # type: ignore[no-untyped-def]
    browser.get(f"/personer/{case}/skal")
    return browser.post(f"/personer/{case}/skal", {"skal": reason, "ord": words})


def test_the_address_leads_to_the_page_that_asks(vault, case: uuid.UUID, browse: Callable) -> None:  # type: ignore[no-untyped-def, type-arg]
    browser = browse(opener(vault))
    for tab in ("", "/plan", "/matningar", "/aktiviteter"):
        answer = browser.get(f"/personer/{case}{tab}")
        assert (answer.status_code, answer.location) == (303, f"/personer/{case}/skal")
    asked = browser.get(f"/personer/{case}/skal")
    assert "Varför behöver du öppna?" in asked.text and NAME not in asked.text


def test_without_the_right_there_is_no_such_person(vault, case: uuid.UUID, browse: Callable) -> None:  # type: ignore[no-untyped-def, type-arg]
    browser = browse(vault.account(HANDLEDARE, insats="annan"))
    assert {browser.get(f"/personer/{case}{tab}").status_code for tab in ("", "/skal", "/plan")} == {404}


def test_a_reason_opens_to_read_and_nothing_else(
    app: Flask, vault, case: uuid.UUID, browse: Callable
) -> None:  # type: ignore[no-untyped-def, type-arg]
    account = opener(vault)
    browser = browse(account)
    answer = open_it(browser, case)
    assert (answer.status_code, answer.location) == (303, f"/personer/{case}")
    for tab in ("", "/plan", "/matningar", "/aktiviteter"):
        page = browser.get(f"/personer/{case}{tab}")
        assert page.status_code == 200 and NAME in page.text
        assert f"Du läser med skäl: ”{WORDS}”" in page.text
        assert 'method="post" action="/personer/' not in page.text
        assert "/ny" not in page.text and "/avslut" not in page.text
    for path in ("aktiviteter", "avslut", "plan/ny", "matningar/ny"):
        assert browser.post(f"/personer/{case}/{path}", {}).status_code == 404, path
    assert {browser.get(f"/personer/{case}/{path}").status_code for path in ("avslut", "plan/ny")} == {404}
    assert browser.get("/insats/karnhuset/personer").status_code == 404, "lists stay shut"


def test_one_event_with_ids_and_the_words_sealed(
    app: Flask, vault, case: uuid.UUID, browse: Callable
) -> None:  # type: ignore[no-untyped-def, type-arg]
    account = opener(vault)
    person = participant_of(app, vault, case)
    assert vault.new_events(account, lambda: open_it(browse(account), case)) == [
        ("oppna_med_skal", "ok", person)
    ]
    with app.app_context(), scope(vault.scope):
        row = (
            session().scalars(sa.select(OpenedWithReason).where(OpenedWithReason.account_id == account)).one()
        )
        assert (row.words, row.reason, row.participant_id) == (WORDS, "vikarie", person)
        assert b"Handledare" not in row.words_sealed
        event = (
            session()
            .scalars(
                sa.select(VaultAuditEvent).where(
                    VaultAuditEvent.account_id == account, VaultAuditEvent.action == "oppna_med_skal"
                )
            )
            .one()
        )
        assert event.details == {"skal": "vikarie", "rad": str(row.id)}


@pytest.mark.parametrize(
    ("reason", "words", "sentence"),
    [
        ("vikarie", "kort", "minst 10 tecken"),
        ("vikarie", "          a         ", "minst 10 tecken"),
        ("vikarie", "x" * 501, "Skriv högst 500 tecken."),
        ("", WORDS, "Välj ett skäl."),
        ("finns_inte", WORDS, "Välj ett skäl."),
    ],
)
def test_too_little_is_told_and_opens_nothing(
    vault, case: uuid.UUID, browse: Callable, reason: str, words: str, sentence: str
) -> None:  # type: ignore[no-untyped-def, type-arg]
    account = opener(vault)
    browser = browse(account)
    answer = open_it(browser, case, words, reason)
    assert answer.status_code == 422 and sentence in answer.text
    assert vault.events(account) == []
    assert browser.get(f"/personer/{case}").status_code == 303


def test_it_holds_for_this_session_and_half_an_hour(vault, case: uuid.UUID, browse: Callable) -> None:  # type: ignore[no-untyped-def, type-arg]
    account = opener(vault)
    browser = browse(account)
    open_it(browser, case)
    assert browser.get(f"/personer/{case}").status_code == 200
    assert browse(account).get(f"/personer/{case}").status_code == 303, "another session gives its own reason"
    start = now()
    with time_machine.travel(start + timedelta(minutes=29), tick=False):
        assert browser.get(f"/personer/{case}").status_code == 200
    with time_machine.travel(start + timedelta(minutes=31), tick=False):
        assert browser.get(f"/personer/{case}").status_code == 303


def test_the_right_gone_the_reason_is_worth_nothing(
    app: Flask, vault, case: uuid.UUID, browse: Callable
) -> None:  # type: ignore[no-untyped-def, type-arg]
    account = opener(vault)
    browser = browse(account)
    open_it(browser, case)
    with app.app_context(), scope(vault.scope):
        accounts.take_right(account, OPEN_WITH_REASON)
    assert browser.get(f"/personer/{case}").status_code == 404


def test_the_person_reads_who_and_why(app: Flask, vault, case: uuid.UUID, browse: Callable) -> None:  # type: ignore[no-untyped-def, type-arg]
    open_it(browse(opener(vault)), case)
    person = participant_of(app, vault, case)
    with app.app_context(), scope(vault.scope):
        number = session().get_one(Participant, person).number
        own = accounts.open_account(number, "Test Testsson", "deltagare")
        accounts.join_participant(number, person)
    page = browse(own).get("/mina-sidor/lasningar")
    assert "Prov Öppnare öppnade dina uppgifter från en annan insats" in page.text
    assert f"Jag ersätter en handledare: {WORDS}" in page.text


def test_the_team_is_led_to_the_person(
    vault, case: uuid.UUID, handledare: uuid.UUID, browse: Callable
) -> None:  # type: ignore[no-untyped-def, type-arg]
    answer = browse(handledare).get(f"/personer/{case}/skal")
    assert (answer.status_code, answer.location) == (303, f"/personer/{case}")


def test_a_protected_person_is_a_row_without_a_name(
    vault, protected: uuid.UUID, handledare: uuid.UUID, browse: Callable
) -> None:  # type: ignore[no-untyped-def, type-arg]
    browser = browse(handledare)
    for path in ("/insats/karnhuset/personer", "/idag", "/insats/karnhuset/remisser"):
        page = browser.get(path)
        assert page.status_code == 200 and HIDDEN not in page.text, path
        assert str(protected) not in page.text, path
    assert "Skyddade personuppgifter" in browser.get("/insats/karnhuset/personer").text
    assert {browser.get(f"/personer/{protected}{tab}").status_code for tab in ("", "/plan", "/avslut")} == {
        404
    }
    assert browse(opener(vault)).get(f"/personer/{protected}").status_code == 404, "a reason is not enough"


def test_a_protected_person_opens_for_those_who_are_named(
    vault, protected: uuid.UUID, browse: Callable
) -> None:  # type: ignore[no-untyped-def, type-arg]
    browser = browse(vault.account(HANDLEDARE, SKYDDADE))
    assert HIDDEN in browser.get("/insats/karnhuset/personer").text
    assert HIDDEN in browser.get(f"/personer/{protected}").text
    alone = browse(vault.account(SKYDDADE))
    assert alone.get(f"/personer/{protected}").status_code == 404
