"""The fault table: every case that a relying party for Swedish e-ID is held to, by name, and what must come of it.

``NAMED`` is the list, written out plan by plan. The OpenID ones are the modules of the OpenID Foundation's
conformance suite for relying parties; those of Sweden/sign are our own and their names are stable. ``CASES`` has
one row for each name: the acts that are tried and the outcome that every one of them must have, or why it does
not apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eid_faults import acts, web
from eid_faults.acts import BOTH, Act, faulty
from stegvis.identity.eid import Reason as R
from stegvis.identity.eid import SignatureReason as S

OIDCC, FAPI2, SWEDEN = "oidcc-client-test", "fapi2-security-profile-final-client-test", "sweden-sign"
RP_LOGOUT = f"{OIDCC}-rp-init-logout"


def _named(stem: str, *endings: str) -> tuple[str, ...]:
    return tuple(f"{stem}-{ending}" if ending else stem for ending in endings)


NAMED: dict[str, tuple[str, ...]] = {
    "Basic RP": _named(
        OIDCC,
        *("", "invalid-iss", "missing-sub", "invalid-aud", "missing-iat", "kid-absent-single-jwks"),
        *("kid-absent-multiple-jwks", "idtoken-sig-rs256", "idtoken-sig-none", "invalid-sig-rs256"),
        *("userinfo-invalid-sub", "nonce-invalid", "scope-userinfo-claims", "client-secret-basic"),
    ),
    "Config RP": _named(
        OIDCC,
        *("discovery-openid-config", "discovery-jwks-uri-keys", "discovery-issuer-mismatch"),
        *("idtoken-sig-none", "signing-key-rotation-just-before-signing", "signing-key-rotation"),
    ),
    "More": _named(
        OIDCC,
        *("missing-aud", "invalid-sig-hs256", "invalid-sig-es256", "invalid-athash", "userinfo-signed"),
        *("request-uri-signed-rs256", "refresh-token-invalid-issuer", "refresh-token-invalid-sub"),
    ),
    "RP-initiated logout": _named(RP_LOGOUT, "", "other-state", "no-state"),
    "Back-channel logout": _named(
        f"{OIDCC}-rp-backchannel-rpinitlogout",
        *("", "alg-none", "no-event", "with-nonce", "wrong-alg", "wrong-aud", "wrong-event", "wrong-iss"),
    ),
    "FAPI2": _named(
        FAPI2,
        *("invalid-authorization-response-iss", "remove-authorization-response-iss"),
        "ensure-authorization-response-with-invalid-state-fails",
        "ensure-authorization-response-with-invalid-missing-state-fails",
        *("invalid-expired-exp", "invalid-missing-exp", "invalid-missing-iss", "invalid-missing-aud"),
        *("invalid-missing-nonce", "invalid-secondary-aud", "invalid-null-alg", "invalid-alternate-alg"),
        *("valid-aud-as-array", "token-type-case-insensitivity"),
    ),
    "Sweden/sign": _named(
        SWEDEN,
        *("acr-lower-than-asked", "acr-missing", "auth-time-before-the-request"),
        *("lifetime-over-five-minutes", "userinfo-unsigned"),
        *("personnummer-missing", "personnummer-other-than-bound", "personnummer-ten-digits"),
        "personnummer-coordination-number",
        *("usersignature-missing", "usersignature-over-other-text", "usersignature-over-other-manifest"),
        *("usersignature-by-other-person", "usersignature-funcid-identification"),
        *("ocsp-revoked", "ocsp-of-another-signature"),
        *("usersignature-under-other-root", "usersignature-expired-leaf", "usersignature-wrapped-xml"),
        *("callback-replayed", "callback-in-another-browser-session"),
        "login-id-token-at-the-sign-callback",
        "state-at-another-providers-callback",
        "error-callback-with-forged-state",
        "tenant-a-callback-with-tenant-b-provider",
        *("two-tabs-at-once", "back-button-after-completion"),
    ),
}


@dataclass(frozen=True)
class Case:
    """A row: the acts and the outcome of every one, or why the case does not apply (one sentence).

    ``party`` is the fixture that the acts are run with; ``outcome`` a word of ``parties.outcome_of``.
    """

    name: str
    outcome: str = ""
    acts: tuple[Act, ...] = ()
    party: str = "live"
    why_not: str = ""


def case(ending: str, outcome: str, *told: Act, party: str = "live", stem: str = OIDCC) -> Case:
    """A row that is tried."""
    return Case(f"{stem}-{ending}" if ending else stem, outcome, told, party)


def at_provider(ending: str, outcome: str, fault: str, *purposes: str, stem: str = OIDCC) -> Case:
    """The running test provider does the one thing wrong, in a login unless told otherwise."""
    return case(ending, outcome, *(faulty(fault, one) for one in purposes or ("login",)), stem=stem)


def left_out(stem: str, why: str, *endings: str) -> list[Case]:
    """Rows that do not apply, for one reason."""
    return [Case(name, why_not=why) for name in _named(stem, *endings)]


def names_come_with_userinfo(party: Any) -> Any:
    """The scope naturalPersonInfo is answered by UserInfo alone, and the person has a name."""
    identity = party.visit()
    assert (identity.given_name, identity.family_name, identity.name) == ("Test", "Testsson", "Test Testsson")
    return identity


def keys_changed_while_away(party: Any) -> Any:
    """Our copy of the keys is fresh; the provider changes them when the person has already said yes."""
    party.visit()
    party.fault("signing-key-rotation-just-before-signing")
    return party.visit()


def keys_changed_between_visits(party: Any) -> Any:
    """Our copy of the keys is from the visit before; nothing is started anew."""
    party.visit()
    party.fault("signing-key-rotation")
    return party.visit()


BASIC = [
    case("", "accepted", *(lambda party, purpose=one: party.visit(purpose) for one in BOTH)),
    at_provider("invalid-iss", R.ISSUER_WRONG, "invalid-iss", *BOTH),
    at_provider("missing-sub", R.SUBJECT_MISSING, "missing-sub", *BOTH),
    at_provider("invalid-aud", R.AUDIENCE_WRONG, "invalid-aud", *BOTH),
    at_provider("missing-iat", R.TIME_MISSING, "missing-iat", *BOTH),
    at_provider("kid-absent-single-jwks", "accepted", "kid-absent-single-jwks"),
    at_provider("kid-absent-multiple-jwks", R.KEY_UNKNOWN, "kid-absent-multiple-jwks"),
    at_provider("idtoken-sig-rs256", "accepted", "sig-rs256"),
    at_provider("idtoken-sig-none", R.ALGORITHM_REFUSED, "sig-none", *BOTH),
    at_provider("invalid-sig-rs256", R.TOKEN_SIGNATURE_INVALID, "invalid-sig-rs256"),
    at_provider("userinfo-invalid-sub", R.USERINFO_SUBJECT_WRONG, "userinfo-invalid-sub", *BOTH),
    at_provider("nonce-invalid", R.NONCE_WRONG, "nonce-invalid", *BOTH),
    case("scope-userinfo-claims", "accepted", names_come_with_userinfo),
    case(
        "client-secret-basic",
        "accepted",
        *(lambda party, purpose=one: acts.by_secret(party, purpose) for one in BOTH),
        party="idura",
    ),
]
CONFIG = [
    case("discovery-openid-config", "accepted", acts.moved_endpoints, party="scripted"),
    case("discovery-jwks-uri-keys", "accepted", acts.moved_keys, party="scripted"),
    at_provider("discovery-issuer-mismatch", R.METADATA_ISSUER, "discovery-issuer-mismatch", *BOTH),
    case("signing-key-rotation-just-before-signing", "accepted", keys_changed_while_away),
    case("signing-key-rotation", "accepted", keys_changed_between_visits),
]
MORE = [
    at_provider("missing-aud", R.AUDIENCE_WRONG, "missing-aud", *BOTH),
    at_provider("invalid-sig-hs256", R.ALGORITHM_REFUSED, "invalid-sig-hs256"),
    at_provider("invalid-sig-es256", R.TOKEN_SIGNATURE_INVALID, "invalid-sig", *BOTH),
    at_provider("invalid-athash", R.AT_HASH_WRONG, "invalid-athash", *BOTH),
    case("userinfo-signed", "accepted", lambda party: acts.userinfo_is_verified(party.visit())),
    *left_out(
        OIDCC,
        "A request is sent by value in a signed Request Object, never as an address to fetch it from.",
        "request-uri-signed-rs256",
    ),
    *left_out(
        OIDCC,
        "No refresh token is asked for and none is used: each login and each signing asks the person anew.",
        *("refresh-token-invalid-issuer", "refresh-token-invalid-sub"),
    ),
]
BACK_CHANNEL = left_out(
    f"{OIDCC}-rp-backchannel-rpinitlogout",
    "Back-channel logout is in no Swedish profile and left out on purpose.",
    *("", "alg-none", "no-event", "with-nonce", "wrong-alg", "wrong-aud", "wrong-event", "wrong-iss"),
)


def fapi2(ending: str, outcome: str, fault: str, *purposes: str) -> Case:
    """As ``at_provider``, among the FAPI2 modules."""
    return at_provider(ending, outcome, fault, *purposes, stem=FAPI2)


MIX_UP = [
    fapi2("invalid-authorization-response-iss", R.RESPONSE_ISSUER_WRONG, "response-iss-wrong", *BOTH),
    fapi2("remove-authorization-response-iss", R.RESPONSE_ISSUER_MISSING, "response-iss-missing", *BOTH),
    fapi2(
        "ensure-authorization-response-with-invalid-state-fails",
        R.STATE_MISMATCH,
        *("response-state-wrong", *BOTH),
    ),
    fapi2(
        "ensure-authorization-response-with-invalid-missing-state-fails",
        R.STATE_MISMATCH,
        *("response-state-missing", *BOTH),
    ),
    fapi2("invalid-expired-exp", R.TOKEN_EXPIRED, "expired", *BOTH),
    fapi2("invalid-missing-exp", R.TIME_MISSING, "missing-exp", *BOTH),
    fapi2("invalid-missing-iss", R.ISSUER_WRONG, "missing-iss", *BOTH),
    fapi2("invalid-missing-aud", R.AUDIENCE_WRONG, "missing-aud", *BOTH),
    fapi2("invalid-missing-nonce", R.NONCE_WRONG, "nonce-missing", *BOTH),
    fapi2("invalid-secondary-aud", R.AUDIENCE_WRONG, "secondary-aud", *BOTH),
    fapi2("invalid-null-alg", R.ALGORITHM_REFUSED, "sig-none"),
    fapi2("invalid-alternate-alg", R.ALGORITHM_REFUSED, "sig-es384", *BOTH),
    fapi2("valid-aud-as-array", "accepted", "aud-as-array", *BOTH),
    fapi2("token-type-case-insensitivity", "accepted", "token-type-case", *BOTH),
]


def sweden(ending: str, outcome: str, fault: str, *purposes: str) -> Case:
    """As ``at_provider``, in a signing unless told otherwise, among our own."""
    return at_provider(ending, outcome, fault, *(purposes or ("sign",)), stem=SWEDEN)


def signature(ending: str, reason: S, fault: str) -> Case:
    """A signing in which the signature or the OCSP answer is wrong."""
    return sweden(ending, f"{R.SIGNATURE_INVALID}: {reason}", fault)


def in_browser(ending: str, outcome: str, act: Act) -> Case:
    """Through the whole web application, with the session in the broker."""
    return case(ending, outcome, act, party="web", stem=SWEDEN)


SIGNING = [
    sweden("acr-lower-than-asked", R.ACR_NOT_ACCEPTED, "acr-lower", *BOTH),
    sweden("acr-missing", R.ACR_MISSING, "acr-missing", *BOTH),
    sweden("auth-time-before-the-request", R.AUTH_TIME_OUTSIDE_VISIT, "auth-time-old", *BOTH),
    sweden("lifetime-over-five-minutes", R.LIFETIME_TOO_LONG, "lifetime-long", *BOTH),
    sweden("userinfo-unsigned", R.USERINFO_UNSIGNED, "userinfo-unsigned", *BOTH),
    sweden("personnummer-missing", R.NUMBER_MISSING, "number-missing", *BOTH),
    sweden("personnummer-other-than-bound", R.NUMBER_NOT_EXPECTED, "number-other"),
    sweden("personnummer-ten-digits", R.NUMBER_INVALID, "number-ten-digits", *BOTH),
    sweden("personnummer-coordination-number", R.NUMBER_NOT_EXPECTED, "number-coordination"),
    sweden("usersignature-missing", R.SIGNATURE_MISSING, "signature-missing"),
    signature("usersignature-over-other-text", S.OTHER_TEXT, "signature-other-text"),
    signature("usersignature-over-other-manifest", S.OTHER_BINDING, "signature-other-binding"),
    signature("usersignature-by-other-person", S.OTHER_SIGNER, "signature-other-person"),
    signature("usersignature-funcid-identification", S.NOT_A_SIGNING, "signature-identification"),
    signature("ocsp-revoked", S.OCSP_NOT_GOOD, "ocsp-revoked"),
    signature("ocsp-of-another-signature", S.OCSP_OTHER_CERTIFICATE, "ocsp-other-signature"),
    signature("usersignature-under-other-root", S.UNTRUSTED_CHAIN, "signature-other-root"),
    signature("usersignature-expired-leaf", S.CERTIFICATE_EXPIRED, "signature-expired-leaf"),
    signature("usersignature-wrapped-xml", S.STRUCTURE, "signature-wrapped"),
    in_browser("callback-replayed", R.STATE_MISMATCH, web.replayed),
    in_browser("callback-in-another-browser-session", R.STATE_MISMATCH, web.in_another_browser),
    in_browser("login-id-token-at-the-sign-callback", R.NONCE_WRONG, web.token_of_a_login),
    in_browser("state-at-another-providers-callback", R.WRONG_PROVIDER, web.at_another_provider),
    in_browser("error-callback-with-forged-state", R.STATE_MISMATCH, web.forged_error),
    in_browser("tenant-a-callback-with-tenant-b-provider", "not found", web.at_another_tenant),
    in_browser("two-tabs-at-once", "accepted", web.two_tabs),
    in_browser("back-button-after-completion", R.STATE_MISMATCH, web.back_button),
]

LOGOUT = [
    case("", "accepted", web.out_at_the_provider, party="web", stem=RP_LOGOUT),
    case("other-state", "not believed", web.out_with_another_state, party="web", stem=RP_LOGOUT),
    case("no-state", "not believed", web.out_without_state, party="web", stem=RP_LOGOUT),
]

CASES = [*BASIC, *CONFIG, *MORE, *LOGOUT, *BACK_CHANNEL, *MIX_UP, *SIGNING]

# What the other kind of provider (idura) has no part of, and what it does otherwise: no at_hash, no iss in the way
# back, no UserInfo, RS256 and twenty minutes. Every other row of the test provider is tried with it too.
OTHERWISE = frozenset(
    {
        *_named(OIDCC, "kid-absent-single-jwks", "kid-absent-multiple-jwks", "userinfo-invalid-sub"),
        *_named(OIDCC, "userinfo-signed", "invalid-sig-es256"),
        f"{FAPI2}-remove-authorization-response-iss",
        f"{SWEDEN}-userinfo-unsigned",
    }
)
OTHER_KIND = [one for one in CASES if one.acts and one.party == "live" and one.name not in OTHERWISE]
