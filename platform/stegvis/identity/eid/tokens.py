"""Signed tokens of a provider, checked: ID token and UserInfo. Pure: no network, the clock is an argument.

Authlib accepts much that has to be refused, so every rule of OpenID Connect Core 3.1.3.7, of the Swedish
profile (section 3) and of our own is written out here. Times are aware datetimes; claims hold epoch seconds.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from stegvis.identity.eid.claims import ClaimMap, seconds_of, value_of
from stegvis.identity.eid.errors import EidRefused, Reason
from stegvis.identity.eid.personal_number import PersonalNumber, read_number

LEEWAY = 30
"""Seconds that a provider's clock may differ from ours."""
PINNED_ALGORITHMS = ("RS256", "ES256", "PS256")
_KEY_TYPE = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}


class LargeJWSRegistry(JWSRegistry):
    """Limits that hold an ID token with a signature of a long text, and headers with a certificate chain."""

    max_header_length = 16 * 1024
    max_payload_length = 1024 * 1024


@dataclass(frozen=True)
class Decoded:
    """A token whose signature holds: its claims and the public key (JWK) that verified it."""

    claims: Mapping[str, Any] = field(repr=False)
    jwk: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Expected:
    """What an ID token must say.

    ``access_token`` None: there is none to compare with (a receipt years later). ``names`` says where level
    and time of authentication stand, ``longest_lifetime`` is in seconds from iat to exp.
    """

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    requested_at: datetime
    accepted_acr: tuple[str, ...]
    access_token: str | None = field(default=None, repr=False)
    at_hash_required: bool = True
    names: ClaimMap = field(default_factory=ClaimMap)
    longest_lifetime: int = 300


def read_header(token: str) -> dict[str, Any]:
    """The unverified header of a compact JWS, to choose a key by.

    ``EidRefused(TOKEN_MALFORMED)`` when it is none.
    """
    parts = token.split(".")
    try:
        if len(parts) != 3:
            raise ValueError("not a compact JWS")
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except ValueError:
        raise EidRefused(Reason.TOKEN_MALFORMED) from None
    if not isinstance(header, dict):
        raise EidRefused(Reason.TOKEN_MALFORMED)
    return header


