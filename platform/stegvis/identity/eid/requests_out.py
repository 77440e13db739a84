"""What the kinds share when they ask and when they read a signature: signing a request, Base64."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from joserfc import jwt

from stegvis.identity.eid.claims import ClaimMap, value_of
from stegvis.identity.eid.client_keys import ClientKey, algorithm_of
from stegvis.identity.eid.kind import Signed
from stegvis.identity.eid.signature_faults import SignatureInvalid, SignatureReason
from stegvis.identity.eid.tokens import LargeJWSRegistry


def b64(text: str) -> str:
    """UTF-8 in standard Base64 on one line."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def sign(key: ClientKey, kind: str, request: Mapping[str, Any]) -> str:
    """A request as a compact JWS by our key; ``kind`` is its ``typ``."""
    algorithm = algorithm_of(key)
    header = {"alg": algorithm, "kid": str(key.kid), "typ": kind}
    return jwt.encode(header, dict(request), key, registry=LargeJWSRegistry(algorithms=[algorithm]))


def signed_by(names: ClaimMap, claims: Mapping[str, Any]) -> Signed:
    """Signature and OCSP answer where they stand in the ID token in Base64; each None when absent or empty.

    Raises ``SignatureInvalid`` when one is no Base64.
    """
    return Signed(_blob(claims, names.user_signature), _blob(claims, names.authn_evidence))


def _blob(claims: Mapping[str, Any], name: str) -> bytes | None:
    value = value_of(claims, name)
    if not value:
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, TypeError):
        raise SignatureInvalid(SignatureReason.STRUCTURE) from None
