"""Wall 11: a key file that is missing, wrong or another's harms nobody else; a new one takes its place quietly.

H: whoever lost or mixed up a key file would have locked out a whole förbund, or made a second one beside.
C: the file is looked at each time a scope opens; the vault is closed with a sentence and a line in the log,
and everything else goes on.
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from stegvis.config import Settings
from stegvis.ground.keys import KeyFileFault, KeyStore
from stegvis.ground.keys import destruction as destroying
from stegvis.ground.keys.destruction import DestructionRefused
from stegvis.ground.keys.rewrapping import rewrap
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.names import ScopeId
from stegvis.local.servers import Servers
from visiting import People, RunningEid, Visitor
from walls.key_house import (
    FORBUND,
    OTHER,
    VAULT,
    House,
    Told,
    command_line,
    destruction,
    key_house,
    planted,
    put_back,
    read_again,
    state,
)

pytestmark = pytest.mark.walls


@pytest.fixture(scope="module")
def shared_house(running: Servers, run_folder: Path, worker_id: str) -> Iterator[House]:
    """An installation in which nothing is destroyed."""
    with key_house(running, run_folder, f"nyckelfil_{worker_id}") as made:
        yield made


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


@pytest.mark.parametrize("how", ["missing", "another's", "rubbish"])
def test_a_wrong_key_file_is_refused_on_the_command_line(
    shared_house: House, running: Servers, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    run, store = command_line(shared_house, running, monkeypatch), KeyStore(shared_house.settings.keys_dir)
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
