"""Scopes under stress: many processes, many scopes, errors, held objects, traps and killed backends.

    ./run bench scope_stress            # 4 processes, 40 scopes, 50 000 operations

Every scope holds rows with the *same* keys as every other, each with its scope's name in it. Whatever reads a
row with another's name in it, under another's role or account, or gets a word out of an object that was held
beyond its scope, is counted; there must be none. While it runs, the superuser ends backends now and then, and
the workers leave on their pooled connections what walls 24 is about: a role, a setting, an open cursor and a
lock of the whole session, and a channel that is listened to.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.orm.exc import DetachedInstanceError

from bench.generated import Generated, generated
from stegvis.app import create_app
from stegvis.config import read_settings
from stegvis.ground.jobs.models import OUTBOXES
from stegvis.ground.tenancy import ScopeId, scope
from stegvis.ground.tenancy.errors import DatabaseFault
from stegvis.ground.tenancy.models import MARKERS, db
from stegvis.ground.tenancy.scope import Scope, ScopeError, scopes
from stegvis.identity.audit import service as audit
from stegvis.local.installation import superuser

ROWS = 12
KILL_EVERY = 0.4
TAKEN = "23505"
# What a client hears of a backend that is ended: in words, or as a connection that is simply gone.
GONE = (None, "57P01", "08006", "?????")
TRAPS = (
    "select set_config('stegvis.account', 'nagon-annan', false)",
    "select set_config('search_path', {schema}, false)",
    "declare kvar cursor with hold for select kind from {table}",
    "select pg_try_advisory_lock(198001011234)",
    "listen kanal",
)


class Undone(Exception):
    """Raised in the middle of a scope, so that it rolls back."""


@dataclass
class Tally:
    """What one worker did, and every fault that it saw (none is wanted)."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def check(self, right: bool, what: str, place: object) -> None:
        """Count a fault where something is not as it must be."""
        if not right:
            self.faults.append(f"{place}: {what}")


def key(number: int) -> uuid.UUID:
    """A row's key: the same number gives the same key in every scope."""
    return uuid.UUID(int=number + 1)


def stressed(places: list[ScopeId]) -> list[ScopeId]:
    """The scopes that a web process opens: the förbund's and the vaults'."""
    return [one for one in places if not one.publishing]


def fill() -> None:
    """Put the tagged rows into every scope."""
    for place in stressed(list(scopes().directory.scopes())):
        table = OUTBOXES[place.level]
        with scope(place) as opened:
            for number in range(ROWS):
                mark = {"tag": str(place), "times": 0}
                opened.session.add(table(id=key(number), kind=str(place), key=f"rad-{number}", payload=mark))


