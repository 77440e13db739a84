"""A route declares who may use it; the declaration wraps the view in its scope and its checks.

Order of a request: host -> förbund, session -> (scope, account), policy, view (one service call), commit.
Whoever is not let in gets the same answer as for a thing that does not exist (404), after a login page when
nobody is logged in; 403 is only said inside the own insats. What a service asks goes through `ask` or `may`,
which put the question to the one permission function (`decide`).
"""

import functools
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

import structlog
from flask import abort, flash, g, redirect, request, session, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.scope import current, scope, scopes
from stegvis.ground.web import htmx
from stegvis.identity.access import reasons
from stegvis.identity.access.decide import (
    EVERY_VAULT_KIND,
    Action,
    Decision,
    Subject,
    decide,
    decide_entrance,
)
from stegvis.identity.access.rights import Actor
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts import sessions
from stegvis.identity.audit import service as audit

View = Callable[..., Any]
# How old a login may be for what asks for the e-ID once more (bulk export).
FRESH_SECONDS = 5 * 60
# A huvudman says its own in tenants/.
FORBUND_IDLE_MINUTES = 30
OUTSIDERS = frozenset({"remittent", "deltagare", "motesdeltagare", "foretradare", "utvarderare"})


@dataclass(frozen=True)
class Policy:
    """Who may use a route: at which level, which kinds of account, with one of which rights.

    `level` None means nobody needs to be logged in. With `rights`, a route whose address names an `insats`
    asks for the right in that insats. `wakes`: whether a request counts as somebody being there; what a page
    asks by itself does not, or an open page would never idle out. `above` is what holds in a förbund's scope
    for a page that both levels have.
    """

    level: str | None
    kinds: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    why: str = ""
    wakes: bool = True
    above: "Policy | None" = None

    def at(self, level: str) -> "Policy | None":
        """The policy that holds in a scope of a level, or None where the route is not for that level."""
        return self if level == self.level else self.above

    def allows(self, actor: Actor, insats: str | None) -> bool:
        """Whether an actor passes."""
        return decide_entrance(actor, self.kinds, self.rights, insats) is Decision.ALLOWED


