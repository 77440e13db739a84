"""A login and a signing walked at the running program: what it gives, and what it does not give."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import ocsp
from lxml import etree, html

from testlegitimation.bankid_xml import BANKID_TYPES, XMLDSIG
from testlegitimation.names import CLAIM, LOA3, PARAM
from testlegitimation.people import luhn_digit
from testlegitimation.walk import WalkFailed, walk

TEXT = "Jag samtycker till att <b>Prov & Co</b> läser åäö.\nRad två."
ANNA = "199001019802"
NUMBER = f"{CLAIM}personalIdentityNumber"


def number(birth: str, serial: int = 980) -> str:
    eleven = f"{birth}{serial}"
    return eleven + str(luhn_digit(eleven[2:]))


def login(rp: Any, personnummer: str = ANNA, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(ID Token claims, token response) of a login."""
    back = rp.answer(rp.login_object(**changes), personnummer)
    assert (back["state"], back["iss"]) == (rp.state, rp.issuer)
    answer = rp.token(back["code"]).json()
    return rp.read(answer["id_token"]), answer


def test_a_login_gives_what_was_asked_for(rp: Any) -> None:
    before = int(time.time())
    claims, answer = login(rp)
    half = hashlib.sha256(answer["access_token"].encode()).digest()[:16]
    at_hash = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert set(claims) == {
        *("iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "at_hash", "txn", "nonce", NUMBER),
        *(
            f"{CLAIM}{name}"
            for name in ("authnProvider", "deviceIp", "credentialValidFrom", "credentialValidTo")
        ),
    }
    assert (claims["iss"], claims["aud"], claims["acr"]) == (rp.issuer, rp.client_id, LOA3)
    assert (claims["nonce"], claims["at_hash"], claims[NUMBER]) == (rp.nonce, at_hash, ANNA)
    assert (claims[f"{CLAIM}authnProvider"], claims[f"{CLAIM}deviceIp"]) == ("bankid", "127.0.0.1")
    assert claims["exp"] - claims["iat"] == 300
    assert before <= claims["auth_time"] <= claims["iat"]
    assert ANNA[2:] not in claims["sub"]


def test_userinfo_is_a_signed_token_of_the_same_person(rp: Any) -> None:
    claims, answer = login(rp)
    response = rp.userinfo(answer["access_token"])
    assert response.headers["Content-Type"] == "application/jwt"
    told = rp.read(response.text)
    assert {name: told[name] for name in told if name not in ("iat", "exp")} == {
        "iss": rp.issuer,
        "aud": rp.client_id,
        "sub": claims["sub"],
        "name": "Test Testsson",
        "given_name": "Test",
        "family_name": "Testsson",
        "birthdate": "1990-01-01",
        NUMBER: ANNA,
    }


def test_no_scope_no_name_and_no_number(rp: Any) -> None:
    claims, answer = login(rp, scope="openid")
    assert NUMBER not in claims
    assert set(rp.read(rp.userinfo(answer["access_token"]).text)) == {"iss", "aud", "sub", "iat", "exp"}


def test_the_claims_parameter_asks_for_single_claims(rp: Any) -> None:
    claims, _ = login(
        rp, scope="openid", claims={"id_token": {"given_name": None, NUMBER: {"essential": True}}}
    )
    assert (claims["given_name"], claims[NUMBER]) == ("Test", ANNA)
    assert "family_name" not in claims


def test_subjects_differ_between_clients_and_stay_the_same_for_one(running: Any, rp: Any) -> None:
    first, _ = login(rp)
    again, _ = login(running.client())
    other, _ = login(running.client("bara-inloggning"))
    assert first["sub"] == again["sub"]
    assert first["sub"] != other["sub"]


def test_a_fresh_number_and_a_coordination_number_can_log_in(rp: Any, running: Any) -> None:
    fresh = number("20050309", 981)
    claims, answer = login(rp, fresh)
    assert claims[NUMBER] == fresh
    assert rp.read(rp.userinfo(answer["access_token"]).text)["name"] == "Test Okänd"
    coordination = number("19850271", 985)
    told, _ = login(running.client(), coordination)
    assert (told[f"{CLAIM}coordinationNumber"], NUMBER in told) == (coordination, False)


def test_freja_is_chosen_by_the_person_when_the_client_does_not(rp: Any) -> None:
    back = rp.answer(rp.login_object(**{f"{PARAM}authnProvider": None}), ANNA, eid="freja")
    claims = rp.read(rp.token(back["code"]).json()["id_token"])
    assert claims[f"{CLAIM}authnProvider"] == "urn:testlegitimation:freja"


@pytest.mark.parametrize("action", ["cancel", "fail"])
@pytest.mark.parametrize("purpose", ["login", "sign"])
def test_cancelled_or_failed_is_access_denied(rp: Any, action: str, purpose: str) -> None:
    asked = rp.login_object() if purpose == "login" else rp.sign_object(ANNA)
    back = rp.answer(asked, ANNA, action)
    assert {name: back[name] for name in ("error", "state", "iss")} == {
        "error": "access_denied",
        "state": rp.state,
        "iss": rp.issuer,
    }
    assert set(back) == {"error", "error_description", "state", "iss"}


def test_a_signing_gives_signature_and_evidence(rp: Any) -> None:
    back = rp.answer(rp.sign_object(ANNA), ANNA)
    claims = rp.read(rp.token(back["code"]).json()["id_token"])
    xml = etree.fromstring(base64.b64decode(claims[f"{CLAIM}userSignature"]))
    data = xml.find(f"{{{XMLDSIG}}}Object/{{{BANKID_TYPES}}}bankIdSignedData")
    assert base64.b64decode(data.findtext(f"{{{BANKID_TYPES}}}usrVisibleData")).decode() == TEXT
    assert (
        base64.b64decode(data.findtext(f"{{{BANKID_TYPES}}}usrNonVisibleData"))
        == b"prov-sign:v1;doc=sha256:00"
    )
    response = ocsp.load_der_ocsp_response(base64.b64decode(claims[f"{CLAIM}authnEvidence"]))
    assert response.certificate_status == ocsp.OCSPCertStatus.GOOD


def test_freja_signs_too(rp: Any) -> None:
    back = rp.answer(rp.sign_object(ANNA, **{f"{PARAM}authnProvider": "urn:testlegitimation:freja"}), ANNA)
    claims = rp.read(rp.token(back["code"]).json()["id_token"])
    assert claims[f"{CLAIM}authnProvider"] == "urn:testlegitimation:freja"
    assert base64.b64decode(claims[f"{CLAIM}userSignature"]).startswith(b"<?xml")


def test_the_text_is_shown_only_to_the_person_it_is_bound_to(rp: Any) -> None:
    page = rp.authorize(rp.sign_object(ANNA))
    assert "Jag samtycker" not in page.text
    back = walk(rp.http, page, number("19771212", 982))
    assert "error=access_denied" in back
    assert "code=" not in back


def test_the_pages_say_which_it_is_and_who_asks(rp: Any) -> None:
    page = html.fromstring(rp.authorize(rp.login_object()).text)
    assert page.findtext(".//h1") == "Legitimera dig med BankID"
    assert page.xpath("string(//p[@class='words'])") == "Logga in i Provet"
    assert page.xpath("string(//header[@class='band']//strong)") == "TESTMILJÖ"
    assert [button.text for button in page.iter("button")] == ["Legitimera", "Avbryt", "Låt det misslyckas"]
    first = rp.authorize(rp.sign_object(ANNA))
    assert html.fromstring(first.text).findtext(".//h1") == "Skriv under med BankID"
    second = html.fromstring(rp.http.post(first.url, data={"personnummer": ANNA, "action": "ok"}).text)
    assert second.xpath("string(//p[@class='words'])") == TEXT
    assert [button.text for button in second.iter("button")] == [
        "Skriv under",
        "Avbryt",
        "Låt det misslyckas",
    ]


def test_pages_carry_a_strict_policy_and_set_no_cookie(rp: Any) -> None:
    page = rp.authorize(rp.login_object())
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self' http://prov.localhost:9; base-uri 'none'; frame-ancestors 'none'"
    )
    assert page.headers["Cache-Control"] == "no-store"
    assert rp.http.cookies.get_dict() == {}


