"""Every answer carries the strict headers; nothing on a page needs them loosened."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stegvis.ground.web import headers

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self' https://eid.exempel.se; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    "path", ["/personal", "/fel/500", "/finns-inte", "/fil/personal-0000000000000000.css"]
)
def test_every_answer_is_strict(web_client: FlaskClient, path: str) -> None:
    sent = web_client.get(path).headers
    assert sent["Content-Security-Policy"] == POLICY
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Referrer-Policy"] == "same-origin"
    assert sent["Permissions-Policy"] == headers.PERMISSIONS
    assert "HX-Request" in sent["Vary"]
    assert "Strict-Transport-Security" not in sent


def test_pages_are_not_stored(web_client: FlaskClient) -> None:
    assert web_client.get("/personal").headers["Cache-Control"] == "no-store"


def test_https_is_remembered(web_client: FlaskClient) -> None:
    sent = web_client.get("/personal", base_url="https://localhost").headers
    assert sent["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "origin",
    [
        "https://eid.exempel.se/sida",
        "eid.exempel.se",
        "https://a.se; script-src *",
        "https://*.se",
        "https://a.se\n",
        "",
    ],
)
def test_only_a_bare_origin_widens_form_action(origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        headers.content_policy([origin])


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
]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_holds_inline_style_or_script(web_client: FlaskClient, name: str) -> None:
    text = web_client.get(f"/{name}").text
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on", text) == []
    assert re.findall(r"<script(?! defer src=\"/fil/stegvis-)", text) == []


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_references_exist(web_client: FlaskClient, name: str) -> None:
    text = web_client.get(f"/{name}").text
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    named = " ".join(re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', text)).split()
    named += re.findall(r'\sfor="([^"]+)"', text) + [i for i in re.findall(r'href="#([^"]+)"', text)]
    assert set(named) - set(ids) == set()


def test_app_without_origins_keeps_forms_home() -> None:
    app = Flask("hemma")
    headers.init_app(app)
    sent = app.test_client().get("/").headers["Content-Security-Policy"]
    assert "form-action 'self';" in sent