class Worker:
    """One process: operations in scopes chosen at random, one after another."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a test's dice
        self.places = stressed(list(scopes().directory.scopes()))
        self.tally = Tally()
        self.held: list[tuple[ScopeId, Any]] = []
        self.ways: list[tuple[Callable[[Scope], None], int]] = [
            (self.read, 40),
            (self.write, 25),
            (self.record, 5),
            (self.fail, 12),
            (self.break_rule, 8),
            (self.hold, 10),
        ]

    def run(self, operations: int) -> Tally:
        """Do so many operations; a backend that was ended under one is counted, and life goes on."""
        for _ in range(operations):
            if self.chance.random() < 0.01:
                self.leave_a_trap()
            (way,) = self.chance.choices([one for one, _ in self.ways], [weight for _, weight in self.ways])
            try:
                self.operate(self.chance.choice(self.places), way)
            except Undone:
                self.tally.counts["rolled back"] += 1
            except (DatabaseFault, SQLAlchemyError, psycopg.Error) as error:
                state = getattr(error, "sqlstate", None)
                self.tally.check(state in (TAKEN, *GONE), f"sqlstate {state}", way.__name__)
                self.tally.counts["conflict" if state == TAKEN else "ended under it"] += 1
            self.try_held()
            self.tally.counts["operations"] += 1
        return self.tally

    def operate(self, place: ScopeId, way: Callable[[Scope], None]) -> None:
        """Open a scope as a request does, look at who one is there, do one thing.

        Half of the events are recorded by outsiders, in their narrower role, which reads no outbox.
        """
        account = uuid.UUID(int=self.chance.getrandbits(128))
        outsider = place.level == "huvudman" and way == self.record and self.chance.random() < 0.5
        with scope(place, account=account, outsider=outsider) as opened:
            opened.session.expire_on_commit = self.chance.random() < 0.5
            marker = MARKERS[place.level]
            role, acting, written = opened.session.execute(
                sa.select(sa.func.current_user(), sa.func.current_setting("stegvis.account"), marker.scope)
            ).one()
            prefix = scopes().prefix
            wanted = place.outsider_role(prefix) if outsider else place.role(prefix)
            self.tally.check(role == wanted, f"role {role}", place)
            self.tally.check(acting == str(account), f"account {acting}", place)
            self.tally.check(written == str(place), f"marker {written}", place)
            self.bring_held(opened)
            way(opened)

    # -- what is done in a scope -----------------------------------------------------------------

    def row(self, opened: Scope, *, lock: bool = False) -> Any:
        """One row by its key, and whether it is the scope's own."""
        number = self.chance.randrange(ROWS)
        table = OUTBOXES[opened.id.level]
        row = opened.session.get_one(table, key(number), with_for_update=lock or None)
        own = (row.kind, row.payload["tag"], "undone" in row.payload) == (
            str(opened.id), str(opened.id), False,
        )  # fmt: skip
        self.tally.check(own, f"read a row of {row.kind} {row.payload}", opened.id)
        return row

    def read(self, opened: Scope) -> None:
        """One row by key, and all of them."""
        self.row(opened)
        tags = set(opened.session.scalars(sa.select(OUTBOXES[opened.id.level].kind)))
        self.tally.check(tags == {str(opened.id)}, f"read rows of {sorted(tags)}", opened.id)
        self.tally.counts["read"] += 1

    def write(self, opened: Scope) -> None:
        """Change a row."""
        row = self.row(opened, lock=True)
        row.payload = {"tag": str(opened.id), "times": row.payload["times"] + 1}
        self.tally.counts["written"] += 1

    def record(self, opened: Scope) -> None:
        """An event in the trail, chained."""
        audit.record("las", tag=str(opened.id))
        self.tally.counts["recorded"] += 1

    def fail(self, opened: Scope) -> None:
        """Change a row and raise: nobody may ever read it so."""
        row = self.row(opened, lock=True)
        row.payload = {"tag": str(opened.id), "times": 0, "undone": True}
        opened.session.flush()
        raise Undone

    def break_rule(self, opened: Scope) -> None:
        """A row whose key is taken: the database refuses, the scope rolls back."""
        table = OUTBOXES[opened.id.level]
        taken = {"key": f"rad-{self.chance.randrange(ROWS)}", "payload": {"tag": "ingen"}}
        opened.session.execute(sa.insert(table).values(id=uuid.uuid4(), kind="ingen", attempts=0, **taken))

    def hold(self, opened: Scope) -> None:
        """Hold a row beyond the scope's end."""
        self.held.append((opened.id, self.row(opened)))

    # -- what must not work ----------------------------------------------------------------------

    def bring_held(self, opened: Scope) -> None:
        """Try to bring what was held elsewhere into this scope."""
        for origin, row in self.held:
            if origin == opened.id:
                continue
            try:
                opened.session.add(row)
            except (ScopeError, InvalidRequestError):
                self.tally.counts["held refused"] += 1
            else:
                self.tally.faults.append(f"{opened.id}: took in a row of {origin}")

    def try_held(self) -> None:
        """Read and change what was held: reading raises, changing reaches nobody."""
        for origin, row in self.held:
            try:
                self.tally.faults.append(f"{origin}: a held row told {row.kind}")
            except DetachedInstanceError:
                self.tally.counts["held raised"] += 1
            row.payload = {"tag": "en annans", "undone": True}
        del self.held[: max(0, len(self.held) - 2)]

    def leave_a_trap(self) -> None:
        """Leave on a pooled connection what outlives its transaction, as somebody of another scope."""
        place = self.chance.choice(self.places)
        table = sql.Identifier(place.schema, "outbox")
        trap = self.chance.choice(TRAPS)
        try:
            with db.engines[place.level].connect() as pooled:
                raw = pooled.connection.driver_connection
                assert isinstance(raw, psycopg.Connection)
                raw.execute("select set_config('role', %s, false)", [place.role(scopes().prefix)])
                raw.execute("close all")
                raw.execute(sql.SQL(trap).format(table=table, schema=sql.Literal(place.schema)))  # type: ignore[arg-type]
                raw.commit()
            self.tally.counts["traps"] += 1
        except (SQLAlchemyError, psycopg.Error):
            self.tally.counts["ended under it"] += 1


def work(home: str, seed: int, operations: int) -> tuple[dict[str, int], list[str]]:
    """One process's whole life: counts and faults."""
    app = create_app(read_settings(Path(home)))
    with app.app_context():
        tally = Worker(seed).run(operations)
        for engine in db.engines.values():
            engine.dispose()
    return dict(tally.counts), tally.faults


# -- around the workers ----------------------------------------------------------------------------


