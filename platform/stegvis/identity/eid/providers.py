"""e-ID providers as data: one row says who the provider is, whose it is, and how its answers are read.

A new provider of a known kind takes a row and its secrets, no code. Secrets lie in files or variables, never in
the row. docs/eid.md explains every key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cryptography import x509

from stegvis.ground.tenancy.names import ID_PATTERN, ScopeId
from stegvis.identity.eid.claims import ClaimMap
from stegvis.identity.eid.client_keys import ClientKey, ensure_client_key, parse_client_key, secret_text
from stegvis.identity.eid.errors import ProviderConfigError
from stegvis.identity.eid.kind import ClientAuth, Kind, KindName, SignWay, UserInfo
from stegvis.identity.eid.kinds import KINDS
from stegvis.identity.eid.tokens import PINNED_ALGORITHMS
from stegvis.identity.eid.wire import is_safe_address, origin_of

# Signs the record of what was asked where the provider knows us by a shared secret alone. Registered nowhere.
OWN_KEY = "requests.jwk"
_ROW_KEYS = frozenset(
    {"id", "title", "kind", "owner", "issuer", "client_id", "accepted_acr", "sign", "signature_root"}
    | {"client_auth", "client_key", "client_key_env", "client_secret_file", "client_secret_env"}
    | {"claims", "algorithms", "userinfo", "at_hash_required", "ocsp_nonce", "origins"}
)


@dataclass(frozen=True)
class Provider:
    """One e-ID provider as a relying party knows it.

    ``owner`` is empty (the service's own: login, and signing where a huvudman lets it) or a huvudman's scope
    (``gavleborg/sandviken``: signing there alone). ``authn_provider`` and ``acr_values`` tell a broker which
    e-ID to use; ``accepted_acr`` are the levels of assurance that are good enough, as the claim
    ``claims.level`` gives them; ``signature_root_pem`` the pinned root for signatures of that environment;
    ``ocsp_nonce`` whether a nonce that does not match is a warning or a refusal; ``longest_lifetime`` the
    seconds that an ID token may live; ``version`` changes with whatever the protocol rests on.
    """

    id: str
    title: str
    issuer: str
    client_id: str
    client_key: ClientKey = field(repr=False)
    accepted_acr: tuple[str, ...]
    kind: KindName = "sweden"
    owner: str = ""
    client_auth: ClientAuth = "private_key_jwt"
    client_secret: str = field(default="", repr=False)
    authn_provider: str | None = None
    acr_values: str = ""
    scopes: tuple[str, ...] = ()
    sign: SignWay = "none"
    signature_root_pem: bytes | None = field(default=None, repr=False)
    claims: ClaimMap = field(default_factory=ClaimMap)
    algorithms: tuple[str, ...] = PINNED_ALGORITHMS
    userinfo: UserInfo = "signed"
    at_hash_required: bool = True
    longest_lifetime: int = 300
    ocsp_nonce: Literal["warn", "refuse"] = "warn"
    origins: tuple[str, ...] = ()
    version: str = ""

    @property
    def handle(self) -> str:
        """The name in addresses of one förbund: ``bankid``, or ``sandviken.bankid`` for a huvudman's own."""
        return f"{ScopeId.parse(self.owner).huvudman}.{self.id}" if self.owner else self.id

    @property
    def key(self) -> str:
        """Owner, id and version of the settings: what keeps two rows of the same id apart."""
        return f"{self.owner}:{self.id}@{self.version}"

    @property
    def adapter(self) -> Kind:
        """How this kind of provider is asked."""
        return KINDS[self.kind]

    @classmethod
    def from_config(cls, row: Mapping[str, Any], secrets_dir: Path) -> Provider:
        """A provider from plain data; files that the row names lie in ``secrets_dir``.

        Raises ``ProviderConfigError`` with a Swedish sentence when the row, a file or a variable does not hold.
        """
        where = name_of(row)
        _check_row(row, where)
        facts = KINDS[row.get("kind", "sweden")].facts
        root = _root(row, secrets_dir, where)
        auth: ClientAuth = row.get("client_auth", facts.client_auth[0])
        key = _client_key(row, auth, secrets_dir, where)
        secret = "" if auth == "private_key_jwt" else secret_text(row, "client_secret", secrets_dir, where)
        return cls(
            id=row["id"],
            title=row["title"],
            kind=row.get("kind", "sweden"),
            owner=row.get("owner", ""),
            issuer=row["issuer"],
            client_id=row["client_id"],
            client_auth=auth,
            client_key=key,
            client_secret=secret,
            accepted_acr=tuple(row["accepted_acr"]),
            authn_provider=row.get("authn_provider"),
            acr_values=row.get("acr_values", ""),
            scopes=tuple(row.get("scopes", ())),
            sign=row.get("sign", "none"),
            signature_root_pem=root,
            claims=ClaimMap.from_config(row.get("claims", {}), KINDS[row.get("kind", "sweden")].claims(row)),
            algorithms=tuple(row.get("algorithms", PINNED_ALGORITHMS)),
            userinfo=row.get("userinfo", facts.userinfo[0]),
            at_hash_required=row.get("at_hash_required", facts.at_hash_required),
            longest_lifetime=row.get("longest_lifetime", facts.lifetime),
            ocsp_nonce=row.get("ocsp_nonce", "warn"),
            origins=tuple(dict.fromkeys([origin_of(row["issuer"]), *row.get("origins", ())])),
            version=_version(row, key, secret, root),
        )


def name_of(row: Mapping[str, Any]) -> str:
    """What a row is called in sentences."""
    own = f" hos {row['owner']}" if row.get("owner") else ""
    return f"E-legitimationsleverantören {row.get('id', '(utan id)')}{own}"


def _version(row: Mapping[str, Any], key: ClientKey, secret: str, root: bytes | None) -> str:
    """Twelve hexadecimal digits over everything but the title, keys and secrets included."""
    said = {name: value for name, value in row.items() if name != "title"}
    rest = (key.thumbprint(), hashlib.sha256(secret.encode()).hexdigest(), (root or b"").hex())
    return hashlib.sha256(json.dumps([said, rest], sort_keys=True, default=str).encode()).hexdigest()[:12]


def _client_key(row: Mapping[str, Any], auth: ClientAuth, folder: Path, where: str) -> ClientKey:
    if auth != "private_key_jwt" and "client_key" not in row and "client_key_env" not in row:
        return ensure_client_key(folder / OWN_KEY)
    named = dict(row)
    if "client_key_env" not in row:
        named.setdefault("client_key", f"{row['id']}.jwk")
    source = str(named.get("client_key_env") or named["client_key"])
    return parse_client_key(secret_text(named, "client_key", folder, where), source, "client_key")


def _root(row: Mapping[str, Any], folder: Path, where: str) -> bytes | None:
    """The pinned root of a row that signs, or that names one."""
    if row.get("signature_root"):
        path = folder / str(row["signature_root"])
        try:
            pem = path.read_bytes()
            x509.load_pem_x509_certificate(pem)
        except (OSError, ValueError):
            raise ProviderConfigError(
                f"{where}: rotcertifikatet {path.name} går inte att läsa.", "signature_root"
            ) from None
        return pem
    if row.get("sign", "none") != "none":
        raise ProviderConfigError(
            f"{where} ska kunna skriva under men saknar signature_root, "
            "rotcertifikatet som underskrifter prövas mot.",
            "sign",
        )
    return None


def _check_row(row: Mapping[str, Any], where: str) -> None:
    """Raise for the first thing that does not hold, in the order in which somebody would look."""
    for name in ("id", "title", "issuer", "client_id"):
        if not (isinstance(row.get(name), str) and row[name].strip()):
            raise ProviderConfigError(f"{where} saknar {name}.", name)
    if row.get("kind", "sweden") not in KINDS:
        raise ProviderConfigError(
            f"{where} har sorten {row['kind']}, som inte finns. De som finns är {', '.join(KINDS)}.", "kind"
        )
    kind = KINDS[row.get("kind", "sweden")]
    unknown = sorted(set(row) - _ROW_KEYS - kind.facts.own_keys)
    if unknown:
        raise ProviderConfigError(f"{where} har en okänd uppgift: {unknown[0]}.", unknown[0])
    fault = _identity_fault(row) or _secret_fault(row, kind) or _choice_fault(row, kind) or kind.check(row)
    if fault is not None:
        key, sentence = fault
        raise ProviderConfigError(f"{where} {sentence}.", key)


Found = tuple[str, str] | None


def _identity_fault(row: Mapping[str, Any]) -> Found:
    if not ID_PATTERN.fullmatch(row["id"]):
        return "id", "har ett id som inte är små bokstäver, siffror och understreck"
    if "owner" in row and not _is_huvudman(row["owner"]):
        # A förbund has no business with the signature on a samtycke: its controller is the huvudman.
        return "owner", "har en owner som inte är en huvudman, skriven gavleborg/sandviken"
    if not is_safe_address(row["issuer"]):
        return "issuer", "har en issuer som inte är https (eller den egna datorn)"
    levels = row.get("accepted_acr")
    if (
        not isinstance(levels, list | tuple)
        or not levels
        or not all(isinstance(level, str) and level for level in levels)
    ):
        return "accepted_acr", "saknar accepted_acr, de tillitsnivåer som godtas"
    origins = row.get("origins", ())
    if not isinstance(origins, list | tuple) or not all(
        is_safe_address(one) and origin_of(str(one)) == one for one in origins
    ):
        return "origins", "har origins som inte är adresser utan sökväg"
    return None


def _is_huvudman(owner: object) -> bool:
    try:
        scope = ScopeId.parse(str(owner))
    except ValueError:
        return False
    return scope.huvudman is not None and str(scope) == owner


def _secret_fault(row: Mapping[str, Any], kind: Kind) -> Found:
    auth = row.get("client_auth", kind.facts.client_auth[0])
    if auth not in kind.facts.client_auth:
        return "client_auth", f"har ett client_auth som inte är {' eller '.join(kind.facts.client_auth)}"
    for first, second in (("client_key", "client_key_env"), ("client_secret_file", "client_secret_env")):
        if first in row and second in row:
            return second, f"har både {first} och {second}: behåll en"
    secrets = [name for name in ("client_secret_file", "client_secret_env") if name in row]
    if auth == "private_key_jwt" and secrets:
        return secrets[0], f"har {secrets[0]} fast client_auth är private_key_jwt"
    if auth != "private_key_jwt" and not secrets:
        return "client_auth", "saknar client_secret_file eller client_secret_env"
    return None


def _choice_fault(row: Mapping[str, Any], kind: Kind) -> Found:
    facts = kind.facts
    algorithms = tuple(row.get("algorithms", PINNED_ALGORITHMS))
    lifetime = row.get("longest_lifetime", facts.lifetime)
    whole = isinstance(lifetime, int) and not isinstance(lifetime, bool)
    checks: tuple[tuple[str, bool, str], ...] = (
        (
            "sign",
            row.get("sign", "none") in facts.signs,
            f"har ett okänt sätt att skriva under: {row.get('sign')}",
        ),
        (
            "userinfo",
            row.get("userinfo", facts.userinfo[0]) in facts.userinfo,
            f"har ett userinfo som inte är {' eller '.join(facts.userinfo)}",
        ),
        (
            "algorithms",
            bool(algorithms) and set(algorithms) <= set(PINNED_ALGORITHMS),
            f"får bara ha algoritmerna {', '.join(PINNED_ALGORITHMS)}",
        ),
        (
            "ocsp_nonce",
            row.get("ocsp_nonce", "warn") in ("warn", "refuse"),
            "har ett okänt värde för ocsp_nonce",
        ),
        (
            "longest_lifetime",
            whole and 60 <= lifetime <= 3600,
            "har en longest_lifetime som inte är 60 till 3600 sekunder",
        ),
        (
            "at_hash_required",
            isinstance(row.get("at_hash_required", True), bool),
            "har ett at_hash_required som inte är true eller false",
        ),
        ("claims", isinstance(row.get("claims", {}), Mapping), "har claims som inte är en tabell"),
    )
    return next(((key, sentence) for key, holds, sentence in checks if not holds), None)
