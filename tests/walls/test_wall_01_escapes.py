"""Wall 1: one scope's seat must not become another's.

H: with one login for everything, a single injected SELECT, or `set role` typed into the shell, turned a
förbund's role into a vault's. C: one login per level, a short-lived login per shell; PostgreSQL itself
refuses the rest.
"""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg import sql

from stegvis.config import Settings, find_root
from stegvis.ground.tenancy.models import VaultMarker, db
from stegvis.ground.tenancy.names import ScopeId, login
from stegvis.ground.tenancy.shell import short_login
from stegvis.local.servers import Servers
from stegvis.tables import participants
from walls.planting import plant

pytestmark = pytest.mark.walls

ROOT = find_root()
CANARY = "kanariefågel"
REFUSED = "42501"
NO_XML = "0A000"  # the wheel's PostgreSQL is built without libxml: the function itself refuses
PARTICIPANT = participants.Participant.__table__


@pytest.fixture
def planted(admin: psycopg.Connection, every_scope: list[ScopeId]) -> None:
    """A row where an escape would find it, in every vault: a leak test contains something that could leak."""
    for scope in every_scope:
        if scope.level == "huvudman":
            plant(admin, PARTICIPANT, scope.schema, number_sealed=CANARY.encode())


def targets(scope: ScopeId, every_scope: list[ScopeId]) -> list[tuple[ScopeId, str]]:
    """Another vault, a förbund's accounts and a publishing schema: tables that the scope has no way to."""
    others = [one for one in every_scope if one.forbund != scope.forbund]
    vault = next(one for one in others if one.level == "huvudman")
    forbund = next(one for one in others if one.level == "forbund")
    pub = next(one for one in others if one.level == "publicering")
    near = [
        one
        for one in every_scope
        if one.forbund == scope.forbund and one.level == "huvudman" and one != scope
    ]
    found = [(vault, "participant"), (forbund, "account"), (pub, "contribution")]
    return found + [(one, "participant") for one in near[:1]]


def attacks(target: ScopeId, table: str, prefix: str) -> list[str]:
    """The ways that were tried against the first sketch, and what PostgreSQL offers besides."""
    role = target.role(prefix)
    read = f"select * from {target.schema}.{table}"
    become = f"select set_config('role','{role}',true)"
    return [
        f"{read}",
        f"set role {role}; {read}",
        f"reset role; {read}",
        f"set role none; {read}",
        f"set local role {role}; {read}",
        f"set session authorization {role}; {read}",
        f"set session authorization default; {read}",
        f"select set_config('role', '{role}', false); {read}",
        f"select * from ({become}) q, lateral ts_stat('{read}')",
        f"select * from ({become} as a) q, lateral ts_stat(case when a is null then '' else '{read}' end)",
        f"select query_to_xml('{read}', true, true, a) from ({become} as a) q",
        f"select database_to_xml(true, true, '') from ({become} as a) q where a is not null; {read}",
        f"create table {target.schema}.mine (a int)",
        f"grant {role} to current_user; {read}",
        f"alter role current_user createrole; {read}",
        "create temp table participant (a int)",
        "create schema mine",
        "copy (select 1) to program 'true'",
        "select pg_read_file('/etc/passwd')",
    ]


def outcome(connection: psycopg.Connection, attack: str) -> str | None:
    """The SQLSTATE that stopped an attack, None where nothing did."""
    try:
        # The attack is a text from this file, which is the point of it.
        connection.execute(sql.SQL(attack))  # type: ignore[arg-type]
    except psycopg.Error as error:
        return error.sqlstate
    finally:
        connection.rollback()
        connection.execute("reset all")
        connection.commit()
    return None


def test_no_scope_escapes_from_its_shell(
    settings: Settings, every_scope: list[ScopeId], planted: None
) -> None:
    database = settings.database
    for scope in every_scope:
        with (
            short_login(settings, scope) as one,
            psycopg.connect(
                host=database.host,
                port=database.port,
                dbname=database.name,
                user=one.name,
                password=one.password,
                options=f"-c role={one.role}",
            ) as inside,
        ):
            assert inside.execute("select current_user").fetchone() == (one.role,)
            for target, table in targets(scope, every_scope):
                for attack in attacks(target, table, settings.prefix):
                    found = outcome(inside, attack)
                    assert found == REFUSED or (found == NO_XML and "_to_xml" in attack), (
                        scope,
                        attack,
                        found,
                    )


# Opens the real shell of a scope, as `stegvis db shell` does once the servers run: standard input is the pipe.
SHELL = """
import sys
from pathlib import Path
from stegvis.config import read_settings
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.shell import open_shell
sys.exit(open_shell(read_settings(Path(sys.argv[1])), ScopeId.parse(sys.argv[2]), Path(sys.argv[3])))
"""


def piped(
    settings: Settings, running: Servers, scope: ScopeId, text: str
) -> subprocess.CompletedProcess[str]:
    """What a scope's shell answers to what is piped into it."""
    psql: Path = running.postgres.bin_dir / "psql"
    return subprocess.run(
        [sys.executable, "-c", SHELL, settings.home, str(scope), psql],
        input=text,
        env=os.environ | {"PYTHONPATH": str(ROOT / "platform")},
        capture_output=True,
        text=True,
    )


