"""e-ID providers as data: one row says who the provider is and how its answers are read.

A new provider of a known kind takes a row and a key file, no code. Secrets lie in files beside, never in the
row.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from cryptography import x509
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from stegvis.identity.eid.errors import ProviderConfigError

PINNED_ALGORITHMS = ("RS256", "ES256", "PS256")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
CLAIM = "https://id.oidc.se/claim/"
Kind = Literal["sweden"]
SignWay = Literal["oidc_sweden", "none"]
_ROW_KEYS = frozenset(
    {"id", "title", "kind", "issuer", "client_id", "client_key", "accepted_acr", "authn_provider", "sign"}
    | {"signature_root", "claims", "algorithms", "at_hash_required", "ocsp_nonce"}
)


@dataclass(frozen=True)
class ClaimMap:
    """Under which name a provider gives each fact.

    The defaults are OIDC Sweden, Claims and Scopes 1.0, section 2.
    """

    personnummer: str = f"{CLAIM}personalIdentityNumber"
    coordination_number: str = f"{CLAIM}coordinationNumber"
    given_name: str = "given_name"
    family_name: str = "family_name"
    name: str = "name"
    authn_provider: str = f"{CLAIM}authnProvider"
    device_ip: str = f"{CLAIM}deviceIp"
    user_signature: str = f"{CLAIM}userSignature"
    authn_evidence: str = f"{CLAIM}authnEvidence"

    @classmethod
    def from_config(cls, row: Mapping[str, str]) -> ClaimMap:
        """The defaults with what the row says otherwise. ``ProviderConfigError`` for an unknown name."""
        unknown = sorted(set(row) - {item.name for item in fields(cls)})
        if unknown:
            raise ProviderConfigError(f"Leverantörens claims har ett okänt namn: {unknown[0]}.")
        return cls(**row)


@dataclass(frozen=True)
class Provider:
    """One e-ID provider as a relying party knows it.

    ``authn_provider`` is the URI that tells a broker which e-ID to use (None: its own chooser);
    ``accepted_acr`` the levels of assurance that are good enough, as URIs; ``signature_root_pem`` the pinned
    root for signatures of that environment; ``ocsp_nonce`` whether a nonce that does not match is a warning
    or a refusal.
    """

    id: str
    title: str
    issuer: str
    client_id: str
    client_key: ECKey = field(repr=False)
    accepted_acr: tuple[str, ...]
    kind: Kind = "sweden"
    authn_provider: str | None = None
    sign: SignWay = "none"
    signature_root_pem: bytes | None = field(default=None, repr=False)
    claims: ClaimMap = ClaimMap()
    algorithms: tuple[str, ...] = PINNED_ALGORITHMS
    at_hash_required: bool = True
    ocsp_nonce: Literal["warn", "refuse"] = "warn"

    @classmethod
    def from_config(cls, row: Mapping[str, Any], secrets_dir: Path) -> Provider:
        """A provider from plain data; ``client_key`` and ``signature_root`` name files in ``secrets_dir``.

        Raises ``ProviderConfigError`` with a Swedish sentence when the row or a file does not hold.
        """
        where = f"E-legitimationsleverantören {row.get('id', '(utan id)')}"
        _check_row(row, where)
        root: bytes | None = None
        if row.get("signature_root"):
            root = _read_root(secrets_dir / str(row["signature_root"]), where)
        if row.get("sign", "none") == "oidc_sweden" and root is None:
            raise ProviderConfigError(
                f"{where} ska kunna skriva under men saknar signature_root, "
                "rotcertifikatet som underskrifter prövas mot."
            )
        return cls(
            id=row["id"],
            title=row["title"],
            kind="sweden",
            issuer=row["issuer"],
            client_id=row["client_id"],
            client_key=ensure_client_key(secrets_dir / str(row.get("client_key", f"{row['id']}.jwk"))),
            accepted_acr=tuple(row["accepted_acr"]),
            authn_provider=row.get("authn_provider"),
            sign=row.get("sign", "none"),
            signature_root_pem=root,
            claims=ClaimMap.from_config(row.get("claims", {})),
            algorithms=tuple(row.get("algorithms", PINNED_ALGORITHMS)),
            at_hash_required=bool(row.get("at_hash_required", True)),
            ocsp_nonce=row.get("ocsp_nonce", "warn"),
        )


def _check_row(row: Mapping[str, Any], where: str) -> None:
    unknown = sorted(set(row) - _ROW_KEYS)
    if unknown:
        raise ProviderConfigError(f"{where} har en okänd uppgift: {unknown[0]}.")
    for name in ("id", "title", "issuer", "client_id"):
        if not (isinstance(row.get(name), str) and row[name].strip()):
            raise ProviderConfigError(f"{where} saknar {name}.")
    if row.get("kind", "sweden") != "sweden":
        raise ProviderConfigError(
            f"{where} har sorten {row['kind']}, som inte finns. Den sort som finns är sweden."
        )
    if not is_safe_address(row["issuer"]):
        raise ProviderConfigError(f"{where} har en issuer som inte är https (eller den egna datorn).")
    levels = row.get("accepted_acr")
    if (
        not isinstance(levels, list | tuple)
        or not levels
        or not all(isinstance(level, str) for level in levels)
    ):
        raise ProviderConfigError(f"{where} saknar accepted_acr, de tillitsnivåer som godtas.")
    if row.get("sign", "none") not in ("oidc_sweden", "none"):
        raise ProviderConfigError(f"{where} har ett okänt sätt att skriva under: {row['sign']}.")
    algorithms = tuple(row.get("algorithms", PINNED_ALGORITHMS))
    if not algorithms or not set(algorithms) <= set(PINNED_ALGORITHMS):
        raise ProviderConfigError(f"{where} får bara ha algoritmerna {', '.join(PINNED_ALGORITHMS)}.")
    if row.get("ocsp_nonce", "warn") not in ("warn", "refuse"):
        raise ProviderConfigError(f"{where} har ett okänt värde för ocsp_nonce.")


def _read_root(path: Path, where: str) -> bytes:
    try:
        pem = path.read_bytes()
        x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError):
        raise ProviderConfigError(f"{where}: rotcertifikatet {path.name} går inte att läsa.") from None
    return pem


def is_safe_address(address: object) -> bool:
    """Whether an address may be talked to: https, or http on this machine (the test provider); no user, no
    fragment.
    """
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    if parts.username is not None or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def ensure_client_key(path: Path) -> ECKey:
    """Our private key (P-256, with ``kid``) in a file that only we may read; made at the first call.

    Two processes that start at once end with the same key: the file is linked into place, and the one that
    came first stands. Raises ``ProviderConfigError`` for a file that holds no such key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(key.as_dict(private=True), file)
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            os.unlink(temporary)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        key = ECKey.import_key(content)
        valid = key.is_private and content.get("crv") == "P-256" and bool(key.kid)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, JoseError):
        valid = False
    if not valid:
        raise ProviderConfigError(f"Nyckelfilen {path.name} innehåller ingen privat P-256-nyckel med kid.")
    return key


def public_jwk(key: ECKey) -> dict[str, Any]:
    """The public half of one of our keys as a JWK."""
    return dict(key.as_dict(private=False))


def public_jwks(keys: Iterable[ECKey]) -> dict[str, list[dict[str, Any]]]:
    """Our public keys as a JWK Set, each once, for ``/.well-known/jwks.json`` and for registration at a
    provider.
    """
    unique = {str(key.kid): public_jwk(key) for key in keys}
    return {"keys": [unique[kid] for kid in sorted(unique)]}
