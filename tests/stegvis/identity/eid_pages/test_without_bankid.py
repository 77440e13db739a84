"""*Jag har inte BankID*: from the first pages to something that works, with those to ask in this förbund."""

from collections.abc import Callable

import pytest
from flask import Flask

from visiting import RunningEid, Visitor

Browse = Callable[..., Visitor]
PAGE = "/utan-bankid"


@pytest.mark.parametrize("first", ["/", "/logga-in"])
def test_it_stands_on_the_first_page(browser: Browse, eid: RunningEid, first: str) -> None:
    visitor = browser()
    visitor.get(first)
    assert "Jag har inte BankID" in visitor.page.words
    (link,) = visitor.page.links(PAGE)
    assert visitor.get(link.removeprefix(visitor.base)).status_code == 200


def test_it_says_whom_to_ask_here_and_not_elsewhere(app: Flask, browser: Browse, eid: RunningEid) -> None:
    directory = app.extensions["stegvis.scopes"].directory
    for forbund in directory:
        visitor = browser(host=forbund.forbund.hosts[0])
        visitor.get(PAGE)
        words = visitor.page.words
        for other in directory:
            for one in other.huvudman:
                assert (one.contact in words) is (other is forbund or not one.contact), one.contact
    visitor = browser()
    visitor.get(PAGE)
    # What is over helps nobody.
    assert "Kärnhuset" in visitor.page.words and "SE-coach" not in visitor.page.words


def test_another_e_id_begins_a_login_from_there(browser: Browse, eid: RunningEid) -> None:
    visitor = browser()
    visitor.get(PAGE)
    assert [form.action for form in visitor.page.forms("/logga-in/")] == [f"{visitor.base}/logga-in/freja"]
    visitor.send("/logga-in/freja")
    assert "Du skickas till din e-legitimation" in visitor.page.words


def test_there_is_a_way_for_participant_remittent_and_staff(browser: Browse, eid: RunningEid) -> None:
    visitor = browser()
    visitor.get(PAGE)
    for words in ("Din handledare", "Remittent:", "Personal", "på papper", "BankID får du av din bank"):
        assert words in visitor.page.words, words
