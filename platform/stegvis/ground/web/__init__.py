"""The web frame: look, headers, languages, htmx, errors. `init_app` wires all of it to a Flask app."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint, Flask

from stegvis.ground.web import (
    assets,
    autosave,
    charts,
    errors,
    fields,
    frame,
    headers,
    htmx,
    icons,
    languages,
)
from stegvis.ground.web.assets import set_colours
from stegvis.ground.web.frame import NavItem, Page, PageSource, page, set_page_source

__all__ = ["NavItem", "Page", "PageSource", "init_app", "page", "set_colours", "set_page_source"]


def init_app(app: Flask, today: Callable[[], date] = languages.stockholm_today) -> None:
    """Wire the web frame to `app`, which needs a secret key (language and CSRF live in the session).

    `today` gives the business day. Config: `EID_ORIGINS`, the e-ID providers that forms may lead to (a list,
    or a function that gives it).
    Afterwards: `set_page_source(app, source)` for the frame, `set_colours(app, {class: "#rrggbb"})`.
    """
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    blueprint = Blueprint("web", __name__, template_folder="templates")
    assets.init_app(app, blueprint)
    app.register_blueprint(blueprint)
    languages.init_app(app, today)
    frame.init_app(app)
    errors.init_app(app)
    htmx.init_app(app)
    headers.init_app(app)
    app.jinja_env.globals.update(
        icon=icons.icon,
        autosave_mark=autosave.new_mark,
        as_field=fields.as_field,
        form_errors=fields.form_errors,
        spider=charts.spider,
        sparkline=charts.sparkline,
        goal_bar=charts.goal_bar,
        spider_rows=charts.spider_rows,
    )
