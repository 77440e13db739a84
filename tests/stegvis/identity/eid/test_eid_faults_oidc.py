"""The fault table, OpenID Connect: each way in which a provider can answer wrongly, and what comes of it.

Names follow the modules of the OpenID conformance suite (RP side: Basic, Config, More, FAPI2) where there is
one. Left out, because they do not apply: ``client-secret-basic`` (private_key_jwt only), ``request-uri-*``
(by value only), ``refresh-token-*`` (none are asked for), back-channel logout (in no Swedish profile).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec as curves
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey, RSAKey

from stegvis.identity.eid import Reason

CLAIM = "https://id.oidc.se/claim/"
NUMBER = f"{CLAIM}personalIdentityNumber"
Act = Callable[[Any], Any]


def live(name: str, fault: str, outcome: str) -> Any:
    """The running test provider does wrong as one of its faults says."""

    def act(party: Any) -> Any:
        party.fault(fault)
        return party.visit()

    return pytest.param("live", act, outcome, id=name)


def crafted(name: str, outcome: str, **told: Any) -> Any:
    """A scripted provider answers rightly in all but what is told."""
    return pytest.param("scripted", lambda party: party.finish_crafted(**told), outcome, id=name)


def custom(name: str, outcome: str, act: Act, player: str = "scripted") -> Any:
    return pytest.param(player, act, outcome, id=name)


def at(seconds: int) -> int:
    """A time claim so many seconds from now."""
    return int(time.time()) + seconds


def timed(**shifts: int) -> Act:
    """A visit whose time claims lie so many seconds from now."""
    return lambda party: party.finish_crafted(claims={name: at(shift) for name, shift in shifts.items()})


def rsa(bits: int = 2048, kid: str = "rsa") -> RSAKey:
    return RSAKey.generate_key(bits, {"kid": kid, "use": "sig"})


def for_rs256(key: RSAKey) -> RSAKey:
    """The same key, published as one for RS256 alone."""
    return RSAKey.import_key(key.as_dict(private=False) | {"alg": "RS256"})


def ec(kid: str = "other", curve: str = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid, "use": "sig"})


def signed_by(key: Callable[[], Any], published: Callable[[Any, Any], list[Any]], **header: Any) -> Act:
    """A visit whose ID token is signed by a made key; ``published`` says which keys the provider shows."""

    def act(party: Any) -> Any:
        made = key()
        party.publish(*published(party, made))
        return party.finish_crafted(
            id_token=lambda started: party.token(party.claims(started), made, **header)
        )

    return act


def part(content: dict[str, Any]) -> str:
    return plain(json.dumps(content).encode())


def plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(party: Any) -> Any:
    party.publish(id_token_signing_alg_values_supported=["none", "ES256"])
    return party.finish_crafted(
        id_token=lambda started: f"{part({'alg': 'none'})}.{part(party.claims(started))}."
    )


def public_key_as_secret(party: Any) -> Any:
    def token(started: Any) -> str:
        body = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(party.claims(started))}"
        secret = party.key.as_pem(private=False)
        return f"{body}.{plain(hmac.new(secret, body.encode(), hashlib.sha256).digest())}"

    return party.finish_crafted(id_token=token)


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


def rotated_just_before(party: Any) -> Any:
    """Keys are fetched, then changed at the provider: the next ID token has a kid that we have not seen."""
    party.finish_crafted()
    party.key = ec("two")
    party.publish()
    return party.finish_crafted()


def rotated_at_the_provider(party: Any) -> Any:
    party.visit()
    party.fault("signing-key-rotation")
    return party.visit()


def rotated_under_the_same_kid(party: Any) -> Any:
    party.finish_crafted()
    party.key = ec("one")
    party.publish()
    return party.finish_crafted()


def discovered(**document: Any) -> Act:
    def act(party: Any) -> Any:
        party.publish(**document)
        return party.start_login()

    return act


def answering(path: str, status: int = 200, media: str = "application/json", content: Any = None) -> Act:
    """A visit in which one address of the provider answers as told."""

    def act(party: Any) -> Any:
        started = party.start_login()
        token = party.token(party.claims(started))
        party.says("/token", {"access_token": "access", "token_type": "Bearer", "id_token": token})
        party.says("/userinfo", token, "application/jwt")
        party.says(path, {} if content is None else content, media, status)
        return party.finish(started.pending, {"state": started.pending["state"], "code": "c"})

    return act


def headed(**header: Any) -> Act:
    """A visit whose ID token is signed by the right key under another header (None leaves a member out)."""
    return lambda party: party.finish_crafted(
        id_token=lambda started: party.token(party.claims(started), **header)
    )


R = Reason
BASIC = [
    crafted("oidcc-client-test", "accepted"),
    live("oidcc-client-test-invalid-iss", "invalid-iss", R.ISSUER_WRONG),
    live("oidcc-client-test-missing-sub", "missing-sub", R.SUBJECT_MISSING),
    live("oidcc-client-test-invalid-aud", "invalid-aud", R.AUDIENCE_WRONG),
    live("oidcc-client-test-missing-iat", "missing-iat", R.TIME_MISSING),
    custom("oidcc-client-test-kid-absent-single-jwks", "accepted", headed(kid=None)),
    custom(
        "oidcc-client-test-kid-absent-multiple-jwks",
        R.KEY_UNKNOWN,
        signed_by(ec, lambda party, key: [party.key, key], kid=None),
    ),
    custom(
        "oidcc-client-test-kid-absent-multiple-jwks (one of each kind)",
        "accepted",
        signed_by(rsa, lambda party, key: [party.key, key], alg="RS256", kid=None),
    ),
    custom(
        "oidcc-client-test-idtoken-sig-rs256",
        "accepted",
        signed_by(rsa, lambda party, key: [party.key, key], alg="RS256"),
    ),
    custom(
        "own-idtoken-sig-ps256", "accepted", signed_by(rsa, lambda party, key: [party.key, key], alg="PS256")
    ),
    live("oidcc-client-test-idtoken-sig-none", "sig-none", R.ALGORITHM_REFUSED),
    custom("oidcc-client-test-idtoken-sig-none (listed in discovery)", R.ALGORITHM_REFUSED, unsigned),
    custom(
        "oidcc-client-test-invalid-sig-rs256",
        R.TOKEN_SIGNATURE_INVALID,
        signed_by(rsa, lambda party, key: [party.key, rsa()], alg="RS256"),
    ),
    live("oidcc-client-test-userinfo-invalid-sub", "userinfo-invalid-sub", R.USERINFO_SUBJECT_WRONG),
    live("oidcc-client-test-nonce-invalid", "nonce-invalid", R.NONCE_WRONG),
]
CONFIG = [
    custom("oidcc-client-test-discovery-openid-config", "accepted", discovered()),
    custom("oidcc-client-test-discovery-jwks-uri-keys", "accepted", headed()),
    live("oidcc-client-test-discovery-issuer-mismatch", "discovery-issuer-mismatch", R.METADATA_ISSUER),
    live("own-discovery-500", "discovery-500", "unavailable"),
    live("own-discovery-lists-none", "discovery-alg-none", "accepted"),
    custom(
        "own-discovery-unsafe-endpoint",
        R.METADATA_INVALID,
        discovered(token_endpoint="http://example.test/t"),
    ),
    custom(
        "own-discovery-user-in-address", R.METADATA_INVALID, discovered(jwks_uri="https://a@example.test/k")
    ),
    custom("own-discovery-endpoint-missing", R.METADATA_INVALID, discovered(userinfo_endpoint=None)),
    custom("own-discovery-no-requests", R.METADATA_INVALID, discovered(request_parameter_supported=False)),
    custom(
        "own-discovery-no-json",
        R.METADATA_INVALID,
        lambda party: (
            party.says("/.well-known/openid-configuration", "<html>", "text/html"),
            party.start_login(),
        ),
    ),
    custom(
        "own-discovery-redirects",
        "unavailable",
        lambda party: (party.says("/.well-known/openid-configuration", {}, status=302), party.start_login()),
    ),
    custom("own-jwks-no-keys", R.METADATA_INVALID, answering("/jwks", content={"keys": "none"})),
    live("oidcc-client-test-signing-key-rotation (fresh)", "signing-key-rotation", "accepted"),
    custom("oidcc-client-test-signing-key-rotation", "accepted", rotated_at_the_provider, "live"),
    custom("oidcc-client-test-signing-key-rotation-just-before-signing", "accepted", rotated_just_before),
    custom("own-signing-key-rotation-same-kid", "accepted", rotated_under_the_same_kid),
]
MORE = [
    live("oidcc-client-test-missing-aud", "missing-aud", R.AUDIENCE_WRONG),
    live("oidcc-client-test-invalid-sig-hs256", "invalid-sig-hs256", R.ALGORITHM_REFUSED),
    custom("own-public-key-as-secret", R.ALGORITHM_REFUSED, public_key_as_secret),
    live("oidcc-client-test-invalid-sig-es256", "invalid-sig", R.TOKEN_SIGNATURE_INVALID),
    live("oidcc-client-test-invalid-athash", "invalid-athash", R.AT_HASH_WRONG),
    live("own-athash-missing", "athash-missing", R.AT_HASH_WRONG),
    crafted("oidcc-client-test-userinfo-signed", "accepted"),
    live("own-kid-unknown", "kid-unknown", R.KEY_UNKNOWN),
    custom("own-key-in-header", R.TOKEN_SIGNATURE_INVALID, key_in_header),
    custom("own-critical-header", R.TOKEN_SIGNATURE_INVALID, critical_header),
    custom("own-weak-rsa", R.KEY_WEAK, signed_by(lambda: rsa(1024), lambda party, key: [key], alg="RS256")),
    custom(
        "own-key-of-another-algorithm",
        R.KEY_UNKNOWN,
        signed_by(rsa, lambda party, key: [for_rs256(key)], alg="PS256"),
    ),
    crafted("own-no-jwt", R.TOKEN_MALFORMED, answer={"id_token": "not-a-token"}),
    crafted("own-encrypted", R.TOKEN_MALFORMED, answer={"id_token": "a.b.c.d.e"}),
    crafted("own-header-no-object", R.TOKEN_MALFORMED, answer={"id_token": "W10.e30.x"}),
    live("own-missing-iss", "missing-iss", R.ISSUER_WRONG),
    live("own-empty-sub", "empty-sub", R.SUBJECT_MISSING),
    crafted("own-blank-sub", R.SUBJECT_MISSING, claims={"sub": "  "}),
    crafted("own-azp-other", R.AUDIENCE_WRONG, claims={"azp": "someone-else"}),
    crafted("own-aud-other-azp-ours", R.AUDIENCE_WRONG, claims={"aud": "someone-else", "azp": "prov"}),
    live("own-iat-future", "iat-future", R.ISSUED_AT_OUTSIDE_VISIT),
    custom("own-iat-before-the-visit", R.ISSUED_AT_OUTSIDE_VISIT, timed(iat=-120, exp=60)),
    custom("own-iat-within-leeway", "accepted", timed(iat=20, exp=120)),
    custom("own-nbf-future", R.ISSUED_AT_OUTSIDE_VISIT, timed(nbf=120)),
    crafted("own-exp-no-number", R.TIME_MISSING, claims={"exp": "soon"}),
    crafted("own-auth-time-true", R.TIME_MISSING, claims={"auth_time": True}),
    live("own-userinfo-unsigned", "userinfo-unsigned", R.USERINFO_UNSIGNED),
    custom(
        "own-userinfo-alg-none",
        R.USERINFO_UNSIGNED,
        answering("/userinfo", media="application/jwt", content=f"{part({'alg': 'none'})}.{part({})}."),
    ),
    live("own-userinfo-invalid-sig", "userinfo-invalid-sig", R.USERINFO_INVALID),
    live("own-userinfo-invalid-iss", "userinfo-invalid-iss", R.USERINFO_ISSUER_WRONG),
    live("own-userinfo-invalid-aud", "userinfo-invalid-aud", R.USERINFO_AUDIENCE_WRONG),
    crafted("own-userinfo-expired", R.USERINFO_INVALID, about={"exp": 1}),
    live("own-userinfo-500", "userinfo-500", "unavailable"),
    custom("own-userinfo-401", R.USERINFO_INVALID, answering("/userinfo", 401)),
    custom("own-userinfo-redirects", R.USERINFO_INVALID, answering("/userinfo", 302)),
    live("own-token-500", "token-500", "unavailable"),
    live("own-token-no-id-token", "token-no-id-token", R.TOKEN_RESPONSE_INVALID),
    custom("own-token-redirects", R.TOKEN_RESPONSE_INVALID, answering("/token", 307)),
    custom("own-token-no-json", R.TOKEN_RESPONSE_INVALID, answering("/token", content="<html>")),
    custom("own-token-list", R.TOKEN_RESPONSE_INVALID, answering("/token", content=[])),
    custom(
        "own-token-error",
        R.TOKEN_REQUEST_REFUSED,
        answering("/token", 400, content={"error": "invalid_grant"}),
    ),
    crafted("own-token-no-access-token", R.TOKEN_RESPONSE_INVALID, answer={"access_token": None}),
    crafted("own-token-type-mac", R.TOKEN_RESPONSE_INVALID, answer={"token_type": "MAC"}),
]
FAPI2 = [
    live("fapi2-invalid-expired-exp", "expired", R.TOKEN_EXPIRED),
    live("fapi2-invalid-missing-exp", "missing-exp", R.TIME_MISSING),
    live("fapi2-invalid-missing-iss", "missing-iss", R.ISSUER_WRONG),
    live("fapi2-invalid-missing-aud", "missing-aud", R.AUDIENCE_WRONG),
    live("fapi2-invalid-missing-nonce", "nonce-missing", R.NONCE_WRONG),
    live("fapi2-invalid-secondary-aud", "secondary-aud", R.AUDIENCE_WRONG),
    live("fapi2-invalid-null-alg", "sig-none", R.ALGORITHM_REFUSED),
    custom(
        "fapi2-invalid-alternate-alg",
        R.ALGORITHM_REFUSED,
        signed_by(lambda: ec("big", "P-384"), lambda party, key: [party.key, key], alg="ES384"),
    ),
    crafted("fapi2-valid-aud-as-array", "accepted", claims={"aud": ["prov"]}),
    crafted("fapi2-token-type-case-insensitivity", "accepted", answer={"token_type": "bEaReR"}),
]


@pytest.mark.filterwarnings("ignore:Key size:joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(("player", "act", "outcome"), BASIC + CONFIG + MORE + FAPI2)
def test_fault(player: str, act: Act, outcome: str, judged: Callable[[str, Act], str]) -> None:
    assert judged(player, act) == outcome
