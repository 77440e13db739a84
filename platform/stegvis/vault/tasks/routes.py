"""The page I dag."""

from typing import Any

from flask import Blueprint, Flask, render_template

from stegvis.identity.access import policy
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE
from stegvis.vault.tasks import service

blueprint = Blueprint("tasks", __name__, template_folder="templates")


@blueprint.get("/idag")
@policy.vault("personal", rights=(HANDLEDARE, INSATSLEDARE))
def today() -> Any:
    """What cannot wait, one action in each row; beside it my people."""
    return render_template("tasks/today.html", shown=service.today_page())


def init_app(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)
