"""The provider's own keys: ES256 and RS256 for tokens, a secret for pairwise subjects; kept in one file
(0600).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey
from joserfc.jws import JWSRegistry

Key = ECKey | RSAKey


class LargeTokens(JWSRegistry):
    """joserfc's limits raised: a signed text travels in Base64 inside a token (a text of 40 000 characters
    fits).
    """

    max_payload_length = 1_000_000


def registry(*algorithms: str) -> LargeTokens:
    """A registry for exactly these algorithms."""
    return LargeTokens(algorithms=list(algorithms))


class ProviderKeys:
    """The keys that sign tokens. ``rotate`` makes new ones and publishes the former one round more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            self._current: dict[str, Key] = {
                alg: _load(alg, kept["current"][alg]) for alg in ("ES256", "RS256")
            }
            self._former = [_load(row["alg"], row) for row in kept["former"]]
            self._pairwise = base64.b64decode(kept["pairwise"])
        else:
            self._current = {alg: _new(alg) for alg in ("ES256", "RS256")}
            self._former = []
            self._pairwise = secrets.token_bytes(32)
            self._save()

    def sign(self, claims: dict[str, Any], alg: str, *, typ: str = "JWT") -> str:
        """A signed compact JWT with kid and typ."""
        key = self._current[alg]
        return jwt.encode({"alg": alg, "kid": key.kid, "typ": typ}, claims, key, registry=registry(alg))

    def current(self, alg: str) -> Key:
        """The key in use for an algorithm."""
        return self._current[alg]

    def rotate(self) -> None:
        """New keys from now on."""
        with self._lock:
            self._former = list(self._current.values())
            self._current = {alg: _new(alg) for alg in ("ES256", "RS256")}
            self._save()

    def public(self) -> dict[str, list[dict[str, Any]]]:
        """The JWKS document."""
        return {"keys": [key.as_dict(private=False) for key in [*self._current.values(), *self._former]]}

    def published(self) -> KeySet:
        """The keys of the JWKS, to verify own tokens with."""
        return KeySet([*self._current.values(), *self._former])

    def subject(self, client_id: str, personnummer: str) -> str:
        """The pairwise ``sub`` of a person at a client: tells nothing of the number, the same every time."""
        message = f"{client_id}\0{personnummer}".encode()
        return hmac.new(self._pairwise, message, hashlib.sha256).hexdigest()

    def _save(self) -> None:
        content = {
            "current": {alg: key.as_dict(private=True) for alg, key in self._current.items()},
            "former": [key.as_dict(private=True) for key in self._former],
            "pairwise": base64.b64encode(self._pairwise).decode(),
        }
        beside = self._path.with_suffix(f".{secrets.token_hex(4)}.tmp")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        beside.replace(self._path)


def another_key() -> dict[str, Any]:
    """A public ES256 key beside the ones in use, for a JWKS in which a key must be named to be found."""
    return _new("ES256").as_dict(private=False)


def _parameters(alg: str) -> KeyParameters:
    return {"alg": alg, "use": "sig", "kid": f"{alg.lower()}-{secrets.token_hex(6)}"}


def _new(alg: str) -> Key:
    if alg == "ES256":
        return ECKey.generate_key("P-256", _parameters(alg))
    return RSAKey.generate_key(2048, _parameters(alg))


def _load(alg: str, content: dict[str, Any]) -> Key:
    return ECKey.import_key(content) if alg == "ES256" else RSAKey.import_key(content)
