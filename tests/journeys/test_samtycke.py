"""Signing a samtycke in a browser: cancelled, failed, gone back from and signed; then taken back."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from stegvis.local.check_case import refer
from stegvis.local.check_steps import Walk
from stegvis.local.demo_people import MadeUp
from stegvis.local.pictures import be_at_eid

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
Someone = Callable[..., Any]


def test_signing_is_cancelled_fails_goes_back_and_holds(someone: Someone, walk: Walk) -> None:
    (person,) = walk.fresh(1)
    refer(walk.logged_in("remittent"), person, "egen")
    page = someone(number=person.number, width=390)
    page.get_by_role("link", name="Läs samtycket").click()
    address = page.url

    to_the_text(page, person)
    page.get_by_role("button", name="Avbryt").click()
    expect(page.get_by_text("Inget har ändrats.")).to_be_visible()
    assert page.url == address

    with requests.Session() as http:
        issuer = walk.settings.eid_issuer
        assert (
            http.post(f"{issuer}/__fel", json={"fault": "signature-changed"}, timeout=10).status_code == 200
        )
    to_the_text(page, person)
    page.get_by_role("button", name="Skriv under", exact=True).click()
    expect(page.get_by_text("inget har ändrats")).to_be_visible()
    expect(page.get_by_role("button", name="Skriv under med BankID")).to_be_visible()
    assert page.url == address

    to_the_text(page, person)
    while page.url != address:
        page.go_back()
    expect(page.get_by_role("button", name="Skriv under med BankID")).to_be_visible()

    to_the_text(page, person)
    page.get_by_role("button", name="Skriv under", exact=True).click()
    expect(page.locator("main")).to_contain_text("Du har sagt ja.")
    page.go_back()
    page.goto(address)
    expect(page.get_by_role("button", name="Skriv under med BankID")).to_have_count(0)

    page.get_by_text("Ta tillbaka", exact=True).click()
    expect(page.get_by_text("Det här slutar")).to_be_visible()
    page.get_by_role("button", name="Ja, ta tillbaka mitt samtycke").click()
    expect(page.locator("main")).to_contain_text("Du tog tillbaka ditt samtycke")


def to_the_text(page: Any, person: MadeUp) -> None:
    """From the samtycke to the text at the e-ID."""
    page.get_by_role("button", name="Skriv under med BankID").click()
    be_at_eid(page, person.number, "Fortsätt till texten")
    expect(page.get_by_role("button", name="Skriv under", exact=True)).to_be_visible()
