"""The owner's hand on one scope: what changing and destroying keys may do, and no web process may."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from stegvis.config import Settings
from stegvis.ground.tenancy.names import ScopeId, login
from stegvis.ground.tenancy.provision import migrator_url

LOCK_WAITS = "10s"


class OwnedScope:
    """Sessions on one scope's schema as its owner, by the migrator's login."""

    def __init__(self, settings: Settings, scope_id: ScopeId) -> None:
        self.scope_id = scope_id
        self._owner = login(settings.prefix, "owner")
        plain = sa.create_engine(
            migrator_url(settings),
            connect_args={"options": "-c search_path= -c application_name=stegvis"},
            poolclass=sa.NullPool,
            hide_parameters=True,
        )
        self._engine = plain.execution_options(schema_translate_map=scope_id.translation())

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction as the owner. A policy that would hide a row from it raises instead of hiding."""
        with Session(self._engine) as opened:
            event.listen(opened, "after_begin", self._become)
            with opened.begin():
                yield opened

    def _become(self, _session: Session, _transaction: Any, connection: sa.Connection) -> None:
        connection.execute(
            sa.select(
                sa.func.set_config("role", self._owner, True),
                sa.func.set_config("row_security", "off", True),
                sa.func.set_config("lock_timeout", LOCK_WAITS, True),
            )
        )
