"""A new key file for a scope: its data keys are wrapped anew in one transaction, nothing else changes.

The new file lies beside the old one until the transaction is done; both are tried meanwhile, so nobody is
locked out, and a command that was stopped goes on when it is run again.
"""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from stegvis.config import Settings
from stegvis.ground.keys.key_files import KeyFileFault, KeyStore
from stegvis.ground.keys.owned import OwnedScope
from stegvis.ground.tenancy.models import DATA_KEYS, MARKERS
from stegvis.ground.tenancy.names import ScopeId


@dataclass(frozen=True)
class Rewrapped:
    """How many data keys were wrapped anew, and the registered copies that are now of the old key file."""

    keys: int
    old_copies: tuple[Path, ...]


def rewrap(settings: Settings, scope_id: ScopeId) -> Rewrapped:
    """Give a scope a new key file. Raises KeyFileFault, with nothing changed, where the old one is not right."""
    store, name = KeyStore(settings.keys_dir), str(scope_id)
    keys, marker = DATA_KEYS[scope_id.level], MARKERS[scope_id.level]
    store.refuse_destroyed(name)
    following = store.path(name, "key.next")
    with OwnedScope(settings, scope_id).session() as opened:
        opened.execute(sa.select(marker.scope).with_for_update())
        rows = [
            (row.purpose, row.version, row.wrapped)
            for row in opened.execute(sa.select(keys.purpose, keys.version, keys.wrapped))
        ]
        done = following.exists() and store.unwrap(name, rows, following) is not None
        if not done:
            clear = store.unwrap(name, rows, store.path(name))
            if clear is None:
                sentence = f"Nyckelfilen för {name} hör inte till den här databasen."
                raise KeyFileFault(name, "not_of_this_database", sentence)
            following.unlink(missing_ok=True)
            store.make_next(name)
            for (purpose, version), key in clear.items():
                wrapped = store.wrap(name, purpose, version, key, following)
                opened.execute(
                    sa.update(keys)
                    .where(keys.purpose == purpose, keys.version == version)
                    .values(wrapped=wrapped)
                )
    store.take_next(name)
    return Rewrapped(len(rows), tuple(store.copies(name)))
