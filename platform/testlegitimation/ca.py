"""The test certificate authority: root, bank CA, customer CA, a leaf per person and use, BankID-shaped
signatures, OCSP.

The chain and the leaf's subject follow what BankID's own test PKI shows: root -> bank CA -> customer CA ->
leaf, where the leaf for identification carries digitalSignature and the one for signing contentCommitment.
Keys are made once and kept in a folder (0700), so that a signature costs milliseconds.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from lxml import etree

from testlegitimation.bankid_xml import XMLDSIG, SignedContent, envelope
from testlegitimation.people import Person

AUTHORITY_FROM = datetime(2020, 1, 1, tzinfo=UTC)
AUTHORITY_TO = datetime(2049, 12, 31, tzinfo=UTC)
LEAF_LIFETIME = timedelta(days=730)
LEAF_POLICY = ObjectIdentifier("1.2.3.4.25")
TITLES = {"bankid": "Mobilt BankID", "freja": "Freja eID", "siths": "SITHS eID"}
ORGANIZATION = "Testlegitimation Provbank AB"
AUTHORITIES = {
    "root": "Testlegitimation Root CA v1",
    "bank": "Testlegitimation Bank CA v1",
    "customer": "Testlegitimation Customer CA v1",
    "responder": "Testlegitimation OCSP Responder v1",
}
Use = Literal["identification", "signing"]


@dataclass(frozen=True)
class KeyedCertificate:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


class TestCA:
    """A whole test PKI in one folder. Make it with ``load_or_create``; safe for several threads."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._kept: dict[Path, KeyedCertificate] = {}
        self.root = self._authority("root", None, path_length=2)
        self.bank = self._authority("bank", self.root, path_length=1)
        self.customer = self._authority("customer", self.bank, path_length=0)
        self.responder = self._responder()

    @classmethod
    def load_or_create(cls, folder: Path | str) -> TestCA:
        """The CA kept in ``folder``; made there at the first call (about a second)."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(path)

    @property
    def root_pem(self) -> bytes:
        """The root certificate, PEM: what a relying party pins."""
        return self.root.certificate.public_bytes(serialization.Encoding.PEM)

    def sign_bankid(
        self,
        person: Person,
        visible_text: str,
        non_visible: bytes,
        func_id: str = "Signing",
        *,
        use: Use | None = None,
        eid: str = "bankid",
        rp_name: str = "Testmiljö",
        expired: bool = False,
    ) -> bytes:
        """An enveloping XML signature by ``person`` in BankID's shape, as bytes of XML.

        ``use`` names the leaf's key usage (by default the one that fits ``func_id``); ``expired`` signs
        with a leaf that ended long ago.
        """
        fitting: Use = "signing" if func_id == "Signing" else "identification"
        leaf = self.leaf(person, use or fitting, eid=eid, expired=expired)
        content = SignedContent(
            visible_text=visible_text,
            non_visible=non_visible,
            func_id=func_id,
            nonce=secrets.token_bytes(20),
            rp_name=f"cn={rp_name},serialNumber=0000000000,o={rp_name},c=SE",
            display_name=rp_name,
            device="testlegitimation",
        )
        return envelope(
            content,
            [leaf.der, self.customer.der, self.bank.der],
            lambda data: leaf.key.sign(data, padding.PKCS1v15(), hashes.SHA256()),
        )

    def ocsp(
        self,
        signature_xml: bytes,
        *,
        status: Literal["good", "revoked"] = "good",
        this_update: datetime | None = None,
    ) -> bytes:
        """An OCSP response (DER) for the leaf of a signature, by the delegated responder, produced now.

        Nonce, as one project measured it in production: 32 bytes, of which the first 20 are SHA-1 over the
        Base64 string of the signature value. ``this_update`` is an aware time, by default now.
        """
        root = etree.fromstring(signature_xml)
        value = "".join(root.findtext(f"{{{XMLDSIG}}}SignatureValue", "").split())
        leaf = x509.load_der_x509_certificate(
            base64.b64decode(root.findtext(f".//{{{XMLDSIG}}}X509Certificate", ""))
        )
        at = (this_update or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        nonce = hashlib.sha1(value.encode(), usedforsecurity=False).digest() + secrets.token_bytes(12)
        revoked = status == "revoked"
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=leaf,
                issuer=self.customer.certificate,
                algorithm=hashes.SHA1(),  # noqa: S303 - the CertID of RFC 6960; no security rests on it
                cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
                this_update=at,
                next_update=at + timedelta(minutes=1),
                revocation_time=at - timedelta(days=1) if revoked else None,
                revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder.certificate)
            .certificates([self.responder.certificate])
            .add_extension(x509.OCSPNonce(nonce), critical=False)
        )
        response = builder.sign(self.responder.key, hashes.SHA256())
        return response.public_bytes(serialization.Encoding.DER)

    def leaf(
        self, person: Person, use: Use, *, eid: str = "bankid", expired: bool = False
    ) -> KeyedCertificate:
        """The person's certificate for one use, made at the first call and renewed in its last month."""
        seed = "|".join([person.personnummer, person.name, use, eid, "expired" if expired else "valid"])
        path = self.folder / "leaves" / f"{hashlib.sha256(seed.encode()).hexdigest()[:32]}.pem"
        with self._lock:
            kept = self._kept.get(path) or _read(path)
            last_month = datetime.now(UTC) + timedelta(days=30)
            if kept is None or (not expired and kept.certificate.not_valid_after_utc < last_month):
                kept = self._issue_leaf(person, use, eid, expired)
                _write(path, kept)
            self._kept[path] = kept
            return kept

    def _issue_leaf(self, person: Person, use: Use, eid: str, expired: bool) -> KeyedCertificate:
        key = _new_key()
        start = datetime.now(UTC).replace(microsecond=0) - (
            LEAF_LIFETIME * 2 if expired else timedelta(days=1)
        )
        shown = f"({start:%y%m%d %H.%M}) {person.name} - {TITLES[eid]}"
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
                x509.NameAttribute(NameOID.SURNAME, person.family_name),
                x509.NameAttribute(NameOID.GIVEN_NAME, person.given_name),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, person.personnummer),
                x509.NameAttribute(ObjectIdentifier("2.5.4.41"), shown),
                x509.NameAttribute(NameOID.COMMON_NAME, person.name),
            ]
        )
        usage = _key_usage(digital_signature=use == "identification", content_commitment=use == "signing")
        builder = (
            _builder(subject, key, self.customer, start, start + LEAF_LIFETIME)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.CertificatePolicies([x509.PolicyInformation(LEAF_POLICY, None)]), critical=False
            )
        )
        return KeyedCertificate(builder.sign(self.customer.key, hashes.SHA256()), key)

    def _authority(self, name: str, issuer: KeyedCertificate | None, *, path_length: int) -> KeyedCertificate:
        path = self.folder / f"{name}.pem"
        kept = _read(path)
        if kept is None:
            key = _new_key()
            builder = (
                _builder(_authority_name(AUTHORITIES[name]), key, issuer, AUTHORITY_FROM, AUTHORITY_TO)
                .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
                .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
            )
            kept = KeyedCertificate(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)
            _write(path, kept)
        return kept

    def _responder(self) -> KeyedCertificate:
        path = self.folder / "responder.pem"
        kept = _read(path)
        if kept is None:
            key = _new_key()
            builder = (
                _builder(
                    _authority_name(AUTHORITIES["responder"]),
                    key,
                    self.customer,
                    AUTHORITY_FROM,
                    AUTHORITY_TO,
                )
                .add_extension(_key_usage(digital_signature=True), critical=True)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
                .add_extension(x509.OCSPNoCheck(), critical=False)
            )
            kept = KeyedCertificate(builder.sign(self.customer.key, hashes.SHA256()), key)
            _write(path, kept)
        return kept


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _authority_name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Testmiljö"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(**wanted: bool) -> x509.KeyUsage:
    bits = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{bit: wanted.get(bit, False) for bit in bits})


def _builder(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer: KeyedCertificate | None,
    start: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    """A certificate begun: names, times, and the two key identifiers that chain validation asks for."""
    issuer_key = issuer.key.public_key() if issuer else key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _read(path: Path) -> KeyedCertificate | None:
    if not path.exists():
        return None
    content = path.read_bytes()
    key = serialization.load_pem_private_key(content, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{path.name}: the test CA keeps RSA keys only")
    return KeyedCertificate(x509.load_pem_x509_certificate(content), key)


def _write(path: Path, kept: KeyedCertificate) -> None:
    """Key and certificate in one file, 0600, whole or not at all (a second process may start at the same
    time).
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = kept.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + kept.certificate.public_bytes(serialization.Encoding.PEM)
    beside = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    beside.replace(path)
