"""Wall 10: no foreign key, trigger or view crosses from one schema to another.

H: a förbund deleted an insats and the vault's enrolments went with it, since a cascade runs as the table's
owner. C: ids are copied as values; every vault can be dumped and restored alone.
"""

import os
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from stegvis.config import Settings
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.names import ScopeId, login
from stegvis.identity.accounts import service as accounts
from stegvis.local.installation import superuser
from stegvis.local.servers import Servers
from walls.planting import plant, tables

pytestmark = pytest.mark.walls


def test_no_constraint_crosses(admin: psycopg.Connection) -> None:
    crossing = admin.execute(
        "SELECT conname FROM pg_constraint k JOIN pg_class a ON a.oid = k.conrelid JOIN pg_class b"
        " ON b.oid = k.confrelid"
        " WHERE a.relnamespace <> b.relnamespace"
    ).fetchall()
    assert crossing == []
    inside = admin.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f'").fetchone()
    assert inside is not None and inside[0] > 0, "there are foreign keys to look at"


def test_nothing_depends_on_another_schema(admin: psycopg.Connection) -> None:
    """Views, rules, policies, defaults, generated columns: whatever pg_depend knows of."""
    rows = admin.execute(
        "WITH place AS ("
        " SELECT 'pg_class'::regclass AS class, oid, relnamespace AS schema FROM pg_class"
        " UNION ALL SELECT 'pg_constraint'::regclass, oid, connamespace FROM pg_constraint"
        " UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type"
        " UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc"
        " UNION ALL SELECT 'pg_policy'::regclass, p.oid, relnamespace FROM pg_policy p JOIN pg_class"
        " c ON c.oid = polrelid"
        " UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, relnamespace FROM pg_attrdef d JOIN"
        " pg_class c ON c.oid = adrelid"
        " UNION ALL SELECT 'pg_rewrite'::regclass, w.oid, relnamespace FROM pg_rewrite w JOIN"
        " pg_class c ON c.oid = ev_class"
        " UNION ALL SELECT 'pg_trigger'::regclass, t.oid, relnamespace FROM pg_trigger t JOIN"
        " pg_class c ON c.oid = tgrelid)"
        " SELECT a.schema::regnamespace::text, b.schema::regnamespace::text FROM pg_depend d"
        " JOIN place a ON (a.class, a.oid) = (d.classid, d.objid)"
        " JOIN place b ON (b.class, b.oid) = (d.refclassid, d.refobjid) WHERE a.schema <> b.schema"
    ).fetchall()
    ours = [
        row for row in rows if "pg_toast" not in row and not row[1].startswith(("pg_", "information_schema"))
    ]
    assert ours == []


@pytest.fixture
def empty_database(running: Servers, settings: Settings) -> Iterator[str]:
    """A new database without anything of ours, gone at the end."""
    name = f"{settings.database.name}_tom"
    with superuser(running.postgres, "postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    yield name
    with superuser(running.postgres, "postgres") as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def dump(running: Servers, settings: Settings, schema: str) -> str:
    """A schema as pg_dump's text, made by the backup login, which sees rows past row level security."""
    made = subprocess.run(
        [running.postgres.bin_dir / "pg_dump", "--schema", schema, "--no-owner", "--no-privileges"],
        env=os.environ
        | {
            "PGHOST": settings.database.host,
            "PGPORT": str(settings.database.port),
            "PGDATABASE": settings.database.name,
            "PGUSER": login(settings.prefix, "backup"),
            "PGPASSWORD": settings.database.password("backup"),
        },
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


def counted(connection: psycopg.Connection, schema: str) -> dict[str, int]:
    """Rows per table of a schema."""
    names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
    found = {}
    for (name,) in names:
        query = sql.SQL("SELECT count(*) FROM {}.{}").format(sql.Identifier(schema), sql.Identifier(name))
        row = connection.execute(query).fetchone()
        assert row is not None
        found[name] = row[0]
    return found


def test_each_scope_restores_alone(
    in_app: Flask,
    running: Servers,
    settings: Settings,
    admin: psycopg.Connection,
    every_scope: list[ScopeId],
    empty_database: str,
) -> None:
    with scope("gavleborg/sandviken"):
        # References from account_right to account: an order that a restore has to find by itself.
        accounts.open_account("199003032395", "Prov Provsson", "personal", rights=("handledare",))
    for level in ("forbund", "publicering"):
        for table in tables(level):
            if not table.foreign_keys and table.name not in (
                "scope_marker",
                "data_key",
                "audit_event",
                "audit_head",
            ):
                plant(admin, table, ScopeId("gavleborg", publishing=level == "publicering").schema)
    for one in every_scope:
        if one.forbund == "kalmar_lan":
            continue
        restored = subprocess.run(
            [running.postgres.bin_dir / "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"],
            input=dump(running, settings, one.schema),
            env=os.environ
            | {
                "PGHOST": str(running.postgres.socket_dir),
                "PGPORT": str(running.postgres.port),
                "PGDATABASE": empty_database,
                "PGUSER": running.postgres.superuser,
                "PGPASSWORD": running.postgres.password,
            },
            capture_output=True,
            text=True,
        )
        assert restored.returncode == 0, (one, restored.stderr)
        with superuser(running.postgres, empty_database) as other:
            there = counted(other, one.schema)
            assert there == counted(admin, one.schema)
            assert there["scope_marker"] == 1
            other.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(one.schema)))
