"""The fault table, Swedish profile, callback and signing: each wrong answer or wrong return, and what comes
of it.

Names beginning with ``fapi2-`` follow the conformance suite; ``own-`` are about personal numbers, levels,
signatures and the way back. What belongs to the browser session (a callback in another browser) is the
caller's: without the kept visit there is nothing to finish.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stegvis.identity.eid import Reason, SignatureReason
from testlegitimation.people import luhn_digit

NUMBER = "https://id.oidc.se/claim/personalIdentityNumber"
COORDINATION = "https://id.oidc.se/claim/coordinationNumber"
ACR = "http://id.elegnamnden.se/loa/1.0/"
Act = Callable[[Any], Any]


def digits(eleven: str) -> str:
    """12 digits from the eleven before the control digit."""
    return eleven + str(luhn_digit(eleven[2:]))


ANOTHER = digits("19900101983")
A_COORDINATION_NUMBER = digits("19900161980")


def live(name: str, fault: str, outcome: str, purpose: str = "login") -> Any:
    """The running test provider does wrong as one of its faults says."""

    def act(party: Any) -> Any:
        party.fault(fault)
        return party.visit(purpose)

    return pytest.param("live", act, outcome, id=name)


def signing(name: str, fault: str, reason: SignatureReason) -> Any:
    """A signing in which the provider's signature or OCSP answer is wrong."""
    return live(name, fault, f"{Reason.SIGNATURE_INVALID}: {reason}", "sign")


def crafted(name: str, outcome: str, **told: Any) -> Any:
    """A scripted provider answers rightly in all but what is told."""
    return pytest.param("scripted", lambda party: party.finish_crafted(**told), outcome, id=name)


def custom(name: str, outcome: str, act: Act, player: str = "live") -> Any:
    return pytest.param(player, act, outcome, id=name)


def numbered(name: str, outcome: str, **claims: Any) -> Any:
    """A scripted provider gives the number in ID token and UserInfo as told."""
    return crafted(name, outcome, claims=claims, about=claims)


def returned(
    name: str,
    outcome: str,
    *,
    params: dict[str, str | None] | None = None,
    pending: dict[str, Any] | None = None,
    purpose: str = "login",
    finish: str | None = None,
    hours: int = 0,
    **told: Any,
) -> Any:
    """A right answer that is brought back wrongly: other parameters, another visit, another place."""

    def act(party: Any) -> Any:
        started = party.start(purpose)
        answer = {**party.answer(started), **(params or {})}
        answer = {key: value for key, value in answer.items() if value is not None}
        now = datetime.now(UTC) + timedelta(hours=hours)
        return party.finish(started.pending | (pending or {}), answer, finish or purpose, now=now, **told)

    return custom(name, outcome, act)


def error(name: str, outcome: str, said: str, state: str | None = None, **params: str) -> Any:
    """An error that is brought back, with the visit's own state or a forged one."""

    def act(party: Any) -> Any:
        started = party.start_login()
        answer = {"state": state or started.pending["state"], "iss": party.provider.issuer, "error": said}
        return party.finish(started.pending, answer | params)

    return custom(name, outcome, act)


def with_provider(change: dict[str, Any], act: Act) -> Act:
    """The same visit with our provider row changed."""

    def changed(party: Any) -> Any:
        party.provider = dataclasses.replace(party.provider, **change)
        return act(party)

    return changed


def changed_before_return(purpose: str, **change: Any) -> Act:
    """The row of the provider is another one when the person comes back."""

    def act(party: Any) -> Any:
        started = party.start(purpose)
        params = party.answer(started)
        party.provider = dataclasses.replace(party.provider, **change)
        return party.finish(started.pending, params, purpose)

    return act


def replayed(purpose: str) -> Act:
    def act(party: Any) -> Any:
        started = party.start(purpose)
        params = party.answer(started)
        party.finish(started.pending, params, purpose)
        return party.finish(started.pending, params, purpose)

    return act


def code_of_another_tab(party: Any) -> Any:
    one, two = party.start_login(), party.start_login()
    other = party.answer(two)["code"]
    return party.finish(one.pending, party.answer(one) | {"code": other})


def token_of_a_login(party: Any) -> Any:
    """The login's whole answer, presented under a signing's visit: its nonce is another one."""
    login, sign = party.start_login(), party.start_signing()
    params = party.answer(login)
    return party.finish(
        sign.pending | {"verifier": login.pending["verifier"]},
        params | {"state": sign.pending["state"]},
        "sign",
    )


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


