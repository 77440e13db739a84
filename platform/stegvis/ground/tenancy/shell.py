"""`stegvis db shell`: psql as a short-lived login that is member of one role, under that role.

The login lives a few minutes, may become that one role and no other, and is dropped afterwards; whatever is
typed, PostgreSQL itself refuses the rest (walls 1).
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from stegvis.config import Settings
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.names import ScopeId, login

LIFETIME = timedelta(hours=1)


class ShellError(Exception):
    """The shell cannot be opened; one sentence."""


@dataclass(frozen=True)
class ShortLogin:
    """A login that exists while the shell is open."""

    name: str
    password: str
    role: str


@contextmanager
def short_login(settings: Settings, scope: ScopeId) -> Iterator[ShortLogin]:
    """Make a login for one role, drop it at the end; logins left behind by a killed shell go too."""
    database = settings.database
    name = f"{settings.prefix}_skal_{secrets.token_hex(6)}"
    one = ShortLogin(name, secrets.token_urlsafe(24), scope.role(settings.prefix))
    with psycopg.connect(
        host=database.host,
        port=database.port,
        dbname=database.name,
        user=login(settings.prefix, "migrator"),
        password=database.password("migrator"),
        autocommit=True,
    ) as migrator:
        _drop_expired(migrator, settings)
        _create(migrator, settings, one)
        try:
            yield one
        finally:
            _drop(migrator, settings, name)


def open_shell(settings: Settings, scope: ScopeId, psql: Path | None) -> int:
    """Run psql on standard input and output; returns its exit code (3 after a failing statement)."""
    program = str(psql) if psql else shutil.which("psql")
    if program is None:
        raise ShellError("Programmet psql finns inte här: installera PostgreSQL:s klient.")
    with short_login(settings, scope) as one:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": os.environ.get("HOME", "/"),
            "TERM": os.environ.get("TERM", "dumb"),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "PGHOST": settings.database.host,
            "PGPORT": str(settings.database.port),
            "PGDATABASE": settings.database.name,
            "PGUSER": one.name,
            "PGPASSWORD": one.password,
            # The role is the session's own default: RESET ROLE comes back to it, SET ROLE reaches no other.
            "PGOPTIONS": f"-c role={one.role} -c search_path={scope.schema}",
        }
        command = [program, "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--quiet"]
        if not sys.stdin.isatty():
            command += ["--file", "-"]
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603


def _create(migrator: psycopg.Connection, settings: Settings, one: ShortLogin) -> None:
    ends = (now() + LIFETIME).isoformat()
    migrator.execute(
        sql.SQL("CREATE ROLE {} LOGIN NOINHERIT PASSWORD {} VALID UNTIL {} CONNECTION LIMIT 2").format(
            sql.Identifier(one.name), sql.Literal(one.password), sql.Literal(ends)
        )
    )
    migrator.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(one.role), sql.Identifier(one.name)))
    with _as_owner(migrator, settings):
        migrator.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(settings.database.name), sql.Identifier(one.name)
            )
        )


def _drop(migrator: psycopg.Connection, settings: Settings, name: str) -> None:
    with _as_owner(migrator, settings):
        migrator.execute(
            sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(
                sql.Identifier(settings.database.name), sql.Identifier(name)
            )
        )
    migrator.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def _drop_expired(migrator: psycopg.Connection, settings: Settings) -> None:
    expired = migrator.execute(
        "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s) AND rolvaliduntil < now()",
        [f"{settings.prefix}_skal_"],
    ).fetchall()
    for (name,) in expired:
        _drop(migrator, settings, name)


@contextmanager
def _as_owner(migrator: psycopg.Connection, settings: Settings) -> Iterator[None]:
    migrator.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(login(settings.prefix, "owner"))))
    try:
        yield
    finally:
        migrator.execute("RESET ROLE")
