"""Verifies a BankID-shaped XML signature offline: who signed what, when, and that it is what we asked for.

Nothing is fetched: the chain is in the signature, the root is pinned by the caller, and whether the
certificate was revoked is in the OCSP answer that came along. Messages of signxml can hold the subject of a
certificate (a number and a name), so they never leave this module.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import ExtensionPolicy, Store, VerificationError
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, VerifyResult, XMLVerifier
from signxml.exceptions import InvalidCertificate, SignXMLException
from signxml.util import X509CertChainVerifier

from stegvis.identity.eid import ocsp
from stegvis.identity.eid.errors import EidRefused
from stegvis.identity.eid.personal_number import read_number
from stegvis.identity.eid.signature_faults import SENTENCES, SignatureInvalid, SignatureReason

__all__ = ["CertificateFacts", "SignatureInvalid", "SignatureReason", "VerifiedSignature", "verify_signature"]

XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
BANKID = "http://www.bankid.com/signature/v1.0.0/types"
_SHAPE = [f"{{{XMLDSIG}}}{name}" for name in ("SignedInfo", "SignatureValue", "KeyInfo", "Object")]
LARGEST_SIGNATURE = 512 * 1024


class _PinnedChain(X509CertChainVerifier):
    """signxml's chain check against a root in memory: a pinned root needs no file of its own."""

    @property
    def store(self) -> Store:
        return Store(x509.load_pem_x509_certificates(self.ca_pem_file))

    def verify(self, cert_chain: list[x509.Certificate]) -> x509.Certificate:
        """The leaf, which stands first. signxml would also try the chain backwards: a CA as the signer."""
        try:
            return self._do_verify(cert_chain)
        except VerificationError:
            raise InvalidCertificate("chain") from None


class _PinnedVerifier(XMLVerifier):
    # Without this every genuine BankID signature fails: lxml's inclusive C14N of a subtree writes bogus
    # xmlns="".
    excise_empty_xmlns_declarations = True

    def get_cert_chain_verifier(
        self, ca_pem_file: bytes, ee_policy: ExtensionPolicy, ca_policy: ExtensionPolicy
    ) -> _PinnedChain:
        return _PinnedChain(
            ca_pem_file=ca_pem_file,
            verification_time=self._get_cert_verification_time(),
            ee_policy=ee_policy,
            ca_policy=ca_policy,
        )


@dataclass(frozen=True)
class CertificateFacts:
    """What the signer's certificate says, for the evidence.

    Times are aware; ``sha256`` and ``root_sha256`` are hex.
    """

    serial_number: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str
    root_sha256: str
    policies: tuple[str, ...]


@dataclass(frozen=True)
class VerifiedSignature:
    """A signature that holds.

    ``signed_at`` is the OCSP answer's producedAt; ``warnings`` are Swedish sentences.

    ``relying_party`` is the name that the signing screen showed as the one who asks
    (``srvInfo/displayName``).
    """

    signer_personnummer: str = field(repr=False)
    signer_name: str = field(repr=False)
    signed_at: datetime
    certificate: CertificateFacts
    relying_party: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Parts:
    """What of the document was really signed, and by which certificates."""

    data: etree._Element
    leaf: x509.Certificate
    issuer: x509.Certificate
    root: x509.Certificate
    signature_value: str


def verify_signature(
    signature_xml: bytes,
    ocsp_der: bytes | None,
    *,
    roots: Sequence[bytes],
    visible_text: str,
    binding_line: str,
    expected_personnummer: str,
    window: tuple[datetime, datetime],
    nonce_rule: Literal["warn", "refuse"] = "warn",
) -> VerifiedSignature:
    """Checks everything about one signature and says who signed.

    ``roots`` are the pinned root certificates (PEM), ``window`` the aware times between which it must have
    been made (30 s of difference between clocks is allowed). Raises ``SignatureInvalid`` with the first thing
    that does not hold.
    """
    answer = ocsp.read(ocsp_der)
    parts = _verify_xml(signature_xml, roots, answer.produced_at)
    _check_signed_data(parts.data, visible_text, binding_line)
    _check_key_usage(parts.leaf)
    number = _signer_number(parts.leaf)
    if not hmac.compare_digest(number.encode(), expected_personnummer.encode()):
        raise SignatureInvalid(SignatureReason.OTHER_SIGNER)
    nonce_fits = ocsp.check(
        answer, leaf=parts.leaf, issuer=parts.issuer, window=window, signature_value=parts.signature_value
    )
    if not nonce_fits and nonce_rule == "refuse":
        raise SignatureInvalid(SignatureReason.OCSP_NONCE)
    return VerifiedSignature(
        signer_personnummer=number,
        signer_name=_subject(parts.leaf, NameOID.COMMON_NAME),
        signed_at=answer.produced_at,
        certificate=_facts(parts.leaf, parts.root),
        relying_party=_relying_party(parts.data),
        warnings=() if nonce_fits else (SENTENCES[SignatureReason.OCSP_NONCE],),
    )


