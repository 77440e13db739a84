"""The head of a scope's chains as a file, for the huvudman's own registrator: what shows a rewritten chain.

A head names each chain's last number and hash, and carries a running number, so that the registrator sees when
one is missing. It never goes to the förbund (walls 18). Mail is a later room: until then the day's head is
written to `<home>/anchors/<scope>/<day>.json`, closed to all but the service, for the registrator to fetch.
"""

import os
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.audit import service as audit


class HeadFault(Exception):
    """A head's file cannot be used or written; the message is one sentence for the operator."""


class ChainHead(BaseModel):
    """Where one chain ended."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    seq: int = Field(ge=0)
    hash: str = Field(pattern="^[0-9a-f]{64}$")

    @property
    def given(self) -> tuple[int, bytes]:
        """As `verify` takes it."""
        return self.seq, bytes.fromhex(self.hash)


class Head(BaseModel):
    """What is handed out: whose, the how manieth, when, and where each chain ended."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scope: str
    number: int = Field(ge=1, strict=True)
    at: datetime
    chains: dict[str, ChainHead] = Field(min_length=1)


def hand_out() -> Head:
    """The open scope's head, with the next running number; that it was handed out is an event of its own."""
    audit.lock_chain()
    event_table, head_table = audit.tables()
    handed = session().scalar(sa.select(sa.func.count()).where(event_table.action == "lamna_huvud")) or 0
    rows = session().execute(sa.select(head_table.chain, head_table.seq, head_table.hash))
    chains = {row.chain: ChainHead(seq=row.seq, hash=row.hash.hex()) for row in rows}
    made = Head(scope=str(current().id), number=handed + 1, at=now(), chains=chains)
    audit.record("lamna_huvud", "audit_head", nummer=made.number, rad=chains[audit.TRAIL].seq)
    return made


def write(head: Head, path: Path) -> None:
    """Write a head's file in one move, closed to all others. Raises HeadFault."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(head.model_dump_json(indent=1) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except OSError:
        raise HeadFault(f"Huvudet går inte att skriva till {path}: inget är utlämnat.") from None


def read(path: Path, scope: ScopeId | None = None) -> Head:
    """Read a head's file, which must be of `scope` where one is named. Raises HeadFault."""
    try:
        found = Head.model_validate_json(path.read_bytes())
        found_scope = ScopeId.parse(found.scope)
    except FileNotFoundError:
        raise HeadFault(f"Filen {path} finns inte.") from None
    except (OSError, ValidationError, ValueError):
        raise HeadFault(f"Filen {path} är inget huvud från Stegvis, eller är skadad.") from None
    if scope is not None and found_scope != scope:
        raise HeadFault(f"Filen {path} är huvudet för {found_scope}, inte för {scope}.")
    return found


def path_of_day(home: Path, scope: ScopeId, day: date) -> Path:
    """Where the head of a day lies until the registrator fetches it; the folder is made."""
    folder = home / "anchors" / str(scope)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{day.isoformat()}.json"
