"""The endpoints that programs talk to: discovery, JWKS, authorization, token, UserInfo, logout, faults,
health.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from joserfc import jwt
from joserfc.errors import JoseError

from testlegitimation import faults, tokens
from testlegitimation.clients import Client
from testlegitimation.keys import another_key, registry
from testlegitimation.names import CLAIMS_SUPPORTED, DISCO, LOA3, SCOPES, SIGNING_ALGORITHMS
from testlegitimation.provider import Provider
from testlegitimation.requests_in import (
    CLIENT_ALGORITHMS,
    LEEWAY,
    AuthorizationRequest,
    RequestRefused,
    read_request,
)
from testlegitimation.store import Grant

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_ASSERTION = 600


class TokenRefused(Exception):
    """A token request that is answered by an OAuth error (RFC 6749 5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error, self.description, self.status = error, description, status


def back_to_client(redirect_uri: str, parameters: dict[str, str | None]) -> Response:
    """A redirect to the client with the parameters that have a value."""
    given = {name: value for name, value in parameters.items() if value is not None}
    joint = "&" if "?" in redirect_uri else "?"
    answer = redirect(f"{redirect_uri}{joint}{urlencode(given)}", code=303)
    return answer  # type: ignore[return-value]


def discovery_document(issuer: str) -> dict[str, Any]:
    """The discovery document: every member that OIDC Sweden 1.0 (5.2) requires, and its own ones."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks.json",
        "end_session_endpoint": f"{issuer}/logout",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "acr_values_supported": [LOA3],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "request_object_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
        "claim_types_supported": ["normal"],
        "claims_supported": list(CLAIMS_SUPPORTED),
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "require_signed_request_object": True,
        "prompt_values_supported": ["login", "consent"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["sv", "en"],
        f"{DISCO}userMessageSupported": True,
        f"{DISCO}userMessageSupportedMimeTypes": ["text/plain"],
        f"{DISCO}authnProviderSupported": True,
        f"{DISCO}originalClientIdSupported": False,
        f"{DISCO}originalClientTokenSupported": False,
    }


def described(provider: Provider, document: dict[str, Any]) -> Response:
    """The discovery document as an answer, changed as a fault says."""
    fault = provider.faults.take("discovery")
    if fault and fault.name == "discovery-500":
        abort(500)
    if fault and fault.name == "discovery-issuer-mismatch":
        document["issuer"] = faults.ELSEWHERE
    if fault and fault.name == "discovery-alg-none":
        document["id_token_signing_alg_values_supported"].append("none")
    return jsonify(document)


def oidc_blueprint(provider: Provider) -> Blueprint:
    """The routes of the protocol."""
    routes = Blueprint("oidc", __name__)
    _add_documents(routes, provider)
    _add_authorization(routes, provider)
    _add_token(routes, provider)
    _add_logout(routes, provider)
    _add_fault_control(routes, provider)
    return routes


def _add_documents(routes: Blueprint, provider: Provider) -> None:
    @routes.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        return described(provider, discovery_document(provider.issuer))

    @routes.get("/jwks.json")
    def jwks() -> Response:
        keys = provider.keys.public()["keys"]
        fault = provider.faults.at_keys
        if fault == "kid-absent-single-jwks":
            keys = keys[:1]
        elif fault == "kid-absent-multiple-jwks":
            keys = [*keys, another_key()]
        return jsonify(keys=keys)

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify({"status": "ok"})


def _add_authorization(routes: Blueprint, provider: Provider) -> None:
    @routes.route("/authorize", methods=["GET", "POST"])
    def authorize() -> Response | tuple[str, int]:
        values = request.form if request.method == "POST" else request.args
        try:
            asked = read_request(values.to_dict(flat=False), provider.clients, provider.issuer)
        except RequestRefused as refusal:
            if refusal.redirect_uri is None:
                return render_template("error.html", refusal=refusal), 400
            return back_to_client(
                refusal.redirect_uri,
                {
                    "error": refusal.error,
                    "error_description": refusal.description,
                    "state": refusal.state,
                    "iss": provider.issuer,
                },
            )
        return to_pages(provider, asked, provider.issuer)


def to_pages(provider: Provider, asked: AuthorizationRequest, issuer: str) -> Response:
    """Opens a visit and sends the person to its first page; ``issuer`` is what the way back names."""
    visit = provider.store.open_visit(asked, issuer)
    device = "annan" if asked.other_device else None
    page = (
        url_for("pages.who", eid=asked.eid, key=visit.key, enhet=device)
        if asked.eid
        else url_for("pages.choose", key=visit.key)
    )
    return redirect(page, code=303)  # type: ignore[return-value]


def _add_token(routes: Blueprint, provider: Provider) -> None:
    @routes.post("/token")
    def token() -> Response | tuple[Response, int]:
        try:
            return jsonify(_token_response(provider))
        except TokenRefused as refusal:
            return jsonify(error=refusal.error, error_description=refusal.description), refusal.status

    @routes.route("/userinfo", methods=["GET", "POST"])
    def userinfo() -> Response | tuple[Response, int, dict[str, str]]:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        grant = provider.store.token(value.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            return jsonify(error="invalid_token"), 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        if grant.fault and grant.fault.name == "userinfo-500":
            abort(500)
        body, media_type = tokens.userinfo(grant, issuer=provider.issuer, keys=provider.keys)
        return Response(body, mimetype=media_type)


def _token_response(provider: Provider) -> dict[str, Any]:
    """The answer to a code: access token and ID Token. TokenRefused when anything is not as it should be."""
    grant = redeemed(provider, assertion_client(provider))
    return answered(
        provider,
        grant,
        lambda access_token: tokens.id_token(
            grant, access_token, issuer=provider.issuer, keys=provider.keys, ca=provider.signer.ca
        ),
    )


def redeemed(provider: Provider, client: Client) -> Grant:
    """What the posted code stands for, once, for this client. TokenRefused otherwise."""
    if any(len(request.form.getlist(name)) > 1 for name in request.form):
        raise TokenRefused("invalid_request", "a parameter is given more than once")
    if request.form.get("grant_type") != "authorization_code":
        raise TokenRefused("unsupported_grant_type", "grant_type must be authorization_code")
    grant = provider.store.use_code(request.form.get("code", ""))
    if grant is None or grant.visit.request.client.client_id != client.client_id:
        raise TokenRefused("invalid_grant", "the code is unknown, used, too old or another client's")
    if request.form.get("redirect_uri") != grant.visit.request.redirect_uri:
        raise TokenRefused("invalid_grant", "redirect_uri is not the one of the authorization request")
    verifier = request.form.get("code_verifier", "")
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not hmac.compare_digest(challenge, grant.visit.request.code_challenge):
        raise TokenRefused("invalid_grant", "code_verifier does not match")
    if grant.fault and grant.fault.name == "token-slow":
        time.sleep(grant.fault.seconds)
    if grant.fault and grant.fault.name == "token-500":
        abort(500)
    if grant.fault and grant.fault.name == "signing-key-rotation-just-before-signing":
        provider.keys.rotate()
    return grant


def answered(provider: Provider, grant: Grant, make: Callable[[str], str]) -> dict[str, Any]:
    """The token answer: ``make`` makes the ID Token for an access token. Some faults answer otherwise."""
    access_token = provider.store.add_token(grant)
    kind = "bEaReR" if tokens.fault_of(grant) == "token-type-case" else "Bearer"
    answer = {"access_token": access_token, "token_type": kind, "expires_in": 300}
    if tokens.fault_of(grant) == "token-no-id-token":
        return answer
    made = make(access_token)
    client_id = grant.visit.request.client.client_id
    if tokens.fault_of(grant) == "id-token-of-a-login":
        made = provider.store.login_token(client_id) or made
    elif not grant.visit.request.is_signing:
        provider.store.login_token(client_id, made)
    return answer | {"id_token": made}


def assertion_client(provider: Provider) -> Client:
    """The client behind a ``private_key_jwt`` assertion (RFC 7523): its key, issuer or token endpoint as
    aud, jti once.
    """
    assertion = request.form.get("client_assertion")
    if request.form.get("client_assertion_type") != ASSERTION_TYPE or not assertion:
        raise TokenRefused("invalid_client", "private_key_jwt is the only client authentication", 401)
    client_id = _claimed_issuer(assertion)
    client = provider.clients.find(client_id)
    if client is None or request.form.get("client_id", client_id) != client_id:
        raise TokenRefused("invalid_client", "unknown client", 401)
    try:
        claims = jwt.decode(assertion, client.keys, registry=registry(*CLIENT_ALGORITHMS)).claims
    except (JoseError, ValueError) as error:
        raise TokenRefused(
            "invalid_client", "the assertion is not signed by a registered key", 401
        ) from error
    audience, expires, jti = claims.get("aud"), claims.get("exp"), claims.get("jti")
    audiences = audience if isinstance(audience, list) else [audience]
    now = time.time()
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise TokenRefused("invalid_client", "iss and sub must both be the client_id", 401)
    if len(audiences) != 1 or audiences[0] not in (provider.issuer, f"{provider.issuer}/token"):
        raise TokenRefused("invalid_client", "aud must be the issuer or the token endpoint", 401)
    if not isinstance(expires, int | float) or not now - LEEWAY < expires < now + LONGEST_ASSERTION:
        raise TokenRefused("invalid_client", "exp is missing, has passed or lies too far ahead", 401)
    if not isinstance(jti, str) or not provider.store.first_use(client_id, jti, expires + LEEWAY):
        raise TokenRefused("invalid_client", "jti is missing or was used before", 401)
    return client


def _claimed_issuer(assertion: str) -> str:
    """Who the assertion says that it comes from, read before its signature can be checked."""
    try:
        payload = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["iss"])
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise TokenRefused("invalid_client", "the assertion cannot be read", 401) from error


def _add_logout(routes: Blueprint, provider: Provider) -> None:
    @routes.route("/logout", methods=["GET", "POST"])
    def logout() -> Response | tuple[str, int] | str:
        """RP-initiated logout. There is no session to end: only the way back is checked and taken."""
        values = request.form if request.method == "POST" else request.args
        client_id = values.get("client_id")
        if hint := values.get("id_token_hint"):
            hinted = _hinted_client(provider, hint)
            if hinted is None or (client_id and client_id != hinted):
                refusal = RequestRefused(
                    "invalid_request", "id_token_hint is not a token of ours for this client"
                )
                return render_template("error.html", refusal=refusal), 400
            client_id = hinted
        wanted = values.get("post_logout_redirect_uri")
        client = provider.clients.find(client_id) if client_id else None
        if wanted is None:
            return render_template("logged_out.html")
        if client is None or wanted not in client.post_logout_redirect_uris:
            refusal = RequestRefused("invalid_request", "post_logout_redirect_uri is not a registered one")
            return render_template("error.html", refusal=refusal), 400
        return back_to_client(wanted, {"state": values.get("state")})


def _hinted_client(provider: Provider, hint: str) -> str | None:
    """The client that one of our own ID Tokens was for, expired or not; None for any other token."""
    try:
        token = jwt.decode(hint, provider.keys.published(), registry=registry(*SIGNING_ALGORITHMS))
    except (JoseError, ValueError):
        return None
    return token.claims["aud"] if token.claims.get("iss") == provider.issuer else None


def _add_fault_control(routes: Blueprint, provider: Provider) -> None:
    @routes.get("/__fel")
    def list_faults() -> Response:
        return jsonify({"faults": faults.names()})

    @routes.post("/__fel")
    def set_fault() -> Response | tuple[Response, int]:
        """``{"fault": name or null, "once": true, "seconds": 5}``. JSON only, so that no web page can post
        it.
        """
        if not request.is_json:
            return jsonify(error="send JSON"), 415
        wanted = request.get_json()
        name = wanted.get("fault")
        if name is not None and name not in faults.names():
            return jsonify(error="unknown fault", faults=faults.names()), 400
        if name == "signing-key-rotation":
            provider.keys.rotate()
            provider.idura_keys.rotate()
        elif name is None:
            provider.faults.put(None)
        else:
            provider.faults.put(
                faults.Fault(name, bool(wanted.get("once", True)), float(wanted.get("seconds", 5)))
            )
        return jsonify({"fault": name})
