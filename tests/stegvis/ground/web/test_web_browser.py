"""The gallery in a real browser: nothing for axe to find, nothing clipped, large targets, htmx at work."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

from axe import hold, violations

pytestmark = pytest.mark.browser

PAGES = [
    "personal",
    "person",
    "formular",
    "formular-fel",
    "tom",
    "rapport",
    "deltagare",
    "skatta",
    "samtycke",
    "offentlig",
    "bar",
    "fel/404",
]


@contextmanager
def opened(chromium: Any, width: int, scheme: str = "light", **more: Any) -> Iterator[Any]:
    context = chromium.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=False, **more
    )
    page = context.new_page()
    page.set_default_timeout(10000)
    yield page
    context.close()


def test_axe_would_find_something(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 390) as page:
        page.goto(f"{gallery_url}/formular")
        page.evaluate("document.querySelector('label[for=pnr]').remove()")
        assert [fault[0] for fault in violations(page)] == ["label"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(chromium: Any, gallery_url: str, width: int, scheme: str) -> None:
    found = []
    with opened(chromium, width, scheme) as page:
        for name in PAGES:
            page.goto(f"{gallery_url}/{name}")
            found += [(name, "shut", *fault) for fault in violations(page)]
            # An open menu covers what lies under it, so shut and open are both judged.
            for summary in page.locator("details > summary").all():
                if summary.is_visible():
                    summary.click()
            found += [(name, "open", *fault) for fault in violations(page)]
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["hover", "focus", "active"])
def test_what_is_pointed_at_can_still_be_read(
    chromium: Any, gallery_url: str, scheme: str, state: str
) -> None:
    found = []
    with opened(chromium, 1280, scheme) as page:
        for name in PAGES:
            page.goto(f"{gallery_url}/{name}")
            hold(page, "a, button, summary, label", state)
            found += [(name, *fault) for fault in violations(page, ["color-contrast"])]
    assert found == []


@pytest.mark.parametrize("query", ["", "?sprak=ar"])
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_runs_over_the_edge(chromium: Any, gallery_url: str, width: int, query: str) -> None:
    over = []
    with opened(chromium, width) as page:
        for name in PAGES:
            page.goto(f"{gallery_url}/{name}{query}")
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                over.append(name)
    assert over == []


def test_browser_has_nothing_to_complain_about(chromium: Any, gallery_url: str) -> None:
    said: list[str] = []
    with opened(chromium, 1280) as page:
        page.on(
            "console",
            lambda message: said.append(message.text) if message.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: said.append(str(error)))
        for name in PAGES[:-1]:
            page.goto(f"{gallery_url}/{name}")
    assert said == []


def test_targets_are_large_enough_for_a_thumb(chromium: Any, gallery_url: str) -> None:
    """Buttons, choices and menus at least 44 px high on a phone (WCAG 2.5.5); links in text are exempt."""
    small = []
    with opened(chromium, 390) as page:
        for name in PAGES:
            page.goto(f"{gallery_url}/{name}")
            small += page.evaluate(
                """name => [...document.querySelectorAll(
                    '.button, summary, .text-field__input, .select-field__select, .sv-skala__steg,'
                    + ' .sv-val .radio-button, .sv-val .checkbox, .sv-flikar a, .sv-topp__knapp,'
                    + ' .sv-tillbaka a')]
                  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)
                  .map(e => [name, e.className, e.getBoundingClientRect().height])""",
                name,
            )
    assert small == []


def test_labels_of_the_spider_are_seen_whole(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 390) as page:
        page.goto(f"{gallery_url}/person")
        outside = page.evaluate(
            """() => { const svg = document.querySelector('.sv-diagram--spindel');
                const b = svg.getBoundingClientRect();
                return [...svg.querySelectorAll('text')].filter(t => { const r = t.getBoundingClientRect();
                return r.left < b.left - 0.5 || r.right > b.right + 0.5
                    || r.top < b.top - 0.5 || r.bottom > b.bottom + 0.5; })
                .map(t => t.textContent); }"""
        )
    assert outside == []


def test_summary_takes_focus_and_leads_to_the_field(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 390) as page:
        page.goto(f"{gallery_url}/formular-fel")
        expect(page.locator(".sv-felsumma")).to_be_focused()
        page.get_by_role("link", name="Personnumret har fel kontrollsiffra").click()
        expect(page.locator("#pnr")).to_be_focused()
        page.get_by_role("link", name="Välj minst ett.").click()
        expect(page.locator("#malgrupp")).to_be_focused()


def test_menu_works_without_script(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 390, java_script_enabled=False) as page:
        page.goto(f"{gallery_url}/personal")
        expect(page.get_by_role("link", name="Remisser")).to_be_hidden()
        page.locator(".sv-meny--knapp summary").click()
        page.get_by_role("link", name="Remisser").click()
        expect(page).to_have_url(f"{gallery_url}/formular")


def test_whole_row_is_one_link(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 1280) as page:
        page.goto(f"{gallery_url}/personal")
        page.locator("table tbody tr").nth(3).locator("td").last.click(position={"x": 5, "y": 5}, force=True)
        expect(page).to_have_url(f"{gallery_url}/person?nr=3")


def test_question_comes_before_what_cannot_be_undone(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 1280) as page:
        page.goto(f"{gallery_url}/person")
        expect(page.get_by_role("button", name="Ja, avsluta nu")).to_be_hidden()
        page.get_by_text("Avsluta inskrivningen").click()
        expect(page.get_by_role("button", name="Ja, avsluta nu")).to_be_visible()
        page.get_by_role("button", name="Nej, ändra inget").click()
        expect(page.get_by_role("button", name="Ja, avsluta nu")).to_be_hidden()
        expect(page.locator(".sv-fraga summary")).to_be_focused()


def test_autosave_speaks_and_keeps_focus(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 1280) as page:
        page.goto(f"{gallery_url}/htmx")
        page.locator("#t").press_sequentially("hej")
        expect(page.locator("#marke")).to_have_text("Sparat 08:15")
        expect(page.locator("#t")).to_be_focused()
        page.context.set_offline(True)
        page.locator("#t").press_sequentially(" igen")
        expect(page.locator("#marke")).to_have_text("Inte sparat. Det du skrivit står kvar här.")
        expect(page.locator("#sv-natfel")).to_be_visible()
        page.context.set_offline(False)
        page.locator("#t").press_sequentially("!")
        expect(page.locator("#marke")).to_have_text("Sparat 08:15")
        expect(page.locator("#sv-natfel")).to_be_hidden()
        assert page.locator("#t").input_value() == "hej igen!"


def test_fault_is_shown_and_what_was_there_stays(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 1280) as page:
        page.goto(f"{gallery_url}/htmx")
        page.locator("#fel").click()
        expect(page.locator("#sv-meddelanden")).to_contain_text("Något gick fel hos oss")
        expect(page.locator("#rest #fel")).to_be_visible()


def test_redirect_moves_the_window_not_the_fragment(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 1280) as page:
        page.goto(f"{gallery_url}/htmx")
        page.locator("#flytt").click()
        expect(page).to_have_url(f"{gallery_url}/offentlig")


def test_paper_has_no_frame_and_opens_what_is_shut(chromium: Any, gallery_url: str) -> None:
    with opened(chromium, 1280, "dark") as page:
        page.goto(f"{gallery_url}/person")
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.locator(".sv-meny--rad")).to_be_hidden()
        expect(page.get_by_role("link", name="Ny anteckning")).to_be_hidden()
        expect(page.get_by_text("Uppgifter om kontaktpersoner.")).to_be_visible()
        colours = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
