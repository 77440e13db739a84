"""The real web application with pages that fail, for granian: `walls.faulty_web:app`."""

from flask import Response, after_this_request, g

from stegvis.ground.tenancy import scope
from stegvis.wsgi import app
from walls.faults import FAULTS, VAULT, WORDS


@app.get("/prov/<name>")
def fail(name: str) -> str:
    """Fail in one of the known ways, in the scope of a vault."""
    with scope(VAULT):
        FAULTS[name][0]()
    return "inget fel"


@app.get("/prov/efter")
def spoil_answer() -> str:
    """Fail after the page is made, when Flask finishes it; the page about that fails in the same way."""

    @after_this_request
    def fail_once_more(_response: Response) -> Response:
        raise ValueError(WORDS)

    return "sidan"


@app.get("/prov/rester")
def spoil_teardown() -> str:
    """Fail when everything has been answered."""
    g.fail_at_the_end = True
    return "sidan"


@app.get("/prov/strom")
def stream():  # type: ignore[no-untyped-def]
    """Fail in the middle of an answer."""

    def parts():  # type: ignore[no-untyped-def]
        yield "början"
        raise ValueError(WORDS)

    return app.response_class(parts())


@app.teardown_request
def at_the_end(_error: BaseException | None) -> None:
    """Where `spoil_teardown` fails."""
    if g.get("fail_at_the_end"):
        raise ValueError(WORDS)