def test_a_number_that_does_not_hold_is_explained_and_kept(rp: Any) -> None:
    page = rp.authorize(rp.login_object())
    answer = rp.http.post(page.url, data={"annat_nummer": "199001019803", "action": "ok"})
    assert answer.status_code == 400
    again = html.fromstring(answer.text)
    assert again.xpath("string(//p[@role='alert'])").startswith("Den sista siffran stämmer inte.")
    assert again.xpath("string(//input[@name='annat_nummer']/@value)") == "199001019803"
    with pytest.raises(WalkFailed, match="Den sista siffran stämmer inte"):
        walk(rp.http, page, "199001019803")


def test_a_visit_is_answered_once(rp: Any) -> None:
    page = rp.authorize(rp.login_object())
    walk(rp.http, page, ANNA)
    assert rp.http.post(page.url, data={"personnummer": ANNA, "action": "ok"}).status_code == 404


def test_the_picture_on_another_device_changes_each_second(rp: Any) -> None:
    page = rp.authorize(rp.login_object())
    other = html.fromstring(rp.http.get(page.url + "?enhet=annan").text)
    address = rp.issuer + other.xpath("string(//img/@src)")
    first = rp.http.get(address)
    assert first.headers["Content-Type"].startswith("image/svg+xml")
    deadline = time.monotonic() + 5
    while rp.http.get(address).text == first.text:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_logout_goes_back_to_registered_addresses_only(rp: Any) -> None:
    _, answer = login(rp)
    hint = {"id_token_hint": answer["id_token"], "state": "s1"}
    registered = "http://prov.localhost:9/eid/tillbaka/ut"
    good = rp.http.get(
        f"{rp.issuer}/logout", params={**hint, "post_logout_redirect_uri": registered}, allow_redirects=False
    )
    assert (good.status_code, good.headers["Location"]) == (303, f"{registered}?state=s1")
    bad = rp.http.get(
        f"{rp.issuer}/logout",
        params={**hint, "post_logout_redirect_uri": "http://ond.localhost/"},
        allow_redirects=False,
    )
    assert bad.status_code == 400
    assert rp.http.get(f"{rp.issuer}/logout").status_code == 200


