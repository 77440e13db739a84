"""The kind ``sweden``: a signed Request Object, posted by a form (The Swedish OpenID Connect Profile 1.0)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stegvis.identity.eid import requests_out
from stegvis.identity.eid.claims import ClaimMap
from stegvis.identity.eid.kind import Asked, Facts, Sent, Signed

if TYPE_CHECKING:
    from stegvis.identity.eid.metadata import Metadata
    from stegvis.identity.eid.providers import Provider

SCOPE = "https://id.oidc.se/scope/"
PARAM = "https://id.oidc.se/param/"
DISCO = "https://id.oidc.se/disco/"
SIGN_SCOPE = f"{SCOPE}sign"
LOGIN_SCOPES = f"openid {SCOPE}naturalPersonInfo {SCOPE}naturalPersonNumber"
REQUEST_LIFETIME = 300
REQUEST_TYPE = "oauth-authz-req+jwt"
# The profile, section 3: an ID token lives five minutes at most.
LONGEST_LIFETIME = 300


class Sweden:
    """A provider that follows the profile: essential acr, authnProvider, userMessage, signed UserInfo."""

    facts = Facts(
        own_keys=frozenset({"authn_provider"}),
        signs=frozenset({"oidc_sweden", "none"}),
        client_auth=("private_key_jwt",),
        userinfo=("signed",),
        key_algorithm="ES256",
        at_hash_required=True,
        lifetime=LONGEST_LIFETIME,
    )

    def claims(self, row: Mapping[str, Any]) -> ClaimMap:
        return ClaimMap()

    def check(self, row: Mapping[str, Any]) -> tuple[str, str] | None:
        return None

    def usable(self, metadata: Metadata) -> bool:
        # Only signed Request Objects are ever sent, so a provider that does not take them cannot be used.
        return metadata.says("request_parameter_supported")

    def offers_signing(self, metadata: Metadata) -> bool:
        return metadata.offers_scope(SIGN_SCOPE)

    def begin(self, provider: Provider, metadata: Metadata, asked: Asked) -> Sent:
        created = int(asked.now.timestamp())
        scope = LOGIN_SCOPES + (f" {SIGN_SCOPE}" if asked.signs else "")
        request = {
            "iss": provider.client_id,
            "aud": provider.issuer,
            "iat": created,
            "exp": created + REQUEST_LIFETIME,
            "jti": secrets.token_urlsafe(16),
            "client_id": provider.client_id,
            "response_type": "code",
            "redirect_uri": asked.redirect_uri,
            "scope": scope,
            "state": asked.secrets.state,
            "nonce": asked.secrets.nonce,
            "prompt": "login consent" if asked.signs else "login",
            "code_challenge": asked.secrets.challenge,
            "code_challenge_method": "S256",
            "claims": {"id_token": _id_token_claims(provider, asked)},
            "ui_locales": asked.ui_locales,
            **_extras(provider, metadata, asked),
        }
        request_object = requests_out.sign(provider.client_key, REQUEST_TYPE, request)
        # client_id, response_type and scope stand outside too: OpenID Connect Core 6.1 demands it.
        fields = {
            "client_id": provider.client_id,
            "response_type": "code",
            "scope": scope,
            "request": request_object,
        }
        return Sent(metadata.endpoint("authorization_endpoint"), "post", fields, request_object)

    def signed(self, provider: Provider, claims: Mapping[str, Any]) -> Signed:
        return requests_out.signed_by(provider.claims, claims)


def _id_token_claims(provider: Provider, asked: Asked) -> dict[str, Any]:
    """The ``claims.id_token`` member: essential level, the one person who may answer, evidence of a
    signature.
    """
    names = provider.claims
    claims: dict[str, Any] = {names.authn_provider: None, names.device_ip: None}
    if names.level == "acr":
        claims["acr"] = {"essential": True, "values": list(provider.accepted_acr)}
    if asked.bound is not None:
        name = names.coordination_number if asked.bound.is_coordination_number else names.personnummer
        claims[name] = {"essential": True, "value": asked.bound.digits}
    if asked.signs:
        claims[names.authn_evidence] = {"essential": True}
    return claims


def _extras(provider: Provider, metadata: Metadata, asked: Asked) -> dict[str, Any]:
    """Members that are sent only when the provider says that it understands them, and ``signRequest``
    (Request Parameter Extensions 1.1, section 3; Signature Extension 1.1, section 3.1).
    """
    extras: dict[str, Any] = {}
    if asked.message and not asked.signs and metadata.says(f"{DISCO}userMessageSupported"):
        extras[f"{PARAM}userMessage"] = message_object(asked.message)
    if provider.authn_provider and metadata.says(f"{DISCO}authnProviderSupported"):
        extras[f"{PARAM}authnProvider"] = provider.authn_provider
    if asked.signs:
        extras[f"{PARAM}signRequest"] = {
            "tbs_data": requests_out.b64(asked.binding_line),
            "sign_message": message_object(asked.visible_text),
        }
    return extras


def message_object(text: str) -> dict[str, str]:
    """A text for a provider to show.

    Base64, not base64url (Request Parameter Extensions 1.1, section 2.1).
    """
    encoded = requests_out.b64(text)
    return {"message": encoded, "message#sv": encoded, "mime_type": "text/plain"}
