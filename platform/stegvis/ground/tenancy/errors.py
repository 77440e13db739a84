"""One place that turns database errors into (code, table, constraint): a row must never ride on an error.

PostgreSQL's own text quotes the failing row or value (walls 12); here only names of things survive.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa
import sqlalchemy.exc
from sqlalchemy import event


class DatabaseFault(Exception):
    """A database error without its text: SQLSTATE, table and constraint."""

    def __init__(self, sqlstate: str | None, table: str | None, constraint: str | None) -> None:
        self.sqlstate = sqlstate or "?????"
        self.table = table
        self.constraint = constraint
        super().__init__(f"sqlstate={self.sqlstate} table={table} constraint={constraint}")

    def facts_for_log(self) -> dict[str, str | None]:
        """All of it: names of things."""
        return {"sqlstate": self.sqlstate, "table": self.table, "constraint": self.constraint}


class Conflict(DatabaseFault):
    """A unique constraint said no: the thing exists already."""


class Refused(DatabaseFault):
    """PostgreSQL refused the role: a wall held."""


class WrongKind(DatabaseFault):
    """A value of another kind than its column was stopped before SQL; `constraint` names the column."""


_UNIQUE = "23505"
_PRIVILEGE = "42501"
_NOT_OF_THE_KIND = "22P02"
# What may be written to a column of a type. PostgreSQL's answer to anything else quotes it, in the line of the
# server's log that no setting shortens: `invalid input syntax for type integer: "..."`.
_KINDS: tuple[tuple[type[sa.types.TypeEngine[Any]], tuple[type, ...]], ...] = (
    (sa.Integer, (int,)),
    (sa.DateTime, (datetime,)),
    (sa.Date, (date,)),
    (sa.Boolean, (bool,)),
    (sa.Numeric, (int, float, Decimal)),
    (sa.Uuid, (UUID,)),
    (sa.LargeBinary, (bytes,)),
)
# Everything that carries text of the database: the error itself, what SQLAlchemy says of a value that it could
# not hand over, what a session says after a failed flush (it quotes the first error), and the bare driver's.
_SPEAKING = (sqlalchemy.exc.StatementError, sqlalchemy.exc.PendingRollbackError, psycopg.Error)


@contextmanager
def translate_database_errors() -> Iterator[None]:
    """Raise DatabaseFault (Conflict, Refused) in place of every database error, without its chain."""
    try:
        yield
    except _SPEAKING as error:
        fault = describe(error)
    else:
        return
    raise fault from None


def describe(error: BaseException) -> DatabaseFault:
    """The nameable parts of a database error."""
    driver = getattr(error, "orig", None) or error
    diagnosis = getattr(driver, "diag", None)
    sqlstate = getattr(driver, "sqlstate", None)
    table = getattr(diagnosis, "table_name", None)
    constraint = getattr(diagnosis, "constraint_name", None)
    kinds = {_UNIQUE: Conflict, _PRIVILEGE: Refused}
    return kinds.get(sqlstate or "", DatabaseFault)(sqlstate, table, constraint)


def refuse_wrong_kinds(engine: sa.Engine) -> None:
    """Let no statement of an engine write a value into a column of another kind: see _KINDS."""

    @event.listens_for(engine, "before_cursor_execute")
    def check(_connection: Any, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool) -> None:
        compiled = context.compiled if context is not None else None
        if compiled is None or not (compiled.isinsert or compiled.isupdate):
            return
        for row in context.compiled_parameters:
            for name, value in row.items():
                bound = compiled.binds.get(name)
                if value is not None and bound is not None and not _fits(bound.type, value):
                    raise WrongKind(_NOT_OF_THE_KIND, compiled.statement.table.name, str(bound.key))


def _fits(column: sa.types.TypeEngine[Any], value: Any) -> bool:
    for declared, kinds in _KINDS:
        if isinstance(column, declared):
            return isinstance(value, kinds)
    return True
