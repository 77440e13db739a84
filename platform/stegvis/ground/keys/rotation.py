"""Changing a scope's data keys while the service runs: everything sealed and hashed moves to a new version.

The order is what makes it safe. A new version is stored and the marker's `keys` moves: from then on every
transaction seals and hashes with it (`LiveRing`), and reads both. Transactions that began before are waited
for. Then each row is locked, opened with the old key and sealed with the new one; all rows with one person's
number move together, so that they still find each other. When nothing is sealed with an old version, and those
who may have read before are done, it goes.

What is to be moved is read from the models' declarations, so a new table is never forgotten. Evidence lies
under a chain of digests and is not touched: each samtycke has a key of its own, and that key is what is sealed
anew. It may be stopped anywhere and run again: it goes on where it was.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from stegvis.config import Settings
from stegvis.ground.keys.current_ring import reset_ring, set_ring
from stegvis.ground.keys.key_files import KeyStore, Wrapped, new_data_keys
from stegvis.ground.keys.keyring import KeyFault, KeyRing
from stegvis.ground.keys.owned import OwnedScope
from stegvis.ground.keys.sealed import Sealed, sealed_attributes
from stegvis.ground.tenancy.errors import DatabaseFault, translate_database_errors
from stegvis.ground.tenancy.models import DATA_KEYS, MARKERS, db, now
from stegvis.ground.tenancy.names import ScopeId, login

BATCH = 200
TRIES = 5
WAIT_SECONDS = 600
RETIRED = ("field", "search")
# Classes of SQLSTATE that pass by themselves: connection lost, rolled back, locked, ended by an operator.
PASSING = ("08", "40", "55", "57", "??")


class RotationFault(Exception):
    """The keys could not be changed to the end; the message is a sentence. Running it again goes on."""


@dataclass
class Rotated:
    """What a change of keys did. `kept` are older versions that something still needs: (purpose, version, n)."""

    version: int
    resumed: bool
    values: int = 0
    people: int = 0
    retired: list[tuple[str, int]] = field(default_factory=list)
    kept: list[tuple[str, int, int]] = field(default_factory=list)
    unreadable: set[tuple[str, uuid.UUID]] = field(default_factory=set)


def models_of(level: str) -> list[Any]:
    """The models of a level that seal something, by table name."""
    own = db.metadatas[level]
    classes = [mapper.class_ for mapper in db.Model.registry.mappers]  # type: ignore[attr-defined]
    found = [one for one in classes if one.__table__.metadata is own and sealed_attributes(one)]
    return sorted(found, key=lambda one: str(one.__tablename__))


def indexes_of(level: str) -> dict[str, Any]:
    """The tables of keyed hashes made from another table's sealed texts, by that table's name."""
    classes = [mapper.class_ for mapper in db.Model.registry.mappers]  # type: ignore[attr-defined]
    own = db.metadatas[level]
    return {
        one.index_of: one for one in classes if one.__table__.metadata is own and hasattr(one, "index_of")
    }


class Rotation:
    """One change of one scope's data keys."""

    def __init__(
        self, settings: Settings, scope_id: ScopeId, progress: Callable[[str], None] = lambda line: None
    ) -> None:
        self.scope_id = scope_id
        self.progress = progress
        self._store = KeyStore(settings.keys_dir)
        self._owned = OwnedScope(settings, scope_id)
        self._backup = login(settings.prefix, "backup")
        self._keys, self._marker = DATA_KEYS[scope_id.level], MARKERS[scope_id.level]
        self._models = models_of(scope_id.level)
        self._indexes = indexes_of(scope_id.level)

    def run(self) -> Rotated:
        """Change the keys, or go on with a change that was stopped. Raises RotationFault or KeyFileFault."""
        ring, done = self._begin()
        self.progress(f"Version {done.version}: väntar på det som redan är på gång ...")
        self._wait_for_older()
        token = set_ring(ring)
        try:
            self._move_people(ring, done)
            for model in self._models:
                self._move_values(model, ring, done)
        finally:
            reset_ring(token)
        # Whoever has read a row before it moved may not have opened it yet.
        self._wait_for_older()
        self._retire(done)
        return done

    # -- a new version ---------------------------------------------------------------------------

    def _begin(self) -> tuple[KeyRing, Rotated]:
        """The ring to move everything to: a new version's, or that of a change which was not finished."""
        self._store.refuse_destroyed(str(self.scope_id))
        with self._owned.session() as opened:
            self._lock(opened)
            rows = self._wrapped(opened)
            ring = self._store.ring(str(self.scope_id), self.scope_id.schema, rows)
            if self._moving(opened):
                return ring, Rotated(ring.newest("field"), resumed=True)
            version = max(version for _, version, _ in rows) + 1
            fresh = new_data_keys(self._store, str(self.scope_id), version)
            opened.execute(
                sa.insert(self._keys),
                [{"purpose": p, "version": v, "wrapped": blob, "created_at": now()} for p, v, blob in fresh],
            )
            self._move_on(opened)
        ring = self._store.ring(str(self.scope_id), self.scope_id.schema, [*rows, *fresh])
        return ring, Rotated(version, resumed=False)

    def _lock(self, opened: Session) -> None:
        """Two changes at once take turns where they begin and end."""
        opened.execute(sa.select(self._marker.scope).with_for_update())

    def _moving(self, opened: Session) -> bool:
        """Whether a change is under way: the marker's number is odd from its beginning to its end."""
        return opened.execute(sa.select(self._marker.keys)).scalar_one() % 2 == 1

    def _move_on(self, opened: Session) -> None:
        opened.execute(sa.update(self._marker).values(keys=self._marker.keys + 1))

    def _wrapped(self, opened: Session) -> list[Wrapped]:
        rows = opened.execute(sa.select(self._keys.purpose, self._keys.version, self._keys.wrapped))
        return [(row.purpose, row.version, row.wrapped) for row in rows]

    def _wait_for_older(self) -> None:
        """Wait for every transaction that may have begun before the new version was there."""
        waited, older = 0.0, self._transactions()
        while older:
            if waited > WAIT_SECONDS:
                raise RotationFault(
                    "Något i databasen har varit öppet sedan före bytet, så det gamla är inte flyttat än. "
                    "Inget är förlorat: kör kommandot igen när det är avslutat."
                )
            time.sleep(0.05)
            waited += 0.05
            older &= self._transactions()

    def _transactions(self) -> set[str]:
        # Each transaction holds a lock on its own virtual id, also before it has written. A dump keeps what it
        # began with and writes nothing; workers without a user are the server's own.
        asked = sa.text(
            "SELECT l.virtualtransaction FROM pg_catalog.pg_locks l"
            " JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
            " WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND l.granted"
            " AND a.datname = current_database() AND a.pid <> pg_backend_pid()"
            " AND a.usename IS NOT NULL AND a.usename <> :backup"
        )
        with self._owned.session() as opened:
            return set(opened.scalars(asked, {"backup": self._backup}))

    # -- moving ----------------------------------------------------------------------------------

    def _move_people(self, ring: KeyRing, done: Rotated) -> None:
        """Numbers with their keyed hashes, and the hashes of names: all rows of one person at a time."""
        hashed = [
            (model, one) for model in self._models for one in sealed_attributes(model).values() if one.hashed
        ]
        while hashed:
            moved = self._retried(lambda opened: self._move_some(opened, hashed, ring, done))
            if moved == 0:
                return
            done.people += moved
            self.progress(f"{done.people} personnummer har nya nycklar")

    def _move_some(
        self, opened: Session, hashed: list[tuple[Any, Sealed]], ring: KeyRing, done: Rotated
    ) -> int:
        newest = ring.newest("field")
        waiting = sa.union(
            *(
                sa.select(getattr(model, one.hash_column)).where(
                    older(getattr(model, one.column), newest),
                    getattr(model, one.hash_column).is_not(None),
                    model.id.not_in([row for table, row in done.unreadable if table == model.__tablename__]),
                )
                for model, one in hashed
            )
        ).limit(BATCH)
        hashes = list(opened.scalars(waiting))
        for model, one in hashed:
            column = getattr(model, one.hash_column)
            rows = opened.scalars(
                sa.select(model).where(column.in_(hashes)).order_by(model.id).with_for_update()
            ).all()
            self._move_numbers(opened, one, rows, ring, done)
        return len(hashes)

    def _move_numbers(
        self, opened: Session, one: Sealed, rows: Sequence[Any], ring: KeyRing, done: Rotated
    ) -> None:
        moved = []
        for row in rows:
            if self._move(row, one, ring, done):
                moved.append(row)
        opened.flush()
        index = self._indexes.get(rows[0].__tablename__) if rows else None
        for row in moved if index is not None else []:
            self._index(opened, index, row, done)

    def _index(self, opened: Session, index: Any, row: Any, done: Rotated) -> None:
        """Make the keyed hashes of a row's names anew; those of a name that no key opens stay."""
        try:
            entries = index.entries(row)
        except KeyFault:
            done.unreadable.add((row.__tablename__, row.id))
            return
        opened.execute(sa.delete(index).where(index.owner() == row.id))
        if entries:
            opened.execute(sa.insert(index), entries)

    def _move_values(self, model: Any, ring: KeyRing, done: Rotated) -> None:
        """Every other sealed value of one table, in the order of its ids."""
        attributes = list(sealed_attributes(model).values())
        if not attributes:
            return
        newest, last = ring.newest("field"), uuid.UUID(int=0)

        def some(opened: Session) -> uuid.UUID | None:
            rows = opened.scalars(
                sa.select(model)
                .where(
                    sa.or_(*(older(getattr(model, one.column), newest) for one in attributes)),
                    model.id > last,
                )
                .order_by(model.id)
                .limit(BATCH)
                .with_for_update()
            ).all()
            for row in rows:
                for one in attributes:
                    self._move(row, one, ring, done)
            return rows[-1].id if rows else None

        while (reached := self._retried(some)) is not None:
            last = reached
            self.progress(f"{model.__tablename__}: {done.values} värden är förseglade på nytt")

    def _move(self, row: Any, one: Sealed, ring: KeyRing, done: Rotated) -> bool:
        """Seal one value anew, and hash it; False where there is none, or it is new, or no key opens it."""
        sealed, place = getattr(row, one.column), {"table": row.__tablename__, "column": one.column}
        if sealed is None or sealed[:2] == ring.newest("field").to_bytes(2):
            return False
        try:
            clear = ring.open(sealed, row=row.id, **place)
        except KeyFault:
            done.unreadable.add((row.__tablename__, row.id))
            return False
        setattr(row, one.column, ring.seal(clear, row=row.id, **place))
        if one.hashed and getattr(row, one.hash_column) is not None:
            setattr(row, one.hash_column, ring.search_hash(clear.decode()))
        done.values += 1
        return True

    def _retried(self, work: Callable[[Session], Any]) -> Any:
        """One transaction; again when somebody else held the rows in the other order, or for long."""
        fault: DatabaseFault | None = None
        for _ in range(TRIES):
            try:
                with translate_database_errors(), self._owned.session() as opened:
                    return work(opened)
            except DatabaseFault as error:
                fault = error
                if error.sqlstate[:2] not in PASSING:
                    break
                time.sleep(0.2)
        raise RotationFault(
            f"Databasen sade nej ({fault}). Det som är flyttat är flyttat: kör kommandot igen, så går det vidare."
        ) from None

    # -- the old version -------------------------------------------------------------------------

    def _retire(self, done: Rotated) -> None:
        """Delete the old versions that nothing needs; say which are kept, and for how many values."""
        with self._owned.session() as opened:
            self._lock(opened)
            if not self._moving(opened):
                return
            used, alone = self._in_use(opened, done.version), self._hashes_alone(opened)
            # A hash moves with its number: while any number may be left, so is its search key.
            left = sum(used.values()) + alone
            for purpose, version, _ in sorted(self._wrapped(opened)):
                if purpose not in RETIRED or version == done.version:
                    continue
                count = left if purpose == "search" else used.get(version, 0)
                if count:
                    done.kept.append((purpose, version, count))
                    continue
                done.retired.append((purpose, version))
                opened.execute(
                    sa.delete(self._keys).where(self._keys.purpose == purpose, self._keys.version == version)
                )
            self._move_on(opened)

    def _in_use(self, opened: Session, newest: int) -> dict[int, int]:
        """Older versions that something is sealed with, and how many values."""
        found: dict[int, int] = {}
        for model in self._models:
            for one in sealed_attributes(model).values():
                column = getattr(model, one.column)
                version = sa.func.substring(column, 1, 2)
                counted = sa.select(version, sa.func.count()).where(older(column, newest)).group_by(version)
                for raw, count in opened.execute(counted):
                    number = int.from_bytes(raw)
                    if number < newest:
                        found[number] = found.get(number, 0) + count
        return found

    def _hashes_alone(self, opened: Session) -> int:
        """Living rows that have a keyed hash but not the number that it was made from."""
        count = 0
        for model in self._models:
            for one in sealed_attributes(model).values():
                if one.hashed:
                    alone = [
                        getattr(model, one.hash_column).is_not(None),
                        getattr(model, one.column).is_(None),
                        *([model.closed_at.is_(None)] if hasattr(model, "closed_at") else []),
                    ]
                    count += opened.scalar(sa.select(sa.func.count()).select_from(model).where(*alone)) or 0
        return count


def older(column: Any, newest: int) -> sa.ColumnElement[bool]:
    """Whether a sealed column holds something sealed with another version than the newest."""
    return sa.func.substring(column, 1, 2) != sa.literal(newest.to_bytes(2), sa.LargeBinary)
