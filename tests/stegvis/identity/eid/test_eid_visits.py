"""Whole visits to the running test provider: what a right login and a right signing give."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stegvis.identity.eid import (
    EidCancelled,
    EidRefused,
    EidUnavailable,
    Matter,
    attempt_record,
    exchange,
    from_signing,
    receipt_bytes,
    start_login,
    verify_bytes,
)
from stegvis.identity.eid.tokens import verify
from testlegitimation.people import luhn_digit

both = pytest.mark.parametrize("kind", ["sweden", "idura"])
swedish = pytest.mark.parametrize(
    "party",
    ["testlegitimation", pytest.param("oidc-provider", marks=pytest.mark.xdist_group("oidc-provider"))],
    indirect=True,
)


def with_digit(eleven: str) -> str:
    """12 digits from the eleven before the control digit."""
    return eleven + str(luhn_digit(eleven[2:]))


def test_a_login_tells_who_it_was(party: Any) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    identity = party.visit()
    told = (identity.personnummer, identity.given_name, identity.family_name, identity.name)
    assert told == (party.number, "Test", "Testsson", "Test Testsson")
    assert (identity.is_coordination_number, identity.iss) == (False, party.provider.issuer)
    assert (identity.acr,) == party.provider.accepted_acr
    assert identity.authn_provider == (party.provider.acr_values or party.provider.authn_provider)
    assert before < identity.auth_time <= datetime.now(UTC)
    assert verify(identity.id_token, identity.id_token_jwk).claims["sub"] == identity.sub


def test_a_coordination_number_is_recognised(party: Any) -> None:
    started = party.start_login()
    number = with_digit("19900161980")
    identity = party.finish(started.pending, party.answer(started, number=number))
    assert (identity.personnummer, identity.is_coordination_number) == (number, True)


def test_a_coordination_number_can_sign(party: Any) -> None:
    number = with_digit("19900161980")
    party.number = number
    result = party.visit("sign")
    assert (result.verified.signer_personnummer, result.identity.is_coordination_number) == (number, True)


@swedish
def test_the_request_is_signed_and_holds_nothing_outside(party: Any) -> None:
    started = party.start_login()
    assert sorted(started.fields) == ["client_id", "request", "response_type", "scope"]
    public = party.provider.client_key.as_dict(private=False)
    claims = verify(started.fields["request"], public).claims
    said = {name: claims[name] for name in ("iss", "aud", "prompt", "code_challenge_method", "ui_locales")}
    assert said == {
        "iss": "prov",
        "aud": party.provider.issuer,
        "prompt": "login",
        "code_challenge_method": "S256",
        "ui_locales": "sv",
    }
    wanted = {"essential": True, "values": ["http://id.elegnamnden.se/loa/1.0/loa3"]}
    assert claims["claims"]["id_token"]["acr"] == wanted
    assert claims["https://id.oidc.se/param/authnProvider"] == "urn:testlegitimation:bankid"
    assert (len(claims["state"]), len(claims["nonce"])) == (43, 43)
    assert json.loads(json.dumps(started.pending)) == started.pending


def test_a_pushed_request_leaves_nothing_in_the_address(idura: Any, signed_case: dict[str, Any]) -> None:
    started = idura.start_signing()
    assert (started.method, sorted(started.fields)) == ("get", ["client_id", "request_uri"])
    record = verify(
        started.pending["request_object"], idura.provider.client_key.as_dict(private=False)
    ).claims
    hints = record["pushed"]["login_hint"].split(" ")
    assert hints[0] == "action:sign"
    coded = [base64.b64encode(signed_case[name].encode()).decode() for name in ("text", "line")]
    assert hints[1:] == [f"message:{coded[0]}", f"nonVisibleData:{coded[1]}"]
    assert record["pushed"]["scope"] == "openid ssn evidence"
    assert record["accepted_levels"] == ["urn:grn:authn:se:bankid"]
    assert json.loads(json.dumps(started.pending)) == started.pending


def test_two_starts_share_no_secret(party: Any) -> None:
    one, two = party.start_login().pending, party.start_login().pending
    same = {name for name in one if one[name] == two[name]}
    assert not {"state", "nonce", "verifier", "request_object"} & same


def test_two_tabs_at_once(party: Any) -> None:
    one, two = party.start_login(), party.start_login()
    second, first = party.answer(two), party.answer(one)
    assert party.finish(one.pending, first).personnummer == party.finish(two.pending, second).personnummer


def test_a_signing_is_verified(party: Any, signed_case: dict[str, Any]) -> None:
    result = party.visit("sign")
    assert (result.assurance, result.verified.warnings) == ("underskrift", ())
    assert result.verified.signer_personnummer == result.identity.personnummer == party.number
    assert result.verified.signer_name == "Test Testsson"
    assert result.verified.relying_party == "Provnämnden"
    assert (result.material.visible_text, result.material.binding_line) == (
        signed_case["text"],
        signed_case["line"],
    )
    assert result.material.started_at <= result.verified.signed_at + timedelta(seconds=1)


def test_a_signing_is_bound_to_the_person_before_the_text_is_shown(party: Any) -> None:
    started = party.start_signing()
    stranger = with_digit("19900101983")
    with pytest.raises((EidCancelled, EidRefused)):
        party.finish(started.pending, party.answer(started, number=stranger), "sign")


def test_the_receipt_of_a_signing_holds(
    party: Any, crafted_matter: Callable[..., Matter], signed_case: dict[str, Any]
) -> None:
    evidence = from_signing(party.visit("sign"), crafted_matter(), provider=party.provider)
    report = verify_bytes(receipt_bytes(evidence), roots=[signed_case["ca"].root_pem])
    assert (report.ok, report.signed) == (True, True), report.lines


def test_without_signatures_it_is_an_approval_and_says_so(party: Any) -> None:
    party.provider = dataclasses.replace(party.provider, sign="none")
    result = party.visit("sign")
    assert (result.assurance, result.verified, result.material.received.user_signature) == (
        "godkant_efter_inloggning",
        None,
        None,
    )
    assert result.identity.personnummer == party.number


@pytest.mark.parametrize("purpose", ["login", "sign"])
@pytest.mark.parametrize("action", ["cancel", "fail"])
def test_cancelling_and_failing_are_no_refusals(party: Any, purpose: str, action: str) -> None:
    with pytest.raises(EidCancelled):
        party.visit(purpose, action=action)


@both
def test_a_slow_token_endpoint_is_told_as_unavailable(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "TIME_LIMIT", (2.0, 0.3))
    live.fault("token-slow", seconds=1)
    with pytest.raises(EidUnavailable):
        live.visit()


def test_a_provider_that_is_not_there_is_told_as_unavailable(scripted: Any) -> None:
    scripted.server.shutdown()
    scripted.server.server_close()
    with pytest.raises(EidUnavailable):
        start_login(
            scripted.provider,
            redirect_uri="http://prov.localhost:9/x",
            purpose_binding={},
            user_message=None,
            store=scripted.store,
        )


@both
def test_a_refused_signing_keeps_what_came(live: Any) -> None:
    live.fault("signature-other-text")
    with pytest.raises(EidRefused) as caught:
        live.visit("sign")
    record = attempt_record(caught.value)
    assert (record["reason"], record["signature_reason"]) == ("signature_invalid", "other_text")
    assert record["received"]["user_signature"] and record["received"]["id_token"]
    assert json.loads(json.dumps(record)) == record


@both
def test_a_refused_login_has_nothing_to_keep(live: Any) -> None:
    live.fault("nonce-invalid")
    with pytest.raises(EidRefused) as caught:
        live.visit()
    with pytest.raises(ValueError, match="no material"):
        attempt_record(caught.value)


@both
@pytest.mark.parametrize("purpose", ["login", "sign"])
def test_nothing_personal_stands_in_a_repr_or_message(live: Any, purpose: str) -> None:
    result = live.visit(purpose)
    started = live.start(purpose)
    live.fault("number-other")
    other = live.start(purpose)
    try:
        said = repr(live.finish(other.pending, live.answer(other), purpose))
    except EidRefused as refusal:
        said = f"{refusal!r} {refusal}"
    shown = f"{result!r} {started!r} {said}"
    assert [secret for secret in (live.number, "Testsson", started.pending["state"]) if secret in shown] == []


def test_the_callers_binding_comes_back(party: Any) -> None:
    started = party.start_login(purpose_binding={"tenant": "a", "next": "/b"})
    assert started.pending["binding"] == {"tenant": "a", "next": "/b"}
