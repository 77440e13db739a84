"""Key files and data keys (walls 11).

A scope has one key file (mode 0600) outside the database and its backups. It wraps the data keys that lie
in the scope's schema: `field` (AES-256-GCM for fields), `search` (HMAC-SHA-256 for looking up numbers and
names), `file` and `dump`. Each purpose has versions, so that keys can be changed while old data can be read.
The files themselves are in `key_files`.
"""

import hashlib
import hmac
import os
import uuid
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PURPOSES = ("field", "search", "file", "dump")
_NONCE = 12


class KeyFault(Exception):
    """A sealed value was moved or changed, or its key is not here."""


class KeyRing:
    """The opened data keys of one scope; lives in memory only.

    `generation` is the number that the schema's marker had when the keys were read: it moves when they are
    changed. `renew` reads them again: asked once when a value is sealed with a version that is not known here.
    """

    def __init__(
        self,
        scope: str,
        schema: str,
        keys: dict[tuple[str, int], bytes],
        *,
        generation: int = 0,
        renew: Callable[[], "KeyRing"] | None = None,
    ) -> None:
        self.scope = scope
        self.schema = schema
        self.generation = generation
        self._keys = keys
        self._renew = renew
        self._newest = {p: max(v for purpose, v in keys if purpose == p) for p in {p for p, _ in keys}}

    def __repr__(self) -> str:
        return f"<KeyRing of {self.scope}>"

    def newest(self, purpose: str) -> int:
        """The version that is written with."""
        return self._newest[purpose]

    def versions(self, purpose: str) -> list[int]:
        """The versions that can be read, newest first."""
        return sorted((v for one, v in self._keys if one == purpose), reverse=True)

    def seal(self, clear: bytes, *, table: str, column: str, row: uuid.UUID) -> bytes:
        """Encrypt a field, bound to schema, table, column and row: moved elsewhere it cannot be opened."""
        return self._seal("field", clear, self._bound(table, column, row))

    def open(self, sealed: bytes, *, table: str, column: str, row: uuid.UUID) -> bytes:
        """Decrypt a field; raises KeyFault when key, place or content is not the one it was sealed with."""
        opened = self._open("field", sealed, self._bound(table, column, row))
        if opened is None:
            raise KeyFault(f"a sealed value in {self.schema}.{table}.{column} cannot be opened")
        return opened

    def search_hash(self, text: str) -> bytes:
        """The keyed hash by which a personal number is found, in the newest version of the key."""
        return self.search_hashes(text)[0]

    def search_hashes(self, text: str) -> list[bytes]:
        """The keyed hash in every version, newest first: both live while keys are changed."""
        return [
            hmac.digest(self._keys["search", v], text.encode(), hashlib.sha256)
            for v in self.versions("search")
        ]

    def seal_blob(self, clear: bytes, context: str) -> bytes:
        """Encrypt something that lies outside a table (a session's ID token), bound to its context."""
        return self._seal("file", clear, f"{self.schema}|{context}".encode())

    def open_blob(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal_blob` made; raises KeyFault."""
        opened = self._open("file", sealed, f"{self.schema}|{context}".encode())
        if opened is None:
            raise KeyFault(f"a sealed value of {self.scope} ({context}) cannot be opened")
        return opened

    def _seal(self, purpose: str, clear: bytes, bound: bytes) -> bytes:
        version, nonce = self._newest[purpose], os.urandom(_NONCE)
        return version.to_bytes(2) + nonce + AESGCM(self._keys[purpose, version]).encrypt(nonce, clear, bound)

    def _open(self, purpose: str, sealed: bytes, bound: bytes) -> bytes | None:
        version, nonce = version_of(sealed), sealed[2 : 2 + _NONCE]
        key = self._key(purpose, version)
        if key is None:
            return None
        try:
            return AESGCM(key).decrypt(nonce, sealed[2 + _NONCE :], bound)
        except (ValueError, InvalidTag):
            return None

    def _key(self, purpose: str, version: int) -> bytes | None:
        """A key by version; one that is not known here may have been made since the keys were read."""
        known = self._keys.get((purpose, version))
        if known is None and self._renew is not None:
            return self._renew()._keys.get((purpose, version))
        return known

    def _bound(self, table: str, column: str, row: uuid.UUID) -> bytes:
        return f"{self.schema}|{table}|{column}|{row}".encode()


class LiveRing(KeyRing):
    """The keys of one open scope, which never write with a version that others have left behind.

    Before the first sealing of a transaction, and before every hashing, the marker's generation is asked for
    in that same transaction. Whoever changes keys waits for the transactions that began before, so that from
    then on nothing new is sealed or hashed with the old version alone.
    """

    def __init__(self, ring: KeyRing, generation: Callable[[], int]) -> None:
        self._generation = generation
        self._checked = False
        self._adopt(ring)

    def begin(self) -> None:
        """A new transaction has begun: the generation is asked for again."""
        self._checked = False

    def seal(self, clear: bytes, *, table: str, column: str, row: uuid.UUID) -> bytes:
        if not self._checked:
            self._refresh()
        return super().seal(clear, table=table, column=column, row=row)

    def search_hashes(self, text: str) -> list[bytes]:
        self._refresh()
        return super().search_hashes(text)

    def _key(self, purpose: str, version: int) -> bytes | None:
        if (purpose, version) not in self._keys and self._renew is not None:
            self._adopt(self._renew())
        return self._keys.get((purpose, version))

    def _refresh(self) -> None:
        if self._renew is not None and self._generation() != self.generation:
            self._adopt(self._renew())
        self._checked = True

    def _adopt(self, ring: KeyRing) -> None:
        self.scope, self.schema, self.generation = ring.scope, ring.schema, ring.generation
        self._keys, self._newest, self._renew = ring._keys, ring._newest, ring._renew


def version_of(sealed: bytes) -> int:
    """The version of the key that a value was sealed with."""
    return int.from_bytes(sealed[:2])
