"""No page of its own: registers the templates that show a plugin's form."""

from flask import Blueprint, Flask

blueprint = Blueprint("vault_forms", __name__, template_folder="templates")


def init_app(app: Flask) -> None:
    """Make the templates known."""
    app.register_blueprint(blueprint)
