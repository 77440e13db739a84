"""Style sheets and scripts: put together at start-up, addressed by their content, compressed once."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for

HERE = Path(__file__).parent
VENDOR = HERE / "vendor"
FOREVER = "public, max-age=31536000, immutable"

OUR_STYLES: Final = (
    "styles/base.css",
    "styles/frame.css",
    "styles/content.css",
    "styles/lists.css",
    "styles/forms.css",
    "styles/charts.css",
)
LAST_STYLES: Final = ("styles/rtl.css", "styles/print.css")

BUNDLES: Final[dict[str, tuple[str, ...]]] = {
    "personal.css": (
        "vendor/fkui/theme-desktop.auto.css",
        "vendor/fkui/fkui.min.css",
        *OUR_STYLES,
        *LAST_STYLES,
    ),
    "deltagare.css": (
        "vendor/fkui/theme-default.auto.css",
        "vendor/fkui/fkui.min.css",
        *OUR_STYLES,
        "styles/participant.css",
        *LAST_STYLES,
    ),
    "stegvis.js": ("vendor/htmx/htmx.min.js", "scripts/stegvis.js"),
}

COLOUR = re.compile(r"#[0-9a-f]{6}")
CLASS = re.compile(r"[a-z][a-z0-9_-]*")
KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Asset:
    """One file as it is sent: `digest` is part of its address, `packed` is the gzip form."""

    name: str
    body: bytes
    packed: bytes
    digest: str

    @property
    def kind(self) -> str:
        """The content type."""
        return KINDS[self.name.rpartition(".")[2]]


def make_asset(name: str, body: bytes) -> Asset:
    """Hash and compress `body`; the same bytes always give the same address (gzip's clock is set to 0)."""
    return Asset(name, body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest()[:16])


def bundle(paths: tuple[str, ...]) -> bytes:
    """Join files in order. Byte order marks and charset rules are only right first in a file: taken away."""
    parts = []
    for path in paths:
        text = (HERE / path).read_text("utf-8-sig")
        text = text.removeprefix('@charset "UTF-8";')
        parts.append(text.strip("\n"))
    # A script may end without a semicolon; an empty statement is harmless, and a style sheet has none.
    joint = "\n;\n" if paths[0].endswith(".js") else "\n"
    return (joint.join(parts) + "\n").encode()


def luminance(colour: str) -> float:
    """Relative luminance 0-1 of `#rrggbb` as WCAG 2.2 defines it."""

    def channel(start: int) -> float:
        value = int(colour[start : start + 2], 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)


def text_on(colour: str) -> str:
    """White where its contrast on `colour` is at least 4.5 (WCAG 2.2, 1.4.3), else black, which has it."""
    on_white = 1.05 / (luminance(colour) + 0.05)
    return "#ffffff" if on_white >= 4.5 else "#000000"


def colour_sheet(colours: dict[str, str]) -> bytes:
    """Write the sheet of the förbund's colours: {"fb-gavleborg": "#116a3e"} to one class each.

    Raises ValueError for a class or colour that could mean anything else in a style sheet.
    """
    rules = ["/* Förbundens egna färger: en klass per förbund. */"]
    for name, colour in sorted(colours.items()):
        if not CLASS.fullmatch(name) or not COLOUR.fullmatch(colour):
            raise ValueError(f"Inte en klass och en färg som #116a3e: {name!r} {colour!r}")
        rules.append(f".{name} {{ --sv-forbund: {colour}; --sv-forbund-text: {text_on(colour)}; }}")
    return ("\n".join(rules) + "\n").encode()


def store(app: Flask) -> dict[str, Asset]:
    """The app's files by name."""
    files: dict[str, Asset] = app.extensions["stegvis.web.assets"]
    return files


def set_colours(app: Flask, colours: dict[str, str]) -> None:
    """Give each förbund its colour (class to `#rrggbb`); at start-up, again when a förbund is added."""
    store(app)["forbund.css"] = make_asset("forbund.css", colour_sheet(colours))


def asset_url(name: str) -> str:
    """Address of a file; it changes when the content does."""
    found = store(current_app._get_current_object())[name]  # type: ignore[attr-defined]
    stem, _, ending = name.rpartition(".")
    return url_for("web.asset", stem=stem, digest=found.digest, ending=ending)


def send(stem: str, digest: str, ending: str) -> Response:
    """Answer with one file; an older address (a page left open at upgrade) gets the present one, uncached."""
    found = store(current_app._get_current_object()).get(f"{stem}.{ending}")  # type: ignore[attr-defined]
    if found is None:
        abort(404)
    packed = "gzip" in request.accept_encodings
    answer = Response(found.packed if packed else found.body, content_type=found.kind)
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    answer.headers["Cache-Control"] = FOREVER if digest == found.digest else "no-cache"
    answer.set_etag(found.digest)
    return answer


def init_app(app: Flask, blueprint: Blueprint) -> None:
    """Bundle everything, add the route and the global `asset_url`."""
    files = {name: make_asset(name, bundle(paths)) for name, paths in BUNDLES.items()}
    app.extensions["stegvis.web.assets"] = files
    set_colours(app, {})
    blueprint.add_url_rule("/fil/<stem>-<digest>.<ending>", "asset", send)
    app.jinja_env.globals["asset_url"] = asset_url
