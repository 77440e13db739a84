"""Reading an authorization request: signed Request Object, PKCE, claims, message and text to sign (OIDC
Sweden).

Sources: OIDC Sweden Profile 1.0, Signature Extension 1.1 and Request Parameter Extensions 1.1; RFC 9101;
RFC 7636.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from testlegitimation.clients import Client, Clients
from testlegitimation.keys import registry
from testlegitimation.names import CLAIM, LOA3, PARAM, SIGN, eid_of

CLIENT_ALGORITHMS = ("ES256", "RS256", "PS256", "ES384")
NUMBER_CLAIMS = (f"{CLAIM}personalIdentityNumber", f"{CLAIM}coordinationNumber")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
# Custom parameters that count only inside the signed Request Object.
SIGNED_ONLY = (f"{PARAM}signRequest", f"{PARAM}userMessage")
LEEWAY = 30


class RequestRefused(Exception):
    """An authorization request that is answered by an error.

    ``redirect_uri`` is None as long as no registered address is known: then the person gets a page, not a
    redirect.
    """

    def __init__(
        self, error: str, description: str, redirect_uri: str | None = None, state: str | None = None
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error, self.description = error, description
        self.redirect_uri, self.state = redirect_uri, state


@dataclass(frozen=True)
class AuthorizationRequest:
    """What a client asks for, checked. ``bound_numbers`` is empty when any person will do."""

    client: Client
    redirect_uri: str
    scopes: frozenset[str]
    state: str | None
    nonce: str | None
    code_challenge: str
    claims: dict[str, dict[str, Any]]
    authn_provider: str | None
    user_message: str | None
    sign_text: str | None
    tbs_data: bytes | None
    # Chosen beforehand by a client that can: the device, and whether the text is written in Markdown.
    other_device: bool | None = None
    markdown: bool = False

    @property
    def is_signing(self) -> bool:
        return self.sign_text is not None

    @property
    def eid(self) -> str | None:
        return eid_of(self.authn_provider) if self.authn_provider else None

    def requested_claims(self, place: str) -> set[str]:
        """Names asked for by the claims parameter for ``id_token`` or ``userinfo``."""
        return set(self.claims.get(place, {}))

    def bound_numbers(self) -> dict[str, set[str]]:
        """The values that an essential number claim was asked for with, by claim."""
        bound = {}
        for claim in NUMBER_CLAIMS:
            wanted = self.claims.get("id_token", {}).get(claim) or {}
            values = [wanted["value"]] if "value" in wanted else wanted.get("values", [])
            if values:
                bound[claim] = set(values)
        return bound


def read_request(parameters: dict[str, list[str]], clients: Clients, issuer: str) -> AuthorizationRequest:
    """The checked request from query or form parameters (each name with all its values); RequestRefused
    otherwise.
    """
    outer = {name: values[0] for name, values in parameters.items()}
    client = clients.find(outer.get("client_id", ""))
    if client is None:
        raise RequestRefused("invalid_request", "client_id is missing or unknown")
    known = outer.get("redirect_uri")
    back = known if known in client.redirect_uris else None
    try:
        if any(len(values) > 1 for values in parameters.values()):
            raise RequestRefused("invalid_request", "a parameter is given more than once")
        merged = _merge(outer, _request_object(outer, client, issuer))
        redirect_uri = merged.get("redirect_uri")
        if redirect_uri not in client.redirect_uris:
            back = None
            raise RequestRefused(
                "invalid_request", "redirect_uri is not one of the registered ones, to the letter"
            )
        back, outer["state"] = redirect_uri, merged.get("state", "")
        return _checked(merged, client)
    except RequestRefused as refusal:
        refusal.redirect_uri, refusal.state = back, outer.get("state") or None
        raise


def _request_object(outer: dict[str, str], client: Client, issuer: str) -> dict[str, Any]:
    if "request_uri" in outer:
        raise RequestRefused("request_uri_not_supported", "Request Objects are taken by value only")
    token = outer.get("request")
    if not token:
        raise RequestRefused("invalid_request", "a signed Request Object (parameter request) is required")
    try:
        decoded = jwt.decode(token, client.keys, registry=registry(*CLIENT_ALGORITHMS))
    except (JoseError, ValueError) as error:
        unsigned = token.endswith(".")
        code = "invalid_request" if unsigned else "invalid_request_object"
        raise RequestRefused(
            code, "the Request Object is not signed by the client's registered key"
        ) from error
    claims = decoded.claims
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    now = time.time()
    faults = {
        "typ is another kind of token": decoded.header.get("typ", "JWT").lower()
        not in ("jwt", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt"),
        "iss is not the client_id": claims.get("iss") != client.client_id,
        "client_id is another client's": claims.get("client_id", client.client_id) != client.client_id,
        "aud is not this provider": not {issuer, f"{issuer}/authorize"} & {str(a) for a in audiences},
        "exp is missing or has passed": not _number(claims.get("exp")) or claims["exp"] < now - LEEWAY,
        "iat lies ahead": _number(claims.get("iat")) and claims["iat"] > now + LEEWAY,
        "nbf lies ahead": _number(claims.get("nbf")) and claims["nbf"] > now + LEEWAY,
        "it holds another Request Object": bool({"request", "request_uri"} & set(claims)),
    }
    for fault, holds in faults.items():
        if holds:
            raise RequestRefused("invalid_request_object", fault)
    return claims


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _merge(outer: dict[str, str], signed: dict[str, Any]) -> dict[str, Any]:
    """The signed parameters with the outer ones behind them (OIDC Core 6.1), where those may be unsigned."""
    for name in ("response_type", "client_id"):
        if name in outer and name in signed and outer[name] != signed[name]:
            raise RequestRefused(
                "invalid_request", f"{name} differs between the request and its Request Object"
            )
    for name in SIGNED_ONLY:
        if name in outer:
            raise RequestRefused("invalid_request", f"{name} must be inside the signed Request Object")
    return {
        **outer,
        **{name: value for name, value in signed.items() if name not in ("iss", "aud", "exp", "iat")},
    }


def _checked(merged: dict[str, Any], client: Client) -> AuthorizationRequest:
    check_flow(merged)
    scopes = frozenset(str(merged.get("scope", "")).split())
    prompts = frozenset(str(merged.get("prompt", "")).split())
    if "openid" not in scopes:
        raise RequestRefused("invalid_scope", "scope must contain openid")
    if "none" in prompts:
        raise RequestRefused("login_required", "nobody is ever logged in here: prompt=none cannot be met")
    text, tbs_data = _sign_request(merged, client, scopes, prompts)
    provider = merged.get(f"{PARAM}authnProvider")
    if provider is not None and (not isinstance(provider, str) or eid_of(provider) is None):
        raise RequestRefused("invalid_request", "authnProvider is not one that this provider has")
    message = merged.get(f"{PARAM}userMessage")
    return AuthorizationRequest(
        client=client,
        redirect_uri=merged["redirect_uri"],
        scopes=scopes,
        state=merged.get("state"),
        nonce=merged.get("nonce"),
        code_challenge=merged["code_challenge"],
        claims=_claims(merged.get("claims")),
        authn_provider=provider,
        user_message=_message(message, "userMessage") if message is not None else None,
        sign_text=text,
        tbs_data=tbs_data,
    )


def check_flow(merged: dict[str, Any]) -> None:
    if merged.get("response_type") != "code":
        raise RequestRefused("unsupported_response_type", "response_type must be code")
    if merged.get("response_mode", "query") != "query":
        raise RequestRefused("invalid_request", "response_mode must be query")
    if merged.get("code_challenge_method") != "S256":
        raise RequestRefused("invalid_request", "PKCE with code_challenge_method S256 is required")
    if not CHALLENGE.fullmatch(str(merged.get("code_challenge", ""))):
        raise RequestRefused("invalid_request", "code_challenge must be 43 base64url characters")


def _sign_request(
    merged: dict[str, Any], client: Client, scopes: frozenset[str], prompts: frozenset[str]
) -> tuple[str | None, bytes | None]:
    """The text to show and the bytes to sign with it, by the rules of the Signature Extension; (None, None)
    at login.
    """
    request = merged.get(f"{PARAM}signRequest")
    if SIGN not in scopes:
        if request is not None:
            raise RequestRefused("invalid_request", "signRequest without the scope sign")
        return None, None
    if not client.may_sign:
        raise RequestRefused("unauthorized_client", "the client may not ask for signatures")
    if not isinstance(request, dict):
        raise RequestRefused(
            "invalid_request", "the scope sign needs the object signRequest in the Request Object"
        )
    if not {"login", "consent"} <= prompts:
        raise RequestRefused("invalid_request", "prompt must contain both login and consent")
    if not request.get("tbs_data"):
        raise RequestRefused("invalid_request", "signRequest has no tbs_data")
    text = _message(request.get("sign_message"), "sign_message")
    return text, _decoded(request["tbs_data"], "tbs_data")


def _message(value: Any, name: str) -> str:
    """The Swedish text of a message object (``message#sv`` before ``message``). Plain text only."""
    if not isinstance(value, dict):
        raise RequestRefused("invalid_request", f"{name} must be an object")
    if value.get("mime_type", "text/plain") != "text/plain":
        raise RequestRefused("invalid_request", f"{name}: text/plain is the only mime_type here")
    coded = value.get("message#sv") or value.get("message")
    if not coded:
        raise RequestRefused("invalid_request", f"{name} has neither message#sv nor message")
    try:
        return _decoded(coded, name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestRefused("invalid_request", f"{name} is not UTF-8") from error


def _decoded(value: Any, name: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise RequestRefused("invalid_request", f"{name} is not Base64") from error


def _claims(value: Any) -> dict[str, dict[str, Any]]:
    """The claims parameter, with the essential acr checked against what can be given here."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(part, dict) for part in value.values()):
        raise RequestRefused("invalid_request", "claims must be an object of objects in the Request Object")
    acr = value.get("id_token", {}).get("acr") or {}
    wanted = [acr["value"]] if "value" in acr else acr.get("values", [])
    if acr.get("essential") and wanted and LOA3 not in wanted:
        raise RequestRefused("unmet_authentication_requirements", "only loa3 can be reached here")
    return value
