"""E-ID visits of a browser: which providers there are, what is kept while somebody is away, what comes next.

A visit is kept in the browser's own session under its state, sealed with the keys of the scope that it is
for, and taken out once. What follows a finished signing is said by the room that began it.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, current_app, session, url_for

from stegvis.ground.keys import KeyFault
from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.scope import scopes
from stegvis.identity.eid.errors import EidRefused, ProviderConfigError, Reason
from stegvis.identity.eid.protocol import finish_login, finish_signing, start_login, start_signing
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.visit import Identity, SigningResult, Started

MOST_OPEN = 4
FOLDER = "eid"
ROWS = "providers.json"


@dataclass(frozen=True)
class Visit:
    """What was kept: the protocol's own part, the scope it belongs to, and what its beginner wants back."""

    pending: dict[str, Any]
    scope: ScopeId
    purpose: str
    facts: dict[str, Any]


SignedPage = Callable[[Visit, SigningResult], Any]
FailedPage = Callable[[Visit, Exception], Any]
_after_signing: dict[str, tuple[SignedPage, FailedPage]] = {}


def when_signed(purpose: str, done: SignedPage, failed: FailedPage) -> None:
    """A room says what happens after a signing that it begins: `done` opens its own scope and answers."""
    _after_signing[purpose] = (done, failed)


def pages_after(purpose: str) -> tuple[SignedPage, FailedPage]:
    """The two pages of a purpose; raises KeyError."""
    return _after_signing[purpose]


def provider(provider_id: str) -> Provider:
    """A provider of the installation. Raises ProviderConfigError with a sentence."""
    known: dict[str, Provider] = current_app.extensions["stegvis.eid"]
    if provider_id not in known:
        folder: Path = current_app.config["STEGVIS"].home / FOLDER
        try:
            rows = json.loads((folder / ROWS).read_text("utf-8"))
        except FileNotFoundError:
            raise ProviderConfigError(f"Filen {ROWS} med e-legitimationer saknas.") from None
        known.update({row["id"]: Provider.from_config(row, folder) for row in rows})
    try:
        return known[provider_id]
    except KeyError:
        raise ProviderConfigError(f"Det finns ingen e-legitimation som heter {provider_id}.") from None


def begin_login(provider_id: str, forbund_id: str, forbund_name: str, onward: str) -> Started:
    """Begin a login and keep the visit. Raises EidUnavailable, EidRefused, ProviderConfigError."""
    binding = {"forbund": forbund_id, "purpose": "login"}
    started = start_login(
        provider(provider_id),
        redirect_uri=_callback(provider_id),
        purpose_binding=binding,
        user_message=f"Logga in i Stegvis hos {forbund_name}",
    )
    _keep(started, ScopeId(forbund_id), "login", {"onward": onward})
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
    """Begin a signing by one person and keep the visit; `facts` are ids that the room wants back."""
    started = start_signing(
        provider(provider_id),
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
    """Who logged in; raises EidCancelled, EidRefused, EidUnavailable."""
    binding = {"forbund": visit.scope.forbund, "purpose": "login"}
    return finish_login(
        provider(provider_id), visit.pending, params, now=datetime.now(UTC), purpose_binding=binding
    )


def finished_signing(visit: Visit, provider_id: str, params: dict[str, str]) -> SigningResult:
    """The verified signing; raises EidCancelled, EidRefused, EidUnavailable."""
    binding = {"forbund": visit.scope.forbund, "purpose": visit.purpose}
    return finish_signing(
        provider(provider_id), visit.pending, params, now=datetime.now(UTC), purpose_binding=binding
    )


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
    """Start with no provider read: the first visit reads them."""
    app.extensions["stegvis.eid"] = {}
