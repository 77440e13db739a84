"""The participant's own pages: what waits, what there is, who has read; and nothing of anybody else."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask

from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts.models import VaultAccount
from stegvis.vault.participants import service as participants
from visiting import VAULT, Login, People, Visitor, draft, fresh_number, refer

Browse = Callable[..., Visitor]
PAGES = (
    "/mina-sidor",
    "/mina-sidor/plan",
    "/mina-sidor/utveckling",
    "/mina-sidor/samtycken",
    "/mina-sidor/lasningar",
)


def participant(app: Flask, people: People, name: str = "Test Testsson") -> Login:
    """Somebody with an account whom a samtycke has made a participant."""
    number = fresh_number()
    who = people.account("deltagare", number=number, name=name)
    with app.app_context(), scope(VAULT):
        person = participants.ensure(number, *name.split(" "))
        session().get_one(VaultAccount, who.account).participant_id = person.id
    return who


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_there_before_there_is_anything(people: People, browser: Browse, path: str) -> None:
    visitor = browser(people.account("deltagare"))
    assert visitor.get(path).status_code == 200
    assert len(visitor.page.tree.xpath("//h1")) == 1


@pytest.mark.parametrize("path", PAGES)
def test_nobody_but_a_participant_opens_them(people: People, browser: Browse, path: str) -> None:
    for who in (people.remittent(), people.handledare()):
        assert browser(who).get(path).status_code == 404


def test_the_first_page_says_the_name_and_what_waits(people: People, browser: Browse) -> None:
    number = fresh_number()
    refer(browser(people.remittent()), number, "Exempel Exempelsson")
    visitor = browser(people.participant(number))
    visitor.get("/mina-sidor")
    assert visitor.page.tree.xpath("//h1")[0].text_content() == "Hej Exempel."
    assert "Läs och skriv under ditt samtycke" in visitor.page.words
    assert "Ansvarig för dina uppgifter: Nämnden för individ- och familjeomsorg" in visitor.page.words
    assert "Vilket stöd behövs" not in visitor.page.words
    assert len(visitor.page.links("/mina-sidor/samtycken/")) == 1


def test_a_draft_that_is_not_sent_makes_nobody_known(app: Flask, people: People, browser: Browse) -> None:
    number = fresh_number()
    draft(browser(people.remittent()), number)
    with app.app_context(), scope(VAULT):
        assert accounts.accounts_of_number(number) == []


def test_who_has_read_is_shown_with_name_and_swedish_time(
    app: Flask, people: People, browser: Browse
) -> None:
    number = fresh_number()
    author, team = browser(people.remittent()), people.handledare()
    referral = refer(author, number, way="papper")
    staff = browser(team)
    staff.get("/insats/karnhuset/samtycke-pa-papper")
    staff.send(
        "/samtycke-pa-papper", {"nummer": number, "datum": "2024-01-15", "plats": "I akten", "laest": "ja"}
    )
    # An evening in Sweden that is still the day before by the machine's own clock.
    with time_machine.travel(datetime(2030, 7, 1, 22, 30, tzinfo=UTC), tick=False):
        browser(team).get(f"/insats/karnhuset/remisser/{referral}")
        visitor = browser(people.participant(number))
        visitor.get("/mina-sidor/lasningar")
    words = visitor.page.words
    assert "Prov Handledare läste din remiss 2 juli 2030 00:30" in words


def test_readings_about_others_are_not_shown(app: Flask, people: People, browser: Browse) -> None:
    who, other = participant(app, people), participant(app, people, "Kanarie Kanariesson")
    visitor = browser(who)
    visitor.get("/mina-sidor/lasningar")
    mine = visitor.page.words
    browser(other).get("/mina-sidor")
    visitor.get("/mina-sidor/lasningar")
    assert visitor.page.words == mine and "Kanarie" not in mine
