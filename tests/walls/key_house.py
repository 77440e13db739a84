"""An installation of its own for the tests that change and destroy keys, with made-up rows in every table."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from psycopg import sql

from stegvis import cli
from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.ground.keys.destruction import Destruction
from stegvis.ground.keys.rotation import Rotated, Rotation, models_of
from stegvis.ground.keys.sealed import sealed_attributes
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.local import key_group
from stegvis.local.installation import set_up, superuser
from stegvis.local.servers import Servers
from walls.planting import plant, sealed_values, tables

VAULT, OTHER = ScopeId.parse("gavleborg/sandviken"), ScopeId.parse("gavleborg/af_gavle")
FORBUND = ScopeId.parse("gavleborg")


@dataclass
class House:
    """An installation of its own, whose keys may be changed."""

    settings: Settings
    app: Flask
    admin: psycopg.Connection

    def rotate(self, scope_id: ScopeId = VAULT) -> Rotated:
        return Rotation(self.settings, scope_id).run()

    def versions(self, scope_id: ScopeId = VAULT) -> dict[str, list[int]]:
        """The versions of each purpose that the schema holds."""
        asked = sql.SQL("SELECT purpose, version FROM {}.data_key ORDER BY version")
        found: dict[str, list[int]] = {}
        for purpose, version in self.admin.execute(asked.format(sql.Identifier(scope_id.schema))):
            found.setdefault(purpose, []).append(version)
        return found


@contextmanager
def key_house(running: Servers, folder: Path, name: str) -> Iterator[House]:
    """Set one up; `name` tells it apart from others on the same servers."""
    home = folder / f"home-{name}"
    settings = set_up(home, running, progress=lambda line: None, prefix=name, name=name)
    app = create_app(settings)
    with superuser(running.postgres, settings.database.name) as admin:
        yield House(settings, app, admin)
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


Told = dict[tuple[str, uuid.UUID], tuple[str, dict[str, Any]]]
_rounds = count(1)


def planted(house: House, scope_id: ScopeId, rounds: int = 4) -> Told:
    """Rows of every table that seals something: canary and stored values, by table and row."""
    told: Told = {}
    models = {one.__tablename__: one for one in models_of(scope_id.level)}
    with house.app.app_context():
        for _ in range(rounds):
            canary, ids = f"sparvhöken{next(_rounds)}", {}
            for table in (one for one in tables(scope_id.level) if one.name in models):
                with scope(scope_id):
                    values = sealed_values(models[table.name], canary)
                for column in table.columns:
                    for key in column.foreign_keys:
                        if not column.nullable:
                            values[column.name] = ids[key.column.table.name]
                plant(house.admin, table, scope_id.schema, **values)
                ids[table.name] = values["id"]
                told[table.name, values["id"]] = canary, values
    return told


def read_again(house: House, scope_id: ScopeId, told: Told) -> set[int]:
    """Read every planted value; returns the versions that they are sealed with."""
    versions = set()
    models = {one.__tablename__: one for one in models_of(scope_id.level)}
    with house.app.app_context(), scope(scope_id) as opened:
        for (table, row_id), (canary, _) in told.items():
            row = opened.session.get_one(models[table], row_id)
            for name, one in sealed_attributes(models[table]).items():
                wanted = f"{canary}-{table}-{name}"
                assert getattr(row, name) in (wanted, {"svar": wanted})
                versions.add(int.from_bytes(getattr(row, one.column)[:2]))
    return versions


@contextmanager
def put_back(house: House) -> Iterator[None]:
    """What a test does to the key files of the shared installation is undone."""
    files = {one: one.read_bytes() for one in house.settings.keys_dir.iterdir()}
    try:
        yield
    finally:
        for one in house.settings.keys_dir.iterdir():
            one.unlink()
        for one, content in files.items():
            one.write_bytes(content)
            one.chmod(0o600)


def state(house: House) -> tuple[Any, ...]:
    """Key files and wrapped keys, byte by byte: what a refusal leaves as it was."""
    files = {one.name: one.read_bytes() for one in house.settings.keys_dir.iterdir()}
    rows = [
        house.admin.execute(
            sql.SQL("SELECT purpose, version, wrapped FROM {}.data_key ORDER BY 1, 2").format(
                sql.Identifier(one.schema)
            )
        ).fetchall()
        for one in (VAULT, OTHER, FORBUND)
    ]
    return files, rows


def directory_of(house: House) -> Any:
    return load_directory(house.settings.tenants_dir, house.settings.prefix)


def destruction(house: House, scope_id: ScopeId = VAULT) -> Destruction:
    return Destruction(house.settings, directory_of(house), scope_id)


class Command:
    """The command line, on the installation of the test instead of the home of whoever runs it."""

    def __call__(self, *words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli.cli, ["key", *words], input=typed)


def command_line(house: House, running: Servers, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line of an installation, past the looking for one."""

    @contextmanager
    def here(*_about: Any, **_more: Any) -> Iterator[tuple[Settings, Servers]]:
        yield house.settings, running

    monkeypatch.setattr(key_group, "installation", here)
    # Should a command look for an installation elsewhere: never the one of whoever runs the tests.
    monkeypatch.setenv("STEGVIS_HOME", str(house.settings.home / "ingen-annan"))
    return Command()
