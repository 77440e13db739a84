"""How we prove to a provider that it is us who ask: a signed assertion or a shared secret (OpenID Core 9)."""

from __future__ import annotations

import base64
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from joserfc import jwt

from stegvis.identity.eid.client_keys import algorithm_of

if TYPE_CHECKING:
    from stegvis.identity.eid.providers import Provider

ASSERTION_LIFETIME = 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def credentials(provider: Provider) -> tuple[dict[str, str], dict[str, str]]:
    """The form fields and the headers that go with a request from us to the provider's own endpoints."""
    if provider.client_auth == "client_secret_basic":
        # Both halves are form-encoded first (RFC 6749 2.3.1): a client id may well hold a colon.
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
        return {"client_id": provider.client_id}, {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"
        }
    if provider.client_auth == "client_secret_post":
        return {"client_id": provider.client_id, "client_secret": provider.client_secret}, {}
    return {
        "client_id": provider.client_id,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": _assertion(provider),
    }, {}


def _assertion(provider: Provider) -> str:
    # The issuer as audience: with the token endpoint a hostile provider could have an assertion made for
    # another one (CVE-2025-27370).
    now = int(time.time())
    claims = {
        "iss": provider.client_id,
        "sub": provider.client_id,
        "aud": provider.issuer,
        "iat": now,
        "exp": now + ASSERTION_LIFETIME,
        "jti": secrets.token_urlsafe(16),
    }
    algorithm = algorithm_of(provider.client_key)
    header = {"alg": algorithm, "kid": str(provider.client_key.kid), "typ": "JWT"}
    return jwt.encode(header, claims, provider.client_key, algorithms=[algorithm])
