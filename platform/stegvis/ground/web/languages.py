"""Languages of the screen: Swedish is the source, others are catalogues; direction follows the language."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, has_request_context, request, session
from flask_babel import Babel, get_locale

from stegvis.ground.web import formats

SOURCE = "sv"
TRANSLATIONS = Path(__file__).resolve().parents[2] / "translations"

# Code, the language's own name, direction. Arabic is ready in layout; its texts are Swedish until a catalogue
# exists.
LANGUAGES: Final[dict[str, tuple[str, str]]] = {
    "sv": ("Svenska", "ltr"),
    "en": ("English", "ltr"),
    "ar": ("العربية", "rtl"),
}


def choose() -> str:
    """Choose the request's language: `?sprak=`, else what was chosen before in this session, else Swedish."""
    if not has_request_context():
        return SOURCE
    asked = request.args.get("sprak", "")
    if asked in LANGUAGES:
        return asked
    kept = session.get("sprak", SOURCE)
    return kept if kept in LANGUAGES else SOURCE


def current() -> str:
    """Code of the language being used; Swedish outside a request."""
    found = get_locale()
    return found.language if found is not None else SOURCE


def direction(language: str) -> str:
    """ "ltr" or "rtl" for a language code."""
    return LANGUAGES.get(language, LANGUAGES[SOURCE])[1]


def language_url(code: str) -> str:
    """Address of the same page, with the same query, in another language."""
    kept = [(key, value) for key, value in request.args.items(multi=True) if key != "sprak"]
    return f"{request.path}?{urlencode([*kept, ('sprak', code)])}"


def stockholm_today() -> date:
    """The calendar's day in Sweden; the default of `|relative` where no business day was given."""
    return datetime.now(ZoneInfo("Europe/Stockholm")).date()


def init_app(app: Flask, today: Callable[[], date] = stockholm_today) -> None:
    """Set up Flask-Babel, keep the chosen language in the session, add the filters of formats.

    `today` gives the business day for `|relative`.
    """
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(TRANSLATIONS))
    app.config.setdefault("BABEL_DEFAULT_LOCALE", SOURCE)
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Europe/Stockholm")
    Babel(app, locale_selector=choose)

    @app.before_request
    def keep_choice() -> None:
        asked = request.args.get("sprak", "")
        if asked in LANGUAGES and session.get("sprak") != asked:
            session["sprak"] = asked

    @app.context_processor
    def language_context() -> dict[str, str]:
        code = current()
        return {"language": code, "direction": direction(code)}

    filters: dict[str, Callable[..., str]] = {
        "day": lambda value: formats.day(value, current()),
        "month": lambda value: formats.month(value, current()),
        "clock": formats.clock,
        "relative": lambda value, now=None: formats.relative(value, now or today(), current()),
        "number": lambda value, decimals=0: formats.number(value, decimals, current()),
        "money": lambda value: formats.money(value, current()),
        "personal_number": formats.personal_number,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(
        percent=lambda part, whole: formats.percent(part, whole, current()),
        period=lambda first, last: formats.period(first, last, current()),
        language_url=language_url,
        LANGUAGES=LANGUAGES,
    )
