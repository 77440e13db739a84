"""No page of its own: registers the template that shows a payload, so that vault and förbund show the same."""

from flask import Blueprint, Flask

blueprint = Blueprint("publishing", __name__, template_folder="templates")


def init_app(app: Flask) -> None:
    """Make the template known."""
    app.register_blueprint(blueprint)
