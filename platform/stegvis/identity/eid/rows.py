"""The file of provider rows, read again whenever it or a secret that it names has changed.

Each row stands alone: one that is wrong, or whose secret is missing, is told and takes no other with it.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stegvis.ground.definitions import Fault, Locator
from stegvis.ground.tenancy.tenants import Forbund
from stegvis.identity.eid.client_keys import ClientKey
from stegvis.identity.eid.errors import EidRefused, ProviderConfigError, Reason
from stegvis.identity.eid.providers import OWN_KEY, Provider, name_of

FOLDER = "eid"
ROWS = "providers.toml"
_FILES = ("client_key", "client_secret_file", "signature_root")


@dataclass(frozen=True)
class Row:
    """One row as it was read: a provider, or what is wrong with it. Id, title and owner as far as it has them."""

    id: str
    title: str
    owner: str
    provider: Provider | None
    fault: Fault | None

    @property
    def handle(self) -> str:
        """As ``Provider.handle``, also of a row that does not hold."""
        if self.provider is not None:
            return self.provider.handle
        return f"{self.owner.partition('/')[2]}.{self.id}" if self.owner else self.id


@dataclass(frozen=True)
class Rows:
    """Everything in the file at one moment. ``faults`` are those of the file as a whole."""

    rows: tuple[Row, ...]
    faults: tuple[Fault, ...] = ()

    def for_login(self, forbund: Forbund) -> list[Row]:
        """The rows that a förbund shows for login: the service's own, in the order of its file."""
        own = {row.id: row for row in self.rows if not row.owner}
        shown = forbund.forbund.eid
        return list(own.values()) if shown is None else [own[one] for one in shown if one in own]

    def for_signing(self, forbund: Forbund, huvudman_id: str) -> list[Row]:
        """The rows with which something may be signed at a huvudman: its own, and the service's that it lets.

        Where its file says nothing: its own if it has any, else those that the förbund shows for login.
        """
        owner = f"{forbund.id}/{huvudman_id}"
        own = {row.id: row for row in self.rows if row.owner == owner}
        shown = forbund.huvudman_by_id(huvudman_id).eid
        if shown is None:
            return list(own.values()) or self.for_login(forbund)
        services = {row.id: row for row in self.rows if not row.owner}
        reachable = services | own
        return [reachable[one] for one in shown if one in reachable]

    def of_forbund(self, forbund: Forbund) -> list[Row]:
        """Every row that a visit of this förbund may use."""
        found = list(self.for_login(forbund))
        for huvudman in forbund.huvudman:
            found += [row for row in self.for_signing(forbund, huvudman.id) if row not in found]
        return found

    def missing(self, forbund: Forbund) -> list[tuple[tuple[str | int, ...], str]]:
        """Key path and id of each that a förbund's file shows and that is no row."""
        services = {row.id for row in self.rows if not row.owner}
        found: list[tuple[tuple[str | int, ...], str]] = [
            (("forbund", "eid", at), one)
            for at, one in enumerate(forbund.forbund.eid or ())
            if one not in services
        ]
        for place, huvudman in enumerate(forbund.huvudman):
            owner = f"{forbund.id}/{huvudman.id}"
            reachable = services | {row.id for row in self.rows if row.owner == owner}
            found += [
                (("huvudman", place, "eid", at), one)
                for at, one in enumerate(huvudman.eid or ())
                if one not in reachable
            ]
        return found

    def keys(self, rows: Iterable[Row]) -> list[ClientKey]:
        """Our keys at these providers."""
        return [row.provider.client_key for row in rows if row.provider is not None]

    def origins(self) -> list[str]:
        """Where a form may lead: the providers' addresses, each once."""
        found = [one for row in self.rows if row.provider is not None for one in row.provider.origins]
        return list(dict.fromkeys(found))


class RowFile:
    """The rows of one folder, kept until a file of theirs changes. Safe for several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._stamps: dict[Path, tuple[int, int, int] | None] = {}
        self._rows = Rows(())

    def read(self) -> Rows:
        """The rows as they stand now."""
        with self._lock:
            if not self._stamps or any(_stamp(path) != kept for path, kept in self._stamps.items()):
                path = self.folder / ROWS
                # Stamped before reading: a change in between is read at the next call.
                stamps = {path: _stamp(path)}
                raw, locator, faults = _toml(path)
                named = {self.folder / name for row in raw for name in _files_of(row)}
                stamps |= {one: _stamp(one) for one in named}
                self._rows = _rows(raw, locator, path, faults)
                self._stamps = stamps
            return self._rows


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino ^ (found.st_mode << 32)


def _files_of(row: Mapping[str, Any]) -> list[str]:
    named = [str(row[key]) for key in _FILES if isinstance(row.get(key), str)]
    return [*named, f"{row.get('id')}.jwk", OWN_KEY]


def _toml(path: Path) -> tuple[list[Mapping[str, Any]], Locator, tuple[Fault, ...]]:
    """The tables of the file, where they stand, and what is wrong with the file as a whole."""
    nothing = Locator("")
    try:
        text = path.read_text("utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError:
        return [], nothing, (Fault(path, 1, "Filen med e-legitimationer finns inte."),)
    except tomllib.TOMLDecodeError as error:
        return (
            [],
            nothing,
            (Fault(path, _line(str(error), text), "Filen går inte att läsa: TOML-formen är fel här."),),
        )
    except (OSError, UnicodeDecodeError):
        return [], nothing, (Fault(path, 1, "Filen går inte att läsa som UTF-8."),)
    rows = content.get("provider", [])
    strange = sorted(set(content) - {"provider"})
    if strange or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        sentence = "Filen ska bara ha tabeller [[provider]], en för varje leverantör."
        line = Locator(text).line((strange[0] if strange else "provider",))
        return [], nothing, (Fault(path, line, sentence),)
    return rows, Locator(text), ()


def _line(message: str, text: str) -> int:
    """The line of a syntax fault; the last one when the file ends too early."""
    found = message.partition("(at line ")[2].partition(",")[0]
    return int(found) if found.isdigit() else max(1, len(text.splitlines()))


def _rows(raw: list[Mapping[str, Any]], locator: Locator, path: Path, faults: tuple[Fault, ...]) -> Rows:
    found: list[Row] = []
    taken: set[tuple[str, str]] = set()
    for at, content in enumerate(raw):
        id_, owner = str(content.get("id", "")), str(content.get("owner", ""))
        title = str(content.get("title", id_))
        try:
            if (owner, id_) in taken:
                raise ProviderConfigError(f"{name_of(content)} står mer än en gång.", "id")
            provider = Provider.from_config(content, path.parent)
        except ProviderConfigError as error:
            line = locator.line(("provider", at, *([error.key] if error.key in content else [])))
            found.append(Row(id_, title, owner, None, Fault(path, line, str(error))))
        else:
            found.append(Row(id_, title, owner, provider, None))
        taken.add((owner, id_))
    return Rows(tuple(found), faults)


def require(rows: Iterable[Row], handle: str) -> Provider:
    """The provider of that handle among rows that may be used.

    Raises ``ProviderConfigError`` when its row does not hold, ``EidRefused(WRONG_PROVIDER)`` when there is none.
    """
    for row in rows:
        if row.handle == handle:
            if row.provider is None:
                raise ProviderConfigError(row.fault.sentence if row.fault else "")
            return row.provider
    raise EidRefused(Reason.WRONG_PROVIDER)
