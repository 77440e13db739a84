"""The förbund's front page."""

from typing import Any

from flask import Blueprint, Flask, render_template

from stegvis.forbund.desk import service
from stegvis.identity.access import policy
from stegvis.identity.access.rights import FORBUNDSCHEF, KANSLI

blueprint = Blueprint("desk", __name__, template_folder="templates")


@blueprint.get("/laget")
@policy.forbund(FORBUNDSCHEF, KANSLI)
def overview() -> Any:
    """Läget: every insats in one row."""
    return render_template("desk/overview.html", rows=service.overview(), unsigned=service.unsigned())


def init_app(app: Flask) -> None:
    """Register the page."""
    app.register_blueprint(blueprint)
