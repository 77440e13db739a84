"""E-ID visits of a browser: which providers may be used, what is kept while somebody is away, what comes next.

A visit is kept in the browser's own session under its state, sealed with the keys of the scope that it is
for, and taken out once. What follows a finished signing is said by the room that began it.
"""

import base64
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, g, request, session, url_for

from stegvis.ground.keys import KeyFault
from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.scope import scopes
from stegvis.ground.tenancy.tenants import Forbund
from stegvis.identity.eid import trouble
from stegvis.identity.eid.binding import sha256_hex
from stegvis.identity.eid.client_keys import ClientKey
from stegvis.identity.eid.errors import EidRefused, Reason
from stegvis.identity.eid.protocol import finish_login, finish_signing, start_login, start_signing
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.rows import FOLDER, ROWS, Row, RowFile, Rows, require
from stegvis.identity.eid.visit import BrowserFacts, Identity, SigningResult, Started

__all__ = ["FOLDER", "ROWS"]

MOST_OPEN = 4
MOST_OF_AGENT = 500


@dataclass(frozen=True)
class Visit:
    """What was kept: the protocol's own part, the scope it belongs to, and what its beginner wants back."""

    pending: dict[str, Any]
    scope: ScopeId
    purpose: str
    facts: dict[str, Any]


SignedPage = Callable[[Visit, SigningResult], Any]
FailedPage = Callable[[Visit, Exception], Any]
IdentifiedPage = Callable[[Visit, Identity], Any]
_after_signing: dict[str, tuple[SignedPage, FailedPage]] = {}
_after_identifying: dict[str, tuple[IdentifiedPage, FailedPage]] = {}


def when_signed(purpose: str, done: SignedPage, failed: FailedPage) -> None:
    """A room says what happens after a signing that it begins: `done` opens its own scope and answers."""
    _after_signing[purpose] = (done, failed)


def pages_after(purpose: str) -> tuple[SignedPage, FailedPage]:
    """The two pages of a purpose; raises KeyError."""
    return _after_signing[purpose]


def rows() -> Rows:
    """The providers as their file has them now."""
    kept: RowFile = current_app.extensions["stegvis.eid"]
    return kept.read()


def login_rows(forbund_id: str) -> list[Row]:
    """What a förbund shows on its login page; a row that does not hold says so."""
    return rows().for_login(_forbund(forbund_id))


def signing_providers(scope: ScopeId) -> list[Provider]:
    """The providers that may be used for a signing in a huvudman's scope, those that hold."""
    found = _signing_rows(scope)
    return [row.provider for row in found if row.provider is not None]


def public_keys(forbund_id: str) -> list[ClientKey]:
    """Our keys at the providers that a förbund's visits use."""
    found = rows()
    return found.keys(found.of_forbund(_forbund(forbund_id)))


def is_used(forbund_id: str, provider_id: str) -> bool:
    """Whether a visit of a förbund may come back from that provider: for its login, or a huvudman's signing."""
    return any(row.handle == provider_id for row in rows().of_forbund(_forbund(forbund_id)))


def title_of(provider_id: str) -> str:
    """What a provider of this förbund is called; its id where it is not shown any longer."""
    found = [row.title for row in login_rows(g.forbund.id) if row.handle == provider_id]
    return found[0] if found else provider_id


def login_provider(provider_id: str) -> Provider | None:
    """A provider that this förbund shows for login and that holds, or None."""
    found = [row.provider for row in login_rows(g.forbund.id) if row.handle == provider_id]
    return found[0] if found else None


def at_work() -> list[str]:
    """What those of the förbund's e-IDs are called that an employer gives; none where none is shown."""
    return [row.title for row in login_rows(g.forbund.id) if row.at_work]


def when_identified(purpose: str, done: IdentifiedPage, failed: FailedPage) -> None:
    """A room says what happens after an identification that it begins; it logs nobody in."""
    _after_identifying[purpose] = (done, failed)


def pages_after_identifying(purpose: str) -> tuple[IdentifiedPage, FailedPage] | None:
    """The two pages of a purpose that identifies; None for another purpose."""
    return _after_identifying.get(purpose)


def begin_login(
    provider_id: str, forbund_id: str, forbund_name: str, onward: str, *, switching: bool = False
) -> Started:
    """Begin a login and keep the visit; `switching` when somebody leaves one account to come in as another.

    Raises EidUnavailable, EidRefused, ProviderConfigError.
    """
    provider = require(login_rows(forbund_id), provider_id)
    with _noted(provider):
        started = start_login(
            provider,
            redirect_uri=_callback(provider_id),
            purpose_binding={"forbund": forbund_id, "purpose": "login"},
            user_message=f"Logga in i Stegvis hos {forbund_name}",
        )
    _keep(started, ScopeId(forbund_id), "login", {"onward": onward, "switching": switching})
    return started


