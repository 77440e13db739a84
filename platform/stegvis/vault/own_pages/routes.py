"""The participant's own pages, phone first."""

from typing import Any

from flask import Blueprint, Flask, render_template

from stegvis.ground.web import languages
from stegvis.identity.access import policy
from stegvis.vault.own_pages import service

blueprint = Blueprint("own_pages", __name__, template_folder="templates")


@blueprint.get("/mina-sidor")
@policy.vault("deltagare")
def front() -> Any:
    """Hej, and the next thing."""
    return render_template("own_pages/front.html", shown=service.front())


@blueprint.get("/mina-sidor/plan")
@policy.vault("deltagare")
def plan() -> Any:
    """My plan, per insats."""
    return render_template("own_pages/plan.html", plans=service.my_plans(languages.current()))


@blueprint.get("/mina-sidor/utveckling")
@policy.vault("deltagare")
def development() -> Any:
    """My own ratings over time."""
    return render_template("own_pages/development.html", found=service.my_development(languages.current()))


@blueprint.get("/mina-sidor/lasningar")
@policy.vault("deltagare")
def readings() -> Any:
    """Who has read about me."""
    return render_template("own_pages/readings.html", rows=service.readings())


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