def test_clients_are_read_again_when_the_file_changes(running: Any) -> None:
    content = running.clients.read_text()
    assert running.client("ny").authorize(running.client("ny").login_object()).status_code == 400
    running.clients.write_text(content.replace('"bara-inloggning"', '"ny"'))
    try:
        party = running.client("ny")
        assert set(party.answer(party.login_object(), ANNA)) == {"code", "state", "iss"}
    finally:
        running.clients.write_text(content)
        os.utime(running.clients)


def test_the_root_lies_beside_the_keys(running: Any) -> None:
    assert Path(running.home / "root.pem").read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    assert (running.home / "keys.json").stat().st_mode & 0o777 == 0o600


def test_other_host_names_are_refused(rp: Any) -> None:
    assert rp.http.get(f"{rp.issuer}/healthz").json() == {"status": "ok"}
    refused = rp.http.get(f"{rp.issuer}/healthz", headers={"Host": "ond.example"})
    assert (refused.status_code, "TESTMILJÖ" in refused.text) == (403, True)


def test_a_broken_clients_file_stops_logins_until_it_is_mended(running: Any) -> None:
    content = running.clients.read_text()
    running.clients.write_text("[{")
    try:
        party = running.client()
        assert party.authorize(party.login_object()).status_code == 503
    finally:
        running.clients.write_text(content)
    party = running.client()
    assert set(party.answer(party.login_object(), ANNA)) == {"code", "state", "iss"}


def test_the_log_holds_no_number_no_query_and_no_visit(rp: Any, running: Any) -> None:
    login(rp)
    requested = {"client_id": rp.client_id, "request": rp.signed(rp.login_object())}
    rp.http.get(f"{rp.issuer}/authorize", params=requested)
    lines = (running.home.parent / "log").read_text().splitlines()
    ours = re.compile(r"(GET|POST) [\w.-]+ \d{3}|testlegitimation: klientfilen går inte att använda\. .*")
    assert [line for line in lines if not ours.fullmatch(line)] == []
    assert lines.count("POST token 200") >= 1