def end_backends(made: Generated, stop: threading.Event, ended: list[int]) -> None:
    """End one backend of the web's logins now and then."""
    with superuser(made.running.postgres, made.settings.database.name) as admin:
        while not stop.wait(KILL_EVERY):
            row = admin.execute(
                "SELECT pid, pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
                " WHERE usename IN ('stegvis_fb', 'stegvis_hm') ORDER BY random() LIMIT 1) one"
            ).fetchone()
            if row is not None:
                ended.append(row[0])


def looked_through(made: Generated, places: list[ScopeId]) -> list[str]:
    """Every row afterwards, past every wall: whose it is, and where it lies."""
    faults = []
    with superuser(made.running.postgres, made.settings.database.name) as admin:
        for place in places:
            rows = sql.SQL("SELECT kind, payload->>'tag', payload->>'undone' FROM {}").format(
                sql.Identifier(place.schema, "outbox")
            )
            found = admin.execute(rows).fetchall()
            if set(found) != {(str(place), str(place), None)} or len(found) != ROWS:
                faults.append(f"{place}: {len(found)} rows, {sorted(set(map(str, found)))}")
            events = sql.SQL("SELECT DISTINCT details->>'tag' FROM {} WHERE action = 'prov'").format(
                sql.Identifier(place.schema, "audit_event")
            )
            if {row[0] for row in admin.execute(events)} - {str(place)}:
                faults.append(f"{place}: events of another scope")
    return faults


def chains_that_do_not_hold(places: list[ScopeId]) -> list[str]:
    """The trails that are forked, cut or changed."""
    faults = []
    for place in places:
        with scope(place):
            verdict = audit.verify()
        if not verdict.ok:
            faults.append(f"{place}: {verdict.fault}")
    return faults


def a_planted_row_is_found(made: Generated, place: ScopeId) -> bool:
    """Whether the looking finds what must not be: a row with another's name, planted past every wall."""
    other = "f99/n99"
    statement = sql.SQL("UPDATE {} SET kind = %s WHERE id = %s").format(
        sql.Identifier(place.schema, "outbox")
    )
    with superuser(made.running.postgres, made.settings.database.name) as admin:
        admin.execute(statement, [other, key(0)])
        reader = Worker(0)
        with scope(place) as opened:
            reader.read(opened)
        found = bool(reader.tally.faults) and bool(looked_through(made, [place]))
        admin.execute(statement, [str(place), key(0)])
    return found


def stress(processes: int, forbund: int, huvudman: int, operations: int) -> dict[str, Any]:
    """The whole run: what was counted, how long it took, and every fault."""
    with generated(forbund, huvudman, durable=False) as made:
        app = create_app(made.settings)
        with app.app_context():
            places = stressed(list(scopes().directory.scopes()))
            fill()
            sees = a_planted_row_is_found(made, places[-1])
            ended: list[int] = []
            stop = threading.Event()
            killer = threading.Thread(target=end_backends, args=(made, stop, ended))
            began = time.perf_counter()
            killer.start()
            try:
                with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
                    share = operations // processes
                    home = str(made.settings.home)
                    asked = [pool.submit(work, home, seed, share) for seed in range(1, processes + 1)]
                    told = [one.result() for one in asked]
            finally:
                stop.set()
                killer.join()
            seconds = time.perf_counter() - began
            counts: Counter[str] = sum((Counter(one) for one, _ in told), Counter())
            faults = [fault for _, some in told for fault in some]
            for engine in db.engines.values():
                engine.dispose()
            faults += looked_through(made, places) + chains_that_do_not_hold(places)
            for engine in db.engines.values():
                engine.dispose()
    if not sees:
        faults.append("a planted row of another scope was not found: this run proves nothing")
    return {
        "processes": processes,
        "scopes": len(places),
        "seconds": round(seconds, 1),
        "backends_ended": len(ended),
        "counts": dict(sorted(counts.items())),
        "mis_scoped": len(faults),
        "faults": faults[:20],
    }


def main(arguments: list[str] | None = None) -> int:
    """Run and print; 0 when nothing was mis-scoped."""
    parser = argparse.ArgumentParser(
        prog="./run bench scope_stress", description="Scope under press: inget får hamna i fel scope."
    )
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--forbund", type=int, default=4)
    parser.add_argument("--huvudman", type=int, default=9, help="huvudmän per förbund (9: 40 scope i allt)")
    parser.add_argument("--operations", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args(arguments)
    found = stress(told.processes, told.forbund, told.huvudman, told.operations)
    if told.json:
        print(json.dumps(found))  # noqa: T201
    else:
        for name, value in found.items():
            print(f"{name:16} {value}")  # noqa: T201
    return 1 if found["mis_scoped"] else 0


if __name__ == "__main__":
    sys.exit(main())