R, S = Reason, SignatureReason
SIGNS = {"sign": "oidc_sweden"}
RETURN = [
    live("fapi2-invalid-authorization-response-iss", "response-iss-wrong", R.RESPONSE_ISSUER_WRONG),
    live("fapi2-remove-authorization-response-iss", "response-iss-missing", R.RESPONSE_ISSUER_MISSING),
    live(
        "fapi2-ensure-authorization-response-with-invalid-state-fails",
        "response-state-wrong",
        R.STATE_MISMATCH,
    ),
    live(
        "fapi2-ensure-authorization-response-with-invalid-missing-state-fails",
        "response-state-missing",
        R.STATE_MISMATCH,
    ),
    crafted("own-iss-neither-promised-nor-given", "accepted"),
    returned("own-empty-code", R.CODE_MISSING, params={"code": ""}),
    returned("own-no-code", R.CODE_MISSING, params={"code": None}),
    returned("own-made-up-code", R.TOKEN_REQUEST_REFUSED, params={"code": "made-up"}),
    returned(
        "own-other-redirect-uri",
        R.TOKEN_REQUEST_REFUSED,
        pending={"redirect_uri": "http://prov.localhost:9/x"},
    ),
    returned("own-other-verifier", R.TOKEN_REQUEST_REFUSED, pending={"verifier": "v" * 43}),
    returned("own-back-after-an-hour", R.VISIT_EXPIRED, hours=1),
    returned("own-back-before-it-began", R.VISIT_EXPIRED, hours=-1),
    returned("own-login-visit-at-the-sign-callback", R.WRONG_PURPOSE, finish="sign"),
    returned("own-sign-visit-at-the-login-callback", R.WRONG_PURPOSE, purpose="sign", finish="login"),
    returned("own-tenant-a-callback-with-tenant-b", R.WRONG_BINDING, purpose_binding={"tenant": "annat"}),
    returned("own-tenant-of-the-start", "accepted", purpose_binding={"tenant": "provforbund/provnamnd"}),
    custom("own-state-at-another-provider", R.WRONG_PROVIDER, changed_before_return("login", id="annan")),
    custom(
        "own-state-at-another-client", R.WRONG_PROVIDER, changed_before_return("login", client_id="annan")
    ),
    custom("own-sign-state-at-another-provider", R.WRONG_PROVIDER, changed_before_return("sign", id="annan")),
    error("own-error-callback-with-forged-state", R.STATE_MISMATCH, "access_denied", state="forged"),
    error(
        "own-error-callback-of-another-issuer",
        R.RESPONSE_ISSUER_WRONG,
        "access_denied",
        iss="http://localhost:1",
    ),
    error("own-error-access-denied", "cancelled", "access_denied"),
    error("own-error-invalid-request", R.PROVIDER_ERROR, "invalid_request"),
    error("own-error-unauthorized-client", R.PROVIDER_ERROR, "unauthorized_client"),
    error("own-error-login-required", R.PROVIDER_ERROR, "login_required"),
    error("own-error-level", R.LEVEL_NOT_REACHABLE, "unmet_authentication_requirements"),
    error("own-error-server", "unavailable", "server_error"),
    error("own-error-temporarily", "unavailable", "temporarily_unavailable"),
    error("own-error-beside-code", "cancelled", "access_denied", code="c"),
    custom("own-login-callback-replayed", R.TOKEN_REQUEST_REFUSED, replayed("login")),
    custom("own-sign-callback-replayed", R.TOKEN_REQUEST_REFUSED, replayed("sign")),
    custom("own-code-of-another-tab", R.TOKEN_REQUEST_REFUSED, code_of_another_tab),
]
LEVEL_AND_NUMBER = [
    live("own-acr-lower", "acr-lower", R.ACR_NOT_ACCEPTED),
    live("own-acr-missing", "acr-missing", R.ACR_MISSING),
    crafted("own-acr-looks-alike", R.ACR_NOT_ACCEPTED, claims={"acr": f"{ACR}loa3-nonresident"}),
    custom(
        "own-level-not-reachable",
        R.LEVEL_NOT_REACHABLE,
        with_provider({"accepted_acr": (f"{ACR}loa4",)}, lambda party: party.visit()),
    ),
    live("own-auth-time-old", "auth-time-old", R.AUTH_TIME_OUTSIDE_VISIT),
    live("own-auth-time-missing", "auth-time-missing", R.TIME_MISSING),
    custom(
        "own-auth-time-ahead",
        R.AUTH_TIME_OUTSIDE_VISIT,
        lambda party: party.finish_crafted(claims={"auth_time": int(time.time()) + 3600}),
        "scripted",
    ),
    live("own-lifetime-over-five-minutes", "lifetime-long", R.LIFETIME_TOO_LONG),
    live("own-sign-lifetime-over-five-minutes", "lifetime-long", R.LIFETIME_TOO_LONG, "sign"),
    live("own-number-missing", "number-missing", R.NUMBER_MISSING),
    live("own-number-ten-digits", "number-ten-digits", R.NUMBER_INVALID),
    live("own-number-coordination", "number-coordination", "accepted"),
    live("own-number-other-than-bound", "number-other", R.NUMBER_NOT_EXPECTED, "sign"),
    live(
        "own-coordination-number-when-bound-to-another", "number-coordination", R.NUMBER_NOT_EXPECTED, "sign"
    ),
    live("own-userinfo-number-other", "userinfo-number-other", R.NUMBER_DIFFERS),
    live("own-userinfo-number-missing", "userinfo-number-missing", R.NUMBER_MISSING),
    numbered("own-number-with-hyphen", R.NUMBER_INVALID, **{NUMBER: "19900101-9802"}),
    numbered("own-number-wrong-digit", R.NUMBER_INVALID, **{NUMBER: digits("19900101980")[:11] + "x"}),
    numbered("own-number-no-day", R.NUMBER_INVALID, **{NUMBER: digits("19900231980")}),
    numbered("own-number-other-script", R.NUMBER_INVALID, **{NUMBER: "١٩٩٠٠١٠١٩٨٠٢"}),
    numbered("own-number-line-feed", R.NUMBER_INVALID, **{NUMBER: digits("19900101980")[:11] + "\n"}),
    numbered("own-number-as-integer", R.NUMBER_INVALID, **{NUMBER: 199001019802}),
    numbered("own-two-numbers", R.NUMBER_AMBIGUOUS, **{COORDINATION: A_COORDINATION_NUMBER}),
    numbered("own-coordination-number-as-personal", R.NUMBER_AMBIGUOUS, **{NUMBER: A_COORDINATION_NUMBER}),
    numbered(
        "own-personal-number-as-coordination", R.NUMBER_AMBIGUOUS, **{NUMBER: None, COORDINATION: ANOTHER}
    ),
]
SIGNING = [
    custom("own-sign", "accepted", lambda party: party.visit("sign")),
    live("own-signature-missing", "signature-missing", R.SIGNATURE_MISSING, "sign"),
    signing("own-signature-other-text", "signature-other-text", S.OTHER_TEXT),
    signing("own-signature-other-manifest", "signature-other-binding", S.OTHER_BINDING),
    signing("own-signature-other-person", "signature-other-person", S.OTHER_SIGNER),
    signing("own-signature-identification", "signature-identification", S.NOT_A_SIGNING),
    signing("own-signature-key-usage", "signature-key-usage", S.KEY_USAGE),
    signing("own-signature-changed", "signature-changed", S.CHANGED),
    signing("own-signature-wrapped", "signature-wrapped", S.STRUCTURE),
    signing("own-signature-other-root", "signature-other-root", S.UNTRUSTED_CHAIN),
    signing("own-signature-expired-leaf", "signature-expired-leaf", S.CERTIFICATE_EXPIRED),
    signing("own-ocsp-missing", "ocsp-missing", S.OCSP_MISSING),
    signing("own-ocsp-revoked", "ocsp-revoked", S.OCSP_NOT_GOOD),
    signing("own-ocsp-other-signature", "ocsp-other-signature", S.OCSP_OTHER_CERTIFICATE),
    signing("own-ocsp-other-responder", "ocsp-other-responder", S.OCSP_RESPONDER),
    custom("own-ocsp-nonce-warned", "accepted", noted_nonce),
    custom(
        "own-ocsp-nonce-refused",
        f"{R.SIGNATURE_INVALID}: {S.OCSP_NONCE}",
        with_provider({"ocsp_nonce": "refuse"}, noted_nonce),
    ),
    custom(
        "own-no-root-pinned",
        f"{R.SIGNATURE_INVALID}: {S.UNTRUSTED_CHAIN}",
        with_provider({"signature_root_pem": None}, lambda party: party.visit("sign")),
    ),
    custom("own-login-token-at-the-sign-callback (its code)", R.NONCE_WRONG, token_of_a_login),
    custom(
        "own-login-token-at-the-sign-callback (its nonce)",
        R.SIGNATURE_MISSING,
        with_provider(SIGNS, lambda party: party.finish_crafted(purpose="sign")),
        "scripted",
    ),
    custom("own-sign-token-at-the-login-callback", R.SIGNATURE_UNASKED, token_of_a_signing),
    crafted(
        "own-signature-nobody-asked-for",
        R.SIGNATURE_UNASKED,
        purpose="sign",
        claims={"https://id.oidc.se/claim/userSignature": "QUJD"},
    ),
    custom(
        "own-signature-no-base64",
        f"{R.SIGNATURE_INVALID}: {S.STRUCTURE}",
        with_provider(
            SIGNS,
            lambda party: party.finish_crafted(
                purpose="sign", claims={"https://id.oidc.se/claim/userSignature": "%%%"}
            ),
        ),
        "scripted",
    ),
    custom("own-sign-scope-not-offered", R.SIGNING_NOT_OFFERED, with_provider(SIGNS, no_scope), "scripted"),
    live("own-sign-nonce-invalid", "nonce-invalid", R.NONCE_WRONG, "sign"),
    live("own-sign-auth-time-old", "auth-time-old", R.AUTH_TIME_OUTSIDE_VISIT, "sign"),
    live("own-sign-acr-lower", "acr-lower", R.ACR_NOT_ACCEPTED, "sign"),
    live("own-sign-userinfo-unsigned", "userinfo-unsigned", R.USERINFO_UNSIGNED, "sign"),
    live("own-sign-token-500", "token-500", "unavailable", "sign"),
]


@pytest.mark.parametrize(("player", "act", "outcome"), RETURN + LEVEL_AND_NUMBER + SIGNING)
def test_fault(player: str, act: Act, outcome: str, judged: Callable[[str, Act], str]) -> None:
    assert judged(player, act) == outcome
