"""The floor: the least that a WSGI program can do, to measure the pages against."""

from collections.abc import Callable, Iterable
from typing import Any

BODY = b"ok"


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer every request with two letters."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