class AskedFirst(Exception):
    """Something must be asked of the person before the answer: the address of the page that asks."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


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


def both_levels(vault_rights: tuple[str, ...], forbund_rights: tuple[str, ...]) -> Callable[[View], View]:
    """For staff of a vault in the vault, and for the förbund's own in the förbund's scope."""
    above = Policy("forbund", ("kansli",), forbund_rights)
    return _guarded(Policy("huvudman", ("personal",), vault_rights, above=above))


def everybody() -> Callable[[View], View]:
    """For every account, of a vault and of a förbund: what is about the own login and nothing else."""
    return _guarded(Policy("huvudman", EVERY_VAULT_KIND, above=Policy("forbund", ("kansli",))))


class Afterwards:
    """What a view answers when the page is finished outside its scope: for what another scope must be asked."""

    def __init__(self, finish: Callable[[], Any]) -> None:
        self.finish = finish


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
        _keep_foreign_cookie()
        return to_login()
    try:
        answer = _enter_scope(policy, login, lambda: view(*args, **kwargs), kwargs.get("insats"))
        return answer.finish() if isinstance(answer, Afterwards) else answer
    except AskedFirst as first:
        return redirect(first.address, 303)


def _enter_scope(policy: Policy, login: dict[str, Any], view: Callable[[], Any], insats: str | None) -> Any:
    scope_id = ScopeId.parse(login["scope"])
    account = uuid.UUID(login["account"])
    structlog.contextvars.bind_contextvars(scope=str(scope_id))
    outsider = bool(login.get("outsider"))
    with scope(scope_id, account=account, outsider=outsider) as opened:
        actor = accounts.actor_of(account)
        if actor is None:
            session.clear()
            audit.record_refusal("avslutat_konto", "account", account)
            return to_login()
        opened.facts["role"] = actor.kind
        fresh = time.time() - login["since"] <= FRESH_SECONDS
        g.actor = replace(actor, reasons=reasons.given(account, session.get("med_skal", ())), fresh=fresh)
        holds = policy.at(scope_id.level)
        entrance = decide_entrance(actor, holds.kinds, holds.rights, insats) if holds else Decision.HIDDEN
        _answer(entrance, "", None)
        if policy.wakes:
            sessions.touch(session)  # type: ignore[arg-type]
        return view()


def current_login() -> dict[str, Any] | None:
    """The login of this browser at this host, if it holds; a stale one is forgotten."""
    login: dict[str, Any] | None = session.get("login")
    if login is None:
        return None
    scope_id = ScopeId.parse(login["scope"])
    if scope_id.forbund != g.forbund.id or not scopes().directory.knows(scope_id):
        return None
    if not sessions.still_valid(login, idle_minutes(scope_id)):
        session.clear()
        return None
    return login


def _keep_foreign_cookie() -> None:
    """One event where the account lives, when its cookie comes to another förbund's address.

    A browser never sends it there by itself, so somebody has moved it by hand.
    """
    login: dict[str, Any] | None = session.get("login")
    if login is None:
        return
    scope_id = ScopeId.parse(login["scope"])
    if scope_id.forbund == g.forbund.id or not scopes().directory.knows(scope_id):
        return
    account = uuid.UUID(login["account"])
    with scope(scope_id, account=account, outsider=bool(login.get("outsider"))):
        audit.record_refusal("annan_adress", "account", account)


def idle_minutes(scope_id: ScopeId) -> int:
    """How long a login of a scope of this förbund may lie unused."""
    if scope_id.huvudman is None:
        return FORBUND_IDLE_MINUTES
    minutes: int = g.forbund.huvudman_by_id(scope_id.huvudman).idle_minutes
    return minutes


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
    return _with_query(stood_on) if stood_on.netloc == request.host else ""


def _with_query(page: SplitResult) -> str:
    return f"{page.path}?{page.query}" if page.query else page.path


def actor() -> Actor:
    """Who acts in this request; only within a guarded view."""
    found: Actor = g.actor
    return found


def subject(
    insats: str = "",
    *,
    person: uuid.UUID | None = None,
    owner: uuid.UUID | None = None,
    compartment: str = "",
) -> Subject:
    """A subject of the open scope."""
    return Subject(str(current().id), insats, person, owner, compartment)


def may(action: Action, about: Subject | None) -> bool:
    """Whether the actor may, without keeping anything: for what a page shows."""
    return decide(actor(), action, about) is Decision.ALLOWED


def ask(
    action: Action,
    about: Subject | None,
    subject_kind: str,
    subject_id: uuid.UUID | None = None,
    *,
    reason_page: Callable[[], str] | None = None,
    comes_back: Callable[[], str] | None = None,
) -> None:
    """The second check, in a service: returns only when the actor may.

    404, or 403 inside the own insats, and one kept event; `reason_page` gives the address where a reason is
    asked for. A login that is too old leads to the e-ID, and from there to `comes_back`, the page with what
    was chosen on it; without one to the page that the request was sent from.
    """
    _answer(decide(actor(), action, about), subject_kind, subject_id, reason_page, comes_back)


def _answer(
    decision: Decision,
    subject_kind: str,
    subject_id: uuid.UUID | None,
    reason_page: Callable[[], str] | None = None,
    comes_back: Callable[[], str] | None = None,
) -> None:
    if decision is Decision.ALLOWED:
        return
    if decision is Decision.REASON_NEEDED and reason_page:
        raise AskedFirst(reason_page())
    if decision is Decision.STEP_UP:
        flash(_("Legitimera dig en gång till, så kan du hämta filen. Det gäller i fem minuter."), "info")
        onward = comes_back() if comes_back else _page_of_request()
        raise AskedFirst(url_for("eid.choose", vidare=onward or None))
    audit.record_refusal("behorighet", subject_kind, subject_id)
    abort(403 if decision is Decision.FORBIDDEN else 404)


def require(allowed: bool, subject_kind: str, subject_id: uuid.UUID | None = None) -> None:
    """What is no question of permission (a row that is there, a state that holds): 404, one kept event."""
    if not allowed:
        audit.record_refusal("behorighet", subject_kind, subject_id)
        abort(404)
