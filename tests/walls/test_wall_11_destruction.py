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
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import structlog
from click.testing import CliRunner, Result
from psycopg import sql

from stegvis import cli
from stegvis.config import Settings
from stegvis.ground.jobs.service import waiting
from stegvis.ground.keys import KeyFileFault, KeyStore
from stegvis.ground.keys import destruction as destroying
from stegvis.ground.keys.destruction import Destruction, DestructionRefused
from stegvis.ground.keys.owned import OwnedScope
from stegvis.ground.keys.rewrapping import rewrap
from stegvis.ground.keys.rotation import models_of
from stegvis.ground.keys.sealed import sealed_attributes
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.provision import Provisioner
from stegvis.ground.tenancy.scope import session
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.identity.audit import service as audit
from stegvis.identity.audit.models import ForbundAuditEvent
from stegvis.local.installation import superuser
from stegvis.local.servers import Servers
from visiting import Login, People, RunningEid, Visitor
from walls.key_house import VAULT, House, Told, key_house, planted, read_again
from walls.planting import plant, tables
from walls.test_wall_10_no_edge_across import dump

pytestmark = pytest.mark.walls

OTHER, FORBUND = ScopeId.parse("gavleborg/af_gavle"), ScopeId.parse("gavleborg")
CLEAR = "tornseglaren"


@pytest.fixture(scope="module")
def shared_house(running: Servers, run_folder: Path, worker_id: str) -> Iterator[House]:
    """An installation in which nothing is destroyed."""
    with key_house(running, run_folder, f"nyckelfil_{worker_id}") as made:
        yield made


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


def directory_of(house: House) -> Any:
    return load_directory(house.settings.tenants_dir, house.settings.prefix)


def destruction(house: House, scope_id: ScopeId = VAULT) -> Destruction:
    return Destruction(house.settings, directory_of(house), scope_id)


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


def test_what_is_refused_changes_nothing(shared_house: House, tmp_path: Path) -> None:
    with put_back(shared_house):
        try_what_is_refused(shared_house, tmp_path)


def try_what_is_refused(house: House, tmp_path: Path) -> None:
    store, key = KeyStore(house.settings.keys_dir), str(VAULT)
    with pytest.raises(KeyFileFault):
        destroying.add_copy(store, key, store.path(str(OTHER)))
    with pytest.raises(KeyFileFault):
        destroying.add_copy(store, key, tmp_path / "finns inte")
    assert store.copies(key) == []
    before = state(house)
    for scope_id, words in (
        (FORBUND, "har insatsägare kvar"),
        (ScopeId("gavleborg", publishing=True), "ingen egen"),
    ):
        with pytest.raises(DestructionRefused, match=words):
            destruction(house, scope_id).run()
    assert state(house) == before
    copy = tmp_path / "kopia.key"
    shutil.copy(store.path(key), copy)
    destroying.add_copy(store, key, copy)
    before = state(house)
    copy.rename(tmp_path / "utlånad")
    with pytest.raises(DestructionRefused, match="går inte att nå, så inget är förstört"):
        destruction(house).run()
    copy.write_text("inköpslista")
    with pytest.raises(DestructionRefused, match="ingen kopia"):
        destruction(house).run()
    assert copy.read_text() == "inköpslista"
    destroying.remove_copy(store, key, copy)
    destroying.add_copy(store, key, tmp_path / "utlånad")
    shutil.copy(store.path(str(OTHER)), store.path(key))
    with pytest.raises(KeyFileFault, match="en annans"):
        destruction(house).run()
    assert store.destroyed(key) is None
    assert store.path(str(OTHER)).read_bytes() == before[0]["gavleborg.af_gavle.key"]


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


# -- a new key file ------------------------------------------------------------------------------


def test_a_new_key_file_opens_what_the_old_one_did(shared_house: House, tmp_path: Path) -> None:
    house = shared_house
    told, store, key = planted(house, VAULT, 1), KeyStore(house.settings.keys_dir), str(VAULT)
    old = tmp_path / "gammal.key"
    shutil.copy(store.path(key), old)
    destroying.add_copy(store, key, old)
    done = rewrap(house.settings, VAULT)
    assert (done.keys, done.old_copies) == (4, (old,))
    assert read_again(house, VAULT, told) == {1}
    assert sorted(one.name for one in store.folder.glob("gavleborg.sandviken.*")) == [
        "gavleborg.sandviken.copies.json",
        "gavleborg.sandviken.key",
    ]
    assert store.path(key).stat().st_mode & 0o777 == 0o600
    with put_back(house):
        shutil.copy(old, store.path(key))
        with house.app.app_context(), pytest.raises(KeyFileFault, match="hör inte till"), scope(VAULT):
            pytest.fail("the old key file still opens")
    destroying.remove_copy(store, key, old)
    store.path(key, "copies.json").unlink()


