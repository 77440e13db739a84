"""Provisioning and migrating: a schema, its roles, its tables, grants from the matrix, its marker and keys.

Runs as the migrator, who becomes the owner for everything that is to be owned. One transaction a scope:
half a scope never exists.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql

from stegvis.config import Settings
from stegvis.ground.keys import KeyStore, new_data_keys
from stegvis.ground.tenancy import grants, row_rules
from stegvis.ground.tenancy.models import DATA_KEYS, MARKERS, Installation, now
from stegvis.ground.tenancy.names import ScopeId, login
from stegvis.ground.tenancy.tenants import Directory

# The chains of a scope, each begun with its schema: who did what, and what proves a signature or a samtycke.
CHAINS = {
    "forbund": ("audit_event", "agreement_signature"),
    "huvudman": ("audit_event", "consent_evidence"),
}
TREES = {"stegvis": "platform", "forbund": "forbund", "huvudman": "huvudman", "publicering": "publicering"}


class ProvisionError(Exception):
    """A scope cannot be provisioned as asked; the message is one sentence for the operator."""


def migrator_url(settings: Settings) -> sa.URL:
    """The migrator's address of the database."""
    database = settings.database
    return sa.URL.create(
        "postgresql+psycopg",
        username=login(settings.prefix, "migrator"),
        password=database.password("migrator"),
        host=database.host,
        port=database.port,
        database=database.name,
    )


