"""The OCSP answer that comes with a signature: was the certificate good at that moment, says who (RFC 6960).

``producedAt`` of a checked answer is the authoritative time of signing.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from stegvis.identity.eid.signature_faults import SignatureInvalid, SignatureReason

CLOCKS_DIFFER = timedelta(seconds=30)
_STRONG = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True)
class OcspAnswer:
    """A readable answer, not yet trusted: ``produced_at`` is aware."""

    response: ocsp.OCSPResponse
    produced_at: datetime


def read(der: bytes | None) -> OcspAnswer:
    """The answer in ``der``. Raises ``SignatureInvalid`` when it is missing, unreadable or not successful."""
    if not der:
        raise SignatureInvalid(SignatureReason.OCSP_MISSING)
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise SignatureInvalid(SignatureReason.OCSP_UNREADABLE)
        return OcspAnswer(response, response.produced_at_utc)
    except ValueError:
        raise SignatureInvalid(SignatureReason.OCSP_UNREADABLE) from None


def check(
    answer: OcspAnswer,
    *,
    leaf: x509.Certificate,
    issuer: x509.Certificate,
    window: tuple[datetime, datetime],
    signature_value: str,
) -> bool:
    """Checks the answer for ``leaf``; whether its nonce fits the signature is returned, the rest raises.

    ``window`` is from the request to the answer; ``signature_value`` the Base64 string of the XML signature.
    Raises ``SignatureInvalid(OCSP_...)``.
    """
    response = answer.response
    try:
        responder = _responder(response, issuer, answer.produced_at)
        _check_signature(response, responder)
        _check_certificate(response, leaf, issuer)
        _check_status(response, answer.produced_at, window)
        return _nonce_fits(response, signature_value)
    except (ValueError, UnsupportedAlgorithm):
        raise SignatureInvalid(SignatureReason.OCSP_UNREADABLE) from None


def _responder(response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> x509.Certificate:
    """The delegated responder: named by the answer, issued by the CA that issued the leaf, meant for OCSP,
    valid.
    """
    for candidate in response.certificates:
        named = (
            response.responder_name == candidate.subject
            if response.responder_name is not None
            else response.responder_key_hash == _key_hash(candidate, hashes.SHA1())  # noqa: S303 - a name
        )
        if not named:
            continue
        try:
            candidate.verify_directly_issued_by(issuer)
            purposes = candidate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            continue
        if ExtendedKeyUsageOID.OCSP_SIGNING in purposes and _valid_at(candidate, at):
            return candidate
    raise SignatureInvalid(SignatureReason.OCSP_RESPONDER)


def _valid_at(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _check_signature(response: ocsp.OCSPResponse, responder: x509.Certificate) -> None:
    algorithm = response.signature_hash_algorithm
    key = responder.public_key()
    if not isinstance(algorithm, _STRONG):
        raise SignatureInvalid(SignatureReason.OCSP_SIGNATURE)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
        else:
            raise SignatureInvalid(SignatureReason.OCSP_SIGNATURE)
    except InvalidSignature:
        raise SignatureInvalid(SignatureReason.OCSP_SIGNATURE) from None


def _check_certificate(response: ocsp.OCSPResponse, leaf: x509.Certificate, issuer: x509.Certificate) -> None:
    singles = list(response.responses)
    if len(singles) != 1:
        raise SignatureInvalid(SignatureReason.OCSP_OTHER_CERTIFICATE)
    single = singles[0]
    name = hashes.Hash(single.hash_algorithm)
    name.update(issuer.subject.public_bytes())
    same = (
        single.serial_number == leaf.serial_number
        and single.issuer_key_hash == _key_hash(issuer, single.hash_algorithm)
        and single.issuer_name_hash == name.finalize()
    )
    if not same:
        raise SignatureInvalid(SignatureReason.OCSP_OTHER_CERTIFICATE)


def _check_status(
    response: ocsp.OCSPResponse, produced_at: datetime, window: tuple[datetime, datetime]
) -> None:
    if response.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise SignatureInvalid(SignatureReason.OCSP_NOT_GOOD)
    earliest, latest = window
    in_time = earliest - CLOCKS_DIFFER <= produced_at <= latest + CLOCKS_DIFFER
    # An answer whose status was already out of date when it was produced says nothing about the signing.
    known_until = response.next_update_utc
    fresh = response.this_update_utc <= produced_at + CLOCKS_DIFFER and (
        known_until is None or known_until >= produced_at
    )
    if not (in_time and fresh):
        raise SignatureInvalid(SignatureReason.OCSP_TIME)


def _nonce_fits(response: ocsp.OCSPResponse, signature_value: str) -> bool:
    """Whether the nonce begins with SHA-1 over the Base64 string of the signature (as measured at BankID)."""
    try:
        nonce = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return False
    wanted = hashlib.sha1(signature_value.encode("ascii"), usedforsecurity=False).digest()
    return len(nonce) >= len(wanted) and hmac.compare_digest(nonce[: len(wanted)], wanted)


def _key_hash(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> bytes:
    """The hash that a CertID or ResponderID uses: over the BIT STRING of the public key, without tag and
    length.
    """
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        bits = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        bits = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    else:
        raise UnsupportedAlgorithm("key type")
    digest = hashes.Hash(algorithm)
    digest.update(bits)
    return digest.finalize()
