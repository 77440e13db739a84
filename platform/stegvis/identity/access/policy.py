"""A route declares who may use it; the declaration wraps the view in its scope and its checks.

Order of a request: host -> förbund, session -> (scope, account), policy, view (one service call), commit.
Whoever is not let in gets the same answer as for a thing that does not exist (404), after a login page when
nobody is logged in.
"""

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import abort, g, redirect, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.scope import scope, scopes
from stegvis.ground.web import htmx
from stegvis.identity.access.rights import Actor
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts import sessions
from stegvis.identity.audit import service as audit

View = Callable[..., Any]
OUTSIDERS = frozenset({"remittent", "deltagare", "motesdeltagare", "foretradare", "utvarderare"})


@dataclass(frozen=True)
class Policy:
    """Who may use a route: at which level, which kinds of account, with one of which rights.

    `level` None means nobody needs to be logged in. With `rights`, a route whose address names an `insats`
    asks for the right in that insats. `wakes`: whether a request counts as somebody being there; what a page
    asks by itself does not, or an open page would never idle out.
    """

    level: str | None
    kinds: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    why: str = ""
    wakes: bool = True

    def allows(self, actor: Actor, insats: str | None) -> bool:
        """Whether an actor passes."""
        if actor.kind not in self.kinds:
            return False
        return not self.rights or any(actor.has(right, insats) for right in self.rights)


def public(why: str) -> Callable[[View], View]:
    """Open to everybody; `why` says the reason, and the route opens no scope by itself."""

    def declare(view: View) -> View:
        view.policy = Policy(None, why=why)  # type: ignore[attr-defined]
        return view

    return declare


def vault(*kinds: str, rights: tuple[str, ...] = ()) -> Callable[[View], View]:
    """For accounts of a vault."""
    return _guarded(Policy("huvudman", kinds, rights))


def vault_watch(*kinds: str, rights: tuple[str, ...] = ()) -> Callable[[View], View]:
    """For accounts of a vault; what an open page asks by itself, to learn whether it may go on showing."""
    return _guarded(Policy("huvudman", kinds, rights, wakes=False))


def forbund(*rights: str) -> Callable[[View], View]:
    """For the förbund's own staff."""
    return _guarded(Policy("forbund", ("kansli",), rights))


def _guarded(policy: Policy) -> Callable[[View], View]:
    def declare(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return _enter(policy, view, args, kwargs)
            except NotFound:
                if policy.wakes or not htmx.is_htmx(request):
                    raise
                # An open page asked by itself: it must not go on showing what may not be read any more.
                return htmx.reload_page(404)

        guarded.policy = policy  # type: ignore[attr-defined]
        return guarded

    return declare


def _enter(policy: Policy, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    login = current_login()
    if login is None:
        return to_login()
    scope_id = ScopeId.parse(login["scope"])
    account = uuid.UUID(login["account"])
    structlog.contextvars.bind_contextvars(scope=str(scope_id))
    outsider = bool(login.get("outsider"))
    with scope(scope_id, account=account, outsider=outsider) as opened:
        actor = accounts.actor_of(account)
        if actor is None:
            session.clear()
            return to_login()
        g.actor = actor
        opened.facts["role"] = actor.kind
        if scope_id.level != policy.level or not policy.allows(actor, kwargs.get("insats")):
            audit.record_refusal("behorighet")
            abort(404)
        if policy.wakes:
            sessions.touch(session)  # type: ignore[arg-type]
        return view(*args, **kwargs)


def current_login() -> dict[str, Any] | None:
    """The login of this browser at this host, if it holds; a stale one is forgotten."""
    login: dict[str, Any] | None = session.get("login")
    if login is None:
        return None
    scope_id = ScopeId.parse(login["scope"])
    if scope_id.forbund != g.forbund.id or not scopes().directory.knows(scope_id):
        return None
    idle = g.forbund.huvudman_by_id(scope_id.huvudman).idle_minutes if scope_id.huvudman else 30
    if not sessions.still_valid(login, idle):
        session.clear()
        return None
    return login


def to_login() -> Response:
    """To the login page, and back to here afterwards; an htmx request is told to load it as a page."""
    target = url_for("eid.choose", vidare=_page_of_request() or None)
    if request.headers.get("HX-Request"):
        answer = Response("", 401)
        answer.headers["HX-Redirect"] = target
        return answer
    return redirect(target, 303)


def _page_of_request() -> str:
    """The page to come back to: this one, or for a form or a part of a page the one that it stands on."""
    if request.method == "GET" and not request.headers.get("HX-Request"):
        return request.full_path.rstrip("?")
    stood_on = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    return stood_on.path if stood_on.netloc == request.host else ""


def actor() -> Actor:
    """Who acts in this request; only within a guarded view."""
    found: Actor = g.actor
    return found


def require(allowed: bool, subject_kind: str, subject_id: uuid.UUID | None = None) -> None:
    """The second check, in a service: 404 and one kept event unless `allowed`."""
    if not allowed:
        audit.record_refusal("behorighet", subject_kind, subject_id)
        abort(404)
