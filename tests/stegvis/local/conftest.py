"""What the tests of the launcher share: homes that are cleared away, processes that use servers."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from stegvis.local.postgres import Postgres
from stegvis.local.servers import wipe

SOURCE = Path(__file__).parents[3] / "platform"
DEBIAN_POSTGRES = Path("/usr/lib/postgresql/15/bin")
DEBIAN_REDIS = Path("/usr/bin/redis-server")

# Says the servers' process ids, then stays until its standard input is closed.
HOLDER = """
import sys
from pathlib import Path
from stegvis.local.servers import servers
with servers(Path(sys.argv[1]), durable=False, progress=lambda line: None) as running:
    print(running.postgres.pid, running.valkey.pid, flush=True)
    sys.stdin.read()
"""


Connect = Callable[..., psycopg.Connection]
Spawn = Callable[..., subprocess.Popen[str]]
Hold = Callable[..., tuple[subprocess.Popen[str], int, int]]


@pytest.fixture
def connect() -> Connect:
    """Connect as the superuser; keyword arguments replace parts of how."""

    def open_one(postgres: Postgres, **other: str) -> psycopg.Connection:
        usual = {
            "host": str(postgres.socket_dir),
            "port": str(postgres.port),
            "user": postgres.superuser,
            "password": postgres.password,
            "dbname": "postgres",
        }
        return psycopg.connect(**usual | other, autocommit=True)

    return open_one


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of its own, cleared away afterwards with its servers and what lies outside it."""
    path = tmp_path / "hem"
    yield path
    wipe(path)


@pytest.fixture(params=["wheel", "debian"])
def postgres_source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The major version of PostgreSQL under test: the wheel's, and Debian's where it is installed."""
    monkeypatch.delenv("STEGVIS_PG_BIN", raising=False)
    if request.param == "wheel":
        return 18
    if not DEBIAN_POSTGRES.is_dir():
        pytest.skip(f"{DEBIAN_POSTGRES} is not installed")
    monkeypatch.setenv("STEGVIS_PG_BIN", str(DEBIAN_POSTGRES))
    return 15


@pytest.fixture(params=["wheel", "debian"])
def valkey_source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The queue's data folder under test: the wheel's Valkey's, and Debian's Redis's where installed."""
    monkeypatch.delenv("STEGVIS_VALKEY_BIN", raising=False)
    if request.param == "wheel":
        return "valkey-9"
    if not DEBIAN_REDIS.is_file():
        pytest.skip(f"{DEBIAN_REDIS} is not installed")
    monkeypatch.setenv("STEGVIS_VALKEY_BIN", str(DEBIAN_REDIS))
    return "redis-7"


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start a Python script of ours as a process with pipes; what still runs afterwards is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: str | Path, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*before, sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def holder() -> str:
    """The script of a process that says the servers' process ids and stays until its input is closed."""
    return HOLDER


@pytest.fixture
def hold(spawn: Spawn) -> Hold:
    """Start a process that uses the servers of a home; returns it, PostgreSQL's and Valkey's process ids."""

    def start(home: Path, before: tuple[str, ...] = ()) -> tuple[subprocess.Popen[str], int, int]:
        process = spawn(HOLDER, home, before=before)
        assert process.stdout is not None
        line = process.stdout.readline().split()
        assert len(line) == 2, process.communicate()[1]
        return process, int(line[0]), int(line[1])

    return start
