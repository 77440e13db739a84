"""Rows for tests that look for leaks: any table of any level filled from its own declaration, past every

rule.
"""

import inspect
import re
import uuid
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.types.json import Json

import stegvis.tables  # noqa: F401  every model
from stegvis.ground.keys import Sealed, SealedJson
from stegvis.ground.tenancy.models import db

LEVELS = {"stegvis": None, "forbund": "forbund", "huvudman": "huvudman", "publicering": "publicering"}
_numbers = count(1000)


def tables(level: str) -> list[sa.Table]:
    """The tables that the models declare for a level."""
    return list(db.metadatas[LEVELS[level]].sorted_tables)


def mapped(level: str) -> list[Any]:
    """The model classes of a level."""
    own = db.metadatas[LEVELS[level]]
    classes = [mapper.class_ for mapper in db.Model.registry.mappers]
    return sorted(
        (one for one in classes if one.__table__.metadata is own), key=lambda one: one.__tablename__
    )


def sealed_attributes(model: Any) -> dict[str, Sealed]:
    """The sealed attributes of a model."""
    found = {name: inspect.getattr_static(model, name) for name in dir(model) if not name.startswith("_")}
    return {name: one for name, one in found.items() if isinstance(one, Sealed)}


def sealed_values(model: Any, canary: str) -> dict[str, Any]:
    """An id and every sealed column of a model, each holding its own canary; needs an open scope."""
    row = model(id=uuid.uuid4())
    values: dict[str, Any] = {"id": row.id}
    for name, one in sealed_attributes(model).items():
        text = f"{canary}-{model.__tablename__}-{name}"
        setattr(row, name, {"svar": text} if isinstance(one, SealedJson) else text)
        values[one.column] = getattr(row, one.column)
    return values


def plant(admin: psycopg.Connection, table: sa.Table, schema: str, **fixed: Any) -> dict[str, Any]:
    """Insert one row that fits the table's rules, with the rows that it refers to; returns its values."""
    allowed = _allowed(table)
    values = {}
    for column in table.columns:
        if column.name in fixed:
            values[column.name] = fixed[column.name]
        elif not column.nullable or column.name in _one_of(table):
            parents = [key.column for key in column.foreign_keys]
            values[column.name] = (
                plant(admin, parents[0].table, schema)[parents[0].name]
                if parents
                else _value(column, allowed)
            )
    adapted = [Json(one) if isinstance(one, dict | list) else one for one in values.values()]
    statement = sql.SQL("INSERT INTO {}.{} ({}) VALUES ({})").format(
        sql.Identifier(schema),
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
    )
    admin.execute(statement, adapted)
    return values


def _one_of(table: sa.Table) -> set[str]:
    """The first column of each check that asks for one of several: `num_nonnulls(a, b) > 0`."""
    checks = [one for one in table.constraints if isinstance(one, sa.CheckConstraint)]
    found = [re.match(r"num_nonnulls\((\w+)", str(one.sqltext)) for one in checks]
    return {match[1] for match in found if match}


def _allowed(table: sa.Table) -> dict[str, str]:
    """The first value that a check of the form `column in ('a', ...)` lets through, by column."""
    checks = [one for one in table.constraints if isinstance(one, sa.CheckConstraint)]
    found = [re.match(r"(\w+) in \('([^']*)'", str(one.sqltext)) for one in checks]
    return {match[1]: match[2] for match in found if match}


def _value(column: sa.Column[Any], allowed: dict[str, str]) -> Any:
    if column.name in allowed:
        return allowed[column.name]
    kind = column.type
    if isinstance(kind, sa.Uuid):
        return uuid.uuid4()
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer):
        return next(_numbers)
    if isinstance(kind, sa.DateTime):
        return datetime(2024, 1, 15, 9, 30, tzinfo=UTC)
    if isinstance(kind, sa.Date):
        return date(2024, 1, 15)
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.LargeBinary):
        return uuid.uuid4().bytes
    assert isinstance(kind, sa.Text), (column, kind)
    return f"text-{next(_numbers)}"
