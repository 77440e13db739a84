"""`./run bench audit_chain`: eight writers, ten thousand events, and every row touched in every way.

A database of its own in a temporary home, with forced writes as in operation. The writers are processes with
connections of their own; then the whole chain is verified, each row is edited, deleted and swapped in memory
(the verifier sees it and its neighbours), and a sample in the database, as the superuser, where the command's
own verifying must name it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

from stegvis.app import create_app
from stegvis.config import Settings, read_settings
from stegvis.ground.tenancy import ScopeId, scope
from stegvis.ground.tenancy.scope import session
from stegvis.identity.audit import service as audit
from stegvis.identity.audit.chain import START, Link, first_fault
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.local.installation import set_up, superuser
from stegvis.local.servers import servers, wipe

VAULT = ScopeId.parse("gavleborg/sandviken")
TABLE = sql.Identifier(VAULT.schema, "audit_event")
Touch = Callable[[Link, Link], list[Link]]


@dataclass(frozen=True)
class Found:
    """What was measured and found."""

    writers: int
    events: int
    seconds: float
    verify_seconds: float
    whole: bool
    named: dict[str, tuple[int, int]]

    @property
    def ok(self) -> bool:
        """Whether the chain held and everything that was touched was named."""
        return self.whole and all(named == touched for named, touched in self.named.values())


def write(home: Path, count: int, ready: multiprocessing.synchronize.Barrier) -> None:
    """One writer: a process with an application and connections of its own."""
    app = create_app(read_settings(home), levels=("huvudman",))
    with app.app_context():
        with scope(VAULT):
            pass
        ready.wait()
        for number in range(count):
            with scope(VAULT, account=uuid.uuid4()) as opened:
                opened.facts["role"] = "personal"
                audit.record(
                    "las", "participant", uuid.uuid4(), insats="karnhuset", sida="plan", nummer=number
                )


def write_all(settings: Settings, writers: int, events: int) -> float:
    """Let the writers loose at the same moment; returns the seconds until the last is done."""
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(writers + 1)
    processes = [
        spawn.Process(target=write, args=(settings.home, events // writers, ready)) for _ in range(writers)
    ]
    for one in processes:
        one.start()
    ready.wait()
    began = time.perf_counter()
    for one in processes:
        one.join()
    if any(one.exitcode for one in processes):
        raise SystemExit("a writer failed")
    return time.perf_counter() - began


def links() -> list[Link]:
    """The trail's rows."""
    table = VaultAuditEvent.__table__
    rows = session().execute(sa.select(table).order_by(table.c.seq)).all()
    return [Link(row.seq, row.prev_hash, row.row_hash, audit.content_of(row)) for row in rows]


def edited(one: Link, following: Link) -> list[Link]:
    """The first row with one letter of its content changed."""
    return [Link(one.seq, one.prev, one.hash, (*one.content[:-1], one.content[-1] + "x")), following]


def deleted(_one: Link, following: Link) -> list[Link]:
    """The second row alone."""
    return [following]


def swapped(one: Link, following: Link) -> list[Link]:
    """Each in the other's place."""
    return [
        Link(one.seq, following.prev, following.hash, following.content),
        Link(following.seq, one.prev, one.hash, one.content),
    ]


TOUCHES: dict[str, tuple[Touch, str]] = {
    "ändrad": (edited, "andrad"),
    "borttagen": (deleted, "saknas"),
    "bytt": (swapped, "bytt"),
}


def named_in_memory(rows: Sequence[Link], touch: Touch, kind: str) -> tuple[int, int]:
    """Touch each row but the last in turn: (named at that row with that word, touched)."""
    right = 0
    for place in range(len(rows) - 1):
        start, until = max(0, place - 1), min(len(rows), place + 4)
        touched = [*rows[start:place], *touch(rows[place], rows[place + 1]), *rows[place + 2 : until]]
        prev = rows[start - 1].hash if start else START
        fault = first_fault(
            lambda shown=touched: iter(shown), until, rows[until - 1].hash, after=start, prev=prev
        )
        right += fault is not None and (fault.row, fault.kind) == (place + 1, kind)
    return right, len(rows) - 1


