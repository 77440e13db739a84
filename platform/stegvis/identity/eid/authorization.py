"""Builds what is sent to a provider: a signed Request Object, posted by a form (OIDC Sweden)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt

from stegvis.identity.eid.metadata import Metadata
from stegvis.identity.eid.personal_number import PersonalNumber
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.tokens import LargeJWSRegistry
from stegvis.identity.eid.visit import Purpose, Started

SCOPE = "https://id.oidc.se/scope/"
PARAM = "https://id.oidc.se/param/"
SIGN_SCOPE = f"{SCOPE}sign"
LOGIN_SCOPES = f"openid {SCOPE}naturalPersonInfo {SCOPE}naturalPersonNumber"
REQUEST_LIFETIME = 300


def message_object(text: str) -> dict[str, str]:
    """A text for a provider to show.

    Base64, not base64url (Request Parameter Extensions 1.1, section 2.1).
    """
    encoded = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return {"message": encoded, "message#sv": encoded, "mime_type": "text/plain"}


def login_extras(provider: Provider, metadata: Metadata, user_message: str | None) -> dict[str, Any]:
    """Members that are sent only when the provider says that it understands them."""
    extras: dict[str, Any] = {}
    if user_message and metadata.shows_user_message:
        extras[f"{PARAM}userMessage"] = message_object(user_message)
    if provider.authn_provider and metadata.takes_authn_provider:
        extras[f"{PARAM}authnProvider"] = provider.authn_provider
    return extras


def sign_extras(visible_text: str, binding_line: str) -> dict[str, Any]:
    """The ``signRequest`` member (Signature Extension 1.1, section 3.1)."""
    return {
        f"{PARAM}signRequest": {
            "tbs_data": base64.b64encode(binding_line.encode("utf-8")).decode("ascii"),
            "sign_message": message_object(visible_text),
        }
    }


def id_token_claims(provider: Provider, bound: PersonalNumber | None, *, signature: bool) -> dict[str, Any]:
    """The ``claims.id_token`` member: essential level, the one person who may answer, evidence of a
    signature.
    """
    claims: dict[str, Any] = {
        "acr": {"essential": True, "values": list(provider.accepted_acr)},
        provider.claims.authn_provider: None,
        provider.claims.device_ip: None,
    }
    if bound is not None:
        names = provider.claims
        name = names.coordination_number if bound.is_coordination_number else names.personnummer
        claims[name] = {"essential": True, "value": bound.digits}
    if signature:
        claims[provider.claims.authn_evidence] = {"essential": True}
    return claims


def start(
    provider: Provider,
    metadata: Metadata,
    *,
    purpose: Purpose,
    redirect_uri: str,
    scope: str,
    prompt: str,
    claims: Mapping[str, Any],
    extras: Mapping[str, Any],
    ui_locales: str,
    purpose_binding: Mapping[str, Any],
    remembered: Mapping[str, Any],
    now: datetime,
) -> Started:
    """A visit with fresh state, nonce and PKCE verifier (32 random bytes each), its form and what to
    remember.
    """
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    created = int(now.timestamp())
    request = {
        "iss": provider.client_id,
        "aud": provider.issuer,
        "iat": created,
        "exp": created + REQUEST_LIFETIME,
        "jti": secrets.token_urlsafe(16),
        "client_id": provider.client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        "nonce": nonce,
        "prompt": prompt,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "claims": {"id_token": dict(claims)},
        "ui_locales": ui_locales,
        **extras,
    }
    header = {"alg": "ES256", "kid": str(provider.client_key.kid), "typ": "oauth-authz-req+jwt"}
    registry = LargeJWSRegistry(algorithms=["ES256"])
    request_object = jwt.encode(header, request, provider.client_key, registry=registry)
    pending = {
        "version": 1,
        "purpose": purpose,
        "provider": provider.id,
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "binding": dict(purpose_binding),
        "redirect_uri": redirect_uri,
        "state": state,
        "nonce": nonce,
        "verifier": verifier,
        "created": created,
        "request_object": request_object,
        **remembered,
    }
    # client_id, response_type and scope stand outside too: OpenID Connect Core 6.1 demands it.
    fields = {
        "client_id": provider.client_id,
        "response_type": "code",
        "scope": scope,
        "request": request_object,
    }
    return Started(metadata.endpoint("authorization_endpoint"), fields, pending)
