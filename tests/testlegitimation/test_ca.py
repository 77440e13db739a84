"""The test CA alone: chain, leaves, the signature verified by two independent roads, OCSP."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import ocsp
from cryptography.x509.verification import ExtensionPolicy
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier
from signxml.exceptions import InvalidCertificate, InvalidDigest, InvalidInput, InvalidSignature

from testlegitimation.bankid_xml import BANKID_TYPES, XMLDSIG
from testlegitimation.ca import TestCA
from testlegitimation.people import Person

TEST = Person("199001019802", "Test", "Testsson")
TEXT = "Jag samtycker: åäö & <b>\nRad två.\r\n"
BINDING = b"prov-sign:v1;doc=sha256:00"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> TestCA:
    return TestCA.load_or_create(tmp_path_factory.mktemp("ca"))


def verified(xml: bytes, root: Path) -> etree._Element:
    """The signed bankIdSignedData element, by the recipe that holds for real BankID signatures."""
    verifier = XMLVerifier()
    verifier.excise_empty_xmlns_declarations = True
    results = verifier.verify(
        xml,
        ca_pem_file=str(root),
        ee_policy=ExtensionPolicy.permit_all(),
        ca_policy=ExtensionPolicy.webpki_defaults_ca(),
        expect_config=SignatureConfiguration(
            location="./",
            expect_references=2,
            signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
            digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        ),
    )
    found = [r.signed_xml for r in results if r.signed_xml.tag == f"{{{BANKID_TYPES}}}bankIdSignedData"]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def root(ca: TestCA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("root") / "root.pem"
    path.write_bytes(ca.root_pem)
    return path


def test_a_signature_verifies_and_says_what_was_signed(ca: TestCA, root: Path) -> None:
    data = verified(ca.sign_bankid(TEST, TEXT, BINDING), root)
    assert base64.b64decode(data.findtext(f"{{{BANKID_TYPES}}}usrVisibleData")).decode() == TEXT
    assert base64.b64decode(data.findtext(f"{{{BANKID_TYPES}}}usrNonVisibleData")) == BINDING
    assert data.findtext(f"{{{BANKID_TYPES}}}clientInfo/{{{BANKID_TYPES}}}funcId") == "Signing"
    assert data.find(f"{{{BANKID_TYPES}}}usrVisibleData").attrib == {"charset": "UTF-8", "visible": "wysiwys"}


@settings(max_examples=15, deadline=None)
@given(text=st.text(min_size=1, max_size=200), binding=st.binary(min_size=1, max_size=100))
def test_any_text_and_any_bytes_verify(ca: TestCA, root: Path, text: str, binding: bytes) -> None:
    data = verified(ca.sign_bankid(TEST, text, binding), root)
    assert base64.b64decode(data.findtext(f"{{{BANKID_TYPES}}}usrVisibleData")).decode() == text


def test_what_is_digested_is_the_canonical_form(ca: TestCA) -> None:
    """A second road without signxml: each part, cut out as it stands, is its own canonical form and digests
    right.
    """
    xml = ca.sign_bankid(TEST, TEXT, BINDING, rp_name="Prov & <Co>")
    document = etree.fromstring(xml)
    digests = [node.text for node in document.iter(f"{{{XMLDSIG}}}DigestValue")]
    parts = []
    for name in (b"bankIdSignedData", b"KeyInfo", b"SignedInfo"):
        start, end = xml.index(b"<" + name), xml.index(b"</" + name + b">") + len(name) + 3
        parts.append(xml[start:end])
    assert [etree.tostring(etree.fromstring(part), method="c14n") for part in parts] == parts
    assert [base64.b64encode(hashlib.sha256(part).digest()).decode() for part in parts[:2]] == digests
    leaf = ca.leaf(TEST, "signing")
    value = base64.b64decode(document.findtext(f"{{{XMLDSIG}}}SignatureValue"))
    leaf.key.public_key().verify(value, parts[2], padding.PKCS1v15(), hashes.SHA256())


def test_a_changed_byte_does_not_verify(ca: TestCA, root: Path) -> None:
    xml = ca.sign_bankid(TEST, "Ja tack", BINDING)
    # The last Base64 character of the signature value holds four bits that belong to no byte.
    places = set(range(xml.index(b"<SignedInfo"), len(xml) - 12, 97)) - {
        xml.index(b"==</SignatureValue>") - 1
    }
    for place in sorted(places):
        changed = bytearray(xml)
        changed[place] ^= 1
        with pytest.raises(
            (InvalidSignature, InvalidDigest, InvalidInput, InvalidCertificate, ValueError, etree.LxmlError)
        ):
            verified(bytes(changed), root)


def test_a_replaced_text_is_an_invalid_digest(ca: TestCA, root: Path) -> None:
    xml = ca.sign_bankid(TEST, "Ja tack", BINDING)
    with pytest.raises(InvalidDigest):
        verified(xml.replace(base64.b64encode(b"Ja tack"), base64.b64encode(b"Nej tack")), root)


def test_another_root_is_an_invalid_certificate(ca: TestCA, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(TestCA.load_or_create(tmp_path / "ca").root_pem)
    with pytest.raises(InvalidCertificate):
        verified(ca.sign_bankid(TEST, TEXT, BINDING), other)


def test_an_expired_leaf_does_not_verify(ca: TestCA, root: Path) -> None:
    # signxml turns the chain round when the first order fails, so the reason it gives is the signature's.
    with pytest.raises((InvalidCertificate, InvalidSignature)):
        verified(ca.sign_bankid(TEST, TEXT, BINDING, expired=True), root)


def test_the_chain_is_leaf_customer_bank_without_the_root(ca: TestCA) -> None:
    document = etree.fromstring(ca.sign_bankid(TEST, TEXT, BINDING))
    chain = [
        x509.load_der_x509_certificate(base64.b64decode(node.text))
        for node in document.iter(f"{{{XMLDSIG}}}X509Certificate")
    ]
    leaf, customer, bank = chain
    leaf.verify_directly_issued_by(customer)
    customer.verify_directly_issued_by(bank)
    bank.verify_directly_issued_by(ca.root.certificate)
    lengths = [
        c.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
        for c in (ca.root.certificate, bank, customer)
    ]
    assert lengths == [2, 1, 0]


@pytest.mark.parametrize(("use", "bits"), [("identification", (True, False)), ("signing", (False, True))])
def test_a_leaf_says_who_and_for_what(ca: TestCA, use: str, bits: tuple[bool, bool]) -> None:
    leaf = ca.leaf(TEST, use).certificate
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    subject = {attribute.oid.dotted_string: attribute.value for attribute in leaf.subject}
    assert (usage.digital_signature, usage.content_commitment) == bits
    assert (subject["2.5.4.5"], subject["2.5.4.4"], subject["2.5.4.42"]) == (
        TEST.personnummer,
        "Testsson",
        "Test",
    )
    assert str(subject["2.5.4.41"]).endswith(" Test Testsson - Mobilt BankID")


def test_ocsp_is_good_by_a_delegated_responder_with_the_nonce_of_the_signature(ca: TestCA) -> None:
    xml = ca.sign_bankid(TEST, TEXT, BINDING)
    response = ocsp.load_der_ocsp_response(ca.ocsp(xml))
    responder = response.certificates[0]
    responder.verify_directly_issued_by(ca.customer.certificate)
    usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.ExtendedKeyUsageOID.OCSP_SIGNING]
    responder.public_key().verify(
        response.signature, response.tbs_response_bytes, padding.PKCS1v15(), response.signature_hash_algorithm
    )
    value = etree.fromstring(xml).findtext(f"{{{XMLDSIG}}}SignatureValue")
    nonce = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert (len(nonce), nonce[:20]) == (32, hashlib.sha1(value.encode()).digest())
    assert response.serial_number == ca.leaf(TEST, "signing").certificate.serial_number
    assert response.certificate_status == ocsp.OCSPCertStatus.GOOD
    assert abs(response.produced_at_utc - datetime.now(UTC)) < timedelta(minutes=1)


def test_ocsp_can_say_revoked(ca: TestCA) -> None:
    response = ocsp.load_der_ocsp_response(ca.ocsp(ca.sign_bankid(TEST, TEXT, BINDING), status="revoked"))
    assert response.certificate_status == ocsp.OCSPCertStatus.REVOKED


def test_the_folder_keeps_everything_and_only_the_owner_reads_the_keys(tmp_path: Path) -> None:
    first = TestCA.load_or_create(tmp_path / "ca")
    leaf = first.leaf(TEST, "signing")
    second = TestCA.load_or_create(tmp_path / "ca")
    assert second.root_pem == first.root_pem
    assert second.leaf(TEST, "signing").der == leaf.der
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "ca").rglob("*.pem")}
    assert modes == {0o600}
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700
