"""Structured logs: one JSON line an event, with scope and request id, never personal data."""

import logging
import sys
import traceback
import uuid
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, g, request

QUIET = frozenset({"web.asset", "health.live", "health.ready"})


def configure(level: int = logging.INFO) -> None:
    """Make structlog and the standard loggers write JSON lines to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("event"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def init_app(app: Flask) -> None:
    """Give each request an id, which every line logged while it runs carries, and log its end."""
    log = structlog.get_logger("stegvis.web")

    def log_exception(exc_info: Any) -> None:
        """Type and place of an error that nobody caught; never its text: it may quote a person (walls 12)."""
        kind, _error, trace = exc_info
        places = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(trace)[-4:]]
        log.error("unhandled", fault=getattr(kind, "__name__", "?"), at=places)

    app.log_exception = log_exception  # type: ignore[method-assign]

    @app.before_request
    def begin() -> None:
        g.request_id = uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)

    @app.after_request
    def end(response):  # type: ignore[no-untyped-def]
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if request.endpoint not in QUIET:
            # The rule, not the path: an address may hold an id, and a query a searched name.
            rule = str(request.url_rule) if request.url_rule else None
            log.info("request", method=request.method, rule=rule, status=response.status_code)
        return response
