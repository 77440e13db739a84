"""Fragments for htmx, pages for all others; no redirect and no fault is ever swapped into the wrong place."""

import logging

import pytest
from flask import Flask, render_template_string, request
from flask.testing import FlaskClient
from jinja2 import DictLoader

from stegvis.ground import web
from stegvis.ground.web import errors, htmx

HX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        (HX, True),
        ({"HX-Request": "1"}, False),
        ({**HX, "HX-Request-Type": "partial"}, True),
        ({**HX, "HX-Request-Type": "full"}, False),
        ({**HX, "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_is_htmx(web_app: Flask, headers: dict[str, str], expected: bool) -> None:
    with web_app.test_request_context("/", headers=headers):
        assert htmx.is_htmx(request) is expected


def test_made_by_reads_the_new_header(web_app: Flask) -> None:
    with web_app.test_request_context("/", headers={"HX-Source": "button#skicka"}):
        assert htmx.made_by(request) == "skicka"
    with web_app.test_request_context("/", headers={"HX-Source": "button"}):
        assert htmx.made_by(request) == ""


def test_partial_or_page() -> None:
    app = Flask("delar")
    app.secret_key = "x"
    web.init_app(app)
    app.jinja_loader = DictLoader({"del.html": "del {{ a }}", "sida.html": "sida {{ a }}"})
    with app.test_request_context("/", headers=HX):
        assert htmx.partial_or_page("del.html", "sida.html", a=1) == "del 1"
    with app.test_request_context("/"):
        assert htmx.partial_or_page("del.html", "sida.html", a=1) == "sida 1"


@pytest.fixture
def small_client() -> FlaskClient:
    app = Flask("liten")
    app.secret_key = "x"
    web.init_app(app)

    @app.post("/ut")
    def leave():
        from flask import redirect

        answer = redirect("/in?next=%2F")
        answer.set_cookie("kaka", "1")
        return answer

    @app.get("/brak")
    def crash():
        raise RuntimeError("hemligt-198001019981")

    @app.get("/fel/<int:code>")
    def fail(code: int):
        from flask import abort

        abort(code)

    return app.test_client()


def test_redirect_moves_the_window(small_client: FlaskClient) -> None:
    answer = small_client.post("/ut", headers=HX)
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.data) == (200, "/in?next=%2F", b"")
    assert "Location" not in answer.headers
    assert "kaka=1" in answer.headers["Set-Cookie"]


def test_redirect_is_plain_for_others(small_client: FlaskClient) -> None:
    answer = small_client.post("/ut")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/in?next=%2F")
    assert "HX-Redirect" not in answer.headers


@pytest.mark.parametrize("code", sorted(errors.WORDS))
def test_error_page_says_what_was_kept_and_what_to_do(small_client: FlaskClient, code: int) -> None:
    answer = small_client.get(f"/fel/{code}")
    words = errors.WORDS[code]
    assert answer.status_code == code
    for sentence in (words.heading, words.happened, words.todo):
        assert str(sentence) in answer.text
    assert answer.text.count("<h1>") == 1


@pytest.mark.parametrize("code", sorted(errors.WORDS))
def test_error_for_htmx_lands_among_the_messages(small_client: FlaskClient, code: int) -> None:
    answer = small_client.get(f"/fel/{code}", headers=HX)
    assert answer.status_code == code
    assert answer.headers["HX-Retarget"] == "#sv-meddelanden"
    assert "<html" not in answer.text
    assert str(errors.WORDS[code].heading) in answer.text


@pytest.mark.parametrize(("code", "kin"), [(410, 400), (418, 400), (502, 500)])
def test_error_without_words_gets_those_of_its_kind(small_client: FlaskClient, code: int, kin: int) -> None:
    answer = small_client.get(f"/fel/{code}")
    assert answer.status_code == code
    assert str(errors.WORDS[kin].heading) in answer.text


def test_crash_shows_nothing_of_itself(small_client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    answer = small_client.get("/brak")
    assert answer.status_code == 500
    assert "hemligt" not in answer.text


def test_wrong_method_names_the_right_one(small_client: FlaskClient) -> None:
    answer = small_client.get("/ut")
    assert (answer.status_code, sorted(answer.headers["Allow"].split(", "))) == (405, ["OPTIONS", "POST"])


def test_unknown_host(web_app: Flask) -> None:
    with web_app.test_request_context("/"):
        answer = errors.unknown_host()
    assert answer.status_code == 404
    assert "Det finns inget samordningsförbund på den här adressen" in answer.get_data(as_text=True)


def test_csrf_token_is_inherited_by_every_request(web_client: FlaskClient) -> None:
    assert 'hx-headers:inherited="{&#34;X-CSRFToken&#34;' in web_client.get("/personal").text


def test_form_without_token_is_refused(web_client: FlaskClient) -> None:
    answer = web_client.post("/spara")
    assert answer.status_code == 400
    assert "inget är skickat än" in answer.text


def test_htmx_settings_are_in_the_page(web_app: Flask) -> None:
    with web_app.test_request_context("/"):
        text = render_template_string("{{ htmx_config|tojson }}")
    assert text == '{"defaultTimeout": 20000, "history": "reload", "includeIndicatorCSS": false}'
