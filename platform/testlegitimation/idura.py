"""The second issuer: a broker in the manner of Idura Verify, under a path of its own, with its own keys.

The same people, pages, CA and faults as the first. A visit is kept in the words of OIDC Sweden and put into the
other words at the end, so that every fault means the same for both kinds.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, Response, abort, jsonify, render_template, request

from testlegitimation import tokens
from testlegitimation.clients import Client
from testlegitimation.idura_requests import EVIDENCE, read_idura_request
from testlegitimation.names import CLAIM, IDURA_EIDS, IDURA_PATH, LOA3
from testlegitimation.oidc import (
    TokenRefused,
    answered,
    assertion_client,
    back_to_client,
    described,
    redeemed,
    to_pages,
)
from testlegitimation.provider import Provider
from testlegitimation.requests_in import RequestRefused
from testlegitimation.store import Grant

ALGORITHM = "RS256"
# An ID token of the first kind lives five minutes; here it is twenty.
LONGER = 900


def discovery_document(issuer: str) -> dict[str, Any]:
    """The discovery document, with the members that the vendor's documentation names."""
    base = f"{issuer}/oauth2"
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/userinfo",
        "end_session_endpoint": f"{base}/logout",
        "pushed_authorization_request_endpoint": f"{base}/par",
        "jwks_uri": f"{issuer}/.well-known/jwks",
        "scopes_supported": ["openid", "ssn", EVIDENCE, "frejaid:ssn", "frejaid:basic_user_info"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "acr_values_supported": list(IDURA_EIDS.values()),
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ],
        "token_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
    }


def idura_blueprint(provider: Provider) -> Blueprint:
    """The routes of the second issuer; ``provider`` has its address and keys."""
    routes = Blueprint("idura", __name__, url_prefix=IDURA_PATH)

    @routes.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        return described(provider, discovery_document(provider.issuer))

    @routes.get("/.well-known/jwks")
    def jwks() -> Response:
        return jsonify(keys=[key for key in provider.keys.public()["keys"] if key["kty"] == "RSA"])

    @routes.post("/oauth2/par")
    def push() -> tuple[Response, int]:
        return _pushed(provider)

    @routes.route("/oauth2/authorize", methods=["GET", "POST"])
    def authorize() -> Response | tuple[str, int]:
        return _authorized(provider)

    @routes.post("/oauth2/token")
    def token() -> Response | tuple[Response, int]:
        try:
            return jsonify(_token_response(provider))
        except TokenRefused as refusal:
            return jsonify(error=refusal.error, error_description=refusal.description), refusal.status

    @routes.get("/oauth2/userinfo")
    def userinfo() -> Response | tuple[Response, int]:
        return _userinfo(provider)

    return routes


def _pushed(provider: Provider) -> tuple[Response, int]:
    try:
        client = _authenticated(provider)
        parameters = request.form.to_dict(flat=False)
        for secret in ("client_secret", "client_assertion", "client_assertion_type"):
            parameters.pop(secret, None)
        if parameters.get("client_id", [client.client_id]) != [client.client_id]:
            raise RequestRefused("invalid_request", "client_id is another client's")
        read_idura_request(parameters | {"client_id": [client.client_id]}, provider.clients)
    except TokenRefused as refused:
        return jsonify(error=refused.error, error_description=refused.description), refused.status
    except RequestRefused as refusal:
        return jsonify(error=refusal.error, error_description=refusal.description), 400
    return jsonify(request_uri=provider.store.push(client.client_id, parameters), expires_in=60), 201


def _authorized(provider: Provider) -> Response | tuple[str, int]:
    values = (request.form if request.method == "POST" else request.args).to_dict(flat=False)
    try:
        if "request_uri" in values:
            client_id = values.get("client_id", [""])[0]
            kept = provider.store.pushed(values["request_uri"][0], client_id)
            if kept is None:
                raise RequestRefused("invalid_request", "request_uri is unknown, used, too old or another's")
            values = kept | {"client_id": [client_id]}
        asked = read_idura_request(values, provider.clients)
    except RequestRefused as refusal:
        if refusal.redirect_uri is None:
            return render_template("error.html", refusal=refusal), 400
        told = {"error": refusal.error, "error_description": refusal.description, "state": refusal.state}
        return back_to_client(refusal.redirect_uri, told)
    return to_pages(provider, asked, "")


def _token_response(provider: Provider) -> dict[str, Any]:
    grant = redeemed(provider, _authenticated(provider))
    fault = tokens.fault_of(grant)

    def id_token(access_token: str) -> str:
        return tokens.signed(_claims(provider, grant, access_token), provider.keys, ALGORITHM, fault)

    return answered(provider, grant, id_token)


