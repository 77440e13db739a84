"""htmx 4 and the server: fragment or page, redirects that move the window, headers renamed since htmx 2."""

from typing import Any

from flask import Flask, Request, Response, render_template, request
from flask_htmx import HTMX

HX_REQUEST = "HX-Request"

# htmx takes its settings from one meta tag. Left at its default is `noSwap` [204, 304]: answers of 4xx and
# 5xx are swapped in, so that faults are seen. `history` "reload" asks the server for the page on Back, since
# pages with persons may not be kept in the browser.
CONFIG = {"includeIndicatorCSS": False, "history": "reload", "defaultTimeout": 20000}


def is_htmx(asked: Request) -> bool:
    """Say whether `asked` wants a fragment: made by htmx, and not to restore or replace the whole page."""
    headers = asked.headers
    if headers.get(HX_REQUEST) != "true":
        return False
    whole = headers.get("HX-Request-Type") == "full" or headers.get("HX-History-Restore-Request") == "true"
    return not whole


def made_by(asked: Request) -> str:
    """Return the id of the element that made the request, from `HX-Source` ("button#skicka"), else ""."""
    return asked.headers.get("HX-Source", "").partition("#")[2]


def partial_or_page(partial: str, whole: str, **context: Any) -> str:
    """Render the fragment `partial` for htmx, the page `whole` for everybody else, with the same context."""
    return render_template(partial if is_htmx(request) else whole, **context)


def move_window(answer: Response) -> Response:
    """Turn a redirect that answers htmx into `HX-Redirect`: the window goes there, nothing is swapped in.

    A fetch follows redirects by itself, and a login page would land inside a fragment.
    """
    target = answer.headers.get("Location")
    if request.headers.get(HX_REQUEST) == "true" and 300 <= answer.status_code < 400 and target:
        answer.headers["HX-Redirect"] = target
        del answer.headers["Location"]
        answer.status_code = 200
        answer.set_data(b"")
    return answer


def reload_page(status: int = 200) -> Response:
    """Let the page that asked be loaded anew: what it shows holds no longer."""
    return Response(status=status, headers={"HX-Refresh": "true"})


def aim_at_notices(answer: Response) -> Response:
    """Let an answer to htmx land in the page's place for messages, so that what was typed stays."""
    answer.headers["HX-Retarget"] = "#sv-meddelanden"
    answer.headers["HX-Reswap"] = "innerHTML show:top"
    return answer


def init_app(app: Flask) -> None:
    """Give templates `htmx` and `htmx_config`, and guard every redirect."""
    HTMX(app)
    app.after_request(move_window)
    app.jinja_env.globals["htmx_config"] = CONFIG
