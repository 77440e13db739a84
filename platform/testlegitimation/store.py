"""What the provider remembers while somebody is visiting: visits, codes, access tokens, used assertions. In
memory only.

There is no session of the person: each visit asks again who it is (no single sign-on).
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from dataclasses import dataclass, field

from testlegitimation.faults import Fault
from testlegitimation.people import Person
from testlegitimation.requests_in import AuthorizationRequest

VISIT_SECONDS = 600
CODE_SECONDS = 60
TOKEN_SECONDS = 300
PUSHED_SECONDS = 60


@dataclass
class Visit:
    """One authorization request being answered by a person."""

    request: AuthorizationRequest
    # What the way back names as iss; empty for an issuer that names none.
    issuer: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    txn: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: float = field(default_factory=time.time)
    qr_token: str = field(default_factory=lambda: str(uuid.uuid4()))
    qr_secret: str = field(default_factory=lambda: str(uuid.uuid4()))
    person: Person | None = None


@dataclass
class Grant:
    """A visit that ended well: what a code, and later an access token, stands for."""

    visit: Visit
    person: Person
    eid: str
    auth_time: int
    device_ip: str
    fault: Fault | None
    user_signature: bytes | None = None
    ocsp: bytes | None = None
    issued: float = field(default_factory=time.time)
    access_token: str | None = None


class Store:
    """The memory, with one lock. Old things are swept away whenever something new comes in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visits: dict[str, Visit] = {}
        self._codes: dict[str, Grant] = {}
        self._used_codes: dict[str, Grant] = {}
        self._tokens: dict[str, Grant] = {}
        self._pushed: dict[str, tuple[float, str, dict[str, list[str]]]] = {}
        self._assertions: dict[tuple[str, str], float] = {}
        self._login_tokens: dict[str, str] = {}

    def open_visit(self, request: AuthorizationRequest, issuer: str = "") -> Visit:
        visit = Visit(request, issuer)
        with self._lock:
            self._sweep()
            self._visits[visit.key] = visit
        return visit

    def visit(self, key: str) -> Visit | None:
        """The visit while it is open and not older than ten minutes."""
        with self._lock:
            self._sweep()
            return self._visits.get(key)

    def close_visit(self, key: str) -> Visit | None:
        """Ends the visit; None when it was ended already (a double click)."""
        with self._lock:
            return self._visits.pop(key, None)

    def add_code(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes[code] = grant
        return code

    def use_code(self, code: str) -> Grant | None:
        """The grant, once, within a minute. A second use takes back the access token that the first one
        gave.
        """
        with self._lock:
            grant = self._codes.pop(code, None)
            if grant is None:
                reused = self._used_codes.get(code)
                if reused is not None and reused.access_token is not None:
                    self._tokens.pop(reused.access_token, None)
                return None
            self._used_codes[code] = grant
            return grant if time.time() - grant.issued <= CODE_SECONDS else None

    def add_token(self, grant: Grant) -> str:
        token = secrets.token_urlsafe(32)
        grant.access_token = token
        with self._lock:
            self._tokens[token] = grant
        return token

    def token(self, token: str) -> Grant | None:
        """The grant of an access token that has not expired."""
        with self._lock:
            self._sweep()
            return self._tokens.get(token)

    def login_token(self, client_id: str, id_token: str | None = None) -> str | None:
        """The ID Token of a client's last login, after keeping the one that is given."""
        with self._lock:
            if id_token is not None:
                self._login_tokens[client_id] = id_token
            return self._login_tokens.get(client_id)

    def first_use(self, client_id: str, jti: str, expires: float) -> bool:
        """True the first time that a client's assertion id is seen, False after."""
        with self._lock:
            self._sweep()
            if (client_id, jti) in self._assertions:
                return False
            self._assertions[client_id, jti] = expires
            return True

    def push(self, client_id: str, parameters: dict[str, list[str]]) -> str:
        """Keeps a pushed request for a minute; its ``request_uri`` (RFC 9126)."""
        address = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(24)}"
        with self._lock:
            self._sweep()
            self._pushed[address] = (time.time(), client_id, parameters)
        return address

    def pushed(self, address: str, client_id: str) -> dict[str, list[str]] | None:
        """The request that this client pushed, once."""
        with self._lock:
            self._sweep()
            kept = self._pushed.pop(address, None)
        return kept[2] if kept is not None and kept[1] == client_id else None

    def _sweep(self) -> None:
        now = time.time()
        self._visits = {k: v for k, v in self._visits.items() if now - v.started <= VISIT_SECONDS}
        self._codes = {k: g for k, g in self._codes.items() if now - g.issued <= CODE_SECONDS}
        self._used_codes = {k: g for k, g in self._used_codes.items() if now - g.issued <= VISIT_SECONDS}
        self._tokens = {k: g for k, g in self._tokens.items() if now - g.issued <= TOKEN_SECONDS}
        self._pushed = {k: kept for k, kept in self._pushed.items() if now - kept[0] <= PUSHED_SECONDS}
        self._assertions = {k: end for k, end in self._assertions.items() if end > now}
