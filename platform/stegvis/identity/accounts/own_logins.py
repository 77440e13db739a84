"""*Mina inloggningar*: where the person who asks is logged in with this account, and ending it there.

Only the open scope's key finds the list in the broker, and only the account that is logged in asks for its own.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import redis
from flask import current_app

from stegvis.ground.keys import KeyFault
from stegvis.ground.tenancy.scope import current
from stegvis.ground.web.formats import SWEDEN
from stegvis.identity.access import policy
from stegvis.identity.access.decide import Action
from stegvis.identity.accounts import browsers, sessions
from stegvis.identity.audit import service as audit


@dataclass(frozen=True)
class OwnLogin:
    """One login of this account: aware Swedish times, the id of the e-ID, the browser in plain words."""

    id: str
    since: datetime
    seen: datetime
    provider: str
    browser: str
    this: bool


def listed(this: dict[str, Any]) -> list[OwnLogin]:
    """The account's logins that still hold, this one first, then the newest; one event says they were read."""
    _ask()
    found = [
        OwnLogin(
            login["id"],
            datetime.fromtimestamp(login["since"], SWEDEN),
            datetime.fromtimestamp(login["seen"], SWEDEN),
            login["provider"],
            browsers.in_words(*sessions.kept_by(login).browser),
            login["id"] == this.get("id"),
        )
        for login, _key in _living()
    ]
    audit.record("lista", "login", antal=len(found))
    return sorted(found, key=lambda one: (not one.this, -one.since.timestamp()))


def end(login_id: str) -> None:
    """End one other login at once: its browser is nobody's at its next request. 404 for one that is not own."""
    _ask()
    ended = [pair for pair in _living() if secrets.compare_digest(pair[0]["id"], login_id)]
    policy.require(bool(ended), "login")
    _end(ended)


def end_others(this: dict[str, Any]) -> int:
    """End every login of the account but this one; how many there were."""
    _ask()
    others = [pair for pair in _living() if pair[0]["id"] != this.get("id")]
    _end(others)
    return len(others)


# -- inside --------------------------------------------------------------------------------------


def _ask() -> None:
    policy.ask(Action.OWN_LOGINS, policy.subject(owner=policy.actor().account), "login")


def _end(ended: list[tuple[dict[str, Any], str]]) -> None:
    broker, lists = _broker(), sessions.list_keys(current().keys, str(policy.actor().account))
    for login, key in ended:
        broker.delete(key)
        for one in lists:
            broker.hdel(one, login["id"])
    audit.record("avsluta_inloggning", "account", policy.actor().account, antal=len(ended))


def _living() -> list[tuple[dict[str, Any], str]]:
    """The logins that hold, each with its session's key; what has ended by itself is taken out of the list."""
    broker, account = _broker(), str(policy.actor().account)
    idle, found = policy.idle_minutes(current().id), {}
    for name in sessions.list_keys(current().keys, account):
        for login_id, sealed in cast("dict[bytes, bytes]", broker.hgetall(name)).items():
            pair = _opened(broker, login_id.decode(), sealed)
            if pair is None or pair[0]["account"] != account or not sessions.still_valid(pair[0], idle):
                broker.hdel(name, login_id)
            else:
                found[login_id] = pair
    return list(found.values())


def _opened(broker: redis.Redis, login_id: str, sealed: bytes) -> tuple[dict[str, Any], str] | None:
    try:
        key = current().keys.open_blob(sealed, f"listed:{login_id}").decode()
    except KeyFault:
        return None
    content = broker.get(key)
    if not isinstance(content, bytes):
        return None
    login: dict[str, Any] = json.loads(content).get("login", {})
    return (login, key) if login.get("id") == login_id and login["scope"] == str(current().id) else None


def _broker() -> redis.Redis:
    broker: redis.Redis = current_app.extensions["stegvis.broker"]
    return broker
