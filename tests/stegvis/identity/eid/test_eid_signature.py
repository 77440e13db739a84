"""Signatures verified offline: what the fault table does not reach through a provider."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from stegvis.identity.eid import SignatureInvalid, SignatureReason, VerifiedSignature, verify_signature
from stegvis.identity.eid.signature_faults import SENTENCES
from testlegitimation.ca import KeyedCertificate, TestCA
from testlegitimation.people import Person, luhn_digit

S = SignatureReason


@pytest.fixture(scope="module")
def case(signed_case: dict[str, Any]) -> dict[str, Any]:
    """A right signature and its OCSP answer, with what they must say."""
    xml = signed_case["ca"].sign_bankid(
        signed_case["person"], signed_case["text"], signed_case["line"].encode()
    )
    return signed_case | {"xml": xml, "ocsp": signed_case["ca"].ocsp(xml)}


def verified(case: dict[str, Any], **told: Any) -> VerifiedSignature:
    """The signature of the case, checked as told; what is not told is right."""
    now = datetime.now(UTC)
    right = {
        "roots": [case["ca"].root_pem],
        "visible_text": case["text"],
        "binding_line": case["line"],
        "expected_personnummer": case["person"].personnummer,
        "window": (now - timedelta(minutes=5), now),
    }
    xml = told.pop("xml", case["xml"])
    answer = told.pop("ocsp", case["ocsp"])
    return verify_signature(xml, answer, **(right | told))


def reason(case: dict[str, Any], **told: Any) -> SignatureReason:
    with pytest.raises(SignatureInvalid) as caught:
        verified(case, **told)
    assert caught.value.sentence == SENTENCES[caught.value.reason_code]
    return caught.value.reason_code


def test_what_a_right_signature_tells(case: dict[str, Any]) -> None:
    found = verified(case)
    assert (found.signer_personnummer, found.signer_name) == (case["person"].personnummer, "Test Testsson")
    assert found.warnings == ()
    assert found.certificate.not_before < found.signed_at < found.certificate.not_after
    root = x509.load_pem_x509_certificate(case["ca"].root_pem)
    assert found.certificate.root_sha256 == root.fingerprint(hashes.SHA256()).hex()


def test_every_reason_has_a_sentence() -> None:
    assert set(SENTENCES) == set(SignatureReason)
    assert len(set(SENTENCES.values())) == len(SENTENCES)


def test_the_pinned_root_is_found_among_several(case: dict[str, Any], tmp_path: Path) -> None:
    other = TestCA.load_or_create(tmp_path).root_pem
    assert verified(case, roots=[other, case["ca"].root_pem]) == verified(case)
    assert reason(case, roots=[other]) is S.UNTRUSTED_CHAIN
    assert reason(case, roots=[]) is S.UNTRUSTED_CHAIN


def test_the_text_must_be_equal_byte_for_byte(case: dict[str, Any]) -> None:
    assert reason(case, visible_text=case["text"] + " ") is S.OTHER_TEXT
    assert reason(case, visible_text=case["text"].replace("\n", "\r\n")) is S.OTHER_TEXT
    assert reason(case, binding_line=case["line"].upper()) is S.OTHER_BINDING


def test_no_line_at_all_is_another_binding(case: dict[str, Any]) -> None:
    xml = case["ca"].sign_bankid(case["person"], case["text"], b"")
    assert reason(case, xml=xml, ocsp=case["ca"].ocsp(xml)) is S.OTHER_BINDING


def test_a_signing_with_both_uses_wrong(case: dict[str, Any]) -> None:
    xml = case["ca"].sign_bankid(
        case["person"], case["text"], case["line"].encode(), "Identification", use="signing"
    )
    assert reason(case, xml=xml, ocsp=case["ca"].ocsp(xml)) is S.NOT_A_SIGNING


def test_a_certificate_without_a_right_number(case: dict[str, Any]) -> None:
    nobody = Person("190000000000", "Test", "Testsson")
    xml = case["ca"].sign_bankid(nobody, case["text"], case["line"].encode())
    assert (
        reason(case, xml=xml, ocsp=case["ca"].ocsp(xml), expected_personnummer="190000000000")
        is S.OTHER_SIGNER
    )


@pytest.mark.parametrize("minutes", [-10, 10])
def test_an_ocsp_answer_of_another_time(case: dict[str, Any], minutes: int) -> None:
    start = datetime.now(UTC) + timedelta(minutes=minutes)
    assert reason(case, window=(start, start + timedelta(minutes=2))) is S.OCSP_TIME


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        None,
        b"no answer",
        ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            serialization.Encoding.DER
        ),
    ],
)
def test_an_ocsp_answer_that_says_nothing(case: dict[str, Any], answer: bytes | None) -> None:
    assert reason(case, ocsp=answer) is (S.OCSP_UNREADABLE if answer else S.OCSP_MISSING)


def built(case: dict[str, Any], **told: Any) -> bytes:
    """An OCSP answer for the case's leaf, put together as told."""
    ca: TestCA = case["ca"]
    now = datetime.now(UTC).replace(microsecond=0)
    right = {
        "cert": ca.leaf(case["person"], "signing").certificate,
        "issuer": ca.customer.certificate,
        "algorithm": hashes.SHA1(),
        "cert_status": ocsp.OCSPCertStatus.GOOD,
        "this_update": now,
        "next_update": now + timedelta(minutes=1),
        "revocation_time": None,
        "revocation_reason": None,
    }
    signer = told.pop("signer", ca.responder)
    digest = told.pop("digest", hashes.SHA256())
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(**(right | told))
        .responder_id(ocsp.OCSPResponderEncoding.NAME, signer.certificate)
        .certificates([signer.certificate])
    )
    return builder.sign(signer.key, digest).public_bytes(serialization.Encoding.DER)


