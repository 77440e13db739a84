"""The public pages of the three förbund: the plugin's texts, goals and money, for whoever comes by."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from stegvis.config import Settings
from stegvis.forbund.catalogue import service
from stegvis.ground.tenancy.scope import scopes
from stegvis.local.installation import DEMO_DAY, set_day
from stegvis.plugin_host.service import definition_of
from visiting import Visitor

Browse = Callable[..., Visitor]
NBSP = "\u00a0"
WHERE = {
    "karnhuset": "gavleborg",
    "se_coach": "gavleborg",
    "krus": "kalmar_lan",
    "gemensam_kraft": "skane_nordost",
}


def host(forbund: str) -> str:
    """The address of a förbund in the demo."""
    return f"{forbund.replace('_', '-')}.localhost"


def words(texts: object) -> str:
    """Words as a page shows them, with single spaces."""
    return " ".join(str(texts).split())


@pytest.mark.parametrize(
    ("forbund", "names"),
    [
        ("gavleborg", ["Kärnhuset 2.0", "SE-coach Gävle"]),
        ("kalmar_lan", ["KRUS Kalmar"]),
        ("skane_nordost", ["Gemensam kraft"]),
    ],
)
def test_the_first_page_lists_the_insatser_running_ones_first(
    browser: Browse, forbund: str, names: list[str]
) -> None:
    visitor = browser(host=host(forbund))
    assert visitor.get("/").status_code == 200
    links = visitor.page.tree.xpath("//main//h2/a")
    assert [one.text_content() for one in links] == names
    assert len(visitor.page.links("/logga-in")) == 1
    for one in list(links):
        assert visitor.get(one.get("href")).status_code == 200


@pytest.mark.parametrize("insats", sorted(WHERE))
def test_each_page_shows_what_the_plugin_says(app: Flask, browser: Browse, insats: str) -> None:
    visitor = browser(host=host(WHERE[insats]))
    visitor.get(f"/insatser/{insats}")
    shown = visitor.page
    with app.app_context():
        definition = definition_of(scopes().directory.get(WHERE[insats]).insats_by_id(insats))
    page = definition.manifest.page
    for text in (page.syfte, page.malgrupp, page.metod, page.uppfoljning, page.implementering):
        for paragraph in text.paragraphs("sv"):
            assert words(paragraph) in words(shown.words)
    goals = shown.tree.xpath("//table[caption[contains(., 'måltal')]]/tbody/tr/th")
    assert [one.text_content() for one in goals] == [one.title for one in definition.goals.goal]
    headings = [one.text_content() for one in shown.tree.xpath("//main//h2")]
    assert {"Mål", "Organisation", "Pengar"} <= set(headings) and len(headings) == len(set(headings))


@pytest.mark.parametrize(
    ("insats", "last_row"),
    [
        ("krus", ["Summa", f"2{NBSP}293{NBSP}000{NBSP}kr"]),
        ("gemensam_kraft", None),
    ],
)
def test_the_money_is_that_of_the_decision(browser: Browse, insats: str, last_row: list[str] | None) -> None:
    visitor = browser(host=host(WHERE[insats]))
    visitor.get(f"/insatser/{insats}")
    (sum_row,) = visitor.page.tree.xpath("//tr[contains(@class, 'sv-rad--summa')]")
    cells = [one.text_content() for one in sum_row]
    if last_row is not None:
        assert cells == last_row
    else:
        amounts = [int("".join(filter(str.isdigit, one))) for one in cells[1:]]
        assert sum(amounts) == 18_588_000


@pytest.mark.parametrize("insats", ["karnhuset", "se_coach"])
def test_money_that_nobody_has_written_down_is_said_to_be_missing(browser: Browse, insats: str) -> None:
    visitor = browser(host=host(WHERE[insats]))
    visitor.get(f"/insatser/{insats}")
    assert "elopp saknas i underlaget." in visitor.page.words
    assert visitor.page.tree.xpath("//tr[contains(@class, 'sv-rad--summa')]") == []


def test_an_insats_of_another_forbund_is_404(browser: Browse) -> None:
    visitor = browser()
    assert [visitor.get(f"/insatser/{one}").status_code for one in ("krus", "finns-inte")] == [404, 404]


def test_an_ended_insats_says_so_on_the_business_day(browser: Browse) -> None:
    visitor = browser()
    visitor.get("/")
    cards = visitor.page.tree.xpath("//section[contains(@class, 'sv-kort')]")
    said = [words(one.text_content()) for one in cards]
    assert "Pågår" in said[0] and "1 okt 2022 – 31 dec 2024" in said[0]
    assert "Avslutad" in said[1] and "1 jan 2017 – 31 dec 2019" in said[1]


def test_a_public_page_reads_nothing_of_any_scope(app: Flask, browser: Browse) -> None:
    visitor = browser()
    visitor.get("/insatser/karnhuset")
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert visitor.get("/insatser/karnhuset").status_code == 200
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len(sent) == 1 and "installation" in sent[0], sent


def test_headings_follow_the_language(browser: Browse) -> None:
    """No heading of the page itself is left in Swedish on an English page; what the plugin says may be."""
    visitor = browser()
    visitor.get("/insatser/karnhuset")
    swedish = {one.text_content() for one in visitor.page.tree.xpath("//main//h2 | //main//dt")}
    visitor.get("/insatser/karnhuset?sprak=en")
    assert visitor.page.tree.get("lang") == "en"
    english = {one.text_content() for one in visitor.page.tree.xpath("//main//h2 | //main//dt")}
    own = {"Mål", "Organisation", "Pengar", "Insatsägare", "Finansiär", "Samverkansparter", "Period"}
    assert own <= swedish
    assert english & own <= {"Organisation", "Period"}


def test_a_card_is_of_the_state_of_the_day(app: Flask, settings: Settings) -> None:
    set_day(settings, DEMO_DAY)
    with app.app_context():
        forbund = scopes().directory.get("gavleborg")
        assert [(card.id, card.state) for card in service.cards(forbund)] == [
            ("karnhuset", "pagar"),
            ("se_coach", "avslutad"),
        ]