@contextmanager
def touched_in_database(admin: psycopg.Connection, what: str, row: int) -> Iterator[None]:
    """One row (and for a swap the next) touched by the superuser, and put back."""
    kept = sql.SQL("CREATE TEMP TABLE kept AS SELECT * FROM {} WHERE seq IN (%s, %s)").format(TABLE)
    admin.execute(kept, [row, row + 1])
    if what == "ändrad":
        admin.execute(sql.SQL("UPDATE {} SET insats = 'x' WHERE seq = %s").format(TABLE), [row])
    elif what == "borttagen":
        admin.execute(sql.SQL("DELETE FROM {} WHERE seq = %s").format(TABLE), [row])
    else:
        for old, new in ((row, -1), (row + 1, row), (-1, row + 1)):
            admin.execute(sql.SQL("UPDATE {} SET seq = %s WHERE seq = %s").format(TABLE), [new, old])
    yield
    admin.execute(sql.SQL("DELETE FROM {} WHERE seq IN (%s, %s)").format(TABLE), [row, row + 1])
    admin.execute(sql.SQL("INSERT INTO {} SELECT * FROM kept").format(TABLE))
    admin.execute("DROP TABLE kept")


def named_in_database(
    admin: psycopg.Connection, what: str, kind: str, rows: Sequence[int]
) -> tuple[int, int]:
    """Touch a sample of rows in the database and verify as the command does: (named, touched)."""
    right = 0
    for row in rows:
        with touched_in_database(admin, what, row), scope(VAULT):
            found = audit.verify()
        right += (found.ok, found.row, found.kind) == (False, row, kind)
    return right, len(rows)


def run(writers: int, events: int, sample: int) -> Found:
    """Write, verify, touch."""
    home = Path(tempfile.mkdtemp(prefix="stegvis-bench-"))
    try:
        with servers(home, progress=lambda line: None) as running:
            settings = set_up(home, running, progress=lambda line: None, prefix="bench", name="bench")
            seconds = write_all(settings, writers, events)
            app = create_app(settings, levels=("huvudman",))
            with app.app_context(), superuser(running.postgres, settings.database.name) as admin:
                began = time.perf_counter()
                with scope(VAULT):
                    verdict = audit.verify()
                verify_seconds = time.perf_counter() - began
                with scope(VAULT):
                    rows = links()
                named = {
                    f"{what}, varje rad": named_in_memory(rows, touch, kind)
                    for what, (touch, kind) in TOUCHES.items()
                }
                chosen = sorted(random.Random(1).sample(range(1, len(rows)), min(sample, len(rows) - 1)))  # noqa: S311
                for what, (_touch, kind) in TOUCHES.items():
                    named[f"{what}, i databasen"] = named_in_database(admin, what, kind, chosen)
        return Found(
            writers, len(rows), seconds, verify_seconds, verdict.ok and verdict.rows == len(rows), named
        )
    finally:
        wipe(home)
        shutil.rmtree(home)


def table(found: Found) -> str:
    """The lines that are printed."""
    rate = found.events / found.seconds
    lines = [
        f"{found.writers} skrivare, {found.events} händelser: {found.seconds:.1f} s, {rate:.0f} i sekunden",
        f"kedjan {'hel, inte delad' if found.whole else 'BRUTEN'}: prövad på {found.verify_seconds:.2f} s",
    ]
    lines += [f"{what:24} {right} av {all_} nämnda" for what, (right, all_) in found.named.items()]
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> int:
    """Run and print; 1 when something was not named."""
    parser = argparse.ArgumentParser(
        prog="./run bench audit_chain", description="Prövar spårbarhetens kedja."
    )
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument(
        "--sample", type=int, default=30, help="rader som rörs i databasen, av varje slag (30)"
    )
    told = parser.parse_args(words)
    found = run(told.writers, told.events, told.sample)
    print(table(found))  # noqa: T201
    return 0 if found.ok else 1


if __name__ == "__main__":
    sys.exit(main())
