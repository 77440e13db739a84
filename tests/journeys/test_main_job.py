"""The main job in a browser, by the five who do it: from a referral to the report on the board's desk."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import expect

from stegvis.local.check_report import TELLING, editable, give_back, newest
from stegvis.local.check_steps import Walk
from stegvis.local.demo_people import MadeUp
from stegvis.local.installation import DEMO_DAY, set_day
from stegvis.local.pictures import be_at_eid, choose

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
Someone = Callable[..., Any]
REPORT = "/insats/karnhuset/rapporter/2023-10-01"
QUESTIONS = ("Jag klarar", "Jag vet vad", "Det fungerar", "Jag har ett mål", "Jag vet vilka", "Jag tror")


@contextmanager
def on_day(walk: Walk, day: date) -> Iterator[None]:
    set_day(walk.settings, day)
    try:
        yield
    finally:
        set_day(walk.settings, DEMO_DAY)


def test_from_the_referral_to_the_avslut(someone: Someone, walk: Walk) -> None:
    (person,) = walk.fresh(1)
    remittent, handledare = someone("remittent"), someone("handledare")
    refer(remittent, walk, person, "På sin egen telefon, senare")
    not_for_the_team_yet(handledare, walk, person, remittent.url)
    sign_on_the_phone(someone, person)
    enrol(handledare, walk, person)
    measure(handledare, 2)
    plan(handledare)
    with on_day(walk, date(2024, 4, 15)):
        measure(handledare, 4)
        both_measurements_are_shown(handledare)
        end(handledare)
    deltagare = someone(number=person.number, width=390)
    deltagare.goto(f"{walk.base}/mina-sidor/utveckling")
    expect(deltagare.locator("main svg:not(.icon)").first).to_be_visible()
    remittent.reload()
    expect(remittent.locator("main")).to_contain_text("Teamet har tagit emot personen")


def test_the_same_for_somebody_without_bankid(someone: Someone, walk: Walk) -> None:
    (person,) = walk.fresh(1)
    remittent, handledare = someone("remittent"), someone("handledare")
    refer(remittent, walk, person, "På papper")
    handledare.goto(f"{walk.base}/insats/karnhuset/remisser")
    handledare.get_by_role("link", name="Registrera samtycke på papper").click()
    handledare.get_by_label("Personnumret på pappret").fill(person.number)
    handledare.get_by_label("När skrevs det under?").fill("2024-01-15")
    handledare.get_by_label("Var förvaras pappret?").fill("I akten")
    handledare.locator("label", has_text="Jag har jämfört numret").click()
    handledare.get_by_role("button", name="Registrera samtycket").click()
    expect(handledare.locator("h1")).to_contain_text(person.name)
    enrol(handledare, walk, person)
    expect(handledare.locator("main")).to_contain_text("underskrivet på papper")


def test_the_report_from_the_first_word_to_the_boards_desk(someone: Someone, walk: Walk) -> None:
    at_forbund = walk.logged_in("forbundschef")
    before = newest(at_forbund)
    if before is not None and not editable(walk.logged_in("insatsledare")):
        give_back(at_forbund, before)
    leader, administrator, chief = someone("insatsledare"), someone("vault_admin"), someone("forbundschef")
    write_report(leader, walk)
    attest(administrator, walk)
    received = arrived(chief, walk, before)
    expect(chief.locator("main")).to_contain_text("SFG 24-1")
    with chief.context.expect_event("response", lambda answer: answer.url.endswith("/pdf")) as pdf:
        chief.evaluate("address => fetch(address)", f"{received}/pdf")
    assert pdf.value.headers["content-type"] == "application/pdf"
    chief.get_by_role("link", name="Återlämna för komplettering").click()
    chief.get_by_label("Vad ska kompletteras?").fill("Skriv mer om hur arbetssättet tas över.")
    chief.get_by_role("button", name="Återlämna").click()
    expect(chief.locator("main")).to_contain_text("Återlämnad för komplettering")
    leader.goto(walk.base + REPORT)
    expect(leader.locator("main")).to_contain_text("Skriv mer om hur arbetssättet tas över.")
    write_report(leader, walk)
    attest(administrator, walk)
    assert arrived(chief, walk, received) != received


def test_the_forbundschef_opens_no_person(someone: Someone, walk: Walk) -> None:
    handledare, chief = someone("handledare"), someone("forbundschef")
    handledare.goto(f"{walk.base}/insats/karnhuset/personer")
    person = handledare.locator("main a[href*='/personer/']").first.get_attribute("href")
    assert chief.goto(walk.base + person).status == 404
    expect(chief.locator("h1")).to_have_text("Sidan finns inte")


# -- the steps -----------------------------------------------------------------------------------


def refer(page: Any, walk: Walk, person: MadeUp, way: str) -> None:
    page.goto(f"{walk.base}/remisser")
    page.get_by_role("link", name="Ny remiss").first.click()
    page.get_by_label("Personnummer").fill(person.number)
    page.get_by_label("Förnamn").fill(person.given_name)
    page.get_by_label("Efternamn").fill(person.family_name)
    page.get_by_role("button", name="Fortsätt").click()
    choose(page, "Vem remitterar?", "Arbetsförmedlingen")
    choose(page, "Var har frågeställningarna", "I Trisam-teamet")
    page.get_by_label("När träffades Trisam-teamet?").fill("2024-01-09")
    page.locator("textarea[name=fragestallningar]").fill("Vilket stöd behövs?\nHur mycket orkar personen?")
    choose(page, "Behöver personen stöd", "Ja")
    choose(page, "Har personen haft försörjningsstöd", "Ja")
    expect(page.locator("[data-state=saved], .sv-autosparat, #sparat")).to_contain_text(
        re.compile("[Ss]parat")
    )
    page.reload()
    expect(page.locator("textarea[name=fragestallningar]")).to_have_value(
        "Vilket stöd behövs?\nHur mycket orkar personen?"
    )
    page.get_by_role("button", name="Läs igenom och skicka").click()
    choose(page, "Hur säger personen ja?", way)
    page.get_by_role("button", name="Skicka remissen").click()
    expect(page.locator("main")).to_contain_text("Remissen är skickad till Kärnhuset 2.0")


def not_for_the_team_yet(page: Any, walk: Walk, person: MadeUp, sent: str) -> None:
    page.goto(f"{walk.base}/insats/karnhuset/remisser")
    expect(page.locator("main")).to_contain_text(re.compile(r"\d+ på väg"))
    assert page.get_by_text(person.name).count() == 0
    referral = sent.rsplit("/", 1)[1]
    assert page.goto(f"{walk.base}/insats/karnhuset/remisser/{referral}").status == 404


def sign_on_the_phone(someone: Someone, person: MadeUp) -> None:
    page = someone(number=person.number, width=390)
    expect(page.locator("h1")).to_contain_text(f"Hej {person.given_name}")
    page.get_by_role("link", name="Läs samtycket").click()
    for heading in ("Vilka", "Vad", "Varför", "Hur länge", "Du bestämmer"):
        expect(page.locator("h2", has_text=heading).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Skriv under med BankID").click()
    be_at_eid(page, person.number, "Fortsätt till texten")
    page.get_by_role("button", name="Skriv under", exact=True).click()
    expect(page.locator("main")).to_contain_text("Du har sagt ja")
    expect(page.get_by_text("Ta tillbaka", exact=True)).to_be_visible()
    with page.expect_download() as receipt:
        page.get_by_role("link", name="Hämta kvittot").click()
    assert receipt.value.suggested_filename.startswith("samtycke-")


def enrol(page: Any, walk: Walk, person: MadeUp) -> None:
    page.goto(f"{walk.base}/insats/karnhuset/remisser")
    page.get_by_role("link", name=person.name).click()
    page.get_by_role("button", name="Ta emot personen").click()
    choose(page, "Vad lever personen på i dag?", "Försörjningsstöd")
    page.get_by_label("Vad gör personen om dagarna?").select_option("ingen")
    choose(page, "Högsta utbildning", "Grundskola")
    choose(page, "Hur länge har personen haft", "3 till 5 år")
    page.get_by_role("button", name="Skriv in", exact=True).click()
    expect(page.locator("h1")).to_contain_text(person.name)


def tab(page: Any, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def measure(page: Any, step: int) -> None:
    tab(page, "Mätningar")
    page.get_by_role("link", name=re.compile("^(Ny mätning|Mät hur det går)$")).first.click()
    for question in QUESTIONS:
        page.get_by_role("group", name=question).locator(f"input[value='{step}']").check()
    page.get_by_role("button", name="Spara mätningen").click()
    page.wait_for_url(re.compile("/matningar$"))


def plan(page: Any) -> None:
    tab(page, "Plan")
    page.get_by_role("link", name=re.compile("^Skriv (på )?planen$")).first.click()
    page.locator("textarea[name=mal]").fill("Jag vill klara ett arbete på halvtid.")
    page.locator("textarea[name=nasta_steg]").fill("Gå på studiebesök.")
    page.locator("input[name=uppfoljning]").fill("2024-04-15")
    page.get_by_role("button", name="Spara planen").click()
    expect(page.locator("main")).to_contain_text("Gå på studiebesök.")


def both_measurements_are_shown(page: Any) -> None:
    expect(page.locator("main svg:not(.icon)").first).to_be_visible()
    table = page.locator("main table").first
    expect(table).to_contain_text("15 jan 2024")
    expect(table).to_contain_text("15 apr")
    expect(page.locator("main")).to_contain_text("Bättre")


def end(page: Any) -> None:
    tab(page, "Översikt")
    page.get_by_role("link", name="Avsluta insatsen för personen").click()
    page.get_by_label("Hur slutade insatsen?").select_option("tillsvidareanstallning")
    choose(page, "Vad lever personen på", "Lön från arbete utan lönestöd")
    page.get_by_label("Vad gör personen om dagarna efter").select_option("arbete")
    page.get_by_role("button", name=re.compile("Avsluta|Spara")).click()
    expect(page.locator("main")).to_contain_text("Avslutet är sparat")


def write_report(page: Any, walk: Walk) -> None:
    page.goto(walk.base + REPORT)
    expect(page.locator("main")).to_contain_text("Sedan start")
    for area in page.locator("main textarea").all():
        with page.expect_response(re.compile("/avsnitt/")) as saved:
            area.fill(f"Arbetet har gått framåt. {TELLING}")
            area.blur()
        assert saved.value.status == 200
    choose(page, "Hur togs rapporten upp?", "På ett möte")
    page.locator("input[name=datum]").fill("2024-01-12")
    page.locator("textarea[name=narvarande]").fill("Ordförande i Mysam\nEnhetschef")
    page.locator("input[name=datum]").blur()
    expect(page.locator("#klart")).to_contain_text("6 av 6")
    page.get_by_role("link", name="Så här ser styrelsen det").click()
    expect(page.locator("h1")).to_contain_text("Detta blir allmän handling")
    expect(page.locator("mark").first).to_contain_text(TELLING)
    page.get_by_role("button", name="Skicka").click()
    expect(page.locator("main")).to_contain_text("Rapporten är skickad för attest")


def attest(page: Any, walk: Walk) -> None:
    page.goto(f"{walk.base}/granskning")
    page.get_by_role("link", name="Läs och attestera").first.click()
    while (unanswered := page.get_by_role("button", name="Låt den stå kvar")).count():
        page.get_by_label("Varför kan meningen stå kvar?").first.fill("Den pekar inte ut någon.")
        unanswered.first.click()
        page.wait_for_load_state()
    page.get_by_role("button", name="Attestera och skicka till förbundet").click()
    expect(page.locator("main")).to_contain_text("Rapporten är attesterad")


def arrived(page: Any, walk: Walk, before: str | None) -> str:
    """Wait at the list of received reports until the newest is another than before; open it."""
    page.goto(f"{walk.base}/rapporter")
    newest_one = page.locator("main a[href*='/rapporter/']").first
    for _ in range(100):
        if newest_one.count():
            address = walk.base + newest_one.get_attribute("href")
            if address != before:
                page.goto(address)
                return address
        page.wait_for_timeout(300)
        page.reload()
    raise AssertionError("the report never arrived")
