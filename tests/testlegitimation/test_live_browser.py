"""The pages in a real Chromium: the way back is allowed, search works, the picture moves, axe is content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from axe import violations
from testlegitimation.names import PARAM
from testlegitimation.people import luhn_digit

ANNA = "199001019802"
pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Any) -> Iterator[Page]:
    """A phone-sized page; the client's address answers with a word instead of the network."""
    opened = chromium.new_page(viewport={"width": 390, "height": 844})
    opened.route("http://prov.localhost:9/**", lambda route: route.fulfill(body="Tillbaka"))
    yield opened
    opened.close()


def test_logging_in_leads_back_to_the_client(rp: Any, page: Page) -> None:
    page.goto(rp.authorize(rp.login_object()).url)
    page.get_by_label("Test Testsson").check()
    page.get_by_role("button", name="Legitimera").click()
    page.wait_for_url("http://prov.localhost:9/eid/tillbaka?code=*")
    assert page.inner_text("body") == "Tillbaka"


def test_signing_shows_the_text_before_it_leads_back(rp: Any, page: Page) -> None:
    page.goto(rp.authorize(rp.sign_object(ANNA)).url)
    page.get_by_label("Eller skriv ett annat påhittat personnummer").fill("19900101-9802")
    page.get_by_role("button", name="Fortsätt till texten").click()
    assert page.get_by_text("Jag samtycker till att").inner_text().endswith("Rad två.")
    page.get_by_role("button", name="Skriv under").click()
    page.wait_for_url("http://prov.localhost:9/eid/tillbaka?code=*")


def test_the_picture_moves_by_itself(rp: Any, page: Page) -> None:
    page.goto(rp.authorize(rp.login_object()).url)
    page.get_by_role("link", name="En annan enhet").click()
    with page.expect_request("**/qr/*.svg?t=1"):
        pass
    with page.expect_request("**/qr/*.svg?t=2"):
        pass


def test_axe_finds_nothing_and_nothing_is_wider_than_the_phone(rp: Any, page: Page) -> None:
    chooser = rp.authorize(rp.login_object(**{f"{PARAM}authnProvider": None})).url
    who = rp.authorize(rp.login_object()).url
    step = rp.authorize(rp.sign_object(ANNA))
    text = rp.http.post(step.url, data={"personnummer": ANNA, "action": "ok"}).url
    gone, refused = f"{rp.issuer}/valj/finns-inte", f"{rp.issuer}/authorize"
    for address in (chooser, who, f"{who}?enhet=annan", step.url, text, gone, refused, f"{rp.issuer}/logout"):
        page.goto(address)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_search_narrows_the_list_and_chooses_the_first_match(rp: Any, running: Any, page: Page) -> None:
    people = running.home.parent / "people.json"
    kept = people.read_text()
    rows = []
    for serial, name in enumerate(["Ett", "Två", "Tre", "Fyra", "Fem", "Sex"], start=980):
        eleven = f"19900101{serial}"
        number = eleven + str(luhn_digit(eleven[2:]))
        rows.append({"personnummer": number, "given_name": name, "family_name": "Provsson"})
    people.write_text(json.dumps(rows))
    try:
        page.goto(rp.authorize(rp.login_object()).url)
        page.get_by_label("Sök bland 6 personer").fill("provsson f")
        assert page.locator(".people li:visible .name").all_inner_texts() == ["Fyra Provsson", "Fem Provsson"]
        assert page.locator(".people input:checked").get_attribute("value") == rows[3]["personnummer"]
        page.get_by_label("Sök bland 6 personer").fill("finns inte")
        assert page.get_by_role("status").inner_text().startswith("Ingen i listan heter så.")
        assert page.locator(".people input:checked").count() == 0
    finally:
        people.write_text(kept)