def test_an_answer_without_nonce_is_a_warning_or_a_refusal(case: dict[str, Any]) -> None:
    assert verified(case, ocsp=built(case)).warnings == (SENTENCES[S.OCSP_NONCE],)
    assert verified(case, ocsp=built(case, algorithm=hashes.SHA256())).warnings == (SENTENCES[S.OCSP_NONCE],)
    assert reason(case, ocsp=built(case), nonce_rule="refuse") is S.OCSP_NONCE


def test_who_may_answer_and_how(case: dict[str, Any]) -> None:
    ca: TestCA = case["ca"]
    # Issued by the same CA, but a person's certificate and not one for OCSP.
    assert reason(case, ocsp=built(case, signer=ca.leaf(case["person"], "signing"))) is S.OCSP_RESPONDER
    assert reason(case, ocsp=built(case, signer=ca.bank)) is S.OCSP_RESPONDER
    assert reason(case, ocsp=built(case, issuer=ca.bank.certificate)) is S.OCSP_OTHER_CERTIFICATE
    assert reason(case, ocsp=built(case, cert_status=ocsp.OCSPCertStatus.UNKNOWN)) is S.OCSP_NOT_GOOD


def test_a_certificate_for_another_purpose_may_not_answer(case: dict[str, Any]) -> None:
    ca: TestCA = case["ca"]
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .issuer_name(ca.customer.certificate.subject)
        .subject_name(ca.responder.certificate.subject)
        .public_key(ca.responder.key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    )
    for_mail = KeyedCertificate(builder.sign(ca.customer.key, hashes.SHA256()), ca.responder.key)
    assert reason(case, ocsp=built(case, signer=for_mail)) is S.OCSP_RESPONDER


