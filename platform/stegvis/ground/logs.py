"""Structured logs: one JSON line an event, with scope and request id, never personal data.

An error's text may quote a person (walls 12), so no line holds it: only its type, where in the code it was
raised, and for a database error what it was about. The same goes for what libraries log: where the line comes
from and which sentence it is, never what was put into the sentence.
"""

import json
import logging
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, g, has_request_context, request

QUIET = frozenset({"web.asset", "health.live", "health.ready"})
LAST_RESORT = "Något gick fel hos oss. Det du just gjorde är inte sparat. Felnummer {number}.\n"
PLACES = 4

Environ = dict[str, Any]


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
    root = logging.getLogger()
    if not any(isinstance(one, LibraryLines) for one in root.handlers):
        root.addHandler(LibraryLines(logging.WARNING))


def report_last_words(event: str) -> None:
    """What nobody caught, in this process or a thread of it, becomes one line: no traceback on standard error.

    For the entry point of a process of ours, once. Other handlers of log lines (the web server brings some)
    go: they would write out what LibraryLines holds back.
    """
    configure()
    for name in ("", *logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        for handler in [one for one in logger.handlers if not isinstance(one, LibraryLines)]:
            logger.removeHandler(handler)
        logger.propagate = True
    logging.captureWarnings(True)

    def of_process(kind: type[BaseException], error: BaseException, _trace: Any) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            report(event, error)

    def of_thread(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            report(event, told.exc_value)

    def of_nobody(told: Any) -> None:
        if told.exc_value is not None:
            report(event, told.exc_value)

    sys.excepthook = of_process
    threading.excepthook = of_thread
    sys.unraisablehook = of_nobody


def new_number() -> str:
    """A number by which a person can name an error to the operator, who finds its line by it."""
    return uuid.uuid4().hex[:16]


def report(event: str, error: BaseException, **facts: Any) -> None:
    """Log an error that nobody caught: type and place, never its text."""
    structlog.get_logger("stegvis").error(event, **describe(error), **facts)


def describe(error: BaseException) -> dict[str, Any]:
    """What a log may hold of an error: type, place, and what it declares itself in `facts_for_log()`."""
    places = [f"{Path(one.filename).name}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)]
    facts: dict[str, Any] = {"fault": type(error).__name__, "at": places[-PLACES:]}
    own = getattr(error, "facts_for_log", None)
    return facts | own() if callable(own) else facts


class LibraryLines(logging.Handler):
    """What libraries log, as one JSON line each.

    `sentence` is the pattern that the library's source holds (`job %s failed`); a line that was put together
    before it was logged has none, since nobody can tell what stands in it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line to standard error."""
        line: dict[str, Any] = {
            "event": "library",
            "logger": record.name,
            "level": record.levelname.lower(),
            "place": f"{Path(record.pathname).name}:{record.lineno}",
        }
        if record.args and isinstance(record.msg, str):
            line["sentence"] = record.msg
        if record.exc_info and record.exc_info[1] is not None:
            line |= describe(record.exc_info[1])
        line |= structlog.contextvars.get_contextvars()
        print(json.dumps(line, ensure_ascii=False), file=sys.stderr)  # noqa: T201


def init_app(app: Flask) -> None:
    """Give each request an id, which every line logged while it runs carries, and log its end."""
    log = structlog.get_logger("stegvis.web")

    def log_exception(exc_info: Any) -> None:
        report("unhandled", exc_info[1])

    app.log_exception = log_exception  # type: ignore[method-assign]

    @app.before_request
    def begin() -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=number_of_request())

    @app.after_request
    def end(response):  # type: ignore[no-untyped-def]
        response.headers["X-Request-Id"] = number_of_request()
        if response.is_streamed and not response.direct_passthrough:
            response.response = _to_the_end(response.response)
        if request.endpoint not in QUIET:
            # The rule, not the path: an address may hold an id, and a query a searched name.
            rule = str(request.url_rule) if request.url_rule else None
            log.info("request", method=request.method, rule=rule, status=response.status_code)
        return response

    app.wsgi_app = _last_resort(app.wsgi_app)  # type: ignore[method-assign]


def number_of_request() -> str:
    """The id of this request, made at the first asking; the error pages show it."""
    if not has_request_context():
        return new_number()
    if "request_id" not in g:
        g.request_id = new_number()
    number: str = g.request_id
    return number


class AnswerBroken(Exception):
    """The rest of an answer is missing; what went wrong stands in the log."""


def _to_the_end(parts: Iterable[Any]) -> Iterable[Any]:
    """The parts of an answer; a fault in the middle breaks the answer off without telling what it said."""
    try:
        yield from parts
    except Exception as error:
        report("answer_broken", error)
    else:
        return
    raise AnswerBroken


def _last_resort(inner: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Whatever Flask itself could not answer gets a plain sentence: the server would print a traceback."""

    def guarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return inner(environ, start_response)
        except Exception as error:
            number = new_number()
            report("unanswered", error, request=number)
        text = LAST_RESORT.format(number=number).encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))]
        start_response("500 Internal Server Error", headers, None)
        return [text]

    return guarded
