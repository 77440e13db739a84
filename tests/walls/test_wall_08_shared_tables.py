"""Wall 8: tables that several huvudmän write to show each of them its own rows alone.

H: with plain grants one huvudman read another's published figures and wrote in its name; a unique violation
told that the other had reported. C: forced row level security on the huvudman of the role, `huvudman` in
every unique key, SELECT and INSERT only, no view and no function in between.
"""

import uuid
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from psycopg.types.json import Json

from stegvis.config import Settings
from stegvis.ground.tenancy.grants import MATRIX
from stegvis.ground.tenancy.names import ScopeId
from walls.conftest import Role
from walls.planting import plant, tables

pytestmark = pytest.mark.walls

SHARED_LEVELS = ("forbund", "publicering")


def shared(level: str) -> list[sa.Table]:
    """The tables of a level that the matrix opens for vaults."""
    return [one for one in tables(level) if MATRIX[level].get(one.name, {}).get("hm")]


def home_of(level: str, vault: ScopeId) -> str:
    """The schema of a level that a vault shares with the others of its förbund."""
    return ScopeId(vault.forbund, publishing=level == "publicering").schema


def vaults_of(every_scope: list[ScopeId]) -> list[ScopeId]:
    return [one for one in every_scope if one.level == "huvudman"]


def test_every_table_granted_to_a_vault_is_walled(
    admin: psycopg.Connection, settings: Settings, every_scope: list[ScopeId]
) -> None:
    rows = admin.execute(
        "SELECT DISTINCT n.nspname, c.relname, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a"
        " JOIN pg_roles r ON r.oid = a.grantee WHERE starts_with(r.rolname, %s)"
        " AND (starts_with(n.nspname, 'fb_') OR starts_with(n.nspname, 'pub_'))",
        [f"{settings.prefix}_hm_"],
    ).fetchall()
    expected = {
        (home_of(level, vault), table.name, "r", True, True)
        for vault in vaults_of(every_scope)
        for level in SHARED_LEVELS
        for table in shared(level)
    }
    assert set(rows) == expected


def test_huvudman_is_in_every_unique_key_that_a_vault_writes_to() -> None:
    without = [
        f"{table.name}({', '.join(column.name for column in constraint.columns)})"
        for level in SHARED_LEVELS
        for table in shared(level)
        for constraint in table.constraints
        if isinstance(constraint, sa.UniqueConstraint)
        and "I" in MATRIX[level][table.name]["hm"]
        and "huvudman" not in constraint.columns
    ]
    # The primary keys are random UUIDs: nobody can ask for another's.
    assert without == []


def test_marked_rows_are_seen_by_their_own_huvudman_alone(
    admin: psycopg.Connection, as_role: Role, settings: Settings, every_scope: list[ScopeId]
) -> None:
    marked: dict[tuple[str, str], dict[str, uuid.UUID]] = {}
    for vault in vaults_of(every_scope):
        for level in SHARED_LEVELS:
            for table in shared(level):
                row = plant(admin, table, home_of(level, vault), huvudman=vault.huvudman)
                marked.setdefault((home_of(level, vault), table.name), {})[str(vault)] = row["id"]
    seen: dict[tuple[str, str], dict[str, set[uuid.UUID]]] = {place: {} for place in marked}
    for vault in vaults_of(every_scope):
        with as_role("hm", vault.role(settings.prefix)) as inside:
            for (schema, table), rows in marked.items():
                query = sql.SQL("SELECT id FROM {}.{} WHERE id = ANY(%s)").format(
                    sql.Identifier(schema), sql.Identifier(table)
                )
                try:
                    with inside.transaction():
                        found = inside.execute(query, [list(rows.values())]).fetchall()
                except psycopg.errors.InsufficientPrivilege:
                    assert str(vault) not in rows
                    continue
                seen[schema, table][str(vault)] = {one[0] for one in found}
    assert seen == {place: {who: {row} for who, row in rows.items()} for place, rows in marked.items()}


def test_nobody_writes_in_anothers_name(
    admin: psycopg.Connection, as_role: Role, settings: Settings, every_scope: list[ScopeId]
) -> None:
    tried = 0
    for vault in vaults_of(every_scope):
        for other in vaults_of(every_scope):
            if other.forbund != vault.forbund or other == vault:
                continue
            for level in SHARED_LEVELS:
                for table in shared(level):
                    if "I" not in MATRIX[level][table.name]["hm"]:
                        continue
                    schema = home_of(level, vault)
                    existing = plant(admin, table, schema, huvudman=other.huvudman)
                    for values in (existing | {"id": uuid.uuid4()}, fresh(existing)):
                        # The same answer whether the other has such a row or not: nothing can be learnt from
                        # it. Without RETURNING too: with it the policy for reading would refuse as well.
                        for back in (True, False):
                            found = insert_as(as_role, settings, vault, schema, table, values, back)
                            assert found == "42501"
                            tried += 1
                    own = fresh(existing) | {"huvudman": vault.huvudman}
                    assert insert_as(as_role, settings, vault, schema, table, own) is None
                    # The other's key under the own name is free: a taken one would tell.
                    same = existing | {"id": uuid.uuid4(), "huvudman": vault.huvudman}
                    assert insert_as(as_role, settings, vault, schema, table, same) is None
    assert tried > 0


def fresh(values: dict[str, Any]) -> dict[str, Any]:
    """The same row with another id and other texts."""
    return {
        name: uuid.uuid4() if name == "id" else f"{one}-ny" if name in ("insats", "key") else one
        for name, one in values.items()
    }


def insert_as(
    as_role: Role,
    settings: Settings,
    vault: ScopeId,
    schema: str,
    table: sa.Table,
    values: dict[str, Any],
    returning: bool = True,
) -> str | None:
    """Insert as a vault's role, then take it back; the SQLSTATE of the refusal, or None."""
    text = "INSERT INTO {}.{} ({}) VALUES ({})"
    statement = sql.SQL(f"{text} RETURNING id" if returning else text).format(
        sql.Identifier(schema),
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
    )
    adapted = [Json(one) if isinstance(one, dict | list) else one for one in values.values()]
    with as_role("hm", vault.role(settings.prefix)) as inside:
        try:
            inside.execute(statement, adapted)
        except psycopg.Error as error:
            return error.sqlstate
    return None
