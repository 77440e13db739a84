"""Wall 11: a destroyed key takes every backup with it, and a key file that is not right harms nobody else.

H: with a key in the database, or in the environment with wrapped keys beside it, "destroying the key" left a
key in every backup. C: the key file and its registered copies are all there is; they are overwritten, the
schema is dropped, and a protocol names the day when the last backup is gone.
"""

import base64
import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from stegvis.ground.jobs.service import waiting
from stegvis.ground.keys import KeyFileFault, KeyStore
from stegvis.ground.keys import destruction as destroying
from stegvis.ground.keys.destruction import DestructionRefused
from stegvis.ground.keys.owned import OwnedScope
from stegvis.ground.keys.rotation import models_of
from stegvis.ground.keys.sealed import sealed_attributes
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.provision import Provisioner
from stegvis.ground.tenancy.scope import session
from stegvis.identity.audit import service as audit
from stegvis.identity.audit.models import ForbundAuditEvent
from stegvis.local.installation import superuser
from stegvis.local.servers import Servers
from visiting import Login, People, Visitor
from walls.key_house import (
    FORBUND,
    OTHER,
    VAULT,
    House,
    command_line,
    destruction,
    directory_of,
    key_house,
    planted,
    state,
)
from walls.planting import plant, tables
from walls.test_wall_10_no_edge_across import dump

pytestmark = pytest.mark.walls

CLEAR = "tornseglaren"


@pytest.fixture
def house(running: Servers, run_folder: Path, worker_id: str) -> Iterator[House]:
    """An installation for one test: what is destroyed stays so."""
    with key_house(running, run_folder, f"n{uuid.uuid4().hex[:8]}_{worker_id}") as made:
        yield made
    with superuser(running.postgres, "postgres") as admin:
        admin.execute(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(made.settings.database.name))
        )


