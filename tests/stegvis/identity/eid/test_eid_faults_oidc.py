"""Further faults, OpenID Connect: what a provider can answer wrongly beside the cases of the fault table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec as curves
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import RSAKey

from eid_faults.acts import Act, answering, discovered, ec, part, plain, rsa, signed_by, timed
from eid_faults.further import crafted, custom, live
from stegvis.identity.eid import Reason as R


def for_rs256(key: RSAKey) -> RSAKey:
    """The same key, published as one for RS256 alone."""
    return RSAKey.import_key(key.as_dict(private=False) | {"alg": "RS256"})


def unsigned(party: Any) -> Any:
    party.publish(id_token_signing_alg_values_supported=["none", "ES256"])
    return party.finish_crafted(
        id_token=lambda started: f"{part({'alg': 'none'})}.{part(party.claims(started))}."
    )


def critical_header(party: Any) -> Any:
    def token(started: Any) -> str:
        header = {"alg": "ES256", "kid": "one", "crit": ["unheard-of"], "unheard-of": True}
        body = f"{part(header)}.{part(party.claims(started))}"
        r, s = decode_dss_signature(party.key.private_key.sign(body.encode(), curves.ECDSA(hashes.SHA256())))
        return f"{body}.{plain(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    return party.finish_crafted(id_token=token)


def key_in_header(party: Any) -> Any:
    own = ec("one")
    return party.finish_crafted(
        id_token=lambda started: party.token(party.claims(started), own, jwk=own.as_dict(private=False))
    )


def rotated_under_the_same_kid(party: Any) -> Any:
    party.finish_crafted()
    party.key = ec("one")
    party.publish()
    return party.finish_crafted()


SIGNED = [
    custom(
        "kid-absent-but-one-key-of-each-kind",
        "accepted",
        signed_by(rsa, lambda party, key: [party.key, key], alg="RS256", kid=None),
    ),
    custom("idtoken-sig-ps256", "accepted", signed_by(rsa, lambda party, key: [party.key, key], alg="PS256")),
    custom("sig-none-though-discovery-lists-it", R.ALGORITHM_REFUSED, unsigned),
]
PUBLISHED = [
    live("discovery-500", "discovery-500", "unavailable"),
    live("discovery-lists-none", "discovery-alg-none", "accepted"),
    custom(
        "discovery-unsafe-endpoint",
        R.METADATA_INVALID,
        discovered(token_endpoint="http://example.test/t"),
    ),
    custom("discovery-user-in-address", R.METADATA_INVALID, discovered(jwks_uri="https://a@example.test/k")),
    custom("discovery-endpoint-missing", R.METADATA_INVALID, discovered(userinfo_endpoint=None)),
    custom("discovery-no-requests", R.METADATA_INVALID, discovered(request_parameter_supported=False)),
    custom(
        "discovery-no-json",
        R.METADATA_INVALID,
        lambda party: (
            party.says("/.well-known/openid-configuration", "<html>", "text/html"),
            party.start_login(),
        ),
    ),
    custom(
        "discovery-redirects",
        "unavailable",
        lambda party: (party.says("/.well-known/openid-configuration", {}, status=302), party.start_login()),
    ),
    custom("jwks-no-keys", R.METADATA_INVALID, answering("/jwks", content={"keys": "none"})),
    custom("signing-key-rotation-same-kid", "accepted", rotated_under_the_same_kid),
]
ANSWERED = [
    live("athash-missing", "athash-missing", R.AT_HASH_WRONG),
    live("kid-unknown", "kid-unknown", R.KEY_UNKNOWN),
    custom("key-in-header", R.TOKEN_SIGNATURE_INVALID, key_in_header),
    custom("critical-header", R.TOKEN_SIGNATURE_INVALID, critical_header),
    custom("weak-rsa", R.KEY_WEAK, signed_by(lambda: rsa(1024), lambda party, key: [key], alg="RS256")),
    custom(
        "key-of-another-algorithm",
        R.KEY_UNKNOWN,
        signed_by(rsa, lambda party, key: [for_rs256(key)], alg="PS256"),
    ),
    crafted("no-jwt", R.TOKEN_MALFORMED, answer={"id_token": "not-a-token"}),
    crafted("encrypted", R.TOKEN_MALFORMED, answer={"id_token": "a.b.c.d.e"}),
    crafted("header-no-object", R.TOKEN_MALFORMED, answer={"id_token": "W10.e30.x"}),
    live("empty-sub", "empty-sub", R.SUBJECT_MISSING),
    crafted("blank-sub", R.SUBJECT_MISSING, claims={"sub": "  "}),
    crafted("azp-other", R.AUDIENCE_WRONG, claims={"azp": "someone-else"}),
    crafted("aud-other-azp-ours", R.AUDIENCE_WRONG, claims={"aud": "someone-else", "azp": "prov"}),
    live("iat-future", "iat-future", R.ISSUED_AT_OUTSIDE_VISIT),
    custom("iat-before-the-visit", R.ISSUED_AT_OUTSIDE_VISIT, timed(iat=-120, exp=60)),
    custom("iat-within-leeway", "accepted", timed(iat=20, exp=120)),
    custom("nbf-future", R.ISSUED_AT_OUTSIDE_VISIT, timed(nbf=120)),
    crafted("exp-no-number", R.TIME_MISSING, claims={"exp": "soon"}),
    crafted("auth-time-true", R.TIME_MISSING, claims={"auth_time": True}),
    custom(
        "userinfo-alg-none",
        R.USERINFO_UNSIGNED,
        answering("/userinfo", media="application/jwt", content=f"{part({'alg': 'none'})}.{part({})}."),
    ),
    live("userinfo-invalid-sig", "userinfo-invalid-sig", R.USERINFO_INVALID),
    live("userinfo-invalid-iss", "userinfo-invalid-iss", R.USERINFO_ISSUER_WRONG),
    live("userinfo-invalid-aud", "userinfo-invalid-aud", R.USERINFO_AUDIENCE_WRONG),
    crafted("userinfo-expired", R.USERINFO_INVALID, about={"exp": 1}),
    live("userinfo-500", "userinfo-500", "unavailable"),
    custom("userinfo-401", R.USERINFO_INVALID, answering("/userinfo", 401)),
    custom("userinfo-redirects", R.USERINFO_INVALID, answering("/userinfo", 302)),
    live("token-500", "token-500", "unavailable"),
    live("token-no-id-token", "token-no-id-token", R.TOKEN_RESPONSE_INVALID),
    custom("token-redirects", R.TOKEN_RESPONSE_INVALID, answering("/token", 307)),
    custom("token-no-json", R.TOKEN_RESPONSE_INVALID, answering("/token", content="<html>")),
    custom("token-list", R.TOKEN_RESPONSE_INVALID, answering("/token", content=[])),
    custom(
        "token-error",
        R.TOKEN_REQUEST_REFUSED,
        answering("/token", 400, content={"error": "invalid_grant"}),
    ),
    crafted("token-no-access-token", R.TOKEN_RESPONSE_INVALID, answer={"access_token": None}),
    crafted("token-type-mac", R.TOKEN_RESPONSE_INVALID, answer={"token_type": "MAC"}),
]


@pytest.mark.filterwarnings("ignore:Key size:joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(("party", "act", "outcome"), SIGNED + PUBLISHED + ANSWERED)
def test_fault(party: str, act: Act, outcome: str, judged: Callable[[str, Act], str]) -> None:
    assert judged(party, act) == outcome
