"""Destroying a scope: its key file with every registered copy, then its schema; a protocol is what is left.

The protocol is written first: from that moment the scope is closed, and a command that was stopped goes on
when it is run again. Backups still hold the ciphertext until they age out; without the key nobody opens it.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from stegvis.config import Settings
from stegvis.ground.keys.key_files import KeyFileFault, KeyStore, overwrite, write_json
from stegvis.ground.keys.keyring import KeyFault
from stegvis.ground.keys.owned import OwnedScope
from stegvis.ground.tenancy.models import DATA_KEYS, now
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.tenants import Directory

BESIDE = ("key.next", "key.old", "copies.json")


class DestructionRefused(Exception):
    """The scope is not destroyed, and nothing has changed; the message is a sentence."""


@dataclass(frozen=True)
class Destruction:
    """The destruction of one scope."""

    settings: Settings
    directory: Directory
    scope_id: ScopeId

    def check(self) -> list[Path]:
        """Whether it may be done; returns the files that it will overwrite and remove.

        Raises DestructionRefused or KeyFileFault.
        """
        name, store = str(self.scope_id), self._store
        if self.scope_id.level not in DATA_KEYS:
            raise DestructionRefused(f"{name} har ingen egen nyckel.")
        protocol = store.destroyed(name)
        if protocol is not None:
            if protocol["finished_at"]:
                raise DestructionRefused(f"{name} är redan förstört: {protocol['sentence']}")
            return [path for path in map(Path, protocol["files"]) if path.exists()]
        self._no_vault_left()
        self._right_file()
        return [*self._copies(), store.path(name)]

    def run(self) -> dict[str, Any]:
        """Destroy key and schema; returns the protocol, which is also written beside the key files."""
        files, name = self.check(), str(self.scope_id)
        protocol = self._store.destroyed(name) or self._protocol(files)
        self._write(protocol)
        for file in files:
            overwrite(file)
        for suffix in BESIDE:
            beside = self._store.path(name, suffix)
            if beside.exists():
                overwrite(beside)
        with OwnedScope(self.settings, self.scope_id).session() as opened:
            opened.execute(sa.schema.DropSchema(self.scope_id.schema, cascade=True, if_exists=True))
        protocol["finished_at"] = now().isoformat(timespec="seconds")
        self._write(protocol)
        return protocol

    @property
    def _store(self) -> KeyStore:
        return KeyStore(self.settings.keys_dir)

    def _no_vault_left(self) -> None:
        if self.scope_id.huvudman is not None:
            return
        forbund = self.directory.get(self.scope_id.forbund)
        left = [
            str(one)
            for one in forbund.scopes()
            if one.huvudman is not None and self._store.destroyed(str(one)) is None
        ]
        if left:
            raise DestructionRefused(
                f"{self.scope_id} har insatsägare kvar: {', '.join(left)}. De förstörs var för sig, först."
            )

    def _right_file(self) -> None:
        """The file must be the one that opens this schema: another's is not ours to destroy."""
        keys, name = DATA_KEYS[self.scope_id.level], str(self.scope_id)
        with OwnedScope(self.settings, self.scope_id).session() as opened:
            rows = opened.execute(sa.select(keys.purpose, keys.version, keys.wrapped)).all()
        self._store.ring(
            name, self.scope_id.schema, [(one.purpose, one.version, one.wrapped) for one in rows]
        )

    def _copies(self) -> list[Path]:
        name, store = str(self.scope_id), self._store
        for copy in store.copies(name):
            if not copy.is_file():
                raise DestructionRefused(
                    f"Kopian {copy} går inte att nå, så inget är förstört. Sätt in den, eller ta bort den ur listan "
                    f"med key copies --remove när den är förstörd på annat sätt."
                )
            try:
                store.master(name, copy)
            except KeyFault:
                raise DestructionRefused(
                    f"{copy} är ingen kopia av nyckelfilen för {name}, så inget är förstört. Ta bort den ur listan."
                ) from None
        return store.copies(name)

    def _protocol(self, files: list[Path]) -> dict[str, Any]:
        moment = now()
        copies = {0: "utan antecknade kopior", 1: "med en kopia"}
        told = copies.get(len(files) - 1, f"med {len(files) - 1} kopior")
        gone = (moment + timedelta(days=self.settings.backup_days)).date().isoformat()
        return {
            "scope": str(self.scope_id),
            "schema": self.scope_id.schema,
            "begun_at": moment.isoformat(timespec="seconds"),
            "finished_at": None,
            "files": [str(one) for one in files],
            "backup_days": self.settings.backup_days,
            "backups_gone_on": gone,
            "sentence": (
                f"Nyckeln till {self.scope_id}, {told}, och schemat {self.scope_id.schema} "
                f"förstördes {moment.date().isoformat()}; den sista säkerhetskopian, som ingen kan läsa, är borta "
                f"{gone}. Siffror som redan hade publicerats finns kvar hos förbundet."
            ),
        }

    def _write(self, protocol: dict[str, Any]) -> None:
        write_json(self._store.path(str(self.scope_id), "destroyed.json"), protocol)


def add_copy(store: KeyStore, scope: str, copy: Path) -> None:
    """Register where a copy of the key file is kept. Raises KeyFileFault when it is no copy of it."""
    if store.master(scope, copy) != store.master(scope, store.path(scope)):
        raise KeyFileFault(scope, "another", f"{copy} är ingen kopia av nyckelfilen för {scope}.")
    store.write_copies(scope, [*store.copies(scope), copy.resolve()])


def remove_copy(store: KeyStore, scope: str, copy: Path) -> None:
    """Take a copy out of the register, when it has been destroyed in another way; the file is not touched."""
    store.write_copies(scope, [one for one in store.copies(scope) if one not in (copy, copy.resolve())])
