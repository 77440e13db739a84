"""Key files and data keys (walls 11).

A scope has one key file (mode 0600) outside the database and its backups. It wraps the data keys that lie
in the scope's schema: `field` (AES-256-GCM for fields), `search` (HMAC-SHA-256 for looking up numbers),
`file` and `dump`. Each purpose has versions, so that keys can be changed while old data can be read.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import uuid
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PURPOSES = ("field", "search", "file", "dump")
_NONCE = 12


class KeyFault(Exception):
    """A key file is missing, unreadable or another scope's, or a sealed value was moved or changed."""


class KeyRing:
    """The opened data keys of one scope; lives in memory only."""

    def __init__(self, scope: str, schema: str, keys: dict[tuple[str, int], bytes]) -> None:
        self.scope = scope
        self.schema = schema
        self._keys = keys
        self._newest = {p: max(v for purpose, v in keys if purpose == p) for p in {p for p, _ in keys}}

    def __repr__(self) -> str:
        return f"<KeyRing of {self.scope}>"

    def seal(self, clear: bytes, *, table: str, column: str, row: uuid.UUID) -> bytes:
        """Encrypt a field, bound to schema, table, column and row: moved elsewhere it cannot be opened."""
        version = self._newest["field"]
        nonce = os.urandom(_NONCE)
        bound = self._bound(table, column, row)
        return version.to_bytes(2) + nonce + AESGCM(self._keys["field", version]).encrypt(nonce, clear, bound)

    def open(self, sealed: bytes, *, table: str, column: str, row: uuid.UUID) -> bytes:
        """Decrypt a field; raises KeyFault when key, place or content is not the one it was sealed with."""
        version, nonce = int.from_bytes(sealed[:2]), sealed[2 : 2 + _NONCE]
        try:
            key = self._keys["field", version]
            return AESGCM(key).decrypt(nonce, sealed[2 + _NONCE :], self._bound(table, column, row))
        except (KeyError, ValueError, InvalidTag):
            raise KeyFault(f"a sealed value in {self.schema}.{table}.{column} cannot be opened") from None

    def search_hash(self, text: str) -> bytes:
        """The keyed hash by which a personal number is found, in the newest version of the key."""
        return self.search_hashes(text)[0]

    def search_hashes(self, text: str) -> list[bytes]:
        """The keyed hash in every version, newest first: both live while keys are changed."""
        versions = sorted((v for purpose, v in self._keys if purpose == "search"), reverse=True)
        return [hmac.digest(self._keys["search", v], text.encode(), hashlib.sha256) for v in versions]

    def seal_blob(self, clear: bytes, context: str) -> bytes:
        """Encrypt something that lies outside a table (a session's ID token), bound to its context."""
        version, nonce = self._newest["file"], os.urandom(_NONCE)
        bound = f"{self.schema}|{context}".encode()
        return version.to_bytes(2) + nonce + AESGCM(self._keys["file", version]).encrypt(nonce, clear, bound)

    def open_blob(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal_blob` made; raises KeyFault."""
        version, nonce = int.from_bytes(sealed[:2]), sealed[2 : 2 + _NONCE]
        try:
            key = self._keys["file", version]
            return AESGCM(key).decrypt(nonce, sealed[2 + _NONCE :], f"{self.schema}|{context}".encode())
        except (KeyError, ValueError, InvalidTag):
            raise KeyFault(f"a sealed value of {self.scope} ({context}) cannot be opened") from None

    def _bound(self, table: str, column: str, row: uuid.UUID) -> bytes:
        return f"{self.schema}|{table}|{column}|{row}".encode()


class KeyStore:
    """The folder of key files, one per scope."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, scope: str) -> Path:
        """Where a scope's key file lies."""
        return self.folder / f"{scope.replace('/', '.')}.key"

    def create(self, scope: str) -> None:
        """Make the key file of a new scope; raises KeyFault when there is one already."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = {"scope": scope, "key": base64.b64encode(secrets.token_bytes(32)).decode()}
        try:
            descriptor = os.open(self.path(scope), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise KeyFault(f"{scope} har redan en nyckelfil: den skrivs aldrig över.") from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(content, stream)
            stream.flush()
            os.fsync(stream.fileno())

    def exists(self, scope: str) -> bool:
        """Whether the scope has a key file."""
        return self.path(scope).exists()

    def ring(self, scope: str, schema: str, wrapped: Iterable[tuple[str, int, bytes]]) -> KeyRing:
        """Open the scope's data keys; raises KeyFault when the file is missing, wrong or another's."""
        master = AESGCM(self._master(scope))
        keys: dict[tuple[str, int], bytes] = {}
        for purpose, version, blob in wrapped:
            bound = f"{scope}|{purpose}|{version}".encode()
            try:
                keys[purpose, version] = master.decrypt(blob[:_NONCE], blob[_NONCE:], bound)
            except (ValueError, InvalidTag):
                raise KeyFault(f"Nyckelfilen för {scope} hör inte till den här databasen.") from None
        return KeyRing(scope, schema, keys)

    def wrap(self, scope: str, purpose: str, version: int, key: bytes) -> bytes:
        """Wrap a data key for keeping in the scope's schema."""
        nonce = os.urandom(_NONCE)
        bound = f"{scope}|{purpose}|{version}".encode()
        return nonce + AESGCM(self._master(scope)).encrypt(nonce, key, bound)

    def _master(self, scope: str) -> bytes:
        try:
            content = json.loads(self.path(scope).read_text("utf-8"))
            key = base64.b64decode(content["key"], validate=True)
        except FileNotFoundError:
            raise KeyFault(f"Nyckelfilen för {scope} saknas: utan den kan inget läsas.") from None
        except (OSError, ValueError, KeyError, TypeError):
            raise KeyFault(f"Nyckelfilen för {scope} går inte att läsa.") from None
        if content.get("scope") != scope or len(key) != 32:
            raise KeyFault(f"Nyckelfilen för {scope} är en annans eller skadad.")
        return key


def new_data_keys(store: KeyStore, scope: str) -> list[tuple[str, int, bytes]]:
    """A first version of every data key, wrapped: rows (purpose, version, wrapped) for a new scope."""
    return [(p, 1, store.wrap(scope, p, 1, secrets.token_bytes(32))) for p in PURPOSES]