def test_an_answer_that_was_out_of_date_when_given(case: dict[str, Any]) -> None:
    ago = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    stale = built(case, this_update=ago, next_update=ago + timedelta(minutes=1))
    ahead = built(case, this_update=ago + timedelta(hours=4), next_update=ago + timedelta(hours=5))
    assert (reason(case, ocsp=stale), reason(case, ocsp=ahead)) == (S.OCSP_TIME, S.OCSP_TIME)


def test_an_answer_whose_signature_was_changed(case: dict[str, Any]) -> None:
    response = ocsp.load_der_ocsp_response(case["ocsp"])
    place = case["ocsp"].index(response.signature)
    changed = bytearray(case["ocsp"])
    changed[place + 100] ^= 1
    assert reason(case, ocsp=bytes(changed)) is S.OCSP_SIGNATURE


def element(case: dict[str, Any], start: bytes, end: bytes) -> bytes:
    xml: bytes = case["xml"]
    return xml[xml.index(start) : xml.index(end) + len(end)]


def test_anything_beside_the_four_parts_is_refused(case: dict[str, Any]) -> None:
    xml: bytes = case["xml"]
    objects = element(case, b"<Object>", b"</Object>")
    data = element(case, b"<bankIdSignedData", b"</bankIdSignedData>")
    changes = {
        "second object": xml.replace(objects, objects + b"<Object>more</Object>"),
        "second data": xml.replace(data, data + data.replace(b'"bidSignedData"', b'"other"')),
        "twice the same id": xml.replace(b"<Object>", b'<Object Id="bidSignedData">'),
        "doctype": xml.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "b">]>', 1),
        "other reference": xml.replace(b'URI="#bidKeyInfo"', b'URI=""'),
        "other root": xml.replace(b"<Signature ", b"<Signatures ").replace(b"</Signature>", b"</Signatures>"),
        "no xml": b"not xml",
        "empty": b"",
        "too large": xml + b" " * 600_000,
    }
    assert {name: reason(case, xml=changed) for name, changed in changes.items()} == dict.fromkeys(
        changes, S.STRUCTURE
    )


def test_weaker_algorithms_are_refused(case: dict[str, Any]) -> None:
    sha1 = case["xml"].replace(b"2001/04/xmldsig-more#rsa-sha256", b"2000/09/xmldsig#rsa-sha1")
    assert reason(case, xml=sha1) is S.CHANGED


def test_a_comment_cannot_split_what_is_signed(case: dict[str, Any]) -> None:
    coded = base64.b64encode(case["text"].encode())
    split = case["xml"].replace(coded, coded[:8] + b"<!-- x -->" + coded[8:])
    # Canonical XML leaves comments out, so the signature still holds, over the whole text and nothing less.
    assert verified(case, xml=split) == verified(case)


def test_every_changed_byte_is_noticed_or_means_nothing(case: dict[str, Any]) -> None:
    xml: bytes = case["xml"]
    right, unnoticed = verified(case), []
    for place in range(0, len(xml), 37):
        changed = xml[:place] + bytes([xml[place] ^ 1]) + xml[place + 1 :]
        try:
            found = verified(case, xml=changed)
        except SignatureInvalid:
            continue
        assert found == right
        unnoticed.append(place)
    # What is left is how the same XML is written (the XML declaration, padding bits), never what it says.
    assert len(unnoticed) * 37 < len(xml) * 0.02


def test_a_chain_that_begins_with_another_certificate_is_refused(case: dict[str, Any]) -> None:
    start, end = case["xml"].index(b"<X509Certificate>"), case["xml"].rindex(b"</X509Certificate>")
    chain = case["xml"][start:end].split(b"</X509Certificate>")
    turned = case["xml"][:start] + b"</X509Certificate>".join(reversed(chain)) + case["xml"][end:]
    assert reason(case, xml=turned) is S.CHANGED


def test_another_person_of_the_same_day(case: dict[str, Any]) -> None:
    eleven = "19900101983"
    assert reason(case, expected_personnummer=eleven + str(luhn_digit(eleven[2:]))) is S.OTHER_SIGNER
