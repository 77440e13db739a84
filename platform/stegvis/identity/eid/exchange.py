"""Turns an authorization code into checked tokens: token request (Authlib), ID token, signed UserInfo."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from stegvis.identity.eid import tokens
from stegvis.identity.eid.errors import EidRefused, EidUnavailable, Reason
from stegvis.identity.eid.metadata import TIME_LIMIT, Metadata, MetadataStore, read_limited
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.visit import Identity, Received, started_at

ASSERTION_LIFETIME = 60


def exchange(
    *,
    provider: Provider,
    metadata: Metadata,
    store: MetadataStore,
    pending: Mapping[str, Any],
    code: str,
    received: Received,
    now: datetime,
) -> tuple[Identity, Mapping[str, Any]]:
    """The identity behind ``code`` and the claims of its ID token; ``received`` is filled on the way.

    Raises ``EidRefused`` or ``EidUnavailable``.
    """
    access_token, id_token = _request_tokens(provider, metadata, pending, code)
    received.id_token = id_token
    decoded = _verify(id_token, provider, store)
    received.id_token_jwk = decoded.jwk
    tokens.check_id_token(
        decoded.claims,
        tokens.Expected(
            issuer=provider.issuer,
            client_id=provider.client_id,
            nonce=pending["nonce"],
            requested_at=started_at(pending),
            accepted_acr=provider.accepted_acr,
            access_token=access_token,
            at_hash_required=provider.at_hash_required,
        ),
        now,
    )
    received.userinfo = _request_userinfo(metadata.endpoint("userinfo_endpoint"), access_token)
    about = _verify_userinfo(received.userinfo, provider, store)
    received.userinfo_jwk = about.jwk
    tokens.check_userinfo(about.claims, decoded.claims, provider.issuer, provider.client_id, now)
    identity = _identity(provider, decoded, about, id_token, received.userinfo)
    return identity, decoded.claims


def _request_tokens(
    provider: Provider, metadata: Metadata, pending: Mapping[str, Any], code: str
) -> tuple[str, str]:
    # The issuer as audience: with the token endpoint a hostile provider could have an assertion made for
    # another one (CVE-2025-27370). Authlib's own lifetime of an hour is shortened.
    assertion = PrivateKeyJWT(
        provider.issuer,
        claims={"exp": int(time.time()) + ASSERTION_LIFETIME},
        headers={"kid": str(provider.client_key.kid)},
        alg="ES256",
    )
    with OAuth2Session(
        provider.client_id,
        provider.client_key,
        token_endpoint_auth_method=assertion,
        default_timeout=TIME_LIMIT,
    ) as session:
        session.register_compliance_hook("access_token_response", _readable)
        try:
            answer = session.fetch_token(
                metadata.endpoint("token_endpoint"),
                grant_type="authorization_code",
                code=code,
                redirect_uri=pending["redirect_uri"],
                code_verifier=pending["verifier"],
                allow_redirects=False,
            )
        except OAuthError:
            raise EidRefused(Reason.TOKEN_REQUEST_REFUSED) from None
        except requests.JSONDecodeError:
            raise EidRefused(Reason.TOKEN_RESPONSE_INVALID) from None
        except requests.RequestException:
            raise EidUnavailable("network") from None
        except (ValueError, TypeError, KeyError):
            raise EidRefused(Reason.TOKEN_RESPONSE_INVALID) from None
    access_token, id_token = answer.get("access_token"), answer.get("id_token")
    bearer = str(answer.get("token_type", "")).lower() == "bearer"
    if not (bearer and isinstance(access_token, str) and access_token and isinstance(id_token, str)):
        raise EidRefused(Reason.TOKEN_RESPONSE_INVALID)
    return access_token, id_token


def _readable(answer: requests.Response) -> requests.Response:
    if answer.status_code >= 500:
        raise EidUnavailable("status")
    if 300 <= answer.status_code < 400:
        raise EidRefused(Reason.TOKEN_RESPONSE_INVALID)
    return answer


def _request_userinfo(address: str, access_token: str) -> str:
    """The signed UserInfo answer. Plain JSON is refused: the profile demands a signature."""
    try:
        with requests.get(
            address,
            headers={"Authorization": f"Bearer {access_token}", "Accept": "application/jwt"},
            timeout=TIME_LIMIT,
            allow_redirects=False,
            stream=True,
        ) as answer:
            if answer.status_code >= 500:
                raise EidUnavailable("status")
            if answer.status_code != 200:
                raise EidRefused(Reason.USERINFO_INVALID)
            if answer.headers.get("Content-Type", "").split(";")[0].strip().lower() != "application/jwt":
                raise EidRefused(Reason.USERINFO_UNSIGNED)
            return read_limited(answer).decode("ascii").strip()
    except requests.RequestException:
        raise EidUnavailable("network") from None
    except UnicodeDecodeError:
        raise EidRefused(Reason.USERINFO_INVALID) from None


def _verify(token: str, provider: Provider, store: MetadataStore) -> tokens.Decoded:
    """The token under the provider's key; when none fits, its keys are asked for once more: it may have
    changed them.
    """
    header = tokens.read_header(token)
    try:
        key = tokens.choose_key(header, store.keys(provider), provider.algorithms)
        return tokens.verify(token, key, provider.algorithms)
    except EidRefused as error:
        if error.reason_code not in (Reason.KEY_UNKNOWN, Reason.TOKEN_SIGNATURE_INVALID):
            raise
    key = tokens.choose_key(header, store.keys(provider, refetch=True), provider.algorithms)
    return tokens.verify(token, key, provider.algorithms)


def _verify_userinfo(token: str, provider: Provider, store: MetadataStore) -> tokens.Decoded:
    try:
        return _verify(token, provider, store)
    except EidRefused as error:
        unsigned = error.reason_code in (Reason.ALGORITHM_REFUSED, Reason.TOKEN_MALFORMED)
        raise EidRefused(Reason.USERINFO_UNSIGNED if unsigned else Reason.USERINFO_INVALID) from None


def _identity(
    provider: Provider, token: tokens.Decoded, about: tokens.Decoded, id_token: str, userinfo: str
) -> Identity:
    names = provider.claims
    number = tokens.read_person(token.claims, names)
    if tokens.read_person(about.claims, names).digits != number.digits:
        raise EidRefused(Reason.NUMBER_DIFFERS)

    def text(name: str) -> str | None:
        value = about.claims.get(name, token.claims.get(name))
        return value if isinstance(value, str) else None

    return Identity(
        personnummer=number.digits,
        is_coordination_number=number.is_coordination_number,
        given_name=text(names.given_name) or "",
        family_name=text(names.family_name) or "",
        name=text(names.name) or "",
        acr=token.claims["acr"],
        sub=token.claims["sub"],
        iss=token.claims["iss"],
        txn=text("txn"),
        auth_time=datetime.fromtimestamp(token.claims["auth_time"], UTC),
        authn_provider=text(names.authn_provider),
        device_ip=text(names.device_ip),
        id_token=id_token,
        id_token_jwk=token.jwk,
        userinfo=userinfo,
        userinfo_jwk=about.jwk,
    )
