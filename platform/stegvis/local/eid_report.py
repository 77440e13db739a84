"""What `stegvis eid` and `stegvis doctor` tell of the e-ID providers: rows, secrets, whether they answer."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import redis

from stegvis.config import Settings
from stegvis.ground.definitions import Fault
from stegvis.ground.tenancy.tenants import Directory
from stegvis.identity.eid import trouble
from stegvis.identity.eid.metadata import reach
from stegvis.identity.eid.rows import FOLDER, Row, RowFile, Rows

AT_ONCE = 8


@dataclass(frozen=True)
class Told:
    """One provider, in words and for programs. `reason` is empty when it answers as it must.

    `shown` are the scopes that show it: a förbund for login, a huvudman for signing.
    """

    handle: str
    title: str
    owner: str
    kind: str
    issuer: str
    sign: str
    levels: tuple[str, ...]
    shown: tuple[str, ...]
    reachable: bool
    reason: str
    last_trouble: dict[str, str] | None
    fault: str

    def line(self) -> str:
        """The provider on one line."""
        if self.fault:
            return f"fel  {self.handle}: {self.fault}"
        state = "svarar" if self.reachable else f"svarar inte som den ska ({self.reason})"
        parts = [
            f"{'ok ' if self.reachable else 'fel'}  {self.handle}",
            f"sort {self.kind}",
            f"ägare {self.owner or 'tjänsten'}",
            state,
            f"skriver under: {'nej' if self.sign == 'none' else self.sign}",
            f"nivåer {' '.join(self.levels)}",
            f"visas hos {', '.join(self.shown) or 'ingen'}",
        ]
        if self.last_trouble:
            parts.append(f"senaste fel {self.last_trouble['reason']} {self.last_trouble['at']}")
        return "; ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self)


def read_rows(settings: Settings) -> Rows:
    """The rows of the installation as they are now."""
    return RowFile(settings.home / FOLDER).read()


def row_faults(settings: Settings, directory: Directory | None) -> list[Fault]:
    """What is wrong with the file, its rows and their secrets, and with what the förbund show of them."""
    rows = read_rows(settings)
    faults = [*rows.faults, *(row.fault for row in rows.rows if row.fault is not None)]
    for forbund in directory or ():
        faults += [
            directory.fault(forbund.id, where, f"Det finns ingen e-legitimation {one} att visa här.")  # type: ignore[union-attr]
            for where, one in rows.missing(forbund)
        ]
    return faults


def report(settings: Settings, directory: Directory) -> list[Told]:
    """Every provider, asked right now whether it answers."""
    rows = read_rows(settings)
    broker = redis.Redis.from_url(settings.valkey_url, socket_timeout=2)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        reasons = list(pool.map(_reach, rows.rows))
    return [
        _told(row, reason, _shown(rows, row, directory), trouble.last(broker, row.owner, row.id))
        for row, reason in zip(rows.rows, reasons, strict=True)
    ]


def _reach(row: Row) -> str:
    return reach(row.provider) if row.provider is not None else ""


def _shown(rows: Rows, row: Row, directory: Directory) -> tuple[str, ...]:
    found = []
    for forbund in directory:
        if row in rows.for_login(forbund):
            found.append(forbund.id)
        found += [
            f"{forbund.id}/{one.id}" for one in forbund.huvudman if row in rows.for_signing(forbund, one.id)
        ]
    return tuple(found)


def _told(row: Row, reason: str, shown: tuple[str, ...], trouble_: dict[str, str] | None) -> Told:
    provider = row.provider
    return Told(
        handle=row.handle,
        title=row.title,
        owner=row.owner,
        kind=provider.kind if provider else "",
        issuer=provider.issuer if provider else "",
        sign=provider.sign if provider else "",
        levels=provider.accepted_acr if provider else (),
        shown=shown,
        reachable=provider is not None and not reason,
        reason=reason,
        last_trouble=trouble_,
        fault=str(row.fault) if row.fault else "",
    )
