"""Our own keys and secrets at the providers: read from files or the environment, never from a row.

A key that is registered at a provider is never made anew in silence: one that is missing is told, and made only
when somebody asks for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from stegvis.identity.eid.errors import ProviderConfigError

ClientKey = ECKey | RSAKey
KeyAlgorithm = Literal["ES256", "RS256"]
LARGEST_SECRET = 4096
# Read or written by others, or written by the group: a secret that may stand in other hands already.
_OTHERS = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP


def secret_text(row: Mapping[str, Any], name: str, folder: Path, where: str) -> str:
    """The secret that a row points at: ``<name>_env`` is a variable, ``<name>_file`` or ``<name>`` a file.

    Raises ``ProviderConfigError`` with what is wrong and what to do; the secret itself is in no message.
    """
    variable = row.get(f"{name}_env")
    if variable is not None:
        if not (content := os.environ.get(str(variable), "")).strip():
            raise ProviderConfigError(
                f"{where}: miljövariabeln {variable} är tom eller saknas. Sätt den där tjänsten startas.",
                f"{name}_env",
            )
        return content.strip()
    key = name if name in row else f"{name}_file"
    return read_secret_file(folder / str(row[key]), where, key)


def read_secret_file(path: Path, where: str, key: str = "") -> str:
    """The content of a secret file that only its owner may read. Raises ``ProviderConfigError``."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(LARGEST_SECRET + 1)
    except FileNotFoundError:
        raise ProviderConfigError(
            f"{where}: filen {path.name} saknas i {path.parent}. Lägg dit den som är registrerad hos "
            "leverantören.",
            key,
        ) from None
    except OSError as error:
        raise ProviderConfigError(
            f"{where}: filen {path.name} går inte att läsa ({error.strerror}).", key
        ) from None
    if mode & _OTHERS:
        raise ProviderConfigError(
            f"{where}: filen {path.name} kan läsas eller ändras av andra (läge {mode:04o}). "
            "Ge den läge 0600 och byt hemligheten.",
            key,
        )
    try:
        text = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > LARGEST_SECRET:
        raise ProviderConfigError(f"{where}: filen {path.name} är tom eller innehåller inte text.", key)
    return text


def parse_client_key(text: str, name: str, key: str = "") -> ClientKey:
    """A private key from its JWK, with ``kid``: P-256, or RSA of 2048 bits or more.

    Raises ``ProviderConfigError`` for anything else.
    """
    try:
        content = json.loads(text)
        made: ClientKey = (
            RSAKey.import_key(content) if content.get("kty") == "RSA" else ECKey.import_key(content)
        )
        strong = (
            made.public_key.key_size >= 2048 if isinstance(made, RSAKey) else content.get("crv") == "P-256"
        )
        valid = bool(made.is_private and made.kid and strong)
    except (ValueError, KeyError, TypeError, AttributeError, JoseError):
        valid = False
    if not valid:
        raise ProviderConfigError(
            f"Nyckelfilen {name} innehåller ingen privat nyckel (P-256 eller RSA) med kid.", key
        )
    return made


def ensure_client_key(path: Path, algorithm: KeyAlgorithm = "ES256") -> ClientKey:
    """The private key of a file that only we may read; made at the first call.

    Two processes that start at once end with the same key: the file is linked into place, and the one that
    came first stands. Raises ``ProviderConfigError`` for a file that holds no such key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made: ClientKey = (
            ECKey.generate_key("P-256", {"use": "sig", "alg": algorithm}, auto_kid=True)
            if algorithm == "ES256"
            else RSAKey.generate_key(3072, {"use": "sig", "alg": algorithm}, auto_kid=True)
        )
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(made.as_dict(private=True), file)
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            os.unlink(temporary)
    return parse_client_key(read_secret_file(path, "E-legitimationernas nycklar"), path.name)


def algorithm_of(key: ClientKey) -> KeyAlgorithm:
    """What a key of ours signs with."""
    return "RS256" if isinstance(key, RSAKey) else "ES256"


def public_jwk(key: ClientKey) -> dict[str, Any]:
    """The public half of one of our keys as a JWK."""
    return dict(key.as_dict(private=False))


def public_jwks(keys: Iterable[ClientKey]) -> dict[str, list[dict[str, Any]]]:
    """Our public keys as a JWK Set, each once, for ``/.well-known/jwks.json`` and for registration at a
    provider.
    """
    unique = {str(key.kid): public_jwk(key) for key in keys}
    return {"keys": [unique[kid] for kid in sorted(unique)]}
