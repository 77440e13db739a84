"""The browser without a browser: fills only what a form has, keeps Secure cookies, and takes *.localhost for here."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask, jsonify, redirect, request
from lxml import html
from werkzeug.serving import make_server

from stegvis.local.visitor import Page, VisitFailed, Visitor, fill

FORM = """<!doctype html><main><form method="post" action="/ta-emot">
<input type="hidden" name="csrf_token" value="abc"><input name="namn"><textarea name="ord"></textarea>
<input type="radio" name="svar" value="ja"><input type="radio" name="svar" value="nej">
<input type="checkbox" name="val" value="a"><input type="checkbox" name="val" value="b">
<input type="checkbox" name="ensam" value="y">
<select name="lista"><option value="x">X</option></select>
<button name="knapp" value="spara">Spara</button></form></main>"""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """A small program that sets a Secure cookie, redirects, and says what it got."""
    app = Flask("prov")

    @app.get("/")
    def first() -> object:
        answer = redirect("/formular", 303)
        answer.set_cookie("__Host-prov", "1", secure=True, httponly=True, path="/")
        return answer

    @app.get("/formular")
    def form() -> str:
        return FORM

    @app.post("/ta-emot")
    def take() -> object:
        told = {name: request.form.getlist(name) for name in request.form}
        return jsonify(host=request.host, cookie=request.cookies.get("__Host-prov"), told=told)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://prov.localhost:{server.server_port}"
    server.shutdown()
    thread.join(5)


def test_a_form_is_sent_as_a_browser_would(base: str) -> None:
    visitor = Visitor(base)
    page = visitor.open("/")
    typed: dict[str, str | list[str]] = {"namn": "Test", "ord": "två\nrader", "svar": "ja", "val": ["a", "b"]}
    got = visitor.send(page, "/ta-emot", typed | {"ensam": "y"}, press=("knapp", "spara")).response.json()
    assert got == {
        "host": base.removeprefix("http://"),
        "cookie": "1",
        "told": {
            "csrf_token": ["abc"],
            "namn": ["Test"],
            "ord": ["två\r\nrader"],
            "svar": ["ja"],
            "val": ["a", "b"],
            "ensam": ["y"],
            "lista": ["x"],
            "knapp": ["spara"],
        },
    }


@pytest.mark.parametrize(
    ("name", "value"), [("okant", "x"), ("svar", "kanske"), ("lista", "y"), ("val", ["c"])]
)
def test_what_the_form_does_not_have_is_refused(name: str, value: str | list[str]) -> None:
    form = html.fromstring(FORM).forms[0]
    with pytest.raises(VisitFailed, match=name):
        fill(form, name, value)


def test_a_button_that_is_not_there_is_not_pressed(base: str) -> None:
    visitor = Visitor(base)
    with pytest.raises(VisitFailed, match="knapp=skicka"):
        visitor.send(visitor.open("/formular"), "/ta-emot", press=("knapp", "skicka"))


def test_another_status_says_what_the_page_said(base: str) -> None:
    with pytest.raises(VisitFailed, match=r"/finns-inte svarade 404 i stället för 200\. .*Not Found"):
        Visitor(base).open("/finns-inte")


def test_a_missing_form_says_where(base: str) -> None:
    page: Page = Visitor(base).open("/formular")
    with pytest.raises(VisitFailed, match="/formular: det finns inget formulär till ”/annat”"):
        page.form("/annat")
