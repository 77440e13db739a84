"""Further faults, Swedish profile, callback and signing, beside the cases of the fault table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from eid_faults import acts
from eid_faults.acts import Act, at, with_provider
from eid_faults.further import crafted, custom, live
from stegvis.identity.eid import Reason as R
from stegvis.identity.eid import SignatureReason as S
from testlegitimation.people import luhn_digit

NUMBER = "https://id.oidc.se/claim/personalIdentityNumber"
COORDINATION = "https://id.oidc.se/claim/coordinationNumber"
ACR = "http://id.elegnamnden.se/loa/1.0/"


def digits(eleven: str) -> str:
    """12 digits from the eleven before the control digit."""
    return eleven + str(luhn_digit(eleven[2:]))


ANOTHER = digits("19900101983")
A_COORDINATION_NUMBER = digits("19900161980")


def signing(name: str, fault: str, reason: S) -> Any:
    """A signing in which the provider's signature or OCSP answer is wrong."""
    return live(name, fault, f"{R.SIGNATURE_INVALID}: {reason}", "sign")


def numbered(name: str, outcome: str, **claims: Any) -> Any:
    """A scripted provider gives the number in ID token and UserInfo as told."""
    return crafted(name, outcome, claims=claims, about=claims)


def returned(name: str, outcome: str, **told: Any) -> Any:
    """A right answer that is brought back wrongly."""
    return custom(name, outcome, acts.returned(**told), "live")


def error(name: str, outcome: str, said: str, state: str | None = None, **params: str) -> Any:
    """An error that is brought back, with the visit's own state or a forged one."""
    return custom(name, outcome, acts.said(said, state, **params), "live")


def replayed(purpose: str) -> Act:
    def act(party: Any) -> Any:
        started = party.start(purpose)
        params = party.answer(started)
        party.finish(started.pending, params, purpose)
        return party.finish(started.pending, params, purpose)

    return act


def another_client(party: Any) -> Any:
    """Our row of the provider is another client's when the person comes back."""
    started = party.start_login()
    params = party.answer(started)
    party.provider = dataclasses.replace(party.provider, client_id="annan")
    return party.finish(started.pending, params)


def code_of_another_tab(party: Any) -> Any:
    one, two = party.start_login(), party.start_login()
    other = party.answer(two)["code"]
    return party.finish(one.pending, party.answer(one) | {"code": other})


def token_of_a_signing(party: Any) -> Any:
    """A signing's whole answer, presented as a login under a forged visit."""
    sign = party.start_signing()
    params = party.answer(sign)
    return party.finish(sign.pending | {"purpose": "login"}, params, "login")


def no_scope(party: Any) -> Any:
    party.publish(scopes_supported=["openid"])
    return party.start_signing()


def noted_nonce(party: Any) -> Any:
    party.fault("ocsp-nonce")
    result = party.visit("sign")
    noted = ("Svaret om spärrning är inte knutet till just den här underskriften.",)
    assert result.verified.warnings == noted
    return result


