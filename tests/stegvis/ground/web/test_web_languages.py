"""Language follows the choice and stays in the session; dates and numbers follow it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stegvis.ground.web import languages


def root(text: str) -> tuple[str, str]:
    found = re.search(r'<html lang="([a-z]+)" dir="([a-z]+)">', text)
    assert found is not None
    return found[1], found[2]


def test_swedish_is_the_default(web_client: FlaskClient) -> None:
    answer = web_client.get("/deltagare", headers={"Accept-Language": "en"})
    assert root(answer.text) == ("sv", "ltr")
    assert "Hoppa till innehållet" in answer.text


def test_choice_stays_in_the_session(web_client: FlaskClient) -> None:
    assert "Skip to content" in web_client.get("/deltagare?sprak=en").text
    assert root(web_client.get("/skatta").text) == ("en", "ltr")
    assert root(web_client.get("/skatta?sprak=sv").text) == ("sv", "ltr")


def test_arabic_turns_the_page(web_client: FlaskClient) -> None:
    assert root(web_client.get("/deltagare?sprak=ar").text) == ("ar", "rtl")


@pytest.mark.parametrize("asked", ["xx", "../en", "EN", ""])
def test_unknown_language_changes_nothing(web_client: FlaskClient, asked: str) -> None:
    answer = web_client.get("/deltagare", query_string={"sprak": asked})
    assert root(answer.text) == ("sv", "ltr")
    with web_client.session_transaction() as kept:
        assert "sprak" not in kept


def test_language_url_keeps_page_and_query(web_app: Flask) -> None:
    with web_app.test_request_context("/person?nr=3&sprak=sv&filter=a%26b"):
        assert languages.language_url("en") == "/person?nr=3&filter=a%26b&sprak=en"


def test_filters_speak_the_language(web_app: Flask) -> None:
    source = "{{ d|day }}|{{ d|relative }}|{{ 1500|money }}|{{ percent(6, 9) }}"
    from datetime import date

    from flask import render_template_string

    with web_app.test_request_context("/"):
        assert render_template_string(source, d=date(2024, 1, 18)) == (
            "18 jan 2024|om 3 dagar|1\u00a0500\u00a0kr|67\u00a0% (6\u00a0av\u00a09)"
        )
    with web_app.test_request_context("/?sprak=en"):
        assert (
            render_template_string("{{ d|day }}|{{ d|relative }}", d=date(2024, 1, 18))
            == "18 Jan 2024|in 3 days"
        )
