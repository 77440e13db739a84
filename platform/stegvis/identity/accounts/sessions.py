"""Browser sessions in the broker: sha256(token) -> which scope and account, times; no number, no name.

The cookie is host-only (`__Host-`), the token random; what lies in the broker cannot be turned into a cookie.
A session belongs to one förbund's host and, after login, to exactly one (scope, account).
"""

import copy
import hashlib
import json
import secrets
import time
from datetime import timedelta
from typing import Any

import redis
from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

COOKIE = "__Host-stegvis"
ABSOLUTE = timedelta(hours=8)
ANONYMOUS = timedelta(minutes=60)


class BrowserSession(dict[str, Any], SessionMixin):
    """The content of one session; a dictionary that knows whether it changed."""

    accessed = True

    def __init__(self, content: dict[str, Any] | None = None, token: str | None = None) -> None:
        super().__init__(content or {})
        self.token = token
        # Deep: what lies in a list (messages waiting to be shown) may be added to in place.
        self.stored = copy.deepcopy(dict(self))
        self.retired: str | None = None

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
        if token != session.token or session.retired:
            response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="Lax")

    def _lifetime(self, session: BrowserSession) -> int:
        login = session.get("login")
        if login is None:
            return int(ANONYMOUS.total_seconds())
        left = login["since"] + ABSOLUTE.total_seconds() - time.time()
        return max(1, int(left))


def begin_login(
    session: BrowserSession, scope: str, account: str, provider: str, *, outsider: bool = False
) -> None:
    """Bind a session to one account: everything of before is dropped, the token is a new one."""
    language = session.get("sprak")
    session.rotate()
    session.clear()
    moment = time.time()
    session["login"] = {
        "scope": scope,
        "account": account,
        "since": moment,
        "seen": moment,
        "provider": provider,
        "outsider": outsider,
    }
    if language:
        session["sprak"] = language


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


def _key(token: str) -> str:
    return "session:" + hashlib.sha256(token.encode()).hexdigest()
