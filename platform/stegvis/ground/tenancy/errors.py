"""One place that turns database errors into (code, table, constraint): a row must never ride on an error.

PostgreSQL's own text quotes the failing row or value (walls 12); here only names of things survive.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy.exc


class DatabaseFault(Exception):
    """A database error without its text: SQLSTATE, table and constraint."""

    def __init__(self, sqlstate: str | None, table: str | None, constraint: str | None) -> None:
        self.sqlstate = sqlstate or "?????"
        self.table = table
        self.constraint = constraint
        super().__init__(f"sqlstate={self.sqlstate} table={table} constraint={constraint}")


class Conflict(DatabaseFault):
    """A unique constraint said no: the thing exists already."""


class Refused(DatabaseFault):
    """PostgreSQL refused the role: a wall held."""


_UNIQUE = "23505"
_PRIVILEGE = "42501"


@contextmanager
def translate_database_errors() -> Iterator[None]:
    """Raise DatabaseFault (Conflict, Refused) in place of every SQLAlchemy error, without its chain."""
    try:
        yield
    except sqlalchemy.exc.DBAPIError as error:
        fault = describe(error)
    else:
        return
    raise fault from None


def describe(error: sqlalchemy.exc.DBAPIError) -> DatabaseFault:
    """The nameable parts of a database error."""
    diagnosis = getattr(error.orig, "diag", None)
    sqlstate = getattr(error.orig, "sqlstate", None)
    table = getattr(diagnosis, "table_name", None)
    constraint = getattr(diagnosis, "constraint_name", None)
    kinds = {_UNIQUE: Conflict, _PRIVILEGE: Refused}
    return kinds.get(sqlstate or "", DatabaseFault)(sqlstate, table, constraint)
