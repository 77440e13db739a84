"""The page of the diarium."""

from typing import Any

from flask import Blueprint, Flask, render_template

from stegvis.forbund.diarium import service
from stegvis.identity.access import policy
from stegvis.identity.access.rights import FORBUNDSCHEF, KANSLI

blueprint = Blueprint("diarium", __name__, template_folder="templates")


@blueprint.get("/diarium")
@policy.forbund(FORBUNDSCHEF, KANSLI)
def overview() -> Any:
    """Ärenden with their handlingar."""
    return render_template("diarium/overview.html", arenden=service.overview())


def init_app(app: Flask) -> None:
    """Register the page."""
    app.register_blueprint(blueprint)
