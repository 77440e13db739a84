"""The participant signs with the keyboard alone, on a phone-sized page."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from stegvis.local.check_case import refer
from stegvis.local.check_steps import Walk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
MOST_TABS = 80


def tab_to(page: Any, words: str) -> None:
    """Press Tab until the focus is on something with these words (or this label), and seen."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => { const it = document.activeElement;
            const label = it.labels && it.labels.length ? it.labels[0].innerText : "";
            return (it.innerText || "") + "|" + label + "|" + (it.getAttribute("aria-label") || ""); }"""
        )
        if words in focused:
            visible = page.evaluate("document.activeElement.matches(':focus-visible')")
            assert visible, f"the focus on {words} cannot be seen"
            return
    raise AssertionError(f"Tab never came to {words}")


def press(page: Any, words: str) -> None:
    """Go to it and press Enter."""
    tab_to(page, words)
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def be_at_eid(page: Any, number: str, *buttons: str) -> None:
    """At the test e-ID with the keyboard: type the number, press the buttons."""
    page.wait_for_selector("form[data-step=who]")
    tab_to(page, "påhittat personnummer")
    page.keyboard.type(number)
    for button in buttons:
        press(page, button)


def test_login_reading_and_signing_need_no_mouse(someone: Callable[..., Any], walk: Walk) -> None:
    (person,) = walk.fresh(1)
    refer(walk.logged_in("remittent"), person, "egen")
    page = someone(width=390)
    page.goto(f"{walk.base}/mina-sidor")
    press(page, "Logga in med BankID")
    be_at_eid(page, person.number, "Legitimera")
    page.wait_for_url("**/mina-sidor")
    press(page, "Läs samtycket")
    page.wait_for_url("**/mina-sidor/samtycken/*")
    press(page, "Skriv under med BankID")
    be_at_eid(page, person.number, "Fortsätt till texten")
    page.wait_for_selector("form[data-step=text]")
    press(page, "Skriv under")
    page.wait_for_url("**/mina-sidor/samtycken/*")
    expect(page.locator("main")).to_contain_text("Du har sagt ja")
    # Taking it back is on the same page, and reached the same way.
    press(page, "Ta tillbaka")
    press(page, "Ja, ta tillbaka mitt samtycke")
    expect(page.locator("main")).to_contain_text("Du tog tillbaka ditt samtycke")