def begin_identifying(
    provider_id: str, scope: ScopeId, purpose: str, *, user_message: str, facts: dict[str, Any]
) -> Started:
    """Begin to ask who somebody is, for one thing and without an account; nobody is logged in by it."""
    provider = require(login_rows(scope.forbund), provider_id)
    with _noted(provider):
        started = start_login(
            provider,
            redirect_uri=_callback(provider_id),
            purpose_binding={"forbund": scope.forbund, "purpose": purpose},
            user_message=user_message,
        )
    _keep(started, scope, purpose, facts)
    return started


def begin_signing(
    provider_id: str,
    scope: ScopeId,
    purpose: str,
    *,
    number: str,
    visible_text: str,
    binding_line: str,
    facts: dict[str, Any],
) -> Started:
    """Begin a signing by one person and keep the visit; `facts` are ids that the room wants back.

    Only a provider of the scope's own, or one of the service's that its huvudman lets sign, is used.
    """
    provider = require(_signing_rows(scope), provider_id)
    with _noted(provider):
        started = start_signing(
            provider,
            redirect_uri=_callback(provider_id),
            expected_personnummer=number,
            visible_text=visible_text,
            binding_line=binding_line,
            purpose_binding={"forbund": scope.forbund, "purpose": purpose},
        )
    _keep(started, scope, purpose, facts)
    return started


def take(state: str) -> Visit:
    """Take a visit out of this browser's session: it can be used once. EidRefused for an unknown state."""
    kept = dict(session.get("visits", {}))
    entry = kept.pop(state, None)
    session["visits"] = kept
    if entry is None:
        raise EidRefused(Reason.STATE_MISMATCH)
    scope_id = ScopeId.parse(entry["scope"])
    try:
        clear = scopes().ring(scope_id).open_blob(base64.b64decode(entry["sealed"]), f"visit:{state}")
    except KeyFault:
        raise EidRefused(Reason.STATE_MISMATCH) from None
    content = json.loads(clear)
    return Visit(content["pending"], scope_id, content["purpose"], content["facts"])


def finished_login(visit: Visit, provider_id: str, params: dict[str, str]) -> Identity:
    """Who logged in, or was identified; raises EidCancelled, EidRefused, EidUnavailable."""
    binding = {"forbund": visit.scope.forbund, "purpose": visit.purpose}
    provider = require(login_rows(visit.scope.forbund), provider_id)
    with _noted(provider):
        return finish_login(provider, visit.pending, params, now=datetime.now(UTC), purpose_binding=binding)


def finished_signing(visit: Visit, provider_id: str, params: dict[str, str]) -> SigningResult:
    """The verified signing; raises EidCancelled, EidRefused, EidUnavailable."""
    binding = {"forbund": visit.scope.forbund, "purpose": visit.purpose}
    provider = require(_signing_rows(visit.scope), provider_id)
    with _noted(provider):
        return finish_signing(
            provider,
            visit.pending,
            params,
            now=datetime.now(UTC),
            purpose_binding=binding,
            browser=_browser(),
        )


def _noted(provider: Provider) -> AbstractContextManager[None]:
    return trouble.noted(current_app.extensions["stegvis.broker"], provider)


def _browser() -> BrowserFacts:
    """What is known of the browser that came back; of what it is recognised by, only a hash."""
    token: str | None = getattr(session, "token", None)
    return BrowserFacts(
        ip=request.remote_addr,
        user_agent=request.user_agent.string[:MOST_OF_AGENT] or None,
        device_sha256=sha256_hex(f"stegvis-device:{token}".encode()) if token else None,
    )


def _signing_rows(scope: ScopeId) -> list[Row]:
    if scope.huvudman is None:
        return [row for row in login_rows(scope.forbund) if not row.owner and not row.at_work]
    return rows().for_signing(_forbund(scope.forbund), scope.huvudman)


def _forbund(forbund_id: str) -> Forbund:
    return scopes().directory.get(forbund_id)


def _keep(started: Started, scope: ScopeId, purpose: str, facts: dict[str, Any]) -> None:
    state = started.pending["state"]
    content = json.dumps({"pending": started.pending, "purpose": purpose, "facts": facts}).encode()
    sealed = scopes().ring(scope).seal_blob(content, f"visit:{state}")
    kept = dict(session.get("visits", {}))
    for oldest in list(kept)[: max(0, len(kept) + 1 - MOST_OPEN)]:
        del kept[oldest]
    session["visits"] = kept | {state: {"scope": str(scope), "sealed": base64.b64encode(sealed).decode()}}


def _callback(provider_id: str) -> str:
    return url_for("eid.answer", provider_id=provider_id, _external=True)


def init_app(app: Flask) -> None:
    """The providers' file; read when somebody needs it, and again when it changes."""
    app.extensions["stegvis.eid"] = RowFile(app.config["STEGVIS"].home / FOLDER)