def choose_key(
    header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]], algorithms: Sequence[str]
) -> Mapping[str, Any]:
    """The one key among a provider's JWKs that the header means.

    The algorithm must be pinned before a key is looked for; keys in the header itself (``jwk``, ``jku``,
    ``x5c``) are never used. Without ``kid`` there must be exactly one key that fits. Raises ``EidRefused``.
    """
    algorithm = header.get("alg")
    if algorithm not in algorithms or algorithm not in PINNED_ALGORITHMS:
        raise EidRefused(Reason.ALGORITHM_REFUSED)
    fitting = [
        key
        for key in keys
        if key.get("kty") == _KEY_TYPE[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and ("kid" not in header or key.get("kid") == header["kid"])
    ]
    if len(fitting) != 1:
        raise EidRefused(Reason.KEY_UNKNOWN)
    return fitting[0]


def verify(token: str, jwk: Mapping[str, Any], algorithms: Sequence[str] = PINNED_ALGORITHMS) -> Decoded:
    """The claims of a token signed by ``jwk``. Raises ``EidRefused``; RSA below 2048 bits is refused."""
    algorithm = read_header(token).get("alg")
    if algorithm not in algorithms or algorithm not in PINNED_ALGORITHMS:
        raise EidRefused(Reason.ALGORITHM_REFUSED)
    try:
        key = _import(jwk, algorithm)
        decoded = jwt.decode(
            token, key, [algorithm], LargeJWSRegistry(algorithms=[algorithm], strict_check_header=False)
        )
    except (JoseError, ValueError, KeyError, TypeError):
        raise EidRefused(Reason.TOKEN_SIGNATURE_INVALID) from None
    return Decoded(decoded.claims, public_part(jwk))


def _import(jwk: Mapping[str, Any], algorithm: str) -> RSAKey | ECKey:
    if _KEY_TYPE[algorithm] == "RSA":
        rsa_key = RSAKey.import_key(dict(jwk))
        if rsa_key.public_key.key_size < 2048:
            raise EidRefused(Reason.KEY_WEAK)
        return rsa_key
    if jwk.get("crv") != "P-256":
        raise EidRefused(Reason.KEY_WEAK)
    return ECKey.import_key(dict(jwk))


def public_part(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a JWK that identify and make up a public key, and nothing else."""
    return {
        name: jwk[name] for name in ("kty", "kid", "use", "alg", "crv", "x", "y", "n", "e") if name in jwk
    }


def check_id_token(claims: Mapping[str, Any], expected: Expected, now: datetime) -> None:
    """Every rule for the ID token that is not about the person.

    Raises ``EidRefused`` with the first that fails.
    """
    if claims.get("iss") != expected.issuer:
        raise EidRefused(Reason.ISSUER_WRONG)
    if not is_only_audience(claims.get("aud"), expected.client_id):
        raise EidRefused(Reason.AUDIENCE_WRONG)
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise EidRefused(Reason.AUDIENCE_WRONG)
    _check_times(claims, expected, now.timestamp())
    if not expected.nonce or claims.get("nonce") != expected.nonce:
        raise EidRefused(Reason.NONCE_WRONG)
    _check_at_hash(claims, expected)
    subject = claims.get("sub")
    if not (isinstance(subject, str) and subject.strip()):
        raise EidRefused(Reason.SUBJECT_MISSING)
    level = value_of(claims, expected.names.level)
    if not isinstance(level, str) or not level:
        raise EidRefused(Reason.ACR_MISSING)
    if level not in expected.accepted_acr:
        raise EidRefused(Reason.ACR_NOT_ACCEPTED)


def is_only_audience(audience: object, client_id: str) -> bool:
    """Whether a token is meant for us alone (a list with our id alone is allowed, OpenID Connect Core 2)."""
    return audience in (client_id, [client_id])


def epoch(claims: Mapping[str, Any], name: str) -> float:
    """A time claim in seconds. ``EidRefused(TIME_MISSING)`` when it is absent or no number."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EidRefused(Reason.TIME_MISSING)
    return float(value)


def _check_times(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    requested_at = expected.requested_at.timestamp()
    expires, issued = epoch(claims, "exp"), epoch(claims, "iat")
    authenticated = seconds_of(claims, expected.names.auth_time)
    if now > expires + LEEWAY:
        raise EidRefused(Reason.TOKEN_EXPIRED)
    if not requested_at - LEEWAY <= issued <= now + LEEWAY:
        raise EidRefused(Reason.ISSUED_AT_OUTSIDE_VISIT)
    if "nbf" in claims and epoch(claims, "nbf") > now + LEEWAY:
        raise EidRefused(Reason.ISSUED_AT_OUTSIDE_VISIT)
    if not 0 <= expires - issued <= expected.longest_lifetime:
        raise EidRefused(Reason.LIFETIME_TOO_LONG)
    # Every request says prompt=login, so the person must have acted after it was made.
    if not requested_at - LEEWAY <= authenticated <= now + LEEWAY:
        raise EidRefused(Reason.AUTH_TIME_OUTSIDE_VISIT)


def _check_at_hash(claims: Mapping[str, Any], expected: Expected) -> None:
    if expected.access_token is None:
        return
    if "at_hash" not in claims:
        if expected.at_hash_required:
            raise EidRefused(Reason.AT_HASH_WRONG)
        return
    # All three pinned algorithms use SHA-256 (OpenID Connect Core 3.1.3.6: the left half of the hash).
    half = hashlib.sha256(expected.access_token.encode("ascii", "replace")).digest()[:16]
    if claims["at_hash"] != base64.urlsafe_b64encode(half).rstrip(b"=").decode():
        raise EidRefused(Reason.AT_HASH_WRONG)


def check_userinfo(
    claims: Mapping[str, Any], id_claims: Mapping[str, Any], issuer: str, client_id: str, now: datetime
) -> None:
    """The rules for a signed UserInfo answer (OpenID Connect Core 5.3.2).

    Raises ``EidRefused(USERINFO_...)``.
    """
    if claims.get("iss") != issuer:
        raise EidRefused(Reason.USERINFO_ISSUER_WRONG)
    if not is_only_audience(claims.get("aud"), client_id):
        raise EidRefused(Reason.USERINFO_AUDIENCE_WRONG)
    if claims.get("sub") != id_claims["sub"]:
        raise EidRefused(Reason.USERINFO_SUBJECT_WRONG)
    if "exp" in claims and now.timestamp() > epoch(claims, "exp") + LEEWAY:
        raise EidRefused(Reason.USERINFO_INVALID)


def read_person(claims: Mapping[str, Any], names: ClaimMap) -> PersonalNumber:
    """The personal or coordination number among claims; exactly one of the two, under the name of its kind.

    Raises ``EidRefused(NUMBER_...)`` (OIDC Sweden, Claims and Scopes 1.0 section 2: the two exclude each
    other).
    """
    kinds = (names.personnummer, names.coordination_number)
    found = {name: value for name in kinds if (value := value_of(claims, name)) is not None}
    if not found:
        raise EidRefused(Reason.NUMBER_MISSING)
    if len(found) > 1:
        raise EidRefused(Reason.NUMBER_AMBIGUOUS)
    name, value = next(iter(found.items()))
    number = read_number(value)
    if name != (names.coordination_number if number.is_coordination_number else names.personnummer):
        raise EidRefused(Reason.NUMBER_AMBIGUOUS)
    if names.country and value_of(claims, names.country) != "SE":
        raise EidRefused(Reason.NUMBER_FOREIGN)
    return number