def test_what_is_piped_into_any_shell_is_refused(
    settings: Settings, running: Servers, every_scope: list[ScopeId], planted: None
) -> None:
    """Whoever types can tell psql to go on after a fault: every attack, one after another, in one session."""
    for scope in every_scope:
        lines, wanted = ["\\set ON_ERROR_STOP 0"], {}
        for target, table in targets(scope, every_scope):
            for attack in attacks(target, table, settings.prefix):
                wanted[str(len(wanted))] = attack
                lines += [f"{attack};", f"\\echo attack {len(wanted) - 1} :ERROR :SQLSTATE"]
        lines += ["\\echo own", f"select count(*) from {scope.schema}.scope_marker;"]
        told = piped(settings, running, scope, "\n".join(lines))
        assert CANARY.encode().hex() not in told.stdout, scope
        found = re.findall(r"^attack (\d+) (\w+) (\w+)$", told.stdout, re.MULTILINE)
        assert [number for number, *_ in found] == list(wanted)
        for number, failed, state in found:
            fits = state == REFUSED or (state == NO_XML and "_to_xml" in wanted[number])
            assert (failed, fits) == ("true", True), (scope, wanted[number], state)
        # The shell that refused all this is one that reads its own scope.
        assert told.stdout.split("own\n")[1].split() == ["count", "-------", "1", "(1", "row)"]


@pytest.mark.parametrize("attack", ["set role {role}; {read}", "reset role; {read}", "{read}"])
def test_a_shell_ends_with_3_at_the_first_refusal(
    settings: Settings, running: Servers, planted: None, attack: str
) -> None:
    target = ScopeId.parse("gavleborg/sandviken")
    read = f"select number_sealed from {target.schema}.participant;"
    text = attack.format(role=target.role(settings.prefix), read=read)
    told = piped(settings, running, ScopeId.parse("gavleborg"), text)
    assert (told.returncode, told.stdout) == (3, "")
    assert "permission denied" in told.stderr
    seen = piped(settings, running, target, read)
    assert (seen.returncode, CANARY.encode().hex() in seen.stdout) == (0, True), "it is there for its own"


def test_a_shell_login_is_gone_when_the_shell_ends(settings: Settings, admin: psycopg.Connection) -> None:
    with short_login(settings, ScopeId.parse("gavleborg/sandviken")) as one:
        found = admin.execute(
            "SELECT rolvaliduntil IS NOT NULL, rolinherit FROM pg_roles WHERE rolname = %s", [one.name]
        ).fetchone()
        assert found == (True, False)
        roles = admin.execute(
            "SELECT r.rolname FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid"
            " JOIN pg_roles m ON m.oid = member WHERE m.rolname = %s",
            [one.name],
        ).fetchall()
        assert roles == [(one.role,)]
    assert admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [one.name]).fetchone() is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(
            host=settings.database.host,
            port=settings.database.port,
            dbname=settings.database.name,
            user=one.name,
            password=one.password,
        )


@pytest.mark.parametrize("level", ["forbund", "publicering"])
@pytest.mark.parametrize("under_role", [True, False])
def test_no_escape_to_a_vault_from_an_engine(
    in_app: Flask,
    settings: Settings,
    every_scope: list[ScopeId],
    planted: None,
    level: str,
    under_role: bool,
) -> None:
    roles = [one.role(settings.prefix) for one in every_scope if one.level == level]
    vaults = [one for one in every_scope if one.level == "huvudman"]
    with db.engines[level].connect() as pooled:
        raw = pooled.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        for role, vault in itertools.product(roles if under_role else [""], vaults):
            for attack in attacks(vault, "participant", settings.prefix):
                if role:
                    raw.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
                found = outcome(raw, attack)
                assert found == REFUSED or (found == NO_XML and "_to_xml" in attack), (role, attack, found)
        pooled.invalidate()


def test_a_vault_engine_without_a_scope_reads_nothing(in_app: Flask, every_scope: list[ScopeId]) -> None:
    with db.engines["huvudman"].connect() as connection, pytest.raises(sa.exc.ProgrammingError):
        connection.execute(sa.select(VaultMarker.scope))
    for scope in every_scope:
        placed = db.engines["huvudman"].execution_options(schema_translate_map={"huvudman": scope.schema})
        with placed.connect() as connection, pytest.raises(sa.exc.ProgrammingError) as refused:
            connection.execute(sa.select(VaultMarker.scope))
        assert refused.value.orig.sqlstate == REFUSED


def test_no_login_reaches_two_levels(admin: psycopg.Connection, settings: Settings) -> None:
    rows = admin.execute(
        "SELECT m.rolname, r.rolname FROM pg_auth_members JOIN pg_roles m ON m.oid = member"
        " JOIN pg_roles r ON r.oid = roleid WHERE starts_with(m.rolname, %s)",
        [f"{settings.prefix}_"],
    ).fetchall()
    reached: dict[str, set[str]] = {}
    for member, role in rows:
        reached.setdefault(member, set()).add(role.removeprefix(f"{settings.prefix}_").split("_")[0])
    prefix = settings.prefix
    assert reached.pop(login(prefix, "migrator")) >= {"owner"}
    assert reached == {
        login(prefix, "fb"): {"fb"},
        login(prefix, "hm"): {"hm"},
        login(prefix, "gallring"): {"hm"},
        login(prefix, "pub"): {"pub"},
        login(prefix, "backup"): {"pg"},
    }
