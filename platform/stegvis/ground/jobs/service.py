"""Outbox and queue: a write that must lead to something elsewhere adds a row in the same transaction.

After the commit the row is handed to the broker; a sweep finds what was left. There is one job function,
`run(scope, outbox_id)`: what to do is read from the row under that scope, so whoever can write to the broker
can at most ask for something that was to be done anyway (walls 14). Every job may run twice without harm.
"""

import traceback
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis
import sqlalchemy as sa
import structlog
from flask import Flask, current_app
from rq import Queue, Retry
from rq.serializers import JSONSerializer
from sqlalchemy.dialects.postgresql import insert

from stegvis.ground.day import today
from stegvis.ground.jobs.models import OUTBOXES
from stegvis.ground.tenancy.errors import DatabaseFault, translate_database_errors
from stegvis.ground.tenancy.models import db, now
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.scope import current, scope, scopes, session

log = structlog.get_logger("stegvis.jobs")

FUNCTION = "stegvis.ground.jobs.service.run"
QUEUES = {"forbund": "fb", "huvudman": "hm", "publicering": "pub"}
RETRIES = 3
LEFT_AFTER = timedelta(seconds=30)
SLOWEST = 7
ALERT_EVERY = 10


class JobFailed(Exception):
    """A handler failed: kind of fault, kind of work, place; never its text, which may quote a person (walls 12)."""

    def facts_for_log(self) -> dict[str, Any]:
        """All of it."""
        return {"of": list(self.args)}


Handler = Callable[[dict[str, Any]], None]
_handlers: dict[tuple[str, str], Handler] = {}
_daily: set[tuple[str, str]] = set()
_begun: dict[ScopeId, str] = {}


def handles(level: str, kind: str) -> Callable[[Handler], Handler]:
    """Declare the handler of a kind of outbox row at a level. It runs in that scope, in one transaction."""

    def declare(handler: Handler) -> Handler:
        _handlers[level, kind] = handler
        return handler

    return declare


def daily(level: str, kind: str) -> Callable[[Handler], Handler]:
    """Declare a handler that each scope of a level runs once every business day; the payload holds `day`."""
    _daily.add((level, kind))
    return handles(level, kind)


def add(kind: str, payload: dict[str, Any], key: str, *, level: str | None = None, **columns: Any) -> None:
    """Put a row in the outbox of the open scope, or of another level of its förbund that it may write to.

    `payload` holds ids and codes. `key` makes the effect happen once: a known key changes nothing.
    """
    opened = current()
    target_level = level or opened.id.level
    table = OUTBOXES[target_level]
    row_id = uuid.uuid4()
    row = insert(table).values(id=row_id, kind=kind, payload=payload, key=key, **columns)
    # The key is all that can clash, and naming it here would need the right to read other people's rows.
    if session().execute(row.on_conflict_do_nothing()).rowcount == 0:  # type: ignore[attr-defined]
        return
    target = opened.id if level is None else ScopeId(opened.id.forbund, publishing=level == "publicering")
    opened.after_commit(lambda: _hand_over(target, row_id))


def _queue(level: str) -> Queue:
    broker: redis.Redis = current_app.extensions["stegvis.broker"]
    return Queue(QUEUES[level], connection=broker, serializer=JSONSerializer)


def _hand_over(scope_id: ScopeId, row_id: uuid.UUID) -> None:
    """Give a row to the broker. A broker that does not answer is no harm: the sweep comes by."""
    try:
        _queue(scope_id.level).enqueue(
            FUNCTION,
            str(scope_id),
            str(row_id),
            job_id=str(row_id),
            retry=Retry(max=RETRIES),
            result_ttl=60,
            failure_ttl=3600,
        )
    except redis.RedisError as error:
        log.warning(
            "job_not_handed_over", scope=str(scope_id), outbox=str(row_id), fault=type(error).__name__
        )


def run(scope_text: str, outbox_id: str) -> str:
    """Do what one outbox row says, once; returns a word for the log.

    Anything unknown (scope, row, kind) does nothing and leaves one alert line. Raises JobFailed or DatabaseFault,
    which hold no text.
    """
    try:
        return _run(scope_text, outbox_id)
    except (DatabaseFault, JobFailed):
        raise
    except Exception as error:
        # What fails beside the handler: the trail at the commit, a key that is gone.
        fault = JobFailed(type(error).__name__)
    raise fault