def test_a_stopped_change_of_key_file_goes_on(shared_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped before, and after, the rows are wrapped anew: the vault opens all the time."""
    house = shared_house
    told, store = planted(house, VAULT, 1), KeyStore(house.settings.keys_dir)
    scopes = house.app.extensions["stegvis.scopes"]
    monkeypatch.setattr(KeyStore, "take_next", stopped)
    with pytest.raises(KeyboardInterrupt):
        rewrap(house.settings, VAULT)
    scopes.forget(VAULT)
    assert read_again(house, VAULT, told) == {1}
    monkeypatch.undo()
    wrap = KeyStore.wrap
    rewrap(house.settings, VAULT)
    monkeypatch.setattr(KeyStore, "wrap", stopped)
    with pytest.raises(KeyboardInterrupt):
        rewrap(house.settings, VAULT)
    scopes.forget(VAULT)
    assert store.path(str(VAULT), "key.next").exists()
    assert read_again(house, VAULT, told) == {1}
    monkeypatch.setattr(KeyStore, "wrap", wrap)
    rewrap(house.settings, VAULT)
    assert not store.path(str(VAULT), "key.next").exists()
    assert read_again(house, VAULT, told) == {1}


def stopped(*_about: Any, **_more: Any) -> None:
    raise KeyboardInterrupt


def test_nobody_is_locked_out_while_the_key_file_changes(shared_house: House) -> None:
    """Readers that begin anew all the time, while the file changes again and again."""
    house = shared_house
    told: Told = planted(house, VAULT, 1)
    stop, faults, reads = threading.Event(), [], [0]
    scopes = house.app.extensions["stegvis.scopes"]

    def read() -> None:
        while not stop.is_set():
            scopes.forget(VAULT)
            try:
                read_again(house, VAULT, told)
            except Exception as error:
                faults.append(error)
            reads[0] += 1

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(8):
        rewrap(house.settings, VAULT)
    while not reads[0]:
        time.sleep(0.01)
    stop.set()
    reader.join()
    assert faults == [] and reads[0] > 0


# -- the command line ----------------------------------------------------------------------------


class Command:
    """The command line, on the installation of the test instead of the home of whoever runs it."""

    def __call__(self, *words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli.cli, ["key", *words], input=typed)


@pytest.fixture
def command(running: Servers, monkeypatch: pytest.MonkeyPatch) -> Callable[[House], Command]:
    """The command line of an installation."""

    def of(house: House) -> Command:
        @contextmanager
        def here(*_about: Any, **_more: Any) -> Iterator[tuple[Settings, Servers]]:
            yield house.settings, running

        monkeypatch.setattr(cli, "installation", here)
        return Command()

    return of


def test_the_commands_tell_what_they_did(
    house: House, command: Callable[[House], Command], tmp_path: Path
) -> None:
    run = command(house)
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


@pytest.mark.parametrize("how", ["missing", "another's", "rubbish"])
def test_a_wrong_key_file_is_refused_on_the_command_line(
    shared_house: House, command: Callable[[House], Command], how: str
) -> None:
    run, store = command(shared_house), KeyStore(shared_house.settings.keys_dir)
    path = store.path(str(VAULT))
    with put_back(shared_house):
        {
            "missing": path.unlink,
            "another's": lambda: shutil.copy(store.path(str(OTHER)), path),
            "rubbish": lambda: path.write_bytes(b"\x00\xff"),
        }[how]()
        before = state(shared_house)
        for words in (("rotate",), ("rotate", "--master"), ("destroy", "--yes", str(VAULT))):
            refused = run(words[0], "--scope", str(VAULT), *words[1:])
            assert (refused.exit_code, refused.stdout) == (2, "")
            assert refused.stderr.splitlines()[-1].startswith("Nyckelfilen för gavleborg/sandviken ")
        assert state(shared_house) == before


# -- pages and logins ----------------------------------------------------------------------------


@contextmanager
def key_file_away(house_settings: Settings, scope_id: ScopeId) -> Iterator[None]:
    path = KeyStore(house_settings.keys_dir).path(str(scope_id))
    aside = path.with_name("undan")
    path.rename(aside)
    try:
        yield
    finally:
        aside.rename(path)


def test_a_missing_key_file_closes_one_vault_with_a_sentence_and_a_line(
    settings: Settings,
    people: People,
    browser: Callable[..., Visitor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = structlog.testing.LogCapture()
    module = sys.modules["stegvis.ground.tenancy.scope"]
    monkeypatch.setattr(module, "log", structlog.wrap_logger(None, processors=[lines]))
    staff = browser(people.handledare())
    assert staff.get("/idag").status_code == 200
    with key_file_away(settings, VAULT):
        closed = staff.get("/idag")
        part = staff.get("/idag", headers={"HX-Request": "true"})
        public = browser().get("/")
    assert [closed.status_code, part.status_code, public.status_code] == [503, 503, 200]
    assert "går inte att öppna" in closed.text and "går inte att öppna" in part.text
    line = {"event": "key_file_refused", "scope": str(VAULT), "why": "missing", "log_level": "error"}
    assert lines.entries == [line, line], "one for each request"
    assert staff.get("/idag").status_code == 200, "put back, it opens again"


def test_a_login_reaches_the_vaults_that_can_be_opened(
    settings: Settings, people: People, browser: Callable[..., Visitor], eid: RunningEid
) -> None:
    """One vault's key is missing: whoever has an account in another one comes in, and who has not is told."""
    staff = people.handledare()
    with key_file_away(settings, OTHER):
        inside = browser().log_in(staff.number)
    assert (inside.status_code, inside.request.path) == (200, "/idag")
    with key_file_away(settings, VAULT):
        told = browser().log_in(staff.number)
    assert told.status_code == 503
    assert "går inte att öppna" in told.text
