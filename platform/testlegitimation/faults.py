"""The dictionary of faults: what the provider can do wrong when a test asks for it (``POST /__fel``).

The names follow the modules of the OpenID conformance suite where there is one. A fault of kind ``visit``
follows one visit from the moment the person says yes: redirect, token, UserInfo. ``discovery`` concerns the
discovery document, ``now`` happens when it is set.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from testlegitimation.names import CLAIM, LOA1
from testlegitimation.people import luhn_digit

Claims = dict[str, Any]
NUMBER = f"{CLAIM}personalIdentityNumber"
COORDINATION = f"{CLAIM}coordinationNumber"
SIGNATURE = f"{CLAIM}userSignature"
EVIDENCE = f"{CLAIM}authnEvidence"
ELSEWHERE = "http://localhost:1"


def other_number(personnummer: str) -> str:
    """A valid number of the same day that is another person's (serial 981, or 983 when it was 981)."""
    serial = "983" if personnummer[8:11] == "981" else "981"
    eleven = personnummer[:8] + serial
    return eleven + str(luhn_digit(eleven[2:]))


def as_coordination_number(personnummer: str) -> str:
    """The same birth date and serial as a coordination number (day raised by 60)."""
    eleven = f"{personnummer[:6]}{int(personnummer[6:8]) % 60 + 60}{personnummer[8:11]}"
    return eleven + str(luhn_digit(eleven[2:]))


def _set(name: str, value: Any) -> Callable[[Claims], None]:
    return lambda claims: claims.update({name: value})


def _drop(*names: str) -> Callable[[Claims], None]:
    def drop(claims: Claims) -> None:
        for name in names:
            claims.pop(name, None)

    return drop


def _shift(**seconds: int) -> Callable[[Claims], None]:
    return lambda claims: claims.update({name: claims[name] + delta for name, delta in seconds.items()})


def _change_number(change: Callable[[str], str]) -> Callable[[Claims], None]:
    def changed(claims: Claims) -> None:
        for name in (NUMBER, COORDINATION):
            if name in claims:
                claims[name] = change(claims[name])

    return changed


def _to_coordination(claims: Claims) -> None:
    number = claims.pop(NUMBER, None)
    if number:
        claims[COORDINATION] = as_coordination_number(number)


def _secondary_audience(claims: Claims) -> None:
    claims["aud"] = [claims["aud"], "someone-else"]


def _audience_as_array(claims: Claims) -> None:
    claims["aud"] = [claims["aud"]]


