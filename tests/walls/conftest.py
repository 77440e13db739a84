"""What the wall tests share: every scope of the installation, and the superuser who sees past every wall."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest
from psycopg import sql

from stegvis.config import Settings
from stegvis.ground.tenancy.names import ScopeId, login
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.local.installation import superuser
from stegvis.local.servers import Servers
from walls.audit_rows import consents, whole  # noqa: F401

Role = Callable[[str, str], AbstractContextManager[psycopg.Connection]]


@pytest.fixture
def admin(running: Servers, settings: Settings) -> Iterator[psycopg.Connection]:
    """A superuser's connection to this worker's database."""
    with superuser(running.postgres, settings.database.name) as connection:
        yield connection


@pytest.fixture(scope="session")
def every_scope(settings: Settings) -> list[ScopeId]:
    """Every scope of the installation."""
    return list(load_directory(settings.tenants_dir, settings.prefix).scopes())


@pytest.fixture
def as_role(settings: Settings) -> Role:
    """Log in as one of the installation's logins and become a role; the test's end rolls back."""

    @contextmanager
    def opened(kind: str, role: str) -> Iterator[psycopg.Connection]:
        database = settings.database
        with psycopg.connect(
            host=database.host,
            port=database.port,
            dbname=database.name,
            user=login(settings.prefix, kind),
            password=database.password(kind),
            options="-c search_path=",
        ) as connection:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
            yield connection
            connection.rollback()

    return opened
