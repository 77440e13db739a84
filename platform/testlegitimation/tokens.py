"""Building the ID Token and the UserInfo answer: what was asked for and no more (OIDC Sweden, Claims and
Scopes 1.0).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from testlegitimation.ca import TestCA
from testlegitimation.faults import AT_KEYS, ID_TOKEN_CHANGES, USERINFO_CHANGES
from testlegitimation.keys import ProviderKeys, registry
from testlegitimation.names import CLAIM, EIDS, LOA3, NATURAL_PERSON_INFO, NATURAL_PERSON_NUMBER
from testlegitimation.people import Person
from testlegitimation.store import Grant

ID_TOKEN_SECONDS = 300


def left_half(token: str) -> str:
    """``at_hash``: the left half of SHA-256 over the access token, base64url (OIDC Core 3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode("ascii")).digest()[:16]).rstrip(b"=").decode()


def number_claim(person: Person) -> dict[str, str]:
    """The person's number under the claim of its kind."""
    kind = "coordinationNumber" if person.is_coordination_number else "personalIdentityNumber"
    return {f"{CLAIM}{kind}": person.personnummer}


def _person_claims(person: Person) -> dict[str, str]:
    return {
        "family_name": person.family_name,
        "given_name": person.given_name,
        "name": person.name,
        "birthdate": person.birthdate,
    }


def released(grant: Grant, place: str) -> dict[str, str]:
    """The identity claims that scopes and the claims parameter ask for in ``id_token`` or ``userinfo``."""
    request, person = grant.visit.request, grant.person
    claims: dict[str, str] = {}
    if NATURAL_PERSON_NUMBER in request.scopes:
        claims |= number_claim(person)
    if NATURAL_PERSON_INFO in request.scopes and place == "userinfo":
        claims |= _person_claims(person)
    available = {**number_claim(person), **_person_claims(person)}
    asked = request.requested_claims(place) & set(available)
    return claims | {name: available[name] for name in asked}


def _validity(ca: TestCA, grant: Grant) -> tuple[datetime, datetime]:
    use = "signing" if grant.visit.request.is_signing else "identification"
    certificate = ca.leaf(grant.person, use, eid=grant.eid).certificate  # type: ignore[arg-type]
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def id_token(grant: Grant, access_token: str, *, issuer: str, keys: ProviderKeys, ca: TestCA) -> str:
    """The signed ID Token, five minutes long, with the evidence of a signing when one was made."""
    claims = id_claims(grant, access_token, issuer=issuer, keys=keys, ca=ca)
    return signed(claims, keys, grant.visit.request.client.id_token_alg, fault_of(grant))


def fault_of(grant: Grant) -> str:
    """The name of the fault that follows the visit, or an empty string."""
    return grant.fault.name if grant.fault else ""


def id_claims(
    grant: Grant, access_token: str, *, issuer: str, keys: ProviderKeys, ca: TestCA
) -> dict[str, Any]:
    """The claims of the ID Token, changed as the fault says."""
    request, now = grant.visit.request, int(time.time())
    valid_from, valid_to = _validity(ca, grant)
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": keys.subject(request.client.client_id, grant.person.personnummer),
        "aud": request.client.client_id,
        "iat": now,
        "exp": now + ID_TOKEN_SECONDS,
        "auth_time": grant.auth_time,
        "acr": LOA3,
        "at_hash": left_half(access_token),
        "txn": grant.visit.txn,
        f"{CLAIM}authnProvider": request.authn_provider or EIDS[grant.eid],
        f"{CLAIM}deviceIp": grant.device_ip,
        f"{CLAIM}credentialValidFrom": int(valid_from.timestamp()),
        f"{CLAIM}credentialValidTo": int(valid_to.timestamp()),
        **released(grant, "id_token"),
    }
    if request.nonce is not None:
        claims["nonce"] = request.nonce
    if grant.user_signature is not None and grant.ocsp is not None:
        claims[f"{CLAIM}userSignature"] = base64.b64encode(grant.user_signature).decode()
        claims[f"{CLAIM}authnEvidence"] = base64.b64encode(grant.ocsp).decode()
    if fault_of(grant) in ID_TOKEN_CHANGES:
        ID_TOKEN_CHANGES[fault_of(grant)](claims)
    return claims


def userinfo(grant: Grant, *, issuer: str, keys: ProviderKeys) -> tuple[str, str]:
    """(body, media type) of the UserInfo answer: a signed JWT, unless a fault says otherwise."""
    request, now = grant.visit.request, int(time.time())
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": request.client.client_id,
        "sub": keys.subject(request.client.client_id, grant.person.personnummer),
        "iat": now,
        "exp": now + ID_TOKEN_SECONDS,
        **released(grant, "userinfo"),
    }
    fault = fault_of(grant)
    if fault in USERINFO_CHANGES:
        USERINFO_CHANGES[fault](claims)
    if fault == "userinfo-unsigned":
        return json.dumps(claims), "application/json"
    wrong = "invalid-sig" if fault == "userinfo-invalid-sig" else ""
    return signed(claims, keys, request.client.id_token_alg, wrong), "application/jwt"


def signed(claims: dict[str, Any], keys: ProviderKeys, alg: str, fault: str) -> str:
    """The claims as a compact JWT; some faults sign it otherwise."""
    if fault in ("sig-rs256", "invalid-sig-rs256"):
        alg = "RS256"
    key = keys.current(alg)
    header: dict[str, Any] = {"alg": alg, "kid": key.kid, "typ": "JWT"}
    if fault == "sig-none":
        return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."
    if fault == "invalid-sig-hs256":
        signed = f"{_part({**header, 'alg': 'HS256'})}.{_part(claims)}"
        mac = hmac.new(key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_url64(mac)}"
    if fault in ("invalid-sig", "invalid-sig-rs256"):
        key = type(key).generate_key("P-256" if alg == "ES256" else 2048)  # type: ignore[arg-type]
    elif fault == "sig-es384":
        alg, key = "ES384", ECKey.generate_key("P-384")
        header["alg"] = alg
    elif fault in AT_KEYS:
        del header["kid"]
    elif fault == "kid-unknown":
        header["kid"] = "a-key-that-nobody-knows"
    return jwt.encode(header, claims, key, registry=registry(alg))


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _part(content: dict[str, Any]) -> str:
    return _url64(json.dumps(content).encode())