@dataclass
class Provisioner:
    """Brings the database to what tenants/ and migrations/ say."""

    settings: Settings
    directory: Directory
    progress: Callable[[str], None] = lambda line: None

    def __post_init__(self) -> None:
        self.engine = sa.create_engine(
            migrator_url(self.settings), connect_args={"options": "-c search_path="}, poolclass=sa.NullPool
        )
        self.keys = KeyStore(self.settings.keys_dir)
        self.prefix = self.settings.prefix

    def apply(self) -> list[ScopeId]:
        """Provision what is new, migrate and grant what is old; returns the scopes that were new."""
        self._platform()
        new = [scope for scope in self.directory.scopes() if self._scope(scope)]
        for one in self.directory:
            self._shared(one.id)
        return new

    def business_day(self) -> date | None:
        """The installation's business day, where one has been set."""
        with self.engine.begin() as connection:
            self._become_owner(connection)
            written = connection.scalar(sa.select(Installation.day))
        return date.fromisoformat(written) if written else None

    def set_business_day(self, day: date | None) -> None:
        """Set the business day of the whole installation (demo only); None is the real day."""
        written = day.isoformat() if day else None
        with self.engine.begin() as connection:
            self._become_owner(connection)
            if connection.scalar(sa.select(Installation.id)) is None:
                connection.execute(sa.insert(Installation).values(id=1, day=written))
            else:
                connection.execute(sa.update(Installation).values(day=written))

    # -- one schema ------------------------------------------------------------------------------

    def _platform(self) -> None:
        with self.engine.begin() as connection:
            if not self._has_schema(connection, "stegvis"):
                self._become_owner(connection)
                connection.execute(sa.schema.CreateSchema("stegvis"))
            self._migrate(connection, "stegvis", "stegvis")
            self._become_owner(connection)
            raw = self._raw(connection)
            self._grant_schema(raw, "stegvis", "stegvis", {"door": login(self.prefix, "door")})

    def _scope(self, scope: ScopeId) -> bool:
        if self.keys.destroyed(str(scope)) is not None:
            return False
        with self.engine.begin() as connection:
            fresh = not self._has_schema(connection, scope.schema)
            if fresh:
                self.progress(f"Skapar {scope}")
                self._create(connection, scope)
            self._migrate(connection, scope.level, scope.schema)
            self._become_owner(connection)
            if fresh:
                self._mark(connection, scope)
            self._check_marker(connection, scope)
            if fresh or self._stale_grants(connection, scope):
                self._grant_scope(self._raw(connection), scope)
                self._note_grants(connection, scope)
            if fresh and scope.level == "forbund":
                tenant = sa.table("tenant", sa.column("id"), sa.column("provisioned_at"), schema="stegvis")
                connection.execute(sa.insert(tenant).values(id=scope.forbund, provisioned_at=now()))
        return fresh

    def _create(self, connection: sa.Connection, scope: ScopeId) -> None:
        raw = self._raw(connection)
        for role, kind in scope.logins(self.prefix).items():
            known = raw.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            if known is None:
                _run(raw, "CREATE ROLE {role} NOLOGIN NOINHERIT", role=role)
            # The login is NOINHERIT before this: on every version it then has to become the role.
            _run(raw, "GRANT {role} TO {login}", role=role, login=login(self.prefix, kind))
        self._become_owner(connection)
        connection.execute(sa.schema.CreateSchema(scope.schema))

    def _mark(self, connection: sa.Connection, scope: ScopeId) -> None:
        placed = connection.execution_options(schema_translate_map={scope.level: scope.schema})
        placed.execute(sa.insert(MARKERS[scope.level]).values(scope=str(scope), created_at=now(), grants=""))
        keys = DATA_KEYS.get(scope.level)
        if keys is None:
            return
        if not self.keys.exists(str(scope)):
            self.keys.create(str(scope))
        for purpose, version, wrapped in new_data_keys(self.keys, str(scope)):
            placed.execute(
                sa.insert(keys).values(purpose=purpose, version=version, wrapped=wrapped, created_at=now())
            )
        # Named, not imported: the trail is a room above this one, but its chain must begin with the schema.
        head = sa.table(
            "audit_head",
            sa.column("chain"),
            sa.column("seq"),
            sa.column("hash", sa.LargeBinary),
            schema=scope.schema,
        )
        for chain in CHAINS[scope.level]:
            connection.execute(sa.insert(head).values(chain=chain, seq=0, hash=bytes(32)))

    def _check_marker(self, connection: sa.Connection, scope: ScopeId) -> None:
        placed = connection.execution_options(schema_translate_map={scope.level: scope.schema})
        written = placed.scalar(sa.select(MARKERS[scope.level].scope))
        if written != str(scope):
            raise ProvisionError(f"Schemat {scope.schema} hör till {written}, inte till {scope}.")

    def _stale_grants(self, connection: sa.Connection, scope: ScopeId) -> bool:
        placed = connection.execution_options(schema_translate_map={scope.level: scope.schema})
        return placed.scalar(sa.select(MARKERS[scope.level].grants)) != self._grants_mark()

    def _note_grants(self, connection: sa.Connection, scope: ScopeId) -> None:
        placed = connection.execution_options(schema_translate_map={scope.level: scope.schema})
        placed.execute(sa.update(MARKERS[scope.level]).values(grants=self._grants_mark()))

    def _grants_mark(self) -> str:
        heads = [self._script(level).get_current_head() or "" for level in TREES]
        return "+".join([grants.fingerprint(), *heads])

    # -- migrations ------------------------------------------------------------------------------

    def _config(self, level: str) -> Config:
        config = Config()
        migrations: Path = self.settings.root / "migrations"
        config.set_main_option("script_location", str(migrations))
        config.set_main_option("version_locations", str(migrations / TREES[level]))
        config.set_main_option("path_separator", "os")
        return config

    def _script(self, level: str) -> ScriptDirectory:
        return ScriptDirectory.from_config(self._config(level))

    def _migrate(self, connection: sa.Connection, level: str, schema: str) -> None:
        head = self._script(level).get_current_head()
        self._become_owner(connection)
        if self._version(connection, schema) == head:
            return
        config = self._config(level)
        config.attributes["connection"] = connection
        config.attributes["schema"] = schema
        config.attributes["level"] = level
        command.upgrade(config, "head")

    def _version(self, connection: sa.Connection, schema: str) -> str | None:
        if not sa.inspect(connection).has_table("alembic_version", schema=schema):
            return None
        versions = sa.table("alembic_version", sa.column("version_num"), schema=schema)
        return connection.scalar(sa.select(versions.c.version_num))

    # -- grants ----------------------------------------------------------------------------------

    def _grant_scope(self, raw: psycopg.Connection, scope: ScopeId) -> None:
        kinds = {"forbund": ("fb",), "huvudman": ("hm", "ute", "gallring"), "publicering": ("pub",)}
        roles = dict(zip(kinds[scope.level], scope.roles(self.prefix), strict=True))
        self._grant_schema(raw, scope.level, scope.schema, roles)
        if scope.level == "huvudman":
            row_rules.apply(raw, scope.schema, roles)

    def _grant_schema(self, raw: psycopg.Connection, level: str, schema: str, roles: dict[str, str]) -> None:
        """Make the roles' grants in one schema equal to the matrix: revoke all, then give."""
        for kind, role in roles.items():
            names = {"schema": schema, "role": role}
            _run(raw, "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}", **names)
            _run(raw, "GRANT USAGE ON SCHEMA {schema} TO {role}", **names)
            for table in grants.MATRIX[level]:
                for verb in grants.verbs(level, table, kind):
                    statement = f"GRANT {verb} ON {{schema}}.{{table}} TO {{role}}"
                    _run(raw, statement, table=table, **names)

    def _shared(self, forbund_id: str) -> None:
        """Row level security and the vaults' grants on what the huvudmän of a förbund share (walls 8)."""
        forbund = self.directory.get(forbund_id)
        if self.keys.destroyed(str(forbund.scope)) is not None:
            return
        publishing = ScopeId(forbund_id, publishing=True)
        own = {"forbund": forbund.scope.role(self.prefix), "publicering": publishing.role(self.prefix)}
        vaults = {
            scope.huvudman: scope.role(self.prefix)
            for scope in forbund.scopes()
            if scope.huvudman is not None and self.keys.destroyed(str(scope)) is None
        }
        with self.engine.begin() as connection:
            self._become_owner(connection)
            raw = self._raw(connection)
            self._grant_schema(raw, "forbund", forbund.scope.schema, {"pub": own["publicering"]})
            for level, schema in (("forbund", forbund.scope.schema), ("publicering", publishing.schema)):
                for role in vaults.values():
                    self._grant_schema(raw, level, schema, {"hm": role})
                for table in grants.SHARED[level]:
                    self._row_security(raw, schema, table, own[level], vaults)

    def _row_security(
        self, raw: psycopg.Connection, schema: str, table: str, own: str, vaults: dict[str, str]
    ) -> None:
        names = {"schema": schema, "table": table}
        _run(raw, "ALTER TABLE {schema}.{table} ENABLE ROW LEVEL SECURITY", **names)
        _run(raw, "ALTER TABLE {schema}.{table} FORCE ROW LEVEL SECURITY", **names)
        known = {
            row[0]
            for row in raw.execute(
                "SELECT policyname FROM pg_policies WHERE schemaname = %s AND tablename = %s", [schema, table]
            )
        }
        if "own" not in known:
            _run(
                raw,
                "CREATE POLICY own ON {schema}.{table} TO {own} USING (true) WITH CHECK (true)",
                own=own,
                **names,
            )
        for huvudman, role in vaults.items():
            if f"vault_{huvudman}" in known:
                continue
            statement = sql.SQL(
                "CREATE POLICY {policy} ON {schema}.{table} TO {role} "
                "USING (huvudman = {huvudman}) WITH CHECK (huvudman = {huvudman})"
            ).format(
                policy=sql.Identifier(f"vault_{huvudman}"),
                schema=sql.Identifier(schema),
                table=sql.Identifier(table),
                role=sql.Identifier(role),
                huvudman=sql.Literal(huvudman),
            )
            raw.execute(statement)

    # -- small things ----------------------------------------------------------------------------

    def _become_owner(self, connection: sa.Connection) -> None:
        _run(self._raw(connection), "SET LOCAL ROLE {owner}", owner=login(self.prefix, "owner"))

    def _has_schema(self, connection: sa.Connection, schema: str) -> bool:
        return bool(sa.inspect(connection).has_schema(schema))

    def _raw(self, connection: sa.Connection) -> psycopg.Connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        return raw


def _run(raw: psycopg.Connection, statement: str, **names: str) -> None:
    quoted = {key: sql.Identifier(value) for key, value in names.items()}
    raw.execute(sql.SQL(statement).format(**quoted))
