"""What goes wrong in a browser, and how it is met: nothing is lost, and there is a way on."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from stegvis.local.check_case import refer
from stegvis.local.check_steps import Walk
from stegvis.local.pictures import be_at_eid, choose

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
Someone = Callable[..., Any]


def test_an_unknown_host_is_a_page_that_says_so(someone: Someone, walk: Walk) -> None:
    page = someone()
    answer = page.goto(f"http://okant-forbund.localhost:{walk.settings.port}/")
    assert answer.status == 404
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("förbund")


def test_a_form_that_fails_keeps_what_was_typed_and_takes_focus_to_the_summary(
    someone: Someone, walk: Walk
) -> None:
    page = someone("remittent")
    page.goto(f"{walk.base}/remisser/ny")
    page.get_by_label("Personnummer").fill("19900101-1234")
    page.get_by_label("Förnamn").fill("Alva")
    page.get_by_role("button", name="Fortsätt").click()
    summary = page.locator(".sv-felsumma")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Förnamn")).to_have_value("Alva")
    expect(page.get_by_label("Personnummer")).to_have_value("19900101-1234")
    links = summary.locator("a")
    expect(links).to_have_count(2)
    for place in range(2):
        target = links.nth(place).get_attribute("href")
        expect(page.locator(f"input{target}")).to_have_attribute("aria-invalid", "true")
    links.first.click()
    expect(page.get_by_label("Personnummer")).to_be_focused()


@pytest.mark.parametrize("button", ["Avbryt", "Låt det misslyckas"])
def test_a_login_that_is_cancelled_comes_back_with_a_sentence(
    someone: Someone, walk: Walk, button: str
) -> None:
    page = someone()
    page.goto(f"{walk.base}/remisser")
    page.get_by_role("button", name="Logga in med BankID").click()
    be_at_eid(page, walk.person("remittent").personnummer, button)
    page.wait_for_url(f"{walk.base}/logga-in**")
    expect(page.locator("main")).to_contain_text("Inget har ändrats")
    page.get_by_role("button", name="Logga in med BankID").click()
    be_at_eid(page, walk.person("remittent").personnummer, "Legitimera")
    # The way on still leads to where the person was going.
    page.wait_for_url(f"{walk.base}/remisser")


def test_a_signing_that_is_cancelled_comes_back_to_the_samtycke(someone: Someone, walk: Walk) -> None:
    (person,) = walk.fresh(1)
    refer(walk.logged_in("remittent"), person, "egen")
    page = someone(number=person.number, width=390)
    page.get_by_role("link", name="Läs samtycket").click()
    there = page.url
    page.get_by_role("button", name="Skriv under med BankID").click()
    be_at_eid(page, person.number, "Fortsätt till texten")
    page.get_by_role("button", name="Avbryt").click()
    page.wait_for_url(there)
    expect(page.locator("main")).to_contain_text("Inget har ändrats")
    expect(page.get_by_role("button", name="Skriv under med BankID")).to_be_visible()


def test_a_double_click_on_send_makes_one_referral(someone: Someone, walk: Walk) -> None:
    (person,) = walk.fresh(1)
    page = someone("remittent")
    _draft(page, walk, person.number, person.given_name, person.family_name)
    page.get_by_role("button", name="Skicka remissen").dblclick()
    page.wait_for_url("**/remisser/*")
    page.goto(f"{walk.base}/remisser")
    assert page.get_by_role("link", name=person.name).count() == 1


def test_a_no_destroys_the_draft_and_tells_the_author(someone: Someone, walk: Walk) -> None:
    (person,) = walk.fresh(1)
    referral = refer(walk.logged_in("remittent"), person, "egen")
    page = someone(number=person.number, width=390)
    page.get_by_role("link", name="Läs samtycket").click()
    page.get_by_text("Jag vill inte", exact=True).click()
    page.get_by_role("button", name="Nej, jag vill inte").click()
    expect(page.locator("main")).to_contain_text("Remissen är borttagen")
    author = someone("remittent")
    author.goto(f"{walk.base}/remisser/{referral}")
    expect(author.locator("main")).to_contain_text("Personen sa nej till samtycket")
    assert person.family_name not in author.locator("main").inner_text()
    author.goto(f"{walk.base}/remisser")
    assert author.get_by_text(person.name).count() == 0


def _draft(page: Any, walk: Walk, number: str, given_name: str, family_name: str) -> None:
    page.goto(f"{walk.base}/remisser/ny")
    page.get_by_label("Personnummer").fill(number)
    page.get_by_label("Förnamn").fill(given_name)
    page.get_by_label("Efternamn").fill(family_name)
    page.get_by_role("button", name="Fortsätt").click()
    choose(page, "Vem remitterar?", "Arbetsförmedlingen")
    choose(page, "Var har frågeställningarna", "Någon annanstans")
    page.get_by_label("Frågeställningar", exact=False).last.fill("Vad behövs?")
    choose(page, "Behöver personen stöd", "Ja")
    page.get_by_role("button", name="Läs igenom och skicka").click()
    page.wait_for_url("**/kontroll")
