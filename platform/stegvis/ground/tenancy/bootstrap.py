"""First setting-up of a server: owner, logins and database. The only code that needs the superuser.

Nobody who logs in owns anything: `<prefix>_owner` (NOLOGIN) owns database, schemas and tables; the migrator
may become the owner and make roles; the others may become the roles of their level and nothing else.
"""

import secrets

import psycopg
from psycopg import sql

from stegvis.config import LOGINS, Database
from stegvis.ground.tenancy.names import login


def bootstrap(admin: psycopg.Connection, prefix: str, name: str, passwords: dict[str, str]) -> Database:
    """Make owner, logins and database where they are missing; give the logins these or new passwords.

    `admin` is an autocommit superuser connection to the server's `postgres` database. Returns how the
    installation reaches its database. Safe to run again.
    """
    chosen = {kind: passwords.get(kind) or secrets.token_urlsafe(24) for kind in LOGINS}
    owner = login(prefix, "owner")
    _role(admin, owner, sql.SQL("NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE"))
    for kind, password in chosen.items():
        # From PostgreSQL 16 on a membership keeps what the role was at the GRANT: INHERIT comes before it.
        options = {"migrator": "LOGIN NOINHERIT CREATEROLE", "backup": "LOGIN INHERIT BYPASSRLS"}
        _role(admin, login(prefix, kind), sql.SQL(options.get(kind, "LOGIN NOINHERIT")), password)
    _run(admin, "GRANT {owner} TO {migrator}", owner=owner, migrator=login(prefix, "migrator"))
    _run(admin, "GRANT pg_read_all_data TO {backup}", backup=login(prefix, "backup"))
    known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if known is None:
        _run(
            admin,
            "CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' "
            "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'",
            name=name,
            owner=owner,
        )
    _run(admin, "REVOKE ALL ON DATABASE {name} FROM PUBLIC", name=name)
    for kind in chosen:
        _run(admin, "GRANT CONNECT ON DATABASE {name} TO {login}", name=name, login=login(prefix, kind))
    info = admin.info
    return Database(info.host or "localhost", info.port, name, chosen)


def close_public(inside: psycopg.Connection) -> None:
    """Drop the schema that everybody may use; `inside` is a superuser connection to the new database."""
    inside.execute("DROP SCHEMA IF EXISTS public")


def _role(admin: psycopg.Connection, name: str, options: sql.SQL, password: str | None = None) -> None:
    known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
    statement = sql.SQL("{} {} {}").format(verb, sql.Identifier(name), options)
    if password is not None:
        statement += sql.SQL(" PASSWORD {}").format(sql.Literal(password))
    admin.execute(statement)


def _run(admin: psycopg.Connection, statement: str, **names: str) -> None:
    quoted = {key: sql.Identifier(value) for key, value in names.items()}
    admin.execute(sql.SQL(statement).format(**quoted))