SIGNS = {"sign": "oidc_sweden"}
RETURN = [
    crafted("iss-neither-promised-nor-given", "accepted"),
    returned("empty-code", R.CODE_MISSING, params={"code": ""}),
    returned("no-code", R.CODE_MISSING, params={"code": None}),
    returned("made-up-code", R.TOKEN_REQUEST_REFUSED, params={"code": "made-up"}),
    returned(
        "other-redirect-uri",
        R.TOKEN_REQUEST_REFUSED,
        pending={"redirect_uri": "http://prov.localhost:9/x"},
    ),
    returned("other-verifier", R.TOKEN_REQUEST_REFUSED, pending={"verifier": "v" * 43}),
    returned("back-after-an-hour", R.VISIT_EXPIRED, hours=1),
    returned("back-before-it-began", R.VISIT_EXPIRED, hours=-1),
    returned("login-visit-at-the-sign-callback", R.WRONG_PURPOSE, finish="sign"),
    returned("sign-visit-at-the-login-callback", R.WRONG_PURPOSE, purpose="sign", finish="login"),
    returned("binding-of-another-tenant", R.WRONG_BINDING, purpose_binding={"tenant": "annat"}),
    returned("binding-of-the-start", "accepted", purpose_binding={"tenant": "provforbund/provnamnd"}),
    custom("row-of-another-client", R.WRONG_PROVIDER, another_client, "live"),
    error("error-is-believed-after-the-state-only", R.STATE_MISMATCH, "access_denied", state="forged"),
    error(
        "error-callback-of-another-issuer",
        R.RESPONSE_ISSUER_WRONG,
        "access_denied",
        iss="http://localhost:1",
    ),
    error("error-access-denied", "cancelled", "access_denied"),
    error("error-invalid-request", R.PROVIDER_ERROR, "invalid_request"),
    error("error-unauthorized-client", R.PROVIDER_ERROR, "unauthorized_client"),
    error("error-login-required", R.PROVIDER_ERROR, "login_required"),
    error("error-level", R.LEVEL_NOT_REACHABLE, "unmet_authentication_requirements"),
    error("error-server", "unavailable", "server_error"),
    error("error-temporarily", "unavailable", "temporarily_unavailable"),
    error("error-beside-code", "cancelled", "access_denied", code="c"),
    custom("code-used-twice", R.TOKEN_REQUEST_REFUSED, replayed("login"), "live"),
    custom("sign-code-used-twice", R.TOKEN_REQUEST_REFUSED, replayed("sign"), "live"),
    custom("code-of-another-tab", R.TOKEN_REQUEST_REFUSED, code_of_another_tab, "live"),
]
LEVEL_AND_NUMBER = [
    crafted("acr-looks-alike", R.ACR_NOT_ACCEPTED, claims={"acr": f"{ACR}loa3-nonresident"}),
    custom(
        "level-not-reachable",
        R.LEVEL_NOT_REACHABLE,
        with_provider({"accepted_acr": (f"{ACR}loa4",)}, lambda party: party.visit()),
        "live",
    ),
    live("auth-time-missing", "auth-time-missing", R.TIME_MISSING),
    custom(
        "auth-time-ahead",
        R.AUTH_TIME_OUTSIDE_VISIT,
        lambda party: party.finish_crafted(claims={"auth_time": at(3600)}),
        "scripted",
    ),
    live("number-coordination", "number-coordination", "accepted"),
    live("userinfo-number-other", "userinfo-number-other", R.NUMBER_DIFFERS),
    live("userinfo-number-missing", "userinfo-number-missing", R.NUMBER_MISSING),
    numbered("number-with-hyphen", R.NUMBER_INVALID, **{NUMBER: "19900101-9802"}),
    numbered("number-wrong-digit", R.NUMBER_INVALID, **{NUMBER: digits("19900101980")[:11] + "x"}),
    numbered("number-no-day", R.NUMBER_INVALID, **{NUMBER: digits("19900231980")}),
    numbered("number-other-script", R.NUMBER_INVALID, **{NUMBER: "١٩٩٠٠١٠١٩٨٠٢"}),
    numbered("number-line-feed", R.NUMBER_INVALID, **{NUMBER: digits("19900101980")[:11] + "\n"}),
    numbered("number-as-integer", R.NUMBER_INVALID, **{NUMBER: 199001019802}),
    numbered("two-numbers", R.NUMBER_AMBIGUOUS, **{COORDINATION: A_COORDINATION_NUMBER}),
    numbered("coordination-number-as-personal", R.NUMBER_AMBIGUOUS, **{NUMBER: A_COORDINATION_NUMBER}),
    numbered("personal-number-as-coordination", R.NUMBER_AMBIGUOUS, **{NUMBER: None, COORDINATION: ANOTHER}),
]
SIGNING = [
    signing("signature-key-usage", "signature-key-usage", S.KEY_USAGE),
    signing("signature-changed", "signature-changed", S.CHANGED),
    signing("ocsp-missing", "ocsp-missing", S.OCSP_MISSING),
    signing("ocsp-other-responder", "ocsp-other-responder", S.OCSP_RESPONDER),
    custom("ocsp-nonce-warned", "accepted", noted_nonce, "live"),
    custom(
        "ocsp-nonce-refused",
        f"{R.SIGNATURE_INVALID}: {S.OCSP_NONCE}",
        with_provider({"ocsp_nonce": "refuse"}, noted_nonce),
        "live",
    ),
    custom(
        "no-root-pinned",
        f"{R.SIGNATURE_INVALID}: {S.UNTRUSTED_CHAIN}",
        with_provider({"signature_root_pem": None}, lambda party: party.visit("sign")),
        "live",
    ),
    custom(
        "login-token-with-the-nonce-of-the-signing",
        R.SIGNATURE_MISSING,
        with_provider(SIGNS, lambda party: party.finish_crafted(purpose="sign")),
        "scripted",
    ),
    custom("sign-token-at-the-login-callback", R.SIGNATURE_UNASKED, token_of_a_signing, "live"),
    crafted(
        "signature-nobody-asked-for",
        R.SIGNATURE_UNASKED,
        purpose="sign",
        claims={"https://id.oidc.se/claim/userSignature": "QUJD"},
    ),
    custom(
        "signature-no-base64",
        f"{R.SIGNATURE_INVALID}: {S.STRUCTURE}",
        with_provider(
            SIGNS,
            lambda party: party.finish_crafted(
                purpose="sign", claims={"https://id.oidc.se/claim/userSignature": "%%%"}
            ),
        ),
        "scripted",
    ),
    custom("sign-scope-not-offered", R.SIGNING_NOT_OFFERED, with_provider(SIGNS, no_scope), "scripted"),
    live("sign-token-500", "token-500", "unavailable", "sign"),
]


@pytest.mark.parametrize(("party", "act", "outcome"), RETURN + LEVEL_AND_NUMBER + SIGNING)
def test_fault(party: str, act: Act, outcome: str, judged: Callable[[str, Act], str]) -> None:
    assert judged(party, act) == outcome
