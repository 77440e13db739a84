"""What is vendored is what was published; bundles are whole, addressed by content and free of strangers."""

import gzip
import hashlib
import re
import tomllib

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground import web
from stegvis.ground.web import assets, icons


def listed() -> list[dict]:
    return tomllib.loads((assets.VENDOR / "vendor.toml").read_text("utf-8"))["file"]


def test_every_vendored_file_has_its_sum() -> None:
    stored = {
        str(path.relative_to(assets.VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in assets.VENDOR.rglob("*")
        if path.is_file() and path.name != "vendor.toml"
    }
    assert stored == {row["path"]: row["sha256"] for row in listed()}


def test_every_package_comes_with_its_licence() -> None:
    licensed = {row["package"] for row in listed() if "LICENSE" in row["path"]}
    assert licensed == {row["package"] for row in listed()}


def test_no_icon_claims_another_licence() -> None:
    for path in (assets.VENDOR / "icons").glob("*.svg"):
        assert "icense" not in path.read_text("utf-8")


@pytest.mark.parametrize("name", assets.BUNDLES)
def test_bundles_fetch_nothing_from_elsewhere(name: str) -> None:
    text = assets.bundle(assets.BUNDLES[name]).decode()
    assert re.findall(r"@import|url\((?![\"']?data:)[^)]{0,40}|@font-face", text) == []
    assert re.findall(r"https?://[^\s\"')]+", text) == []


@pytest.mark.parametrize("name", ["personal.css", "deltagare.css"])
def test_every_variable_without_fallback_is_defined(name: str) -> None:
    text = assets.bundle(assets.BUNDLES[name]).decode()
    defined = set(re.findall(r"(--[a-z][a-z0-9-]*)\s*:", text))
    used = set(re.findall(r"var\(\s*(--(?:f|fkds|sv)-[a-z0-9-]+)", text))
    assert used - defined == set()


def test_bundle_drops_marks_that_break_the_next_rule() -> None:
    text = assets.bundle(assets.BUNDLES["personal.css"]).decode()
    assert "\ufeff" not in text
    assert "@charset" not in text


def test_asset_is_sent_compressed_and_kept(web_app: Flask, web_client: FlaskClient) -> None:
    with web_app.test_request_context():
        url = assets.asset_url("personal.css")
    packed = web_client.get(url, headers={"Accept-Encoding": "gzip"})
    plain = web_client.get(url, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert plain.headers["Cache-Control"] == assets.FOREVER
    assert hashlib.sha256(plain.data).hexdigest()[:16] in url


def test_old_address_gets_the_present_sheet_uncached(web_client: FlaskClient) -> None:
    answer = web_client.get("/fil/personal-0000000000000000.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


def test_unknown_asset_is_not_found(web_client: FlaskClient) -> None:
    assert web_client.get("/fil/hemlig-0000000000000000.css").status_code == 404


def test_colours_become_one_class_each() -> None:
    sheet = assets.colour_sheet({"fb-b": "#116a3e", "fb-a": "#ffcc00"}).decode().splitlines()
    assert sheet[1:] == [
        ".fb-a { --sv-forbund: #ffcc00; --sv-forbund-text: #000000; }",
        ".fb-b { --sv-forbund: #116a3e; --sv-forbund-text: #ffffff; }",
    ]


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("fb-a", "red"),
        ("fb-a", "#fff"),
        ("fb-a", "#FFFFFF"),
        ("fb a", "#ffffff"),
        ("fb{}", "#ffffff"),
        ("fb-a", "#ffffff;x"),
    ],
)
def test_a_colour_that_could_mean_more_is_refused(name: str, colour: str) -> None:
    with pytest.raises(ValueError, match="klass och en färg"):
        assets.colour_sheet({name: colour})


@given(st.integers(0, 0xFFFFFF))
def test_text_is_readable_on_every_colour(value: int) -> None:
    colour = f"#{value:06x}"
    lights = sorted([assets.luminance(colour), assets.luminance(assets.text_on(colour))])
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5


def test_colours_change_the_address(web_app: Flask) -> None:
    app = Flask("farger")
    app.secret_key = "x"
    web.init_app(app)
    before = assets.store(app)["forbund.css"].digest
    web.set_colours(app, {"fb-a": "#116a3e"})
    assert assets.store(app)["forbund.css"].digest != before


def test_icon_is_silent_or_named() -> None:
    assert 'aria-hidden="true"' in icons.icon("menu")
    assert 'role="img" aria-label="&lt;x&gt;"' in icons.icon("menu", "<x>")
    with pytest.raises(KeyError):
        icons.icon("finns-inte")
