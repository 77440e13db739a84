"""Wall 10: no foreign key, trigger or view crosses from one schema to another.

H: a förbund deleted an insats and the vault's enrolments went with it, since a cascade runs as the table's
owner. C: ids are copied as values; every vault can be dumped and restored alone.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from stegvis.config import Settings
from stegvis.ground.tenancy.names import login
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.local.installation import set_up, superuser
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


# Rows that provisioning has put there; a second one would not be a scope any more.
PROVISIONED = {"scope_marker", "data_key", "audit_head"}


@pytest.fixture
def full(running: Servers, run_folder: Path, worker_id: str) -> Iterator[Settings]:
    """An installation of this test's own with a row in every table of every scope."""
    name = f"w10_{worker_id}"
    home = run_folder / f"home-{name}"
    made = set_up(home, running, progress=lambda line: None, prefix=name, name=name)
    with superuser(running.postgres, name) as admin:
        for one in load_directory(made.tenants_dir, name).scopes():
            for table in tables(one.level):
                if table.name not in PROVISIONED:
                    plant(admin, table, one.schema)
    yield made
    gone(running, name)


@pytest.fixture
def empty_database(running: Servers, settings: Settings) -> Iterator[str]:
    """A new database without anything of ours, gone at the end."""
    name = f"{settings.database.name}_tom"
    with superuser(running.postgres, "postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    yield name
    gone(running, name)


def gone(running: Servers, name: str) -> None:
    """Drop a database."""
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


def restore(running: Servers, database: str, text: str) -> str:
    """Read a dump's text into a database, stopping at the first fault; what psql complains of."""
    done = subprocess.run(
        [running.postgres.bin_dir / "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"],
        input=text,
        env=os.environ
        | {
            "PGHOST": str(running.postgres.socket_dir),
            "PGPORT": str(running.postgres.port),
            "PGDATABASE": database,
            "PGUSER": running.postgres.superuser,
            "PGPASSWORD": running.postgres.password,
        },
        capture_output=True,
        text=True,
    )
    return done.stderr


def test_each_scope_restores_alone(running: Servers, full: Settings, empty_database: str) -> None:
    with superuser(running.postgres, full.database.name) as admin:
        for one in load_directory(full.tenants_dir, full.prefix).scopes():
            assert restore(running, empty_database, dump(running, full, one.schema)) == "", one
            with superuser(running.postgres, empty_database) as other:
                there = counted(other, one.schema)
                assert there == counted(admin, one.schema)
                assert min(there.values()) > 0, "an empty table proves nothing"
                assert there["scope_marker"] == 1
                other.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(one.schema)))


def test_a_forbund_ends_nothing_in_a_vault(running: Servers, full: Settings) -> None:
    """The attack itself: everything above the vaults is emptied with all that refers to it; a vault keeps all."""
    directory = load_directory(full.tenants_dir, full.prefix)
    vaults = [one for one in directory.scopes() if one.level == "huvudman"]
    above = {"stegvis": "stegvis"} | {
        one.schema: one.level for one in directory.scopes() if one.level != "huvudman"
    }
    with superuser(running.postgres, full.database.name) as admin:
        before = {one: counted(admin, one.schema) for one in vaults}
        for schema, level in above.items():
            for table in tables(level):
                admin.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(schema, table.name)))
            assert set(counted(admin, schema).values()) <= {0, 1}, "emptied, but for the migration's mark"
        assert {one: counted(admin, one.schema) for one in vaults} == before
