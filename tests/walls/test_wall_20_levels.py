"""Wall 20: every table declares its level, and the database is what the models and the matrix say.

H: report drafts, survey answers and extracts had no level, so that some would have grown up on the wrong side
of the line. C: a model belongs to one level's metadata; metadata, matrix and migrated schemas are compared.
"""

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from stegvis.config import Settings
from stegvis.ground.tenancy.grants import MATRIX, SHARED
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.names import ScopeId
from stegvis.local.servers import Servers
from walls.planting import LEVELS, mapped, tables

pytestmark = pytest.mark.walls


def schemas(every_scope: list[ScopeId]) -> dict[str, str]:
    """Every real schema with its level."""
    return {"stegvis": "stegvis"} | {one.schema: one.level for one in every_scope}


def test_matrix_and_models_name_the_same_tables() -> None:
    assert {level: set(MATRIX[level]) for level in MATRIX} == {
        level: {table.name for table in tables(level)} for level in LEVELS
    }


def test_shared_tables_are_those_the_matrix_opens_for_vaults() -> None:
    opened = {level: {name for name, kinds in MATRIX[level].items() if "hm" in kinds} for level in SHARED}
    assert {level: set(named) for level, named in SHARED.items()} == opened


def test_every_model_stands_in_its_levels_schema() -> None:
    for level in LEVELS:
        assert {table.schema for table in tables(level)} == {level}
        assert mapped(level) != []


def test_models_refer_to_their_own_level_alone() -> None:
    crossing = [
        f"{table.fullname} -> {key.target_fullname}"
        for level in LEVELS
        for table in tables(level)
        for key in table.foreign_keys
        if key.target_fullname.split(".")[0] != level
    ]
    assert crossing == []


def test_migrated_schemas_hold_the_declared_tables(
    admin: psycopg.Connection, every_scope: list[ScopeId]
) -> None:
    rows = admin.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'stegvis' OR schemaname ~"
        " '^(fb|hm|pub)_'"
    ).fetchall()
    wanted = {
        (schema, name)
        for schema, level in schemas(every_scope).items()
        for name in {table.name for table in tables(level)} | {"alembic_version"}
    }
    assert set(rows) == wanted


def placed(level: str, schema: str) -> sa.MetaData:
    """A level's metadata with the real schema in place of the placeholder."""
    copy = sa.MetaData(naming_convention=db.metadatas[LEVELS[level]].naming_convention)
    for table in tables(level):
        table.to_metadata(copy, schema=schema, referred_schema_fn=lambda *_: schema)
    return copy


def test_a_migration_of_today_would_change_nothing(
    running: Servers, settings: Settings, every_scope: list[ScopeId]
) -> None:
    url = sa.URL.create(
        "postgresql+psycopg",
        username=running.postgres.superuser,
        password=running.postgres.password,
        host=str(running.postgres.socket_dir),
        port=running.postgres.port,
        database=settings.database.name,
    )
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"options": "-c search_path="})
    differences = {}
    with engine.connect() as connection:
        for schema, level in schemas(every_scope).items():
            context = MigrationContext.configure(
                connection,
                opts={
                    "include_schemas": True,
                    "include_name": lambda name, kind, _parents, only=schema: (
                        kind != "schema" or name == only
                    ),
                    "compare_type": True,
                    "version_table_schema": schema,
                },
            )
            found = compare_metadata(context, placed(level, schema))
            if found:
                differences[schema] = found
    assert differences == {}


def test_checks_in_the_database_are_the_declared_ones(
    admin: psycopg.Connection, every_scope: list[ScopeId]
) -> None:
    """Alembic does not compare check constraints: their names are compared here."""
    rows = admin.execute(
        "SELECT connamespace::regnamespace::text, conrelid::regclass::text, conname FROM pg_constraint"
        " WHERE contype = 'c' AND (connamespace::regnamespace::text ~ '^(fb|hm|pub)_')"
    ).fetchall()
    found = {(schema, table.split(".")[-1], name) for schema, table, name in rows}
    wanted = {
        (one.schema, table.name, str(constraint.name))
        for one in every_scope
        for table in tables(one.level)
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    assert found == wanted
