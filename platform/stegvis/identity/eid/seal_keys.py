"""The keys that a huvudman's sealed documents are sealed with: files beside the database, never in it.

One PEM file for each huvudman, private key first, then its certificate and what links that to a root. A certificate
that was bought is put there by whoever runs the service and used as it is. Where there is none, one is issued by
the installation's own root for seals: enough to see that nothing was changed since the installation sealed it.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FOLDER = "seal"
ROOT = "root.pem"
ROOT_KEY = "root.key.pem"
_ROOT_NAME = "Stegvis, installationens rot för stämplar"
_ROOT_DAYS = 20 * 365
_SEAL_DAYS = 3 * 365
# A seal is made anew when it has less than this left, so that none ends while a document is made.
_MARGIN = timedelta(days=30)
_LONGEST_NAME = 64  # bytes (X.520, ub-organization-name)
_DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336


class SealFault(Exception):
    """A document cannot be sealed; the message is one Swedish sentence for whoever runs the service."""


@dataclass(frozen=True)
class SealKey:
    """What one huvudman seals with: the private key (PKCS 8, DER), its certificate and those above it (DER)."""

    owner: str
    private_der: bytes = field(repr=False)
    certificate_der: bytes
    above: tuple[bytes, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hexadecimal."""
        return x509.load_der_x509_certificate(self.certificate_der).fingerprint(hashes.SHA256()).hex()


class SealStore:
    """The folder of the seals' keys, mode 0700; every file with a key in it 0600."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self, scope: str, owner: str) -> SealKey:
        """The key of a huvudman (``forbund/huvudman``), made at the first call. Raises ``SealFault``.

        ``owner`` is the huvudman by name, as it will stand in the certificate.
        """
        path = self.folder / f"{scope.replace('/', '.')}.pem"
        found = self._read(path, owner) if path.exists() else None
        now = _now()
        if found is not None:
            certificate = x509.load_der_x509_certificate(found.certificate_der)
            if now + _MARGIN <= certificate.not_valid_after_utc:
                return found
            if not self._is_ours(certificate):
                if now <= certificate.not_valid_after_utc:
                    return found
                raise SealFault(f"Certifikatet för stämpeln {path.name} har gått ut. Lägg dit ett nytt.")
        made = self._issue(owner, now)
        # Somebody else may make one at the same moment: what lies there in the end is what is used.
        _place(path, made, anew=found is not None)
        return self._read(path, owner)

    def root_pem(self) -> bytes:
        """The installation's own root for seals; made at the first call."""
        self._root()
        return (self.folder / ROOT).read_bytes()

    def _read(self, path: Path, owner: str) -> SealKey:
        try:
            pem = path.read_bytes()
            private = serialization.load_pem_private_key(pem, password=None)
            certificates = x509.load_pem_x509_certificates(pem)
            if private.public_key() != certificates[0].public_key():
                raise ValueError("another key")
        except (OSError, ValueError, TypeError):
            raise SealFault(
                f"Filen {path.name} med nyckel och certifikat för stämpeln går inte att använda."
            ) from None
        der = [one.public_bytes(serialization.Encoding.DER) for one in certificates]
        return SealKey(owner, _pkcs8(private, serialization.Encoding.DER), der[0], tuple(der[1:]))

    def _root(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key_file, certificate_file = self.folder / ROOT_KEY, self.folder / ROOT
        if not key_file.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = ec.generate_private_key(ec.SECP256R1())
            _place(key_file, _pkcs8(key, serialization.Encoding.PEM) + _pem(_root_certificate(key)))
        try:
            pem = key_file.read_bytes()
            private = serialization.load_pem_private_key(pem, password=None)
            certificate = x509.load_pem_x509_certificates(pem)[0]
        except (OSError, ValueError, IndexError):
            raise SealFault(f"Filen {ROOT_KEY} med roten för stämplar går inte att använda.") from None
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise SealFault(f"Filen {ROOT_KEY} med roten för stämplar går inte att använda.")
        if not certificate_file.exists():
            _place(certificate_file, _pem(certificate))
        return private, certificate

    def _is_ours(self, certificate: x509.Certificate) -> bool:
        return certificate.issuer == _root_name()

    def _issue(self, owner: str, now: datetime) -> bytes:
        root_key, root = self._root()
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, _fitting(owner)),
                x509.NameAttribute(NameOID.COMMON_NAME, _fitting(f"Stämpel, {owner}")),
            ]
        )
        certificate = (
            _builder(name, root.subject, key.public_key(), now, _SEAL_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(seal=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([_DOCUMENT_SIGNING]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
            )
            .sign(root_key, hashes.SHA256())
        )
        return _pkcs8(key, serialization.Encoding.PEM) + _pem(certificate)


def _now() -> datetime:
    return datetime.now(UTC)


def _fitting(name: str) -> str:
    """As much of a name as a certificate takes."""
    return name.encode("utf-8")[:_LONGEST_NAME].decode("utf-8", "ignore")


def _root_name() -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _ROOT_NAME)])


def _root_certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return (
        _builder(_root_name(), _root_name(), key.public_key(), _now(), _ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(seal=False), critical=True)
        .sign(key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, seal: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=seal,
        content_commitment=seal,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not seal,
        crl_sign=not seal,
        encipher_only=False,
        decipher_only=False,
    )


def _pkcs8(key: object, encoding: serialization.Encoding) -> bytes:
    assert hasattr(key, "private_bytes")
    content: bytes = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return content


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _place(path: Path, content: bytes, *, anew: bool = False) -> None:
    """Write a file whole (0600); one that came first stands, unless it is to be made anew."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if anew:
            os.replace(temporary, path)
            return
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