# What is changed in the claims of the ID Token before it is signed.
ID_TOKEN_CHANGES: dict[str, Callable[[Claims], None]] = {
    "invalid-iss": _set("iss", ELSEWHERE),
    "missing-iss": _drop("iss"),
    "missing-sub": _drop("sub"),
    "empty-sub": _set("sub", ""),
    "invalid-aud": _set("aud", "someone-else"),
    "missing-aud": _drop("aud"),
    "secondary-aud": _secondary_audience,
    "aud-as-array": _audience_as_array,
    "missing-iat": _drop("iat"),
    "iat-future": _shift(iat=600, exp=600),
    "missing-exp": _drop("exp"),
    "expired": _shift(iat=-900, exp=-900),
    "lifetime-long": _shift(exp=3600),
    "nonce-invalid": _set("nonce", "another-nonce"),
    "nonce-missing": _drop("nonce"),
    "invalid-athash": _set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
    "athash-missing": _drop("at_hash"),
    "acr-lower": _set("acr", LOA1),
    "acr-missing": _drop("acr"),
    "auth-time-old": _shift(auth_time=-86400),
    "auth-time-missing": _drop("auth_time"),
    "number-missing": _drop(NUMBER, COORDINATION),
    "number-other": _change_number(other_number),
    "number-ten-digits": _change_number(lambda number: number[2:]),
    "number-coordination": _to_coordination,
    "signature-missing": _drop(SIGNATURE),
    "ocsp-missing": _drop(EVIDENCE),
}
# What is changed in the claims of UserInfo.
USERINFO_CHANGES: dict[str, Callable[[Claims], None]] = {
    "userinfo-invalid-sub": _set("sub", "another-subject"),
    "userinfo-invalid-iss": _set("iss", ELSEWHERE),
    "userinfo-invalid-aud": _set("aud", "someone-else"),
    "userinfo-number-other": _change_number(other_number),
    "userinfo-number-missing": _drop(NUMBER, COORDINATION),
    "number-missing": _drop(NUMBER, COORDINATION),
    "number-other": _change_number(other_number),
    "number-ten-digits": _change_number(lambda number: number[2:]),
    "number-coordination": _to_coordination,
}
# How the ID Token is signed otherwise, most of them wrongly (tokens.py).
WRONGLY_SIGNED = {
    "sig-none": "the ID Token has alg none and no signature",
    "invalid-sig": "the ID Token is signed by a key that is not in the JWKS, under a kid that is",
    "invalid-sig-hs256": "the ID Token has alg HS256 with the public key as its secret",
    "invalid-sig-rs256": "as invalid-sig, with RS256",
    "sig-rs256": "the ID Token is rightly signed with RS256, whatever the client is registered for",
    "sig-es384": "the ID Token is signed with ES384, which nobody has asked for",
    "kid-absent-single-jwks": "the ID Token has no kid; the JWKS has the one key",
    "kid-absent-multiple-jwks": "the ID Token has no kid although the JWKS has several keys of its kind",
    "kid-unknown": "the ID Token has a kid that is not in the JWKS",
}
# How the signature of a signing is made wrongly (evidence.py).
WRONG_SIGNATURES = {
    "signature-other-text": "the signature is over another visible text",
    "signature-other-binding": "the signature is over other non-visible data (another manifest)",
    "signature-other-person": "the signature is another person's",
    "signature-identification": "funcId is Identification, leaf for identification",
    "signature-key-usage": "funcId is Signing, but the leaf is one for identification",
    "signature-changed": "one byte of the visible text was changed after signing",
    "signature-wrapped": "the signed element is moved aside and another text put in its place",
    "signature-other-root": "leaf and chain come from another root",
    "signature-expired-leaf": "the leaf ended long ago",
    "ocsp-revoked": "OCSP says revoked",
    "ocsp-other-signature": "the OCSP response belongs to another person's signature",
    "ocsp-other-responder": "the OCSP response is signed by a responder of another root",
    "ocsp-nonce": "the OCSP nonce belongs to another signature by the same leaf",
}
# The rest, each where it happens in app.py.
ELSEWHERE_FAULTS = {
    "response-iss-missing": "the redirect back has no iss parameter",
    "response-iss-wrong": "the redirect back has another issuer in iss",
    "response-state-wrong": "the redirect back has another state",
    "response-state-missing": "the redirect back has no state",
    "token-500": "the token endpoint answers 500",
    "token-slow": "the token endpoint waits (seconds, 5 unless told) before it answers",
    "id-token-of-a-login": "the token response to a signing has the ID Token of the client's last login",
    "token-no-id-token": "the token response has no id_token",
    "token-type-case": "the token response writes Bearer in another case",
    "signing-key-rotation-just-before-signing": "new signing keys between the code and the ID Token",
    "userinfo-unsigned": "UserInfo is plain JSON",
    "userinfo-invalid-sig": "UserInfo is signed by a key that is not in the JWKS",
    "userinfo-500": "UserInfo answers 500",
}
AT_DISCOVERY = {
    "discovery-issuer-mismatch": "the discovery document names another issuer",
    "discovery-alg-none": "the discovery document lists none among the signing algorithms",
    "discovery-500": "discovery answers 500",
}
# These change the JWKS too, from the visit that takes them until the next one (oidc.py).
AT_KEYS = frozenset({"kid-absent-single-jwks", "kid-absent-multiple-jwks"})
AT_ONCE = {"signing-key-rotation": "new signing keys from now on; the former stay in the JWKS one more round"}


def names() -> list[str]:
    """All fault names, sorted."""
    every = (
        ID_TOKEN_CHANGES,
        USERINFO_CHANGES,
        WRONGLY_SIGNED,
        WRONG_SIGNATURES,
        ELSEWHERE_FAULTS,
        AT_DISCOVERY,
        AT_ONCE,
    )
    return sorted({name for group in every for name in group})


@dataclass(frozen=True)
class Fault:
    """A fault that is set. ``once`` clears it at its first use; ``seconds`` is how long a slow one waits."""

    name: str
    once: bool = True
    seconds: float = 5.0


class FaultBox:
    """Holds at most one fault; safe for several threads."""

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._at_keys = ""
        self._lock = threading.Lock()

    def put(self, fault: Fault | None) -> None:
        with self._lock:
            self._fault, self._at_keys = fault, ""

    def take(self, kind: Literal["visit", "discovery"]) -> Fault | None:
        """The fault when it is of this kind, cleared if it was meant for one use."""
        with self._lock:
            fault = self._fault
            if kind == "visit":
                self._at_keys = fault.name if fault and fault.name in AT_KEYS else ""
            if fault is None or (fault.name in AT_DISCOVERY) != (kind == "discovery"):
                return None
            if fault.once:
                self._fault = None
            return fault

    @property
    def at_keys(self) -> str:
        """The name of the fault that the last visit brought to the JWKS, or an empty string."""
        with self._lock:
            return self._at_keys
