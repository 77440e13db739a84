"""What a test lets a provider, or whoever brings its answer back, do: each returns an act to run with a party.

A party is one of parties.py: ``Live`` at the running test provider, ``Scripted`` at one that answers as written.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from stegvis.identity.eid import EidRefused
from stegvis.identity.eid.tokens import verify

Act = Callable[[Any], Any]
BOTH = ("login", "sign")


def faulty(fault: str, purpose: str = "login") -> Act:
    """A whole visit to a provider that does one thing wrong."""

    def act(party: Any) -> Any:
        party.fault(fault)
        return party.visit(purpose)

    return act


def crafted(**told: Any) -> Act:
    """A scripted provider answers rightly in all but what is told."""
    return lambda party: party.finish_crafted(**told)


def returned(
    *,
    params: dict[str, str | None] | None = None,
    pending: dict[str, Any] | None = None,
    purpose: str = "login",
    finish: str | None = None,
    hours: int = 0,
    **told: Any,
) -> Act:
    """A right answer that is brought back wrongly: other parameters, another visit, another place."""

    def act(party: Any) -> Any:
        started = party.start(purpose)
        answer = {**party.answer(started), **(params or {})}
        answer = {key: value for key, value in answer.items() if value is not None}
        now = datetime.now(UTC) + timedelta(hours=hours)
        return party.finish(started.pending | (pending or {}), answer, finish or purpose, now=now, **told)

    return act


def said(error: str, state: str | None = None, **params: str) -> Act:
    """An error that is brought back, with the visit's own state or a forged one."""

    def act(party: Any) -> Any:
        started = party.start_login()
        answer = {"state": state or started.pending["state"], "iss": party.provider.issuer, "error": error}
        return party.finish(started.pending, answer | params)

    return act


def with_provider(change: dict[str, Any], act: Act) -> Act:
    """The same visit with our provider row changed."""

    def changed(party: Any) -> Any:
        party.provider = dataclasses.replace(party.provider, **change)
        return act(party)

    return changed


def at(seconds: int) -> int:
    """A time claim so many seconds from now."""
    return int(time.time()) + seconds


def timed(**shifts: int) -> Act:
    """A visit whose time claims lie so many seconds from now."""
    return lambda party: party.finish_crafted(claims={name: at(shift) for name, shift in shifts.items()})


def rsa(bits: int = 2048, kid: str = "rsa") -> RSAKey:
    """A fresh RSA key."""
    return RSAKey.generate_key(bits, {"kid": kid, "use": "sig"})


def ec(kid: str = "other", curve: str = "P-256") -> ECKey:
    """A fresh EC key."""
    return ECKey.generate_key(curve, {"kid": kid, "use": "sig"})


def signed_by(key: Callable[[], Any], published: Callable[[Any, Any], list[Any]], **header: Any) -> Act:
    """A visit whose ID token is signed by a made key; ``published`` says which keys the provider shows."""

    def act(party: Any) -> Any:
        made = key()
        party.publish(*published(party, made))
        return party.finish_crafted(
            id_token=lambda started: party.token(party.claims(started), made, **header)
        )

    return act


def plain(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(content: dict[str, Any]) -> str:
    """A header or payload as a part of a compact JWS."""
    return plain(json.dumps(content).encode())


def discovered(**document: Any) -> Act:
    """The beginning of a login at a provider whose discovery document says what is told."""

    def act(party: Any) -> Any:
        party.publish(**document)
        return party.start_login()

    return act


def moved_endpoints(party: Any) -> Any:
    """A visit in which the provider's addresses are none that anybody could guess."""
    issuer = party.provider.issuer
    moved = {name: f"{issuer}/annan/{name}" for name in ("authorization_endpoint", "token_endpoint")}
    party.publish(**moved, userinfo_endpoint=f"{issuer}/annan/userinfo")
    started = party.start_login()
    assert started.post_url == f"{issuer}/annan/authorization_endpoint"
    token = party.token(party.claims(started))
    told = {"access_token": "access", "token_type": "Bearer", "id_token": token}
    party.says("/annan/token_endpoint", told)
    party.says("/annan/userinfo", party.token(party.claims(started)), "application/jwt")
    return party.finish(started.pending, {"state": started.pending["state"], "code": "c"})


def moved_keys(party: Any) -> Any:
    """A visit in which the keys lie where discovery says, and wrong ones at the usual address."""
    party.publish(ec("one"), jwks_uri=f"{party.provider.issuer}/annan/nycklar")
    party.says("/annan/nycklar", {"keys": [party.key.as_dict(private=False)]})
    return party.finish_crafted()


def userinfo_is_verified(identity: Any) -> Any:
    """The same identity, after its kept UserInfo was verified once more under the kept key."""
    assert verify(identity.userinfo, identity.userinfo_jwk).claims["sub"] == identity.sub
    return identity


def answering(path: str, status: int = 200, media: str = "application/json", content: Any = None) -> Act:
    """A visit in which one address of the provider answers as told."""

    def act(party: Any) -> Any:
        started = party.start_login()
        token = party.token(party.claims(started))
        party.says("/token", {"access_token": "access", "token_type": "Bearer", "id_token": token})
        party.says("/userinfo", token, "application/jwt")
        party.says(path, {} if content is None else content, media, status)
        return party.finish(started.pending, {"state": started.pending["state"], "code": "c"})

    return act


def by_secret(party: Any, purpose: str) -> Any:
    """A visit in which we are known by a shared secret, in the header and in the form; a wrong one is refused."""
    for way in ("client_secret_basic", "client_secret_post"):
        party.provider = dataclasses.replace(party.provider, client_auth=way)
        ended = party.visit(purpose)
        started = party.start(purpose)
        answer = party.answer(started)
        right, wrong = party.provider, dataclasses.replace(party.provider, client_secret="fel")
        party.provider = wrong
        with pytest.raises(EidRefused):
            party.finish(started.pending, answer, purpose)
        party.provider = right
    return ended
