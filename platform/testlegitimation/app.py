"""The web program put together: blueprints, security headers, error pages."""

from __future__ import annotations

import ipaddress
import sys
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, render_template, request
from werkzeug.exceptions import HTTPException

from testlegitimation.clients import BadClients
from testlegitimation.idura import idura_blueprint
from testlegitimation.markdown import rendered
from testlegitimation.oidc import oidc_blueprint
from testlegitimation.pages import pages_blueprint
from testlegitimation.provider import Provider


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def create_app(provider: Provider) -> Flask:
    """The WSGI program of one provider."""
    app = Flask("testlegitimation")
    app.config["MAX_CONTENT_LENGTH"] = 2_000_000
    app.add_template_filter(rendered, "markdown")
    app.config["MAX_FORM_MEMORY_SIZE"] = 2_000_000
    app.register_blueprint(oidc_blueprint(provider))
    app.register_blueprint(idura_blueprint(provider.as_idura))
    app.register_blueprint(pages_blueprint(provider))

    @app.before_request
    def only_this_machine() -> None:
        """Refuses callers and host names from elsewhere (a page on the web could point its own name at
        127.0.0.1).
        """
        caller = ipaddress.ip_address(request.remote_addr or "127.0.0.1")
        if not caller.is_loopback or not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
            abort(403)

    @app.after_request
    def headers(response: Response) -> Response:
        target = g.get("form_target", "")
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
            f"form-action 'self' {target}; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(HTTPException)
    def stopped(error: HTTPException) -> tuple[str, int]:
        """Every answer that a person might see says that it comes from the test environment."""
        code = error.code or 500
        return render_template("gone.html" if code == 404 else "stopped.html", code=code), code

    @app.errorhandler(BadClients)
    def unusable_clients(error: BadClients) -> tuple[str, int]:
        sys.stderr.write(f"testlegitimation: klientfilen går inte att använda. {error}\n")
        return render_template("stopped.html", code=503), 503

    return app