def _userinfo(provider: Provider) -> Response | tuple[Response, int]:
    """The same facts as a signed JWT (the strategy that the vendor calls signedJwt)."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    grant = provider.store.token(value.strip()) if scheme.lower() == "bearer" else None
    if grant is None:
        return jsonify(error="invalid_token"), 401
    if tokens.fault_of(grant) == "userinfo-500":
        abort(500)
    claims = _claims(provider, grant, value.strip())
    body = tokens.signed(claims, provider.keys, ALGORITHM, "")
    return Response(body, mimetype="application/jwt")


def _authenticated(provider: Provider) -> Client:
    """The client behind a secret (in the header or the form) or an assertion."""
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        try:
            client_id, _, secret = base64.b64decode(header[6:]).decode("ascii").partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise TokenRefused("invalid_client", "the Authorization header cannot be read", 401) from error
        return _with_secret(provider, unquote_plus(client_id), unquote_plus(secret))
    if "client_secret" in request.form:
        return _with_secret(provider, request.form.get("client_id", ""), request.form["client_secret"])
    return assertion_client(provider)


def _with_secret(provider: Provider, client_id: str, secret: str) -> Client:
    client = provider.clients.find(client_id)
    right = (
        client is not None and client.secret and hmac.compare_digest(client.secret.encode(), secret.encode())
    )
    if client is None or not right:
        raise TokenRefused("invalid_client", "unknown client or wrong secret", 401)
    return client


def _claims(provider: Provider, grant: Grant, access_token: str) -> dict[str, Any]:
    """The ID Token's claims in this issuer's words."""
    said = tokens.id_claims(
        grant, access_token, issuer=provider.issuer, keys=provider.keys, ca=provider.signer.ca
    )
    fault = tokens.fault_of(grant)
    kept = ("iss", "sub", "aud", "nonce", "iat", "exp")
    claims: dict[str, Any] = {name: said[name] for name in kept if name in said}
    if "exp" in claims and fault != "expired":
        claims["exp"] += LONGER
    if "iat" in claims:
        claims["nbf"] = claims["iat"]
    if fault == "invalid-athash":
        claims["at_hash"] = said["at_hash"]
    number = said.get(f"{CLAIM}personalIdentityNumber", said.get(f"{CLAIM}coordinationNumber"))
    person = grant.person
    claims |= {"given_name": person.given_name, "family_name": person.family_name}
    claims |= (
        _of_bankid(said, number, person.name) if grant.eid == "bankid" else _of_freja(said, number, grant)
    )
    return {name: value for name, value in claims.items() if value is not None}


def _of_bankid(said: dict[str, Any], number: str | None, name: str) -> dict[str, Any]:
    acted = said.get("auth_time")
    return {
        "identityscheme": "sebankid",
        "authenticationtype": _level(said, IDURA_EIDS["bankid"]),
        "authenticationmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:SoftwarePKI",
        "authenticationinstant": _instant(acted) if acted is not None else None,
        "ssn": number,
        "name": name,
        "ipaddress": said.get(f"{CLAIM}deviceIp"),
        "country": "SE",
        "evidence": said.get(f"{CLAIM}userSignature"),
        "ocspResponse": said.get(f"{CLAIM}authnEvidence"),
    }


def _of_freja(said: dict[str, Any], number: str | None, grant: Grant) -> dict[str, Any]:
    acted, level = said.get("auth_time"), _level(said, "PLUS")
    attributes: dict[str, Any] = {
        "basicUserInfo": {"name": grant.person.given_name, "surname": grant.person.family_name},
        "dateOfBirth": grant.person.birthdate,
        "registrationLevel": level,
    }
    if number is not None:
        attributes["ssn"] = {"ssn": number, "country": "SE"}
    return {
        "identityscheme": "sefrejaid",
        "authenticationtype": IDURA_EIDS["freja"],
        "authRef": said.get("txn"),
        "status": "APPROVED",
        "timestamp": str(acted * 1000) if acted is not None else None,
        "registrationLevel": level,
        "birthdate": grant.person.birthdate,
        "details": {"status": "APPROVED", "requestedAttributes": attributes},
    }


def _level(said: dict[str, Any], right: str) -> str | None:
    """The level in this issuer's words: the right one, none, or one that is too low."""
    acr = said.get("acr")
    return right if acr == LOA3 else ("BASIC" if acr is not None else None)


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
