"""`with scope("gavleborg/sandviken"):` - the only way to a session; it picks engine, schema and role.

A scope opens a new Session and closes it: nothing read in one scope can be used in another (walls 13).
Returning commits, raising rolls back. What must be the last statement before the commit (the audit trail)
is registered with `Scope.before_commit`; what must outlive a rollback goes through `short_scope`.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from stegvis.ground.keys.current_ring import reset_ring, set_ring
from stegvis.ground.keys.key_files import KeyFileFault, KeyStore
from stegvis.ground.keys.keyring import KeyRing, LiveRing
from stegvis.ground.tenancy.errors import refuse_wrong_kinds, translate_database_errors
from stegvis.ground.tenancy.models import DATA_KEYS, MARKERS, db
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.row_rules import ACCOUNT, MACHINE, OPENS
from stegvis.ground.tenancy.tenants import Directory, Forbund, Huvudman

SHORT_WAITS = "5s"
log = structlog.get_logger("stegvis.tenancy")


class ScopeError(RuntimeError):
    """No scope is open, a second one was asked for inside the first, or the scope does not exist."""


@dataclass
class Scope:
    """One open scope: its id, session and keys, and for whom it was opened.

    `account` is the id of the account that acts (None for the machine itself: jobs, the command line, the
    look-ups of a login), `outsider` whether it is one of those that the narrower role of the vault is for.
    """

    id: ScopeId
    session: Session
    keys: KeyRing
    forbund: Forbund
    account: uuid.UUID | None = None
    outsider: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    _before_commit: list[Callable[[], None]] = field(default_factory=list)
    _after_commit: list[Callable[[], None]] = field(default_factory=list)

    @property
    def huvudman(self) -> Huvudman:
        """The huvudman whose vault this is; raises ScopeError at a förbund's own level."""
        if self.id.huvudman is None:
            raise ScopeError("a förbund's scope has no huvudman")
        return self.forbund.huvudman_by_id(self.id.huvudman)

    def opens(self, referral_id: uuid.UUID) -> None:
        """Say that this transaction opens a referral: a paper samtycke's number led to it (walls 7)."""
        self.session.execute(sa.select(sa.func.set_config(OPENS, str(referral_id), True)))

    def before_commit(self, call: Callable[[], None]) -> None:
        """Run `call` as the last thing before the commit (once, in order of registration)."""
        self._before_commit.append(call)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` when the commit has been made; nothing of it may be needed for the data to be right."""
        self._after_commit.append(call)

    def finish(self) -> None:
        """Run what was registered, commit, run what waited for the commit."""
        self.session.flush()
        for call in self._before_commit:
            call()
        self._before_commit.clear()
        self.session.commit()
        for call in self._after_commit:
            call()
        self._after_commit.clear()


_current: ContextVar[Scope | None] = ContextVar("stegvis_scope", default=None)


class Scopes:
    """The installation's scopes: directory, key store, and the translated engines, one per scope."""

    def __init__(self, app: Flask, directory: Directory, keys: KeyStore, prefix: str) -> None:
        self.directory = directory
        self.keys = keys
        self.prefix = prefix
        self._engines: dict[tuple[ScopeId, str], sa.Engine] = {}
        self._rings: dict[ScopeId, tuple[object, KeyRing]] = {}
        self._lock = threading.Lock()
        app.extensions["stegvis.scopes"] = self

    def engine(self, scope_id: ScopeId, login: str = "") -> sa.Engine:
        """The engine of the scope's level, with the placeholder schema translated to the real one.

        `login` names the engine of another login than the level's own.
        """
        key = (scope_id, login or scope_id.level)
        if key not in self._engines:
            if not self.directory.knows(scope_id):
                raise ScopeError(f"there is no scope {scope_id}")
            plain = db.engines[key[1]]
            made = plain.execution_options(schema_translate_map=scope_id.translation())
            refuse_wrong_kinds(made)
            self._engines[key] = made
        return self._engines[key]

    def open_session(
        self, scope_id: ScopeId, account: uuid.UUID | None, outsider: bool, gallring: bool = False
    ) -> Session:
        """A new session whose every transaction begins by becoming the scope's role."""
        opened = Session(self.engine(scope_id, "gallring" if gallring else ""))
        role = scope_id.outsider_role(self.prefix) if outsider else scope_id.role(self.prefix)
        if gallring:
            role = scope_id.gallring_role(self.prefix)
        acting = str(account) if account else MACHINE

        @event.listens_for(opened, "after_begin")
        def become(_session: Session, _transaction: Any, connection: sa.Connection) -> None:
            connection.execute(
                sa.select(
                    sa.func.set_config("role", role, True),
                    sa.func.set_config(ACCOUNT, acting, True),
                )
            )

        _keep_apart(opened, scope_id)
        return opened

    def ring(self, scope_id: ScopeId) -> KeyRing:
        """The scope's keys; the first call in a process also reads the marker of the schema.

        Raises KeyFileFault, and leaves one line, when the key file is missing, wrong or another scope's: also
        in a process that has read it before, since the file is looked at each time.
        """
        stamp = self.keys.stamp(str(scope_id)) if scope_id.level in DATA_KEYS else ()
        with self._lock:
            kept = self._rings.get(scope_id)
            if kept is None or kept[0] != stamp:
                kept = self._rings[scope_id] = stamp, self._read_ring(scope_id)
            return kept[1]

    def living(self) -> Iterator[ScopeId]:
        """Every scope of the directory whose key has not been destroyed."""
        return (one for one in self.directory.scopes() if self.keys.destroyed(str(one)) is None)

    def forget(self, scope_id: ScopeId) -> None:
        """Read marker and keys again at the next opening (after rotation or provisioning)."""
        with self._lock:
            self._rings.pop(scope_id, None)

    def renewed(self, scope_id: ScopeId) -> KeyRing:
        """The scope's keys as they are now, after others have changed them."""
        self.forget(scope_id)
        return self.ring(scope_id)

    def _read_ring(self, scope_id: ScopeId) -> KeyRing:
        self._rings.pop(scope_id, None)
        try:
            try:
                return self._read(scope_id)
            except KeyFileFault as fault:
                if fault.why != "not_of_this_database":
                    raise
                # Once more: a new key file may have taken its place between the rows and the file.
                return self._read(scope_id)
        except KeyFileFault as fault:
            log.error("key_file_refused", scope=str(scope_id), why=fault.why)
            raise

    def _read(self, scope_id: ScopeId) -> KeyRing:
        # The schema is gone, or about to be.
        self.keys.refuse_destroyed(str(scope_id))
        with self.open_session(scope_id, None, outsider=False) as opened:
            marker = opened.execute(
                sa.select(MARKERS[scope_id.level].scope, MARKERS[scope_id.level].keys)
            ).one_or_none()
            written = marker.scope if marker is not None else None
            if marker is None or written != str(scope_id):
                raise ScopeError(f"schema {scope_id.schema} belongs to {written}, not to {scope_id}")
            keys = DATA_KEYS.get(scope_id.level)
            if keys is None:
                return KeyRing(str(scope_id), scope_id.schema, {})
            rows = opened.execute(sa.select(keys.purpose, keys.version, keys.wrapped)).all()
        wrapped = [(row.purpose, row.version, row.wrapped) for row in rows]
        return self.keys.ring(
            str(scope_id),
            scope_id.schema,
            wrapped,
            generation=marker.keys,
            renew=lambda: self.renewed(scope_id),
        )


def _keep_apart(opened: Session, scope_id: ScopeId) -> None:
    """Refuse objects that belong to another scope: added to this session they would become its rows."""

    @event.listens_for(opened, "persistent_to_detached")
    def let_go(_session: Session, row: object) -> None:
        sa.inspect(row, raiseerr=True).info["stegvis.scope"] = scope_id

    @event.listens_for(opened, "before_attach")
    def attach(_session: Session, row: object) -> None:
        if sa.inspect(row, raiseerr=True).info.get("stegvis.scope", scope_id) != scope_id:
            raise ScopeError(f"an object of another scope was brought into {scope_id}")


def scopes() -> Scopes:
    """The installation's scopes."""
    found: Scopes = current_app.extensions["stegvis.scopes"]
    return found


@contextmanager
def scope(
    scope_id: ScopeId | str,
    *,
    account: uuid.UUID | None = None,
    outsider: bool = False,
    gallring: bool = False,
) -> Iterator[Scope]:
    """Open a scope: new session, its role, its keys. Commits on return, rolls back on raise.

    `gallring` takes the vault's role that may erase evidence, in a process that has that login (walls 18).
    Raises ScopeError inside another scope or for one that does not exist.
    """
    if _current.get() is not None:
        raise ScopeError(f"{_current.get().id} is open: one scope at a time")  # type: ignore[union-attr]
    with translate_database_errors(), _opened(scope_id, account, outsider, gallring) as opened:
        yield opened


@contextmanager
def short_scope(
    scope_id: ScopeId | str, *, account: uuid.UUID | None = None, outsider: bool = False
) -> Iterator[Scope]:
    """A short transaction of its own, beside one that may be open for the *same* scope.

    For what must be kept when the open one rolls back: refusals and failed evidence (walls 18). Raises
    ScopeError when another scope is open.
    """
    opened = _current.get()
    wanted = ScopeId.parse(scope_id) if isinstance(scope_id, str) else scope_id
    if opened is not None and opened.id != wanted:
        raise ScopeError(f"{opened.id} is open: {wanted} must wait")
    with translate_database_errors(), _opened(wanted, account, outsider) as short:
        # What it waits for may be held by the open one, which waits for it: an error is better than a hang.
        short.session.execute(sa.select(sa.func.set_config("lock_timeout", SHORT_WAITS, True)))
        yield short


@contextmanager
def _opened(
    scope_id: ScopeId | str, account: uuid.UUID | None, outsider: bool, gallring: bool = False
) -> Iterator[Scope]:
    wanted = ScopeId.parse(scope_id) if isinstance(scope_id, str) else scope_id
    registry = scopes()
    if not registry.directory.knows(wanted):
        raise ScopeError(f"there is no scope {wanted}")
    known = registry.ring(wanted)
    opened = registry.open_session(wanted, account, outsider, gallring)
    ring = _live(known, opened, wanted)
    one = Scope(wanted, opened, ring, registry.directory.get(wanted.forbund), account, outsider)
    token, ring_token = _current.set(one), set_ring(ring)
    try:
        try:
            yield one
            one.finish()
        except BaseException:
            opened.rollback()
            raise
    finally:
        # Expired before they are let go: an object that somebody held on to raises instead of telling.
        opened.expire_all()
        opened.close()
        reset_ring(ring_token)
        _current.reset(token)


def _live(known: KeyRing, opened: Session, scope_id: ScopeId) -> LiveRing:
    """The scope's keys, which ask the schema in the scope's own transaction whether they are the newest."""
    marker = MARKERS[scope_id.level]

    def generation() -> int:
        with opened.no_autoflush:
            return opened.execute(sa.select(marker.keys)).scalar_one()

    ring = LiveRing(known, generation)
    event.listen(opened, "after_begin", lambda *_about: ring.begin())
    return ring


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of the open transaction that may fail alone: its writes go, the rest stays.

    Raises Conflict for a key that is taken and DatabaseFault for everything else, as a scope does.
    """
    with translate_database_errors(), session().begin_nested():
        yield


def current() -> Scope:
    """The open scope; raises ScopeError when there is none: a forgotten scope fails loudly."""
    opened = _current.get()
    if opened is None:
        raise ScopeError("no scope is open")
    return opened


def session() -> Session:
    """The open scope's session; raises ScopeError when there is none."""
    return current().session
