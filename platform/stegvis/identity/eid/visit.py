"""One visit to an e-ID provider: what is remembered while the person is away, and what comes back with them.

``pending`` is a plain dict that the caller keeps server-side under its state, for one use, tied to the
browser session. A pending *signing* holds the expected number and the text, so the caller keeps it encrypted.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import ConfigDict

from stegvis.identity.eid.errors import EidCancelled, EidRefused, EidUnavailable, Reason
from stegvis.identity.eid.metadata import Metadata
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.signature import VerifiedSignature
from stegvis.identity.eid.tokens import LEEWAY

LONGEST_VISIT = 600
"""Seconds that a person may be away."""
Purpose = Literal["login", "sign"]
Assurance = Literal["underskrift", "godkant_efter_inloggning"]
_UNAVAILABLE = frozenset({"server_error", "temporarily_unavailable"})


@dataclass(frozen=True)
class Started:
    """A visit to begin: a form that sends ``fields`` to ``post_url``, and ``pending`` to keep under its
    state.
    """

    post_url: str
    fields: dict[str, str] = field(repr=False)
    pending: dict[str, Any] = field(repr=False)
    method: Literal["post", "get"] = "post"


@dataclass(frozen=True)
class Identity:
    """Who the provider says was there. ``personnummer`` is 12 digits; times are aware.

    ``id_token`` and ``userinfo`` are the raw signed tokens, each with the public key (JWK) that verified it:
    providers change keys, and without it the token cannot be checked again. ``userinfo`` is None where the
    provider is not asked for one. ``acr`` is the level, whichever claim gave it. An account is found by ``(iss,
    sub)`` and by the number, never by taking ``sub`` apart. A provider of ``identity = "organisation"`` gives
    no number but ``affiliation``, who the person is at work. Names may be empty.
    """

    personnummer: str = field(repr=False)
    is_coordination_number: bool
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    name: str = field(repr=False)
    acr: str
    sub: str = field(repr=False)
    iss: str
    txn: str | None
    auth_time: datetime
    authn_provider: str | None
    device_ip: str | None = field(repr=False)
    id_token: str = field(repr=False)
    id_token_jwk: Mapping[str, Any] = field(repr=False)
    userinfo: str | None = field(repr=False)
    userinfo_jwk: Mapping[str, Any] | None = field(repr=False)
    affiliation: str = field(default="", repr=False)


@dataclass
class Received:
    """What has come from the provider so far; filled step by step so that a refusal can be kept with its
    evidence.
    """

    id_token: str | None = field(default=None, repr=False)
    id_token_jwk: Mapping[str, Any] | None = field(default=None, repr=False)
    userinfo: str | None = field(default=None, repr=False)
    userinfo_jwk: Mapping[str, Any] | None = field(default=None, repr=False)
    user_signature: bytes | None = field(default=None, repr=False)
    ocsp: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class BrowserFacts:
    """What is known of the browser that came back: address, program, hash of what it is recognised by, if any."""

    ip: str | None = field(default=None, repr=False)
    user_agent: str | None = field(default=None, repr=False)
    device_sha256: str | None = None
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class SigningMaterial:
    """Everything about one signing attempt, as raw as it came: what was asked and what was received.

    ``signature_reason`` is the code of ``SignatureReason`` when it was the signature itself that did not
    hold.
    """

    provider_id: str
    issuer: str
    client_id: str
    expected_personnummer: str = field(repr=False)
    visible_text: str = field(repr=False)
    binding_line: str = field(repr=False)
    request_object: str = field(repr=False)
    request_jwk: Mapping[str, Any] = field(repr=False)
    state_sha256: str
    nonce_sha256: str
    started_at: datetime
    completed_at: datetime
    received: Received
    signature_reason: str | None = None
    browser: BrowserFacts = BrowserFacts()


@dataclass(frozen=True)
class SigningResult:
    """A signing that holds, and the provider that it was made with, as its row was at the time.

    Without a signature (``sign = "none"``) ``assurance`` says *godkant_efter_inloggning*.
    """

    provider: Provider
    identity: Identity
    material: SigningMaterial
    verified: VerifiedSignature | None
    assurance: Assurance


def started_at(pending: Mapping[str, Any]) -> datetime:
    """When the person was sent away, aware."""
    return datetime.fromtimestamp(pending["created"], UTC)


def check_return(
    provider: Provider,
    metadata: Metadata,
    pending: Mapping[str, Any],
    params: Mapping[str, str],
    *,
    purpose: Purpose,
    purpose_binding: Mapping[str, Any] | None,
    now: datetime,
) -> str:
    """The authorization code of a callback that belongs to this visit.

    Raises ``EidRefused``, ``EidCancelled`` or ``EidUnavailable``. An error from the provider is believed only
    after state and issuer have been compared: anybody can make a browser call this address with
    ``error=...``.
    """
    if pending.get("purpose") != purpose:
        raise EidRefused(Reason.WRONG_PURPOSE)
    same = (provider.key, provider.issuer, provider.client_id)
    if (pending.get("provider"), pending.get("issuer"), pending.get("client_id")) != same:
        raise EidRefused(Reason.WRONG_PROVIDER)
    if purpose_binding is not None and pending.get("binding") != dict(purpose_binding):
        raise EidRefused(Reason.WRONG_BINDING)
    if not hmac.compare_digest(str(params.get("state", "")).encode(), str(pending["state"]).encode()):
        raise EidRefused(Reason.STATE_MISMATCH)
    if not -LEEWAY <= now.timestamp() - pending["created"] <= LONGEST_VISIT:
        raise EidRefused(Reason.VISIT_EXPIRED)
    if "iss" not in params and metadata.answers_with_issuer:
        raise EidRefused(Reason.RESPONSE_ISSUER_MISSING)
    if params.get("iss", provider.issuer) != provider.issuer:
        raise EidRefused(Reason.RESPONSE_ISSUER_WRONG)
    if "error" in params:
        raise _error_of(params["error"])
    code = params.get("code")
    if not code:
        raise EidRefused(Reason.CODE_MISSING)
    return code


def _error_of(code: str) -> Exception:
    """OIDC Sweden Profile 2.2 and 2.3; the description is never used: it is free text from outside."""
    if code == "access_denied":
        return EidCancelled("access_denied")
    if code in _UNAVAILABLE:
        return EidUnavailable(code)
    if code == "unmet_authentication_requirements":
        return EidRefused(Reason.LEVEL_NOT_REACHABLE)
    return EidRefused(Reason.PROVIDER_ERROR)
