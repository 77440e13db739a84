"""Checks the seal of a PDF: nothing in the file was changed, who sealed it, and that no change was ever allowed.

Stricter than a reader of PDF files has to be: the seal covers every byte of the file but its own, and of its own
every byte is compared with what it must be, so that not one can be another.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.general import CMSStructuralError
from pyhanko.sign.validation import SignatureCoverageLevel, read_certification_data
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from stegvis.identity.eid.seal import changed_place, read_time

_RANGES = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_STRONG = frozenset({"sha256", "sha384", "sha512"})
_MECHANISMS = frozenset(
    {"sha256_ecdsa", "sha384_ecdsa", "sha512_ecdsa", "sha256_rsa", "sha384_rsa", "sha512_rsa"}
)
BROKEN = "Stämpeln är bruten: filen har ändrats efter att den stämplades"


class SealBroken(Exception):
    """The seal does not hold; the message is a Swedish sentence. Nothing else in the file can be believed."""


@dataclass(frozen=True)
class CheckedSeal:
    """A seal that is whole. ``trusted`` says whether its certificate comes from a root that was given.

    ``sealed_at`` is what the sealing machine's clock said: no outside party has confirmed it.
    """

    organisation: str
    fingerprint: str
    sealed_at: datetime
    trusted: bool


def check_seal(data: bytes, roots: Sequence[bytes]) -> CheckedSeal:
    """The seal of a file. ``roots`` are the pinned roots for seals (PEM). Raises ``SealBroken``."""
    covered, gap = _split(data)
    signed = _signed_data(gap)
    info = signed["signer_infos"][0]
    leaf, others = _certificates(signed, info)
    digest = hashlib.new(info["digest_algorithm"]["algorithm"].native, covered).digest()
    try:
        intact, valid = validate_sig_integrity(info, leaf, "data", digest)
    except (SignatureValidationError, CMSStructuralError, ValueError, KeyError, TypeError):
        raise SealBroken(_where(data)) from None
    if not intact or not valid:
        raise SealBroken(_where(data))
    _check_attributes(info, leaf)
    sealed_at = _check_document(data)
    certificate = x509.load_der_x509_certificate(leaf.dump())
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return CheckedSeal(
        organisation=str(found[0].value) if found else certificate.subject.rfc4514_string(),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        sealed_at=sealed_at,
        trusted=_is_trusted(certificate, others, roots, sealed_at),
    )


def has_seal(data: bytes) -> bool:
    """Whether a file looks as if it had been sealed, whole or not."""
    return b"/ByteRange" in data


def _where(data: bytes) -> str:
    place = changed_place(data) or "i den del där stämpeln ligger, sist i filen"
    return f"{BROKEN}, {place}."


def _split(data: bytes) -> tuple[bytes, bytes]:
    """What the seal covers, and what stands in its own place: together they must be the whole file."""
    found = _RANGES.findall(data)
    if len(found) != 1:
        raise SealBroken(_where(data))
    first, length, second, rest = (int(number) for number in found[0])
    whole = first == 0 < length < second and second + rest == len(data)
    if not whole or data[length : length + 1] != b"<" or data[second - 1 : second] != b">":
        raise SealBroken(_where(data))
    return data[:length] + data[second:], data[length + 1 : second - 1]


def _signed_data(gap: bytes) -> cms.SignedData:
    """The signature in its own place, when every byte there is what it must be: capital digits, then zeros."""
    broken = SealBroken(f"{BROKEN}, i stämpelns egna uppgifter.")
    if not re.fullmatch(rb"(?:[0-9A-F]{2})+", gap):
        raise broken
    raw = bytes.fromhex(gap.decode("ascii"))
    try:
        content = cms.ContentInfo.load(raw)
        length = len(content.dump())
        exact = cms.ContentInfo.load(raw[:length], strict=True)
        signed = exact["content"]
        right = (
            not any(raw[length:])
            # A length that takes some of the zeros in would say the same.
            and cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump() == raw[:length]
            and exact["content_type"].native == "signed_data"
            and signed["version"].native == "v1"
            and signed["encap_content_info"].native == {"content_type": "data", "content": None}
            and len(signed["signer_infos"]) == 1
            and signed["crls"].native is None
            and _right_signer(signed, signed["signer_infos"][0])
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise broken from None
    if not right:
        raise broken
    return signed


def _right_signer(signed: cms.SignedData, info: cms.SignerInfo) -> bool:
    algorithm = info["digest_algorithm"]["algorithm"].native
    outside = [one["algorithm"].native for one in signed["digest_algorithms"]]
    empty: tuple[Any, ...] = (None, {})
    return (
        info["version"].native == "v1"
        and info["sid"].name == "issuer_and_serial_number"
        and algorithm in _STRONG
        and outside == [algorithm]
        and info["digest_algorithm"]["parameters"].native in empty
        and signed["digest_algorithms"][0]["parameters"].native in empty
        and info["signature_algorithm"]["algorithm"].native in _MECHANISMS
        and info["signature_algorithm"]["algorithm"].native.startswith(algorithm)
        and info["signature_algorithm"]["parameters"].native in empty
        and info["unsigned_attrs"].native is None
    )


def _certificates(
    signed: cms.SignedData, info: cms.SignerInfo
) -> tuple[asn1_x509.Certificate, list[asn1_x509.Certificate]]:
    """The certificate that sealed, and the others that lie there."""
    broken = SealBroken(f"{BROKEN}, i stämpelns egna uppgifter.")
    try:
        found = [one.chosen for one in signed["certificates"]]
        named = info["sid"].chosen
        leaves = [
            one
            for one in found
            if isinstance(one, asn1_x509.Certificate)
            and one.issuer.dump() == named["issuer"].dump()
            and one.serial_number == named["serial_number"].native
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise broken from None
    if len(leaves) != 1 or not all(isinstance(one, asn1_x509.Certificate) for one in found):
        raise broken
    return leaves[0], [one for one in found if one is not leaves[0]]


def _check_attributes(info: cms.SignerInfo, leaf: asn1_x509.Certificate) -> None:
    """The certificate must be the one that the seal itself names (ESS signing-certificate-v2, RFC 5035)."""
    found = [one for one in info["signed_attrs"] if one["type"].native == "signing_certificate_v2"]
    if len(found) == 1:
        named = found[0]["values"][0]["certs"][0]
        algorithm = named["hash_algorithm"]["algorithm"].native
        if algorithm in _STRONG and named["cert_hash"].native == hashlib.new(algorithm, leaf.dump()).digest():
            return
    raise SealBroken(f"{BROKEN}, i stämpelns egna uppgifter.")


def _check_document(data: bytes) -> datetime:
    """The file has this one seal, nothing was added after it, and it forbids every change; when it was made."""
    try:
        reader = PdfFileReader(io.BytesIO(data))
        seals = list(reader.embedded_signatures)
        certified = read_certification_data(reader)
        if len(seals) != 1 or certified is None or certified.permission is not MDPPerm.NO_CHANGES:
            raise SealBroken("Filen har ingen stämpel som förbjuder ändringar.")
        seals[0].compute_integrity_info()
        if seals[0].evaluate_signature_coverage() is not SignatureCoverageLevel.ENTIRE_FILE:
            raise SealBroken("Stämpeln täcker inte hela filen.")
        made = read_time(str(seals[0].sig_object.get("/M", "")))
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        # Anybody can seal a file of any form with a key of their own.
        raise SealBroken("Filen är stämplad, men har inte den form som ett kvitto har.") from None
    if made is None:
        raise SealBroken("Stämpeln säger inte när den gjordes.")
    return made


def _is_trusted(
    leaf: x509.Certificate, others: list[asn1_x509.Certificate], roots: Sequence[bytes], at: datetime
) -> bool:
    if not roots:
        return False
    above = [x509.load_der_x509_certificate(one.dump()) for one in others]
    pinned = [one for pem in roots for one in x509.load_pem_x509_certificates(pem)]
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        verifier = (
            PolicyBuilder()
            .store(Store(pinned))
            .time(at)
            .extension_policies(
                ee_policy=ExtensionPolicy.permit_all(), ca_policy=ExtensionPolicy.webpki_defaults_ca()
            )
            .build_client_verifier()
        )
        chain = verifier.verify(leaf, above).chain
    except (VerificationError, x509.ExtensionNotFound, ValueError):
        return False
    needed = {one.fingerprint(hashes.SHA256()) for one in chain}
    unused = [one for one in above if one.fingerprint(hashes.SHA256()) not in needed]
    return not unused and (usage.digital_signature or usage.content_commitment)
