"""The last trouble with each provider, for whoever runs the service: a reason code and when, nothing of a person.

Kept in the broker for a week, so that the command line sees what the web processes met.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import redis

from stegvis.identity.eid.errors import EidRefused, EidUnavailable, Reason
from stegvis.identity.eid.providers import Provider

KEY = "eid:trouble"
SECONDS_KEPT = 7 * 86400
# What a visitor brings about: a stale tab, somebody else's number. It says nothing of the provider.
_OF_VISITORS = frozenset(
    {Reason.WRONG_PURPOSE, Reason.WRONG_PROVIDER, Reason.WRONG_BINDING, Reason.STATE_MISMATCH}
    | {Reason.VISIT_EXPIRED, Reason.CODE_MISSING, Reason.NUMBER_NOT_EXPECTED}
)


@contextlib.contextmanager
def noted(broker: redis.Redis, provider: Provider) -> Iterator[None]:
    """Keep what goes wrong with the provider inside; the error goes on."""
    try:
        yield
    except EidUnavailable:
        _keep(broker, provider, "unavailable")
        raise
    except EidRefused as refusal:
        if refusal.reason_code not in _OF_VISITORS:
            _keep(broker, provider, refusal.reason_code.value)
        raise


def last(broker: redis.Redis, owner: str, id_: str) -> dict[str, str] | None:
    """Reason and time (ISO 8601, UTC) of the last trouble; None without one, or when the broker is away."""
    try:
        kept = broker.get(f"{KEY}:{owner}:{id_}")
        return dict(json.loads(kept)) if kept else None
    except (redis.RedisError, ValueError):
        return None


def _keep(broker: redis.Redis, provider: Provider, reason: str) -> None:
    said = json.dumps({"reason": reason, "at": datetime.now(UTC).isoformat(timespec="seconds")})
    # A broker that is away must not turn a sentence for the person into an error.
    with contextlib.suppress(redis.RedisError):
        broker.set(f"{KEY}:{provider.owner}:{provider.id}", said, ex=SECONDS_KEPT)
