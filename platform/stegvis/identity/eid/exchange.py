"""Turns an authorization code into checked tokens: token request (Authlib), ID token, signed UserInfo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from stegvis.identity.eid import tokens
from stegvis.identity.eid.claims import full_name, seconds_of, text_of, value_of
from stegvis.identity.eid.client_auth import credentials
from stegvis.identity.eid.errors import EidRefused, EidUnavailable, Reason
from stegvis.identity.eid.metadata import Metadata, MetadataStore
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.visit import Identity, Received, started_at
from stegvis.identity.eid.wire import TIME_LIMIT, read_limited


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
            names=provider.claims,
            longest_lifetime=provider.longest_lifetime,
        ),
        now,
    )
    about = decoded
    if provider.userinfo == "signed":
        received.userinfo = _request_userinfo(metadata.endpoint("userinfo_endpoint"), access_token)
        about = _verify_userinfo(received.userinfo, provider, store)
        received.userinfo_jwk = about.jwk
        tokens.check_userinfo(about.claims, decoded.claims, provider.issuer, provider.client_id, now)
    return _identity(provider, decoded, about, received), decoded.claims


def _request_tokens(
    provider: Provider, metadata: Metadata, pending: Mapping[str, Any], code: str
) -> tuple[str, str]:
    fields, headers = credentials(provider)
    with OAuth2Session(
        provider.client_id, token_endpoint_auth_method=_as_it_is, default_timeout=TIME_LIMIT
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
                headers={"Accept": "application/json", **headers},
                **fields,
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


def _as_it_is(_client: Any, _method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:
    """Authlib's client authentication left out: ours is among the fields and headers already."""
    return uri, headers, body


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
        why = error.reason_code
        if why not in (Reason.KEY_UNKNOWN, Reason.TOKEN_SIGNATURE_INVALID):
            raise
    key = tokens.choose_key(header, store.keys(provider, refetch=why), provider.algorithms)
    return tokens.verify(token, key, provider.algorithms)


def _verify_userinfo(token: str, provider: Provider, store: MetadataStore) -> tokens.Decoded:
    try:
        return _verify(token, provider, store)
    except EidRefused as error:
        unsigned = error.reason_code in (Reason.ALGORITHM_REFUSED, Reason.TOKEN_MALFORMED)
        raise EidRefused(Reason.USERINFO_UNSIGNED if unsigned else Reason.USERINFO_INVALID) from None


def _identity(
    provider: Provider, token: tokens.Decoded, about: tokens.Decoded, received: Received
) -> Identity:
    names = provider.claims
    number = tokens.read_person(token.claims, names)
    if tokens.read_person(about.claims, names).digits != number.digits:
        raise EidRefused(Reason.NUMBER_DIFFERS)

    def text(name: str) -> str | None:
        found = text_of(about.claims, name)
        return found if found is not None else text_of(token.claims, name)

    assert received.id_token is not None
    return Identity(
        personnummer=number.digits,
        is_coordination_number=number.is_coordination_number,
        given_name=text(names.given_name) or "",
        family_name=text(names.family_name) or "",
        name=full_name(about.claims, names),
        acr=value_of(token.claims, names.level),
        sub=token.claims["sub"],
        iss=token.claims["iss"],
        txn=text(names.txn),
        auth_time=datetime.fromtimestamp(seconds_of(token.claims, names.auth_time), UTC),
        authn_provider=text(names.authn_provider),
        device_ip=text(names.device_ip),
        id_token=received.id_token,
        id_token_jwk=token.jwk,
        userinfo=received.userinfo,
        userinfo_jwk=received.userinfo_jwk,
    )
