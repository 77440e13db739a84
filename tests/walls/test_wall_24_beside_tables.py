"""Wall 24: what lies beside tables - settings, cursors, locks, channels - carries nothing to the next tenant.

H: a channel has no rights, a lock's key is seen by all, and a cursor or a setting of one tenant was read by
the next on the same connection. C: the code has none of them (tests/architecture/test_database_habits.py), a
scope sets role and account anew in every transaction, and what it set ends with it. The stress test
(test_wall_13_stress.py) plants them all.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg import sql

from stegvis.config import Settings
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.names import ScopeId, login

pytestmark = pytest.mark.walls

MINE, OTHER = ScopeId.parse("gavleborg/sandviken"), ScopeId.parse("kalmar_lan/kalmar")
WHO = sa.select(
    sa.func.current_user(), sa.func.coalesce(sa.func.current_setting("stegvis.account", True), ""),
    sa.func.pg_backend_pid(),
)  # fmt: skip


@contextmanager
def backend(pid: int) -> Iterator[sa.Connection]:
    """The pooled connection of one backend, once the scope that used it has ended."""
    others = []
    try:
        while True:
            connection = db.engines["huvudman"].connect()
            others.append(connection)
            if connection.scalar(sa.select(sa.func.pg_backend_pid())) == pid:
                yield connection
                return
            assert len(others) < 15, "the connection went back to the pool"
    finally:
        for connection in others:
            connection.close()


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_of_a_scope_stays_on_its_connection(in_app: Flask, settings: Settings, fails: bool) -> None:
    account = uuid.uuid4()
    try:
        with scope(MINE, account=account) as opened:
            role, acting, pid = opened.session.execute(WHO).one()
            assert (role, acting) == (MINE.role(settings.prefix), str(account))
            if fails:
                raise RuntimeError
    except RuntimeError:
        pass
    with backend(pid) as after:
        assert tuple(after.execute(WHO).one()) == (login(settings.prefix, "hm"), "", pid)


@pytest.mark.parametrize("setting", ["role", "stegvis.account", "search_path"])
def test_what_somebody_left_on_a_connection_changes_no_scope(
    in_app: Flask, settings: Settings, setting: str
) -> None:
    """A role, an account or a search path of the whole session, left by another vault."""
    left = {"role": OTHER.role(settings.prefix), "stegvis.account": str(uuid.uuid4())}.get(
        setting, OTHER.schema
    )
    with db.engines["huvudman"].connect() as pooled:
        raw = pooled.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        pid = raw.info.backend_pid
        raw.execute("SELECT set_config(%s, %s, false)", [setting, left])
        raw.commit()
    account = uuid.uuid4()
    with backend(pid) as before:
        there = before.scalar(sa.select(sa.func.current_setting(setting)))
        assert there == left, "it is there: the pool takes nothing away"
    seen = set()
    for _ in range(15):
        with scope(MINE, account=account) as opened:
            role, acting, at = opened.session.execute(WHO).one()
            marker = sa.text("select scope from scope_marker")
            with pytest.raises(sa.exc.DBAPIError), opened.session.begin_nested():
                # No name resolves without its schema, or (search path left) not for this role.
                opened.session.execute(marker)
            seen.add((role, acting))
            if at == pid:
                break
    else:
        pytest.fail("no scope got that connection")
    assert seen == {(MINE.role(settings.prefix), str(account))}
    with backend(pid) as after:
        after.invalidate()


@pytest.mark.parametrize("level", ["forbund", "huvudman", "publicering", None])
def test_every_engine_is_neutral_and_silent(in_app: Flask, level: str | None) -> None:
    """The same name for all tenants, no name found without its schema, no parameter in an error's text."""
    engine = db.engines[level]
    with engine.connect() as connection:
        shown = connection.execute(
            sa.text(
                "select current_setting('application_name'), current_setting('search_path'),"
                " (select application_name from pg_stat_activity where pid = pg_backend_pid())"
            )
        ).one()
    assert tuple(shown) == ("stegvis", "", "stegvis")
    assert (engine.hide_parameters, engine.pool._pre_ping) == (True, True)


def test_no_role_makes_a_large_object(in_app: Flask) -> None:
    """They have no schema, and who made one owns it: the lint forbids them, and none is there."""
    with scope(MINE) as opened:
        assert opened.session.scalar(sa.text("select count(*) from pg_largeobject_metadata")) == 0


def test_the_setting_of_a_scope_is_seen_by_nobody_else(
    in_app: Flask, admin: psycopg.Connection, settings: Settings
) -> None:
    """Another vault's statement, while a scope is open, is hidden from a förbund's role."""
    with scope(MINE) as opened:
        pid = opened.session.scalar(sa.text("select pg_backend_pid()"))
        with psycopg.connect(
            host=settings.database.host,
            port=settings.database.port,
            dbname=settings.database.name,
            user=login(settings.prefix, "fb"),
            password=settings.database.password("fb"),
        ) as other:
            other.execute(
                sql.SQL("SET ROLE {}").format(sql.Identifier(ScopeId(MINE.forbund).role(settings.prefix)))
            )
            seen = other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
        past = admin.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
    assert seen == ("<insufficient privilege>",)
    assert past is not None and "pg_backend_pid" in past[0], "there was a statement to see"
