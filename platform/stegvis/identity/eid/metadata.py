"""What a provider publishes about itself: discovery document and keys, fetched with a time limit and kept for
an hour.

Authlib keeps both for the life of the process and never compares the issuer; this does.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from stegvis.identity.eid.errors import EidRefused, EidUnavailable, Reason
from stegvis.identity.eid.providers import Provider, is_safe_address

TIME_TO_LIVE = 3600.0
TIME_LIMIT = (3.05, 8.0)
"""Seconds to connect and to wait for bytes."""
TOTAL_TIME = 12.0
LARGEST_ANSWER = 2 * 1024 * 1024
DISCO = "https://id.oidc.se/disco/"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


@dataclass(frozen=True)
class Metadata:
    """A discovery document whose issuer and endpoints have been checked."""

    document: Mapping[str, Any] = field(repr=False)

    def endpoint(self, name: str) -> str:
        """One of the required addresses."""
        return str(self.document[name])

    def says(self, name: str) -> bool:
        """Whether a true/false member is present and true."""
        return self.document.get(name) is True

    def offers_scope(self, scope: str) -> bool:
        """Whether ``scopes_supported`` holds the scope."""
        offered = self.document.get("scopes_supported")
        return isinstance(offered, list) and scope in offered

    @property
    def shows_user_message(self) -> bool:
        """OIDC Sweden, Request Parameter Extensions 1.1 section 3."""
        return self.says(f"{DISCO}userMessageSupported")

    @property
    def takes_authn_provider(self) -> bool:
        """OIDC Sweden, Request Parameter Extensions 1.1 section 3."""
        return self.says(f"{DISCO}authnProviderSupported")

    @property
    def answers_with_issuer(self) -> bool:
        """RFC 9207: the callback carries ``iss``."""
        return self.says("authorization_response_iss_parameter_supported")


class MetadataStore:
    """Discovery documents and key sets by issuer, kept for ``ttl`` seconds. Safe for several threads.

    The issuer alone is the key: rows of different förbund with the same provider id never share an entry
    unless they name the same issuer, and what an issuer publishes does not depend on who asks.
    """

    def __init__(self, *, ttl: float = TIME_TO_LIVE, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl = ttl
        self._clock = clock
        self._lock = threading.Lock()
        self._documents: dict[str, tuple[float, Metadata]] = {}
        self._keys: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    def metadata(self, provider: Provider) -> Metadata:
        """The provider's checked discovery document. ``EidUnavailable`` or ``EidRefused(METADATA_...)``."""
        with self._lock:
            kept = self._documents.get(provider.issuer)
        if kept is not None and self._clock() - kept[0] < self._ttl:
            return kept[1]
        document = _fetch(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        metadata = _checked(document, provider)
        with self._lock:
            self._documents[provider.issuer] = (self._clock(), metadata)
        return metadata

    def keys(self, provider: Provider, *, refetch: bool = False) -> list[dict[str, Any]]:
        """The provider's public keys as JWKs; ``refetch`` asks anew (an unknown kid: the provider has changed
        key).
        """
        with self._lock:
            kept = self._keys.get(provider.issuer)
        if kept is not None and not refetch and self._clock() - kept[0] < self._ttl:
            return kept[1]
        document = _fetch(self.metadata(provider).endpoint("jwks_uri"))
        found = document.get("keys")
        if not isinstance(found, list) or not all(isinstance(key, dict) for key in found):
            raise EidRefused(Reason.METADATA_INVALID)
        with self._lock:
            self._keys[provider.issuer] = (self._clock(), found)
        return found


def _fetch(address: str) -> dict[str, Any]:
    try:
        with requests.get(
            address,
            timeout=TIME_LIMIT,
            allow_redirects=False,
            stream=True,
            headers={"Accept": "application/json"},
        ) as answer:
            if answer.status_code != 200:
                raise EidUnavailable("status")
            content = json.loads(read_limited(answer))
    except requests.RequestException:
        raise EidUnavailable("network") from None
    except ValueError:
        raise EidRefused(Reason.METADATA_INVALID) from None
    if not isinstance(content, dict):
        raise EidRefused(Reason.METADATA_INVALID)
    return content


def read_limited(answer: requests.Response) -> bytes:
    """The body of a streamed answer. A provider that drips or floods is told as ``EidUnavailable``.

    The time limit of requests counts from byte to byte; without an own end a slow provider could hold a
    worker.
    """
    end = time.monotonic() + TOTAL_TIME
    data = bytearray()
    for chunk in answer.iter_content(16 * 1024):
        data += chunk
        if len(data) > LARGEST_ANSWER or time.monotonic() > end:
            raise EidUnavailable("answer too long")
    return bytes(data)


def _checked(document: dict[str, Any], provider: Provider) -> Metadata:
    if document.get("issuer") != provider.issuer:
        raise EidRefused(Reason.METADATA_ISSUER)
    if not all(is_safe_address(document.get(name)) for name in _ENDPOINTS):
        raise EidRefused(Reason.METADATA_INVALID)
    # Only signed Request Objects are ever sent, so a provider that does not take them cannot be used.
    if document.get("request_parameter_supported") is not True:
        raise EidRefused(Reason.METADATA_INVALID)
    return Metadata(document)
