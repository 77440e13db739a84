"""Logging out: the own session first and always, then the provider's where it offers that, and the way back."""

import secrets
import time
import uuid
from typing import Any

import structlog
from flask import g, session, url_for

from stegvis.ground.tenancy.scope import scope
from stegvis.identity.access import policy
from stegvis.identity.accounts import sessions
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import visits
from stegvis.identity.eid.errors import EidError
from stegvis.identity.eid.logout import start_logout
from stegvis.identity.eid.visit import Started

log = structlog.get_logger("stegvis.eid")
# How long somebody may be at the provider's logout; afterwards its answer says nothing.
AWAY_SECONDS = 10 * 60
_KEY = "left"


def end_here() -> tuple[str, str]:
    """End this browser's own session at once, with one event; gives its provider and the raw ID token."""
    login = policy.current_login()
    if login is None:
        sessions.end(session)  # type: ignore[arg-type]
        return "", ""
    id_token = sessions.kept_by(login).id_token
    sessions.end(session)  # type: ignore[arg-type]
    account, outsider = uuid.UUID(login["account"]), bool(login.get("outsider"))
    with scope(login["scope"], account=account, outsider=outsider):
        audit.record("logga_ut")
    return str(login["provider"]), id_token


def to_provider(provider_id: str, id_token: str) -> Started | None:
    """The way to the provider's own logout; None when it has none or does not answer: being out here stands."""
    provider = visits.login_provider(provider_id) if id_token else None
    if provider is None:
        return None
    state = secrets.token_urlsafe(32)
    try:
        started = start_logout(
            provider,
            id_token=id_token,
            return_to=url_for("eid.left", _external=True),
            state=state,
        )
    except EidError as error:
        log.warning(
            "eid_logout_not_tried", provider=provider_id, forbund=g.forbund.id, reason=type(error).__name__
        )
        return None
    if started is not None:
        session[_KEY] = {"state": state, "provider": provider_id, "until": time.time() + AWAY_SECONDS}
    return started


def came_back(params: dict[str, str]) -> bool | None:
    """Whether the provider's answer is the one that this browser waits for; it is taken once.

    None when this browser waits for none (a link from anywhere, a reload): then nothing is said at all.
    """
    waiting: dict[str, Any] | None = session.pop(_KEY, None)
    if waiting is None:
        return None
    fresh = waiting["until"] >= time.time()
    holds = fresh and secrets.compare_digest(params.get("state", "").encode(), waiting["state"].encode())
    if not holds:
        log.warning("eid_logout_answer_refused", provider=waiting["provider"], forbund=g.forbund.id)
    return bool(holds)
