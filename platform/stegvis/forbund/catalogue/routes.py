"""The förbund's public pages: its insatser, and what each is. Definitions and published facts only."""

from typing import Any

from flask import Blueprint, Flask, abort, g, render_template

from stegvis.forbund.catalogue import service
from stegvis.identity.access import policy

blueprint = Blueprint("catalogue", __name__, template_folder="templates")


@blueprint.get("/")
@policy.public("Förbundets insatser är offentliga.")
def front() -> Any:
    """The förbund's insatser, running ones first."""
    return render_template("catalogue/front.html", cards=service.cards(g.forbund))


@blueprint.get("/insatser/<insats>")
@policy.public("Förbundets insatser är offentliga.")
def insats(insats: str) -> Any:
    """One insats: what it is, for whom, its goals, organisation and money."""
    shown = service.insats_page(g.forbund, insats)
    if shown is None:
        abort(404)
    return render_template("catalogue/insats.html", shown=shown)


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
