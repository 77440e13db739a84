"""Every request that the provider must refuse, sent to the running program."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey

from testlegitimation.names import CLAIM, LOA1, LOA3, PARAM, SIGN

ANNA = "199001019802"
OTHER = "https://annan.localhost/tillbaka"


def error_of(response: Any) -> str:
    """The error that a redirect to the client carries; 'page' when the person gets a page instead."""
    if response.status_code == 400:
        return "page"
    assert response.status_code == 303
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert "code" not in query
    return query["error"][0]


def changed_message(**changes: Any) -> dict[str, Any]:
    message = {"message#sv": base64.b64encode(b"Text").decode(), "mime_type": "text/plain", **changes}
    return {name: value for name, value in message.items() if value is not None}


def sign_request(**changes: Any) -> dict[str, Any]:
    asked = {"tbs_data": base64.b64encode(b"tbs").decode(), "sign_message": changed_message(), **changes}
    return {name: value for name, value in asked.items() if value is not None}


LOGIN_REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no PKCE": ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    "plain PKCE": ({"code_challenge_method": "plain"}, "invalid_request"),
    "short challenge": ({"code_challenge": "abc"}, "invalid_request"),
    "wrong redirect_uri": ({"redirect_uri": OTHER}, "page"),
    "redirect_uri with a tail": ({"redirect_uri": "http://prov.localhost:9/eid/tillbaka/"}, "page"),
    "no redirect_uri": ({"redirect_uri": None}, "page"),
    "implicit": ({"response_type": "id_token"}, "unsupported_response_type"),
    "form_post": ({"response_mode": "form_post"}, "invalid_request"),
    "no openid": ({"scope": "profile"}, "invalid_scope"),
    "prompt none": ({"prompt": "none"}, "login_required"),
    "unreachable acr": (
        {"claims": {"id_token": {"acr": {"essential": True, "values": [LOA1]}}}},
        "unmet_authentication_requirements",
    ),
    "unknown authnProvider": ({f"{PARAM}authnProvider": "urn:annat"}, "invalid_request"),
    "message not base64": ({f"{PARAM}userMessage": {"message": "å"}}, "invalid_request"),
    "message in markdown": (
        {f"{PARAM}userMessage": changed_message(mime_type="text/markdown")},
        "invalid_request",
    ),
    "claims as text": ({"claims": "{}"}, "invalid_request"),
    "signRequest without sign": ({f"{PARAM}signRequest": sign_request()}, "invalid_request"),
}


@pytest.mark.parametrize("name", LOGIN_REFUSALS)
def test_a_wrong_login_request_is_refused(rp: Any, name: str) -> None:
    changes, expected = LOGIN_REFUSALS[name]
    asked = rp.login_object(**changes)
    response = rp.authorize(asked, response_type=asked["response_type"])
    assert error_of(response) == expected
    if expected != "page":
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        assert (query["state"], query["iss"]) == ([rp.state], [rp.issuer])


SIGN_REFUSALS: dict[str, dict[str, Any]] = {
    "prompt login only": {"prompt": "login"},
    "prompt consent only": {"prompt": "consent"},
    "no prompt": {"prompt": None},
    "no signRequest": {f"{PARAM}signRequest": None},
    "signRequest as text": {f"{PARAM}signRequest": "eyJhbGciOiJub25lIn0.e30."},
    "no tbs_data": {f"{PARAM}signRequest": sign_request(tbs_data=None)},
    "tbs_data not base64": {f"{PARAM}signRequest": sign_request(tbs_data="å")},
    "no sign_message": {f"{PARAM}signRequest": sign_request(sign_message=None)},
    "empty sign_message": {f"{PARAM}signRequest": sign_request(sign_message={})},
    "html sign_message": {
        f"{PARAM}signRequest": sign_request(sign_message=changed_message(mime_type="text/html"))
    },
}


@pytest.mark.parametrize("name", SIGN_REFUSALS)
def test_a_wrong_sign_request_is_refused(rp: Any, name: str) -> None:
    assert error_of(rp.authorize(rp.sign_object(ANNA, **SIGN_REFUSALS[name]))) == "invalid_request"


def test_a_client_without_the_right_may_not_ask_for_signatures(running: Any) -> None:
    party = running.client("bara-inloggning")
    assert error_of(party.authorize(party.sign_object(ANNA))) == "unauthorized_client"


def test_another_person_than_the_bound_one_is_refused_also_at_login(rp: Any) -> None:
    bound = {"id_token": {f"{CLAIM}personalIdentityNumber": {"essential": True, "value": "197712129822"}}}
    back = rp.answer(rp.login_object(claims=bound), ANNA)
    assert back["error"] == "access_denied"


def _unsigned(rp: Any) -> str:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(rp.login_object())}."


REQUEST_OBJECTS: dict[str, tuple[Callable[[Any], str | None], str]] = {
    "missing": (lambda rp: None, "invalid_request"),
    "unsigned": (_unsigned, "invalid_request"),
    "another key": (
        lambda rp: rp.signed(rp.login_object(), ECKey.generate_key("P-256")),
        "invalid_request_object",
    ),
    "garbage": (lambda rp: "a.b.c", "invalid_request_object"),
    "a client assertion": (lambda rp: rp.assertion(), "invalid_request"),
    "wrong aud": (lambda rp: rp.signed(rp.login_object(aud="https://annan")), "invalid_request_object"),
    "no aud": (lambda rp: rp.signed(rp.login_object(aud=None)), "invalid_request_object"),
    "wrong iss": (lambda rp: rp.signed(rp.login_object(iss="annan")), "invalid_request_object"),
    "another client": (lambda rp: rp.signed(rp.login_object(client_id="annan")), "invalid_request_object"),
    "no exp": (lambda rp: rp.signed(rp.login_object(exp=None)), "invalid_request_object"),
    "old": (lambda rp: rp.signed(rp.login_object(exp=int(time.time()) - 60)), "invalid_request_object"),
    "ahead": (lambda rp: rp.signed(rp.login_object(iat=int(time.time()) + 600)), "invalid_request_object"),
    "nested": (lambda rp: rp.signed(rp.login_object(request="x")), "invalid_request_object"),
    "other typ": (lambda rp: rp.signed(rp.login_object(), typ="logout+jwt"), "invalid_request_object"),
}


@pytest.mark.parametrize("name", REQUEST_OBJECTS)
def test_a_wrong_request_object_is_refused(rp: Any, name: str) -> None:
    make, expected = REQUEST_OBJECTS[name]
    back = "http://prov.localhost:9/eid/tillbaka"
    response = rp.authorize(rp.login_object(), request=make(rp), redirect_uri=back)
    assert error_of(response) == expected


def test_without_a_known_way_back_the_person_gets_a_page(rp: Any) -> None:
    assert error_of(rp.authorize(rp.login_object(), request=None)) == "page"
    assert error_of(rp.authorize(rp.login_object(), request=None, redirect_uri=OTHER)) == "page"
    assert error_of(rp.authorize(rp.login_object(), client_id="okand")) == "page"


def test_a_sign_request_outside_of_the_signed_object_is_refused(rp: Any) -> None:
    outside = {f"{PARAM}signRequest": json.dumps(sign_request())}
    back = "http://prov.localhost:9/eid/tillbaka"
    response = rp.authorize(rp.login_object(), redirect_uri=back, **outside)
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    said = [f"{PARAM}signRequest must be inside the signed Request Object"]
    assert (query["error"], query["error_description"]) == (["invalid_request"], said)


def test_a_parameter_given_twice_is_refused(rp: Any) -> None:
    fields = [("client_id", "prov"), ("client_id", "prov"), ("request", rp.signed(rp.login_object()))]
    assert rp.http.post(f"{rp.issuer}/authorize", data=fields, allow_redirects=False).status_code == 400


def test_a_get_request_works_too(rp: Any) -> None:
    asked = {"client_id": rp.client_id, "request": rp.signed(rp.login_object())}
    page = rp.http.get(f"{rp.issuer}/authorize", params=asked)
    assert (page.status_code, "Legitimera dig med BankID" in page.text) == (200, True)


def test_a_code_works_once_and_its_second_use_takes_the_token_back(rp: Any) -> None:
    code = rp.answer(rp.login_object(), ANNA)["code"]
    first = rp.token(code).json()
    assert rp.userinfo(first["access_token"]).status_code == 200
    again = rp.token(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert rp.userinfo(first["access_token"]).status_code == 401


TOKEN_REFUSALS: dict[str, tuple[Callable[[Any], dict[str, Any]], int, str]] = {
    "wrong verifier": (lambda rp: {"code_verifier": "x" * 43}, 400, "invalid_grant"),
    "no verifier": (lambda rp: {"code_verifier": None}, 400, "invalid_grant"),
    "wrong redirect_uri": (lambda rp: {"redirect_uri": OTHER}, 400, "invalid_grant"),
    "no redirect_uri": (lambda rp: {"redirect_uri": None}, 400, "invalid_grant"),
    "unknown code": (lambda rp: {"code": "okand"}, 400, "invalid_grant"),
    "other grant": (lambda rp: {"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
    "no assertion": (lambda rp: {"client_assertion": None, "client_secret": "x"}, 401, "invalid_client"),
    "garbage": (lambda rp: {"client_assertion": "a.b.c"}, 401, "invalid_client"),
    "wrong aud": (lambda rp: {"client_assertion": rp.assertion(aud="https://annan")}, 401, "invalid_client"),
    "two auds": (
        lambda rp: {"client_assertion": rp.assertion(aud=[rp.issuer, "https://annan"])},
        401,
        "invalid_client",
    ),
    "wrong sub": (lambda rp: {"client_assertion": rp.assertion(sub="annan")}, 401, "invalid_client"),
    "no exp": (lambda rp: {"client_assertion": rp.assertion(exp=None)}, 401, "invalid_client"),
    "old": (lambda rp: {"client_assertion": rp.assertion(exp=int(time.time()) - 60)}, 401, "invalid_client"),
    "long": (
        lambda rp: {"client_assertion": rp.assertion(exp=int(time.time()) + 9999)},
        401,
        "invalid_client",
    ),
    "no jti": (lambda rp: {"client_assertion": rp.assertion(jti=None)}, 401, "invalid_client"),
    "another client_id": (lambda rp: {"client_id": "bara-inloggning"}, 401, "invalid_client"),
    "a Request Object": (
        lambda rp: {"client_assertion": rp.signed(rp.login_object())},
        401,
        "invalid_client",
    ),
}


@pytest.mark.parametrize("name", TOKEN_REFUSALS)
def test_a_wrong_token_request_is_refused(rp: Any, name: str) -> None:
    change, status, error = TOKEN_REFUSALS[name]
    code = rp.answer(rp.login_object(), ANNA)["code"]
    answer = rp.token(**{"code": code, **change(rp)})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_assertion_signed_by_another_key_or_used_twice_is_refused(rp: Any, running: Any) -> None:
    code = rp.answer(rp.login_object(), ANNA)["code"]
    good = rp.assertion()
    stranger = ECKey.generate_key("P-256", {"kid": rp.key.kid})
    claims = {"iss": "prov", "sub": "prov", "aud": rp.issuer, "exp": int(time.time()) + 60, "jti": "ett"}
    assert rp.token(code, client_assertion=rp.signed(claims, stranger, typ="JWT")).status_code == 401
    assert rp.token(code, client_assertion=good).status_code == 200
    other = running.client()
    assert other.token("x", client_assertion=good).json()["error"] == "invalid_client"


def test_another_client_cannot_use_the_code(rp: Any, running: Any) -> None:
    code = rp.answer(rp.login_object(), ANNA)["code"]
    thief = running.client("bara-inloggning")
    thief.verifier = rp.verifier
    assert thief.token(code).json()["error"] == "invalid_grant"


def test_userinfo_wants_a_token(rp: Any) -> None:
    assert rp.http.get(f"{rp.issuer}/userinfo").status_code == 401
    assert rp.userinfo("okand").status_code == 401


def test_discovery_names_what_the_profile_requires(rp: Any) -> None:
    found = rp.http.get(f"{rp.issuer}/.well-known/openid-configuration").json()
    assert found["issuer"] == rp.issuer
    assert found["response_types_supported"] == ["code"]
    assert found["acr_values_supported"] == [LOA3]
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert SIGN in found["scopes_supported"]
    assert {found[name] for name in ("claims_parameter_supported", "request_parameter_supported")} == {True}
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["https://id.oidc.se/disco/userMessageSupportedMimeTypes"] == ["text/plain"]
    for name in ("jwks_uri", "authorization_endpoint", "token_endpoint", "userinfo_endpoint"):
        assert found[name].startswith(f"{rp.issuer}/")


def test_published_keys_are_public_and_have_ids(rp: Any) -> None:
    keys = rp.http.get(f"{rp.issuer}/jwks.json").json()["keys"]
    assert {key["alg"] for key in keys} == {"ES256", "RS256"}
    assert all(key["kid"] and "d" not in key for key in keys)