def _run(scope_text: str, outbox_id: str) -> str:
    try:
        scope_id, row_id = ScopeId.parse(scope_text), uuid.UUID(outbox_id)
    except ValueError:
        log.error("job_refused", why="malformed")
        return "refused"
    if not scopes().directory.knows(scope_id):
        log.error("job_refused", why="unknown scope", scope=str(scope_id))
        return "refused"
    if scope_id.level not in db.engines:
        log.error("job_refused", why="another level", scope=str(scope_id))
        return "refused"
    table = OUTBOXES[scope_id.level]
    with scope(scope_id) as opened:
        row = opened.session.scalar(
            sa.select(table).where(table.id == row_id).with_for_update(skip_locked=True)
        )
        if row is None or row.done_at is not None:
            log.warning("job_nothing_to_do", scope=str(scope_id), outbox=str(row_id))
            return "nothing"
        handler = _handlers.get((scope_id.level, row.kind))
        if handler is None:
            log.error("job_refused", why="unknown kind", scope=str(scope_id), outbox=str(row_id))
            return "refused"
        opened.facts["role"] = "system"
        _do(handler, row.kind, row.payload)
        row.done_at = now()
        row.attempts += 1
    log.info("job_done", scope=str(scope_id), outbox=str(row_id))
    return "done"


def _do(handler: Handler, kind: str, payload: dict[str, Any]) -> None:
    """Call a handler; a fault of the database goes out as itself, any other as JobFailed without its chain."""
    try:
        with translate_database_errors():
            handler(payload)
    except DatabaseFault:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        fault = JobFailed(type(error).__name__, kind, f"{Path(place.filename).name}:{place.lineno}")
    else:
        return
    raise fault


def sweep(level: str) -> int:
    """Hand over again what has waited too long at one level; returns how many rows.

    A row is never given up: it is tried again after 30 s, then more and more seldom, at least once an hour.
    A scope that cannot be opened (its key is missing, say) leaves a line and keeps nobody else waiting.
    """
    if not _broker_answers():
        return 0
    left = 0
    for scope_id in scopes().living():
        if scope_id.level != level:
            continue
        try:
            _begin_day(scope_id)
            left += _sweep_one(scope_id)
        except Exception as error:
            log.error("sweep_failed", scope=str(scope_id), fault=type(error).__name__)
    return left


def _begin_day(scope_id: ScopeId) -> None:
    """Put the day's work into the outbox; its key makes it once a day, whoever sweeps."""
    day = today().isoformat()
    kinds = sorted(kind for level, kind in _daily if level == scope_id.level)
    if not kinds or _begun.get(scope_id) == day:
        return
    with scope(scope_id):
        for kind in kinds:
            add(kind, {"day": day}, f"{kind}:{day}")
    _begun[scope_id] = day


def _sweep_one(scope_id: ScopeId) -> int:
    table, moment, left = OUTBOXES[scope_id.level], now(), 0
    with scope(scope_id) as opened:
        undone = sa.select(table).where(table.done_at.is_(None), table.created_at < moment - LEFT_AFTER)
        for row in opened.session.scalars(undone.with_for_update(skip_locked=True)):
            if moment < (row.handed_at or row.created_at) + LEFT_AFTER * 2 ** min(row.attempts, SLOWEST):
                continue
            row.handed_at = moment
            row.attempts += 1
            left += 1
            if row.attempts % ALERT_EVERY == 0:
                log.error("job_stuck", scope=str(scope_id), outbox=str(row.id), attempts=row.attempts)
            opened.after_commit(lambda one=row.id: _hand_over(scope_id, one))  # type: ignore[misc]
    return left


def _broker_answers() -> bool:
    """Whether handing over can succeed: a row is not counted as tried while the broker is away."""
    broker: redis.Redis = current_app.extensions["stegvis.broker"]
    try:
        return bool(broker.ping())
    except redis.RedisError:
        return False


def waiting(level: str) -> dict[str, int]:
    """Rows not yet done per scope of a level, for the operator."""
    table = OUTBOXES[level]
    counts: dict[str, int] = {}
    for scope_id in scopes().living():
        if scope_id.level == level:
            with scope(scope_id) as opened:
                undone = sa.select(sa.func.count()).where(table.done_at.is_(None))
                counts[str(scope_id)] = opened.session.scalar(undone) or 0
    return counts


def init_app(app: Flask, broker: redis.Redis) -> None:
    """Remember the broker."""
    app.extensions["stegvis.broker"] = broker