def _verify_xml(signature_xml: bytes, roots: Sequence[bytes], at: datetime) -> _Parts:
    document = _parse(signature_xml)
    for root_pem in roots:
        try:
            results = _PinnedVerifier().verify(
                signature_xml,
                ca_pem_file=root_pem,
                ee_policy=ExtensionPolicy.permit_all(),
                ca_policy=ExtensionPolicy.webpki_defaults_ca(),
                expect_config=SignatureConfiguration(
                    location="./",
                    expect_references=2,
                    signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
                    digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
                    verification_time=at,
                ),
            )
        except InvalidCertificate:
            continue
        except (SignXMLException, WrongSignature):
            raise SignatureInvalid(SignatureReason.CHANGED) from None
        except (etree.LxmlError, ValueError, TypeError, KeyError, AttributeError):
            raise SignatureInvalid(SignatureReason.STRUCTURE) from None
        return _parts(document, results if isinstance(results, list) else [results], root_pem)
    raise SignatureInvalid(_why_untrusted(document, at))


def _parse(signature_xml: bytes) -> etree._Element:
    """The document when it has exactly BankID's four parts; anything beside them would be unsigned and is
    refused.
    """
    if len(signature_xml) > LARGEST_SIGNATURE:
        raise SignatureInvalid(SignatureReason.STRUCTURE)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        document = etree.fromstring(signature_xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise SignatureInvalid(SignatureReason.STRUCTURE) from None
    right = (
        document.tag == f"{{{XMLDSIG}}}Signature"
        and document.getroottree().docinfo.internalDTD is None
        and [child.tag for child in document] == _SHAPE
        and [child.tag for child in document[3]] == [f"{{{BANKID}}}bankIdSignedData"]
    )
    if not right:
        raise SignatureInvalid(SignatureReason.STRUCTURE)
    uris = [reference.get("URI") for reference in document[0].findall(f"{{{XMLDSIG}}}Reference")]
    if sorted(uris, key=str) != ["#bidKeyInfo", "#bidSignedData"]:
        raise SignatureInvalid(SignatureReason.STRUCTURE)
    # The same Id twice would leave open which of the two was signed (signature wrapping).
    identifiers = [element.get("Id") for element in document.iter() if element.get("Id") is not None]
    if len(identifiers) != len(set(identifiers)):
        raise SignatureInvalid(SignatureReason.STRUCTURE)
    return document


def _certificates(key_info: etree._Element) -> list[x509.Certificate]:
    try:
        return [
            x509.load_der_x509_certificate(base64.b64decode(element.text or ""))
            for element in key_info.iter(f"{{{XMLDSIG}}}X509Certificate")
        ]
    except ValueError:
        raise SignatureInvalid(SignatureReason.STRUCTURE) from None


def _why_untrusted(document: etree._Element, at: datetime) -> SignatureReason:
    certificates = _certificates(document[2])
    if certificates and not certificates[0].not_valid_before_utc <= at <= certificates[0].not_valid_after_utc:
        return SignatureReason.CERTIFICATE_EXPIRED
    return SignatureReason.UNTRUSTED_CHAIN


def _parts(document: etree._Element, results: list[VerifyResult], root_pem: bytes) -> _Parts:
    """The signed elements as signxml returns them ("see what is signed"), and the certificates among them."""
    signed = {one.signed_xml.tag: (one.signed_xml, one) for one in results if one.signed_xml is not None}
    data, result = signed.get(f"{{{BANKID}}}bankIdSignedData", (None, None))
    key_info, _ = signed.get(f"{{{XMLDSIG}}}KeyInfo", (None, None))
    if data is None or key_info is None or result is None:
        raise SignatureInvalid(SignatureReason.STRUCTURE)
    root = x509.load_pem_x509_certificate(root_pem)
    certificates = _certificates(key_info)
    leaf = next((one for one in certificates if _public_pem(one) == result.signature_key.strip()), None)
    if leaf is None:
        raise SignatureInvalid(SignatureReason.STRUCTURE)
    issuer = next((one for one in [*certificates, root] if _issued(leaf, one)), None)
    if issuer is None:
        raise SignatureInvalid(SignatureReason.UNTRUSTED_CHAIN)
    value = "".join((document[1].text or "").split())
    return _Parts(data, leaf, issuer, root, value)


def _public_pem(certificate: x509.Certificate) -> bytes:
    return (
        certificate.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .strip()
    )


def _issued(leaf: x509.Certificate, candidate: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(candidate)
    except (ValueError, TypeError, WrongSignature):
        return False
    return True


def _bytes_of(data: etree._Element, path: str) -> bytes:
    """The Base64 content of one element; several or none is a wrong structure."""
    found = data.findall("/".join(f"{{{BANKID}}}{step}" for step in path.split("/")))
    if len(found) != 1:
        raise SignatureInvalid(SignatureReason.STRUCTURE)
    try:
        return base64.b64decode("".join((found[0].text or "").split()), validate=True)
    except ValueError:
        raise SignatureInvalid(SignatureReason.STRUCTURE) from None


def _check_signed_data(data: etree._Element, visible_text: str, binding_line: str) -> None:
    functions = data.findall(f"{{{BANKID}}}clientInfo/{{{BANKID}}}funcId")
    if [element.text for element in functions] != ["Signing"]:
        raise SignatureInvalid(SignatureReason.NOT_A_SIGNING)
    shown = data.find(f"{{{BANKID}}}usrVisibleData")
    if shown is None or shown.get("charset") != "UTF-8" or shown.get("visible") != "wysiwys":
        raise SignatureInvalid(SignatureReason.OTHER_TEXT)
    if _bytes_of(data, "usrVisibleData") != visible_text.encode("utf-8"):
        raise SignatureInvalid(SignatureReason.OTHER_TEXT)
    if data.find(f"{{{BANKID}}}usrNonVisibleData") is None:
        raise SignatureInvalid(SignatureReason.OTHER_BINDING)
    if _bytes_of(data, "usrNonVisibleData") != binding_line.encode("utf-8"):
        raise SignatureInvalid(SignatureReason.OTHER_BINDING)


def _check_key_usage(leaf: x509.Certificate) -> None:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        raise SignatureInvalid(SignatureReason.KEY_USAGE) from None
    if not usage.content_commitment:
        raise SignatureInvalid(SignatureReason.KEY_USAGE)


def _subject(leaf: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = leaf.subject.get_attributes_for_oid(oid)
    if len(found) != 1:
        raise SignatureInvalid(SignatureReason.STRUCTURE)
    return str(found[0].value)


def _signer_number(leaf: x509.Certificate) -> str:
    try:
        return read_number(_subject(leaf, NameOID.SERIAL_NUMBER)).digits
    except EidRefused:
        raise SignatureInvalid(SignatureReason.OTHER_SIGNER) from None


def _relying_party(data: etree._Element) -> str:
    return _bytes_of(data, "srvInfo/displayName").decode("utf-8", "replace")


def _facts(leaf: x509.Certificate, root: x509.Certificate) -> CertificateFacts:
    try:
        policies = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
        named = tuple(policy.policy_identifier.dotted_string for policy in policies)
    except x509.ExtensionNotFound:
        named = ()
    return CertificateFacts(
        serial_number=f"{leaf.serial_number:x}",
        issuer=leaf.issuer.rfc4514_string(),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        sha256=leaf.fingerprint(hashes.SHA256()).hex(),
        root_sha256=root.fingerprint(hashes.SHA256()).hex(),
        policies=named,
    )
