"""Each fault of the dictionary does what its name says, once, and then things are right again."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from joserfc.errors import JoseError
from lxml import etree

from testlegitimation import faults
from testlegitimation.bankid_xml import BANKID_TYPES, XMLDSIG
from testlegitimation.ca import TestCA
from testlegitimation.names import CLAIM

ANNA = "199001019802"
NUMBER = f"{CLAIM}personalIdentityNumber"
Claims = dict[str, Any]


def payload(token: str) -> Claims:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def header(token: str) -> Claims:
    part = token.split(".", maxsplit=1)[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def login_token(rp: Any) -> str:
    return rp.token(rp.answer(rp.login_object(), ANNA)["code"]).json()["id_token"]


ID_TOKEN: dict[str, Callable[[Claims, Any], bool]] = {
    "invalid-iss": lambda c, rp: c["iss"] != rp.issuer,
    "missing-iss": lambda c, rp: "iss" not in c,
    "missing-sub": lambda c, rp: "sub" not in c,
    "empty-sub": lambda c, rp: c["sub"] == "",
    "invalid-aud": lambda c, rp: c["aud"] != rp.client_id,
    "missing-aud": lambda c, rp: "aud" not in c,
    "aud-as-array": lambda c, rp: c["aud"] == [rp.client_id],
    "secondary-aud": lambda c, rp: c["aud"] == [rp.client_id, "someone-else"],
    "missing-iat": lambda c, rp: "iat" not in c,
    "iat-future": lambda c, rp: c["iat"] > c["auth_time"] + 500,
    "missing-exp": lambda c, rp: "exp" not in c,
    "expired": lambda c, rp: c["exp"] < c["auth_time"],
    "lifetime-long": lambda c, rp: c["exp"] - c["iat"] == 3900,
    "nonce-invalid": lambda c, rp: c["nonce"] != rp.nonce,
    "nonce-missing": lambda c, rp: "nonce" not in c,
    "invalid-athash": lambda c, rp: c["at_hash"] == "A" * 22,
    "athash-missing": lambda c, rp: "at_hash" not in c,
    "acr-lower": lambda c, rp: c["acr"].endswith("/loa1"),
    "acr-missing": lambda c, rp: "acr" not in c,
    "auth-time-old": lambda c, rp: c["iat"] - c["auth_time"] >= 86400,
    "auth-time-missing": lambda c, rp: "auth_time" not in c,
    "number-missing": lambda c, rp: NUMBER not in c,
    "number-other": lambda c, rp: c[NUMBER] == faults.other_number(ANNA),
    "number-ten-digits": lambda c, rp: c[NUMBER] == ANNA[2:],
    "number-coordination": lambda c, rp: (
        c.get(f"{CLAIM}coordinationNumber", "")[6:8] == "61" and NUMBER not in c
    ),
}


@pytest.mark.parametrize("name", ID_TOKEN)
def test_an_id_token_fault_shows_once_in_a_rightly_signed_token(rp: Any, name: str) -> None:
    rp.fault(name)
    assert ID_TOKEN[name](rp.read(login_token(rp)), rp)
    assert not ID_TOKEN[name](rp.read(login_token(rp)), rp)


def test_every_id_token_fault_has_its_row() -> None:
    assert set(ID_TOKEN) | {"signature-missing", "ocsp-missing"} == set(faults.ID_TOKEN_CHANGES)


ALGORITHMS = {
    "sig-none": "none",
    "invalid-sig": "ES256",
    "invalid-sig-rs256": "RS256",
    "invalid-sig-hs256": "HS256",
    "sig-es384": "ES384",
    "kid-unknown": "ES256",
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_wrongly_signed_token_does_not_verify(rp: Any, name: str) -> None:
    rp.fault(name)
    token = login_token(rp)
    with pytest.raises((JoseError, ValueError)):
        rp.read(token)
    assert payload(token)["nonce"] == rp.nonce
    assert header(token)["alg"] == ALGORITHMS[name]


def test_an_rs256_token_is_rightly_signed(rp: Any) -> None:
    rp.fault("sig-rs256")
    token = login_token(rp)
    assert (header(token)["alg"], rp.read(token)["nonce"]) == ("RS256", rp.nonce)


@pytest.mark.parametrize("name", ["kid-absent-single-jwks", "kid-absent-multiple-jwks"])
def test_without_kid_the_keys_are_one_or_several_until_the_next_visit(rp: Any, name: str) -> None:
    def fitting() -> int:
        keys = rp.http.get(f"{rp.issuer}/jwks.json").json()["keys"]
        return sum(key["kty"] == "EC" for key in keys)

    rp.fault(name)
    token = login_token(rp)
    assert header(token) == {"alg": "ES256", "typ": "JWT"}
    if name == "kid-absent-single-jwks":
        assert len(rp.http.get(f"{rp.issuer}/jwks.json").json()["keys"]) == 1
        assert rp.read(token)["nonce"] == rp.nonce
    else:
        assert fitting() > 1
    assert header(login_token(rp))["kid"]
    assert len(rp.http.get(f"{rp.issuer}/jwks.json").json()["keys"]) >= 2


def test_once_false_stays_until_it_is_cleared(rp: Any) -> None:
    rp.fault("acr-missing", once=False)
    assert ["acr" in payload(login_token(rp)) for _ in range(2)] == [False, False]
    rp.fault(None)
    assert "acr" in payload(login_token(rp))


USERINFO: dict[str, Callable[[Claims, Any], bool]] = {
    "userinfo-invalid-sub": lambda c, rp: c["sub"] == "another-subject",
    "userinfo-invalid-iss": lambda c, rp: c["iss"] != rp.issuer,
    "userinfo-invalid-aud": lambda c, rp: c["aud"] != rp.client_id,
    "userinfo-number-other": lambda c, rp: c[NUMBER] == faults.other_number(ANNA),
    "userinfo-number-missing": lambda c, rp: NUMBER not in c,
}


@pytest.mark.parametrize("name", USERINFO)
def test_a_userinfo_fault_leaves_the_id_token_right(rp: Any, name: str) -> None:
    rp.fault(name)
    answer = rp.token(rp.answer(rp.login_object(), ANNA)["code"]).json()
    assert rp.read(answer["id_token"])[NUMBER] == ANNA
    assert USERINFO[name](rp.read(rp.userinfo(answer["access_token"]).text), rp)


def test_userinfo_unsigned_wrongly_signed_and_broken(rp: Any) -> None:
    def told(name: str) -> Any:
        rp.fault(name)
        answer = rp.token(rp.answer(rp.login_object(), ANNA)["code"]).json()
        return rp.userinfo(answer["access_token"])

    assert told("userinfo-unsigned").json()[NUMBER] == ANNA
    with pytest.raises(JoseError):
        rp.read(told("userinfo-invalid-sig").text)
    assert told("userinfo-500").status_code == 500


def test_redirect_faults(rp: Any) -> None:
    def back(name: str) -> dict[str, str]:
        rp.fault(name)
        return rp.answer(rp.login_object(), ANNA)

    assert set(back("response-iss-missing")) == {"code", "state"}
    assert back("response-iss-wrong")["iss"] != rp.issuer
    assert back("response-state-wrong")["state"] != rp.state
    assert set(back("response-state-missing")) == {"code", "iss"}


def test_token_endpoint_faults(rp: Any) -> None:
    def answer(name: str, **more: Any) -> Any:
        rp.fault(name, **more)
        return rp.token(rp.answer(rp.login_object(), ANNA)["code"])

    assert answer("token-500").status_code == 500
    assert set(answer("token-no-id-token").json()) == {"access_token", "token_type", "expires_in"}
    assert answer("token-type-case").json()["token_type"] == "bEaReR"
    slow = answer("token-slow", seconds=0.3)
    assert (slow.status_code, slow.elapsed.total_seconds() >= 0.3) == (200, True)


def test_discovery_faults(rp: Any) -> None:
    address = f"{rp.issuer}/.well-known/openid-configuration"
    rp.fault("discovery-issuer-mismatch")
    assert rp.http.get(address).json()["issuer"] != rp.issuer
    rp.fault("discovery-alg-none")
    assert "none" in rp.http.get(address).json()["id_token_signing_alg_values_supported"]
    rp.fault("discovery-500")
    assert rp.http.get(address).status_code == 500
    assert rp.http.get(address).json()["issuer"] == rp.issuer


def test_a_key_rotation_makes_new_keys_and_still_publishes_the_former(rp: Any) -> None:
    before = login_token(rp)
    rp.fault("signing-key-rotation")
    after = login_token(rp)
    assert header(before)["kid"] != header(after)["kid"]
    assert (rp.read(before)["sub"], rp.read(after)["nonce"]) == (payload(after)["sub"], rp.nonce)


def test_keys_can_change_between_the_code_and_the_token(rp: Any) -> None:
    rp.fault("signing-key-rotation-just-before-signing")
    code = rp.answer(rp.login_object(), ANNA)["code"]
    known = {key["kid"] for key in rp.http.get(f"{rp.issuer}/jwks.json").json()["keys"]}
    token = rp.token(code).json()["id_token"]
    assert header(token)["kid"] not in known
    assert rp.read(token)["nonce"] == rp.nonce


def test_a_signing_can_be_answered_with_the_token_of_a_login(rp: Any) -> None:
    login = login_token(rp)
    rp.fault("id-token-of-a-login")
    code = rp.answer(rp.sign_object(ANNA), ANNA)["code"]
    assert rp.token(code).json()["id_token"] == login


def test_the_control_takes_json_and_known_names_only(rp: Any) -> None:
    assert rp.http.post(f"{rp.issuer}/__fel", data={"fault": "expired"}).status_code == 415
    assert rp.http.post(f"{rp.issuer}/__fel", json={"fault": "finns-inte"}).status_code == 400
    assert rp.http.get(f"{rp.issuer}/__fel").json() == {"faults": faults.names()}


class Signed:
    """A signature and its OCSP response, taken apart as far as the tests need."""

    def __init__(self, claims: Claims) -> None:
        self.xml = base64.b64decode(claims[f"{CLAIM}userSignature"])
        root = etree.fromstring(self.xml)
        self.ocsp = ocsp.load_der_ocsp_response(base64.b64decode(claims[f"{CLAIM}authnEvidence"]))
        chain = [base64.b64decode(node.text) for node in root.iter(f"{{{XMLDSIG}}}X509Certificate")]
        self.leaf, self.customer, self.bank = (x509.load_der_x509_certificate(der) for der in chain)
        self.texts = [
            base64.b64decode(n.text).decode() for n in root.iter(f"{{{BANKID_TYPES}}}usrVisibleData")
        ]
        self.hidden = base64.b64decode(root.findtext(f".//{{{BANKID_TYPES}}}usrNonVisibleData"))
        self.func_id = root.findtext(f".//{{{BANKID_TYPES}}}funcId")
        self.value = root.findtext(f"{{{XMLDSIG}}}SignatureValue")

    def usage(self) -> tuple[bool, bool]:
        usage = self.leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        return usage.digital_signature, usage.content_commitment

    def signer(self) -> str:
        return str(self.leaf.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)[0].value)

    def bank_is_from(self, root: x509.Certificate) -> bool:
        try:
            self.bank.verify_directly_issued_by(root)
        except Exception:
            return False
        return True


SIGNATURES: dict[str, Callable[[Signed, x509.Certificate], bool]] = {
    "signature-other-text": lambda s, root: not s.texts[0].startswith("Jag samtycker"),
    "signature-other-binding": lambda s, root: s.hidden == b"prov-sign:v1;doc=sha256:00;other",
    "signature-other-person": lambda s, root: s.signer() == faults.other_number(ANNA),
    "signature-identification": lambda s, root: (s.func_id, s.usage()) == ("Identification", (True, False)),
    "signature-key-usage": lambda s, root: (s.func_id, s.usage()) == ("Signing", (True, False)),
    "signature-changed": lambda s, root: s.texts[0].startswith("xag samtycker"),
    "signature-wrapped": lambda s, root: len(s.texts) == 2,
    "signature-other-root": lambda s, root: not s.bank_is_from(root),
    "signature-expired-leaf": lambda s, root: s.leaf.not_valid_after_utc < s.ocsp.produced_at_utc,
    "ocsp-revoked": lambda s, root: s.ocsp.certificate_status == ocsp.OCSPCertStatus.REVOKED,
    "ocsp-other-signature": lambda s, root: s.ocsp.serial_number != s.leaf.serial_number,
    "ocsp-other-responder": lambda s, root: (
        s.ocsp.certificates[0].issuer == s.customer.subject and s.ocsp.issuer_key_hash != own_key_hash(s)
    ),
    "ocsp-nonce": lambda s, root: s.ocsp.serial_number == s.leaf.serial_number and not nonce_fits(s),
}


def own_key_hash(signed: Signed) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(signed.customer.public_key()).digest


def nonce_fits(signed: Signed) -> bool:
    nonce = signed.ocsp.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    return nonce[:20] == hashlib.sha1(signed.value.encode()).digest()


def test_every_signature_fault_has_its_row() -> None:
    assert set(SIGNATURES) == set(faults.WRONG_SIGNATURES)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_fault_shows_once(rp: Any, running: Any, name: str) -> None:
    root = TestCA.load_or_create(running.home / "ca").root.certificate

    def signed() -> Signed:
        back = rp.answer(rp.sign_object(ANNA), ANNA)
        return Signed(rp.read(rp.token(back["code"]).json()["id_token"]))

    rp.fault(name)
    assert SIGNATURES[name](signed(), root)
    right = signed()
    assert not SIGNATURES[name](right, root)
    assert nonce_fits(right)
    assert right.ocsp.issuer_key_hash == own_key_hash(right)


@pytest.mark.parametrize(
    ("name", "claim"), [("signature-missing", "userSignature"), ("ocsp-missing", "authnEvidence")]
)
def test_missing_evidence(rp: Any, name: str, claim: str) -> None:
    rp.fault(name)
    back = rp.answer(rp.sign_object(ANNA), ANNA)
    claims = rp.read(rp.token(back["code"]).json()["id_token"])
    assert {part: f"{CLAIM}{part}" in claims for part in ("userSignature", "authnEvidence")} == {
        part: part != claim for part in ("userSignature", "authnEvidence")
    }
