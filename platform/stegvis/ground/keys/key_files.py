"""The key files: one per scope, outside the database and its backups, with a register of their copies.

Beside `<scope>.key` may lie `<scope>.copies.json` (where copies of it are kept), `<scope>.key.next` (a new
key file, while data keys are being wrapped anew) and `<scope>.destroyed.json` (the protocol of a destroyed
key: from then on the scope is closed).
"""

import base64
import json
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stegvis.ground.keys.keyring import PURPOSES, KeyFault, KeyRing

_NONCE = 12

Wrapped = tuple[str, int, bytes]


class KeyFileFault(KeyFault):
    """A scope's key file is missing, unreadable, another scope's, or destroyed; the message is a sentence.

    `why` is missing, unreadable, another, not_of_this_database or destroyed, for the log.
    """

    def __init__(self, scope: str, why: str, sentence: str) -> None:
        super().__init__(sentence)
        self.scope = scope
        self.why = why


class KeyStore:
    """The folder of key files, one per scope."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, scope: str, suffix: str = "key") -> Path:
        """Where a scope's key file, or one that lies beside it, is kept."""
        return self.folder / f"{scope.replace('/', '.')}.{suffix}"

    def create(self, scope: str) -> None:
        """Make the key file of a new scope; raises KeyFault when there is one already."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            _write_key(self.path(scope), scope, secrets.token_bytes(32))
        except FileExistsError:
            raise KeyFault(f"{scope} har redan en nyckelfil: den skrivs aldrig över.") from None

    def exists(self, scope: str) -> bool:
        """Whether the scope has a key file."""
        return self.path(scope).exists()

    def stamp(self, scope: str) -> tuple[int, ...] | None:
        """What tells a key file from the one that was there before; None where there is none."""
        try:
            found = self.path(scope).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def destroyed(self, scope: str) -> dict[str, Any] | None:
        """The protocol of a scope whose key has been destroyed (or is being), else None."""
        try:
            found: dict[str, Any] = json.loads(self.path(scope, "destroyed.json").read_text("utf-8"))
        except FileNotFoundError:
            return None
        return found

    def refuse_destroyed(self, scope: str) -> None:
        """Raise KeyFileFault for a scope whose key has been destroyed: there is nothing left to change."""
        if self.destroyed(scope) is not None:
            raise self.missing(scope)

    def ring(
        self,
        scope: str,
        schema: str,
        wrapped: Iterable[Wrapped],
        *,
        generation: int = 0,
        renew: Callable[[], KeyRing] | None = None,
    ) -> KeyRing:
        """Open the scope's data keys; raises KeyFileFault when the file is missing, wrong or another's."""
        rows, following = list(wrapped), self.path(scope, "key.next")
        files = [self.path(scope), *([following] if following.exists() else [])]
        for file in files:
            keys = self.unwrap(scope, rows, file)
            if keys is not None:
                return KeyRing(scope, schema, keys, generation=generation, renew=renew)
        sentence = f"Nyckelfilen för {scope} hör inte till den här databasen."
        raise KeyFileFault(scope, "not_of_this_database", sentence)

    def unwrap(
        self, scope: str, wrapped: Iterable[Wrapped], file: Path
    ) -> dict[tuple[str, int], bytes] | None:
        """Every data key, opened with one key file; None when that file did not wrap them."""
        master = AESGCM(self.master(scope, file))
        try:
            return {
                (purpose, version): master.decrypt(
                    blob[:_NONCE], blob[_NONCE:], _bound(scope, purpose, version)
                )
                for purpose, version, blob in wrapped
            }
        except (ValueError, InvalidTag):
            return None

    def wrap(self, scope: str, purpose: str, version: int, key: bytes, file: Path | None = None) -> bytes:
        """Wrap a data key for keeping in the scope's schema."""
        nonce = os.urandom(_NONCE)
        master = AESGCM(self.master(scope, file or self.path(scope)))
        return nonce + master.encrypt(nonce, key, _bound(scope, purpose, version))

    def master(self, scope: str, file: Path) -> bytes:
        """The key in a key file. Raises KeyFileFault."""
        try:
            content = json.loads(file.read_text("utf-8"))
            key = base64.b64decode(content["key"], validate=True)
        except FileNotFoundError:
            raise self.missing(scope) from None
        except (OSError, ValueError, KeyError, TypeError):
            sentence = f"Nyckelfilen för {scope} går inte att läsa."
            raise KeyFileFault(scope, "unreadable", sentence) from None
        if content.get("scope") != scope or len(key) != 32:
            sentence = f"Nyckelfilen för {scope} är en annans eller skadad."
            raise KeyFileFault(scope, "another", sentence)
        return key

    def missing(self, scope: str) -> KeyFileFault:
        """The fault of a scope without a key file, which may have been destroyed."""
        if self.destroyed(scope) is not None:
            sentence = f"Nyckeln för {scope} är förstörd: uppgifterna går inte att läsa längre."
            return KeyFileFault(scope, "destroyed", sentence)
        return KeyFileFault(scope, "missing", f"Nyckelfilen för {scope} saknas: utan den kan inget läsas.")

    # -- a new key file --------------------------------------------------------------------------

    def make_next(self, scope: str) -> Path:
        """Make the key file that is to follow; the old one stays what is read first."""
        file = self.path(scope, "key.next")
        _write_key(file, scope, secrets.token_bytes(32))
        return file

    def take_next(self, scope: str) -> None:
        """Put the following key file in the old one's place; the old one is overwritten first."""
        old, following = self.path(scope), self.path(scope, "key.next")
        spare = self.path(scope, "key.old")
        if following.exists():
            spare.unlink(missing_ok=True)
            os.link(old, spare)
            following.replace(old)
        if spare.exists():
            overwrite(spare)

    # -- copies ----------------------------------------------------------------------------------

    def copies(self, scope: str) -> list[Path]:
        """Where copies of the key file are kept, as registered."""
        try:
            return [Path(one) for one in json.loads(self.path(scope, "copies.json").read_text("utf-8"))]
        except FileNotFoundError:
            return []

    def write_copies(self, scope: str, copies: Iterable[Path]) -> None:
        """Write the register of copies anew."""
        write_json(self.path(scope, "copies.json"), sorted(str(one) for one in set(copies)))


def new_data_keys(store: KeyStore, scope: str, version: int = 1) -> list[Wrapped]:
    """A version of every data key, wrapped: rows (purpose, version, wrapped)."""
    return [(p, version, store.wrap(scope, p, version, secrets.token_bytes(32))) for p in PURPOSES]


def overwrite(file: Path) -> None:
    """Write over a file with noise, then remove it; a second name of it (a hard link) goes to noise too.

    On storage that never writes in place (flash, snapshots) the old bytes may live on below: the protocol
    says so, and the day when backups are gone says nothing of them.
    """
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.write(os.urandom(size))
        stream.flush()
        os.fsync(stream.fileno())
    file.unlink()
    _sync(file.parent)


def write_json(file: Path, content: Any) -> None:
    """Write a small file of our own whole or not at all (0600)."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    _sync(file.parent)


def _write_key(file: Path, scope: str, key: bytes) -> None:
    content = {"scope": scope, "key": base64.b64encode(key).decode()}
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream)
        stream.flush()
        os.fsync(stream.fileno())


def _bound(scope: str, purpose: str, version: int) -> bytes:
    return f"{scope}|{purpose}|{version}".encode()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
