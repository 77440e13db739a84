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
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.wire import TIME_LIMIT, is_safe_address, read_limited

TIME_TO_LIVE = 3600.0
REFETCH_PAUSE = 30.0
"""Seconds between two times that keys are asked for out of turn: a stream of unknown kids asks nobody."""
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
    def answers_with_issuer(self) -> bool:
        """RFC 9207: the callback carries ``iss``."""
        return self.says("authorization_response_iss_parameter_supported")


@dataclass
class _Kept:
    """What is kept of one provider; times are of the store's clock."""

    metadata: Metadata | None = None
    fetched: float = 0.0
    keys: list[dict[str, Any]] | None = field(default=None, repr=False)
    keys_fetched: float = 0.0
    asked_again: dict[Reason, float] = field(default_factory=dict)


class MetadataStore:
    """Discovery documents and key sets by provider, kept for ``ttl`` seconds. Safe for several threads.

    A provider's key (owner, id and version of its settings) is the store's: rows of different owners with
    the same id share nothing, and a row that is changed begins anew.
    """

    def __init__(
        self,
        *,
        ttl: float = TIME_TO_LIVE,
        pause: float = REFETCH_PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl, self._pause, self._clock = ttl, pause, clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], _Kept] = {}

    def metadata(self, provider: Provider) -> Metadata:
        """The provider's checked discovery document. ``EidUnavailable`` or ``EidRefused(METADATA_...)``."""
        kept = self._of(provider)
        if kept.metadata is not None and self._clock() - kept.fetched < self._ttl:
            return kept.metadata
        document = _fetch(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        metadata = _checked(document, provider)
        with self._lock:
            kept.metadata, kept.fetched = metadata, self._clock()
        return metadata

    def keys(self, provider: Provider, *, refetch: Reason | None = None) -> list[dict[str, Any]]:
        """The provider's public keys as JWKs.

        ``refetch`` asks anew (an unknown kid: the provider has changed key), though for each reason at most
        once in a pause.
        """
        kept = self._of(provider)
        with self._lock:
            at = self._clock()
            last = kept.asked_again.get(refetch) if refetch is not None else at
            again = last is None or at - last >= self._pause
            if kept.keys is not None and at - kept.keys_fetched < self._ttl and not again:
                return kept.keys
            if refetch is not None:
                kept.asked_again[refetch] = at
        document = _fetch(self.metadata(provider).endpoint("jwks_uri"))
        found = document.get("keys")
        if not isinstance(found, list) or not all(isinstance(key, dict) for key in found):
            raise EidRefused(Reason.METADATA_INVALID)
        with self._lock:
            kept.keys, kept.keys_fetched = found, self._clock()
        return found

    def _of(self, provider: Provider) -> _Kept:
        """The entry of a provider; entries that nobody has renewed for two lifetimes are forgotten."""
        with self._lock:
            old = self._clock() - 2 * self._ttl
            for key in [
                one for one, kept in self._kept.items() if max(kept.fetched, kept.keys_fetched) < old
            ]:
                del self._kept[key]
            return self._kept.setdefault((provider.key, provider.issuer), _Kept(fetched=self._clock()))


def reach(provider: Provider) -> str:
    """Ask a provider for its description and its keys right now: empty when it answers as it must, else a
    reason.
    """
    fresh = MetadataStore()
    try:
        metadata = fresh.metadata(provider)
        fresh.keys(provider)
    except EidUnavailable:
        return "unavailable"
    except EidRefused as refusal:
        return refusal.reason_code.value
    if provider.sign != "none" and not provider.adapter.offers_signing(metadata):
        return Reason.SIGNING_NOT_OFFERED.value
    return ""


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


def _checked(document: dict[str, Any], provider: Provider) -> Metadata:
    if document.get("issuer") != provider.issuer:
        raise EidRefused(Reason.METADATA_ISSUER)
    if not all(is_safe_address(document.get(name)) for name in _ENDPOINTS):
        raise EidRefused(Reason.METADATA_INVALID)
    metadata = Metadata(document)
    if not provider.adapter.usable(metadata):
        raise EidRefused(Reason.METADATA_INVALID)
    return metadata