@contextmanager
def restored(house: House, running: Servers, text: str) -> Iterator[psycopg.Connection]:
    """A dump restored in a database of its own, beside."""
    name = f"{house.settings.database.name}_b"
    with superuser(running.postgres, "postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        done = subprocess.run(
            [running.postgres.bin_dir / "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"],
            input=text,
            env=os.environ
            | {
                "PGHOST": str(running.postgres.socket_dir),
                "PGPORT": str(running.postgres.port),
                "PGDATABASE": name,
                "PGUSER": running.postgres.superuser,
                "PGPASSWORD": running.postgres.password,
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        with superuser(running.postgres, name) as beside:
            yield beside
    finally:
        with superuser(running.postgres, "postgres") as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def readable(beside: psycopg.Connection, keys: Path) -> int:
    """How many sealed values of a restored vault can be opened with the key files in a folder, any of them."""
    schema = sql.Identifier(VAULT.schema)
    wrapped = beside.execute(
        sql.SQL("SELECT purpose, version, wrapped FROM {}.data_key").format(schema)
    ).fetchall()
    rings = []
    for file in keys.rglob("*.key*"):
        # Whoever holds the file can write any name in it.
        content = json.loads(file.read_text()) | {"scope": str(VAULT)}
        folder = keys / f"try-{uuid.uuid4().hex}"
        folder.mkdir()
        (folder / "gavleborg.sandviken.key").write_text(json.dumps(content))
        try:
            rings.append(KeyStore(folder).ring(str(VAULT), VAULT.schema, wrapped))
        except KeyFileFault:
            continue
        finally:
            shutil.rmtree(folder)
    opened = 0
    for model in models_of("huvudman"):
        for one in sealed_attributes(model).values():
            asked = sql.SQL("SELECT id, {} FROM {}.{}").format(
                sql.Identifier(one.column), schema, sql.Identifier(model.__tablename__)
            )
            for row, value in beside.execute(asked):
                for ring in rings:
                    clear = ring.open(value, table=model.__tablename__, column=one.column, row=row)
                    opened += b"sparvh" in clear
    return opened


def hits(beside: psycopg.Connection, canary: str) -> int:
    """Columns of a restored vault in which a text stands, as text or as bytes."""
    found = 0
    for table in tables("huvudman"):
        asked = sql.SQL("SELECT count(*) FROM {}.{} t WHERE position(%s in t::text) > 0").format(
            sql.Identifier(VAULT.schema), sql.Identifier(table.name)
        )
        for form in (canary, canary.encode().hex(), base64.b64encode(canary.encode()).decode()[:8]):
            row = beside.execute(asked, [form]).fetchone()
            assert row is not None
            found += row[0]
    return found


def test_after_destruction_no_backup_can_be_read(house: House, running: Servers, tmp_path: Path) -> None:
    """The oldest dump, from before a change of keys, and the newest: readable until, unreadable after."""
    copies = [tmp_path / "usb" / "kopia.key", tmp_path / "kassaskåp.key"]
    copies[0].parent.mkdir()
    told = planted(house, VAULT, 1)
    plant(house.admin, next(t for t in tables("huvudman") if t.name == "outbox"), VAULT.schema, kind=CLEAR)
    oldest = dump(running, house.settings, VAULT.schema)
    house.rotate()
    more = planted(house, VAULT, 1)
    newest = dump(running, house.settings, VAULT.schema)
    sealed = sum(len(sealed_attributes(one)) for one in models_of("huvudman"))
    assert sealed >= 20 and len(told) == len(more) == len(models_of("huvudman"))
    for text, rounds in ((oldest, 1), (newest, 2)):
        with restored(house, running, text) as beside:
            assert readable(beside, house.settings.keys_dir) == sealed * rounds
            assert (hits(beside, CLEAR), hits(beside, "sparvhök")) == (1, 0)
    store = KeyStore(house.settings.keys_dir)
    for copy in copies:
        shutil.copy(store.path(str(VAULT)), copy)
        destroying.add_copy(store, str(VAULT), copy)
    protocol = destruction(house).run()
    assert [one.exists() for one in (*copies, store.path(str(VAULT)))] == [False, False, False]
    for text in (oldest, newest):
        with restored(house, running, text) as beside:
            assert readable(beside, tmp_path) == readable(beside, house.settings.keys_dir) == 0
            assert (hits(beside, CLEAR), hits(beside, "sparvhök")) == (1, 0)
    gone = house.admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [VAULT.schema]).fetchone()
    assert gone is None
    last = datetime.now(UTC) + timedelta(days=house.settings.backup_days)
    assert protocol["backups_gone_on"] == last.date().isoformat()
    assert protocol["files"] == [str(one) for one in (*sorted(copies), store.path(str(VAULT)))]
    assert store.destroyed(str(VAULT)) == protocol
    assert f"är borta {protocol['backups_gone_on']}" in protocol["sentence"]


def test_the_scope_is_closed_and_the_others_live(house: House, people_of: Callable[..., Login]) -> None:
    """A process that runs answers with one sentence; nothing is made anew when the installation starts."""
    staff, neighbour = people_of(VAULT), people_of(OTHER, insats="se_coach")
    pages = [Visitor(house.app).logged_in(one) for one in (staff, neighbour)]
    assert [one.get("/idag").status_code for one in pages] == [200, 200]
    destruction(house).run()
    closed = pages[0].get("/idag")
    assert closed.status_code == 503
    assert "Den här insatsägaren är stängd" in closed.text
    assert [pages[1].get("/idag").status_code, Visitor(house.app).get("/").status_code] == [200, 200]
    assert Provisioner(house.settings, directory_of(house)).apply() == []
    with house.app.app_context():
        assert str(VAULT) not in waiting("huvudman") and str(OTHER) in waiting("huvudman")
    with house.app.app_context():
        with pytest.raises(KeyFileFault) as fault, scope(VAULT):
            pytest.fail("the vault opened")
        with scope(FORBUND):
            assert audit.verify().ok
    assert (
        str(fault.value)
        == "Nyckeln för gavleborg/sandviken är förstörd: uppgifterna går inte att läsa längre."
    )


@pytest.fixture
def people_of(house: House) -> Callable[..., Login]:
    """Somebody of the team of an insats in a vault."""

    def one(scope_id: ScopeId, insats: str = "karnhuset", number: str = "") -> Login:
        return People(house.app).account(
            "personal", "handledare", scope_id=str(scope_id), insats=insats, number=number
        )

    return one


def test_a_stopped_destruction_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped between key and schema: closed from the first moment, and the next run ends it."""
    real, calls = OwnedScope.session, 0

    def stop_at_the_second(self: OwnedScope) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return real(self)

    monkeypatch.setattr(OwnedScope, "session", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        destruction(house).run()
    monkeypatch.setattr(OwnedScope, "session", real)
    protocol = KeyStore(house.settings.keys_dir).destroyed(str(VAULT))
    assert protocol is not None and protocol["finished_at"] is None
    with house.app.app_context(), pytest.raises(KeyFileFault), scope(VAULT):
        pytest.fail("the vault opened")
    done = destruction(house).run()
    assert (done["begun_at"], done["backups_gone_on"]) == (protocol["begun_at"], protocol["backups_gone_on"])
    assert done["finished_at"]
    with pytest.raises(DestructionRefused, match="redan förstört"):
        destruction(house).run()


def test_the_commands_tell_what_they_did(
    house: House, running: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = command_line(house, running, monkeypatch)
    done = run("rotate", "--scope", "gavleborg/sandviken")
    assert (done.exit_code, done.stdout) == (
        0,
        "Bytte nycklar: gavleborg/sandviken har version 2, 0 värden förseglades på nytt.\n",
    )
    copy = tmp_path / "kopia.key"
    shutil.copy(KeyStore(house.settings.keys_dir).path(str(VAULT)), copy)
    assert run("copies", "--scope", str(VAULT)).stdout.startswith("Inga kopior")
    assert run("copies", "--scope", str(VAULT), "--add", str(copy)).stdout == f"{copy}\n"
    done = run("rotate", "--scope", str(VAULT), "--master")
    assert (done.exit_code, f"Kopian {copy} är av den gamla filen" in done.stdout) == (0, True)
    with house.app.app_context(), scope(VAULT):
        assert audit.verify().ok
    before = state(house)
    for typed in ("", "ja\n", "gavleborg/af_gavle\n"):
        refused = run("destroy", "--scope", str(VAULT), typed=typed)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert refused.stderr.rstrip().endswith("gavleborg/sandviken skrevs inte, så inget är förstört.")
    assert run("destroy", "--scope", str(VAULT), "--yes", "gavleborg").exit_code == 2
    assert state(house) == before
    done = run("destroy", "--scope", str(VAULT), typed="gavleborg/sandviken\n")
    assert done.exit_code == 0
    assert done.stdout.startswith("Nyckeln till gavleborg/sandviken, med en kopia, och schemat")
    with house.app.app_context(), scope(FORBUND):
        last = session().scalars(sa.select(ForbundAuditEvent).order_by(ForbundAuditEvent.seq.desc()).limit(1))
        event = last.one()
        assert (event.action, event.details) == ("forstor_nyckel", {"huvudman": "sandviken"})
    again = run("destroy", "--scope", str(VAULT), "--yes", str(VAULT))
    assert (again.exit_code, "redan förstört" in again.stderr) == (2, True)
    for words in (("rotate",), ("rotate", "--master")):
        closed = run(words[0], "--scope", str(VAULT), *words[1:])
        assert (closed.exit_code, closed.stdout) == (2, "")
        assert "är förstörd" in closed.stderr
