"""Browser sessions in the broker: sha256(token) -> which scope and account, times; no number, no name.

The cookie is host-only (`__Host-`), the token random; what lies in the broker cannot be turned into a cookie.
A session belongs to one förbund's host and, after login, to exactly one (scope, account). So that a person can
see and end the own ones, each is listed under a hash that only the scope's key makes (walls 3).
"""

import base64
import copy
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import redis
from flask import Flask, Request, Response, current_app
from flask.sessions import SessionInterface, SessionMixin

from stegvis.ground.keys import KeyFault, KeyRing
from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.scope import Scopes

COOKIE = "__Host-stegvis"
ABSOLUTE = timedelta(hours=8)
ANONYMOUS = timedelta(minutes=60)


@dataclass(frozen=True)
class Kept:
    """What a login keeps sealed with the scope's key: the provider's raw ID token, for the logout there, and
    the coarse codes of browser and system.
    """

    id_token: str = field(default="", repr=False)
    browser: tuple[str, str] = ("", "")


class BrowserSession(dict[str, Any], SessionMixin):
    """The content of one session; a dictionary that knows whether it changed."""

    accessed = True

    def __init__(self, content: dict[str, Any] | None = None, token: str | None = None) -> None:
        super().__init__(content or {})
        self.token = token
        # Deep: what lies in a list (messages waiting to be shown) may be added to in place.
        self.stored = copy.deepcopy(dict(self))
        self.retired: str | None = None
        self.to_list = False

    @property
    def modified(self) -> bool:  # type: ignore[override]
        """Whether anything must be stored."""
        return dict(self) != self.stored

    def rotate(self) -> None:
        """Give the session a new token: at login and logout, so that an old cookie is worth nothing."""
        self.retired, self.token = self.token, None
        self.stored = {"rotated": True}


class BrokerSessions(SessionInterface):
    """Keeps sessions in the broker; reads at most once and writes at most once a request."""

    def __init__(self, broker: redis.Redis) -> None:
        self.broker = broker

    def open_session(self, app: Flask, request: Request) -> BrowserSession:
        token = request.cookies.get(COOKIE)
        if not token:
            return BrowserSession()
        kept = self.broker.get(_key(token))
        if not isinstance(kept, bytes | str):
            return BrowserSession()
        return BrowserSession(json.loads(kept), token)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, BrowserSession)
        if session.retired:
            self.broker.delete(_key(session.retired))
        if not session and (session.retired or session.stored):
            if session.token:
                self.broker.delete(_key(session.token))
            response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
            return
        if not session.modified:
            return
        token = session.token or secrets.token_urlsafe(32)
        content = json.dumps(dict(session), ensure_ascii=False)
        # A session that was ended while this request ran is not brought back by it.
        kept = self.broker.set(_key(token), content, ex=self._lifetime(session), xx=bool(session.token))
        if not kept:
            return
        if session.to_list and "login" in session:
            self._list(app, session["login"], _key(token))
        if token != session.token or session.retired:
            response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="Lax")

    def _lifetime(self, session: BrowserSession) -> int:
        login = session.get("login")
        if login is None:
            return int(ANONYMOUS.total_seconds())
        left = login["since"] + ABSOLUTE.total_seconds() - time.time()
        return max(1, int(left))

    def _list(self, app: Flask, login: dict[str, Any], key: str) -> None:
        """Note a login in the list of its account, where only the scope's key finds and reads it."""
        scopes: Scopes = app.extensions["stegvis.scopes"]
        ring = scopes.ring(ScopeId.parse(login["scope"]))
        # The newest key's list: one that was noted before the keys were changed is found again at its next use.
        listed = list_keys(ring, login["account"])[0]
        self.broker.hsetnx(listed, login["id"], ring.seal_blob(key.encode(), f"listed:{login['id']}"))
        self.broker.expire(listed, int(ABSOLUTE.total_seconds()))


def begin_login(
    session: BrowserSession,
    scope: str,
    account: str,
    provider: str,
    *,
    outsider: bool = False,
    kept: Kept | None = None,
) -> None:
    """Bind a session to one account: everything of before is dropped, the token is a new one."""
    language = session.get("sprak")
    session.rotate()
    session.clear()
    moment, login_id = time.time(), secrets.token_hex(8)
    session["login"] = {
        "id": login_id,
        "scope": scope,
        "account": account,
        "since": moment,
        "seen": moment,
        "provider": provider,
        "outsider": outsider,
        "kept": _seal(scope, login_id, kept or Kept()),
    }
    session.to_list = True
    if language:
        session["sprak"] = language


def end(session: BrowserSession) -> None:
    """End a session here and now, before anything else is tried; only the language is kept for what follows."""
    language = session.get("sprak")
    if session.token:
        broker: redis.Redis = current_app.extensions["stegvis.broker"]
        broker.delete(_key(session.token))
    session.rotate()
    session.clear()
    if language:
        session["sprak"] = language


def kept_by(login: dict[str, Any]) -> Kept:
    """What a login keeps sealed; nothing where it cannot be opened any more."""
    ring = _ring(login["scope"])
    try:
        clear = ring.open_blob(base64.b64decode(login["kept"]), f"login:{login['id']}")
    except (KeyError, KeyFault):
        return Kept()
    found = json.loads(clear)
    return Kept(found["id_token"], tuple(found["browser"]))


def list_keys(ring: KeyRing, account: str) -> list[str]:
    """Under which keys of the broker an account's logins are listed, the newest version of the scope's key
    first.
    """
    return [f"logins:{one.hex()}" for one in ring.search_hashes(f"inloggningar|{account}")]


def still_valid(login: dict[str, Any], idle_minutes: int) -> bool:
    """Whether a login is within its idle and absolute limits (real clock)."""
    moment = time.time()
    idle = moment - login["seen"] <= idle_minutes * 60
    return bool(idle and moment - login["since"] <= ABSOLUTE.total_seconds())


def touch(session: BrowserSession) -> None:
    """Note that the session was used; once a minute is enough."""
    login = session["login"]
    if time.time() - login["seen"] > 60:
        session["login"] = login | {"seen": time.time()}
        session.to_list = "id" in login


def _seal(scope: str, login_id: str, kept: Kept) -> str:
    content = json.dumps({"id_token": kept.id_token, "browser": kept.browser}).encode()
    return base64.b64encode(_ring(scope).seal_blob(content, f"login:{login_id}")).decode()


def _ring(scope: str) -> KeyRing:
    scopes: Scopes = current_app.extensions["stegvis.scopes"]
    return scopes.ring(ScopeId.parse(scope))


def _key(token: str) -> str:
    return "session:" + hashlib.sha256(token.encode()).hexdigest()
