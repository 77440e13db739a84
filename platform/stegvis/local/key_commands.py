"""What `stegvis key` does: changing, copying and destroying the keys of one scope, with its event and lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.ground.keys import KeyFault, KeyStore
from stegvis.ground.keys.destruction import Destruction, add_copy, remove_copy
from stegvis.ground.keys.rewrapping import rewrap
from stegvis.ground.keys.rotation import Rotated, Rotation
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.scope import scope
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.identity.audit import service as audit

log = structlog.get_logger("stegvis.keys")
Say = Callable[[str], None]


def rotate(settings: Settings, scope_id: ScopeId, say: Say) -> Rotated:
    """New data keys, everything moved to them; one event in the scope's own trail."""
    done = Rotation(settings, scope_id, say).run()
    kept = [f"{purpose} {version}" for purpose, version, _ in done.kept]
    _record(settings, scope_id, "byt_nycklar", version=done.version, varden=done.values, kvar=kept)
    log.info("keys_rotated", scope=str(scope_id), version=done.version, values=done.values, kept=kept)
    for table, row in sorted(done.unreadable):
        log.error("sealed_value_unreadable", scope=str(scope_id), table=table, row=str(row))
    return done


def told(scope_id: ScopeId, done: Rotated) -> list[str]:
    """A change of keys in sentences."""
    begun = "Fortsatte ett byte som hade avbrutits" if done.resumed else "Bytte nycklar"
    lines = [f"{begun}: {scope_id} har version {done.version}, {done.values} värden förseglades på nytt."]
    reasons = {
        "field": "{n} värden som är förseglade med den går inte att öppna",
        "search": "{n} värden är inte flyttade, eller saknar det nummer som deras sökvärde gjordes av",
    }
    names = {"field": "fältnyckeln", "search": "söknyckeln"}
    lines += [
        f"Version {version} av {names[purpose]} är kvar: {reasons[purpose].format(n=count)}."
        for purpose, version, count in done.kept
    ]
    if done.unreadable:
        rows = ", ".join(f"{table} {row}" for table, row in sorted(done.unreadable))
        lines.append(f"Går inte att öppna med någon nyckel, och är orört: {rows}.")
    return lines


def new_key_file(settings: Settings, scope_id: ScopeId) -> list[str]:
    """A new key file; one event in the scope's own trail. Returns the sentences to tell."""
    done = rewrap(settings, scope_id)
    _record(settings, scope_id, "byt_nyckelfil", nycklar=done.keys)
    log.info("key_file_replaced", scope=str(scope_id), keys=done.keys)
    lines = [f"{scope_id} har en ny nyckelfil; {done.keys} nycklar ligger under den. Den gamla är förstörd."]
    lines += [f"Kopian {one} är av den gamla filen: byt ut den." for one in done.old_copies]
    return lines


def copies(settings: Settings, scope_id: ScopeId, add: Path | None, remove: Path | None) -> list[str]:
    """The register of a key file's copies, changed as asked; one line a copy."""
    store, name = KeyStore(settings.keys_dir), str(scope_id)
    if add is not None:
        add_copy(store, name, add)
    if remove is not None:
        remove_copy(store, name, remove)
    found = store.copies(name)
    return [f"{one}{'' if one.is_file() else ' (går inte att nå)'}" for one in found] or [
        f"Inga kopior av nyckelfilen för {name} är antecknade."
    ]


def destruction(settings: Settings, scope_id: ScopeId) -> Destruction:
    """The destruction of a scope, not begun."""
    return Destruction(settings, load_directory(settings.tenants_dir, settings.prefix), scope_id)


def destroy(settings: Settings, scope_id: ScopeId) -> str:
    """Destroy key and schema; one event in the förbund's trail. Returns the protocol's sentence."""
    protocol = destruction(settings, scope_id).run()
    log.warning("key_destroyed", scope=str(scope_id), backups_gone_on=protocol["backups_gone_on"])
    if scope_id.huvudman is not None:
        forbund = ScopeId(scope_id.forbund)
        try:
            _record(settings, forbund, "forstor_nyckel", huvudman=scope_id.huvudman)
        except KeyFault as fault:
            # What was asked is done; that its event has no place to stand must not say otherwise.
            log.error("event_not_kept", scope=str(forbund), fault=str(fault))
    return str(protocol["sentence"])


def _record(settings: Settings, scope_id: ScopeId, action: str, **details: Any) -> None:
    app = create_app(settings)
    with app.app_context(), scope(scope_id) as opened:
        opened.facts["role"] = "drift"
        audit.record(action, "scope", **details)
