"""Processes of one machine: servers that outlive us, children that do not, signals that end us in order."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from stegvis.local.home import Account, LocalError, as_account, print_line

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Runs in the child before the real program. PR_SET_PDEATHSIG (1) asks the kernel to end the child when its
# parent dies, even by SIGKILL; a parent that died before the request is seen by comparing ids. A program of
# its own rather than preexec_fn, which is unsafe as soon as the parent has threads.
BOUND = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"{sys.argv[2]}: {error.strerror}")
"""

_servers: dict[int, subprocess.Popen[bytes]] = {}
_outermost: list[object] = []


def spawn_server(argv: Sequence[str | Path], log: Path, account: Account | None) -> int:
    """Start a program that outlives us, as `account`; returns its process id.

    It gets a session of its own, an almost empty environment and no terminal or pipe of ours: what we were
    started by can end, and see the end of our output, while the server runs on. What it prints is appended to
    `log`.
    """
    with _log(log) as out:
        server = subprocess.Popen(  # noqa: S603  a program of ours, no shell
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            umask=0o077,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            start_new_session=True,
            **as_account(account),
        )
    # Kept because a child of ours that ends stays in the process table until we have asked for its result.
    _servers[server.pid] = server
    return server.pid


def alive(pid: int) -> bool:
    """Whether `pid` runs; one that has ended and only waits to be collected does not count."""
    server = _servers.get(pid)
    if server is not None and server.poll() is not None:
        del _servers[pid]
        return False
    try:
        found = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return found.rpartition(")")[2].split()[0] not in ("Z", "X")


def processes_in(folder: Path, *, deleted: bool = False) -> set[int]:
    """The processes that stand in `folder`: servers are known by it, as process ids are used again.

    `deleted=True`: those that stand in a folder which had this name and is deleted.
    """
    wanted = f"{folder.resolve()} (deleted)" if deleted else str(folder.resolve())
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd") == wanted and alive(int(entry.name)):
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def end_strays(folder: Path) -> None:
    """End servers whose data `folder` was deleted under them: they hold the sockets of the next ones."""
    for pid in processes_in(folder, deleted=True):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)
    if not wait_until(lambda: not processes_in(folder, deleted=True), 10.0):
        raise LocalError(f"Servern i den borttagna mappen {folder} lever kvar. Avsluta den och försök igen.")


def end_server(pid: int, *, patience: float = 30.0) -> None:
    """End a server with SIGINT (PostgreSQL: fast shutdown) and wait; SIGQUIT, SIGKILL if that takes long."""
    for ending, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, ending)
        except ProcessLookupError:
            return
        if wait_until(lambda: not alive(pid), seconds):
            return
    raise LocalError(f"Serverprocessen {pid} gick inte att avsluta. Avsluta den för hand och försök igen.")


def wait_until(done: Callable[[], bool], seconds: float, *, pause: float = 0.02) -> bool:
    """Ask `done` until it says yes (True) or `seconds` have passed (False)."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(pause)
    return True


def tail(log: Path, lines: int = 15) -> str:
    """The last `lines` of a log file, indented for a person to read; an empty string where there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        last = file.read().decode("utf-8", "replace").splitlines()[-lines:]
    return "\n".join(f"    {line}" for line in last)


def free_port(port: int) -> bool:
    """Whether a server could listen on `port` of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def require_free_port(port: int) -> None:
    """Raise LocalError with a sentence where `port` of 127.0.0.1 cannot be listened on."""
    if not free_port(port):
        raise LocalError(
            f"Port {port} används redan av ett annat program, eller får inte öppnas av dig. "
            "Avsluta det andra programmet, eller välj en annan port med --port."
        )


@contextmanager
def ending_signals() -> Iterator[None]:
    """Within it, Ctrl-C, SIGTERM and a closed terminal end us as an exception, so that every `finally` is
    run.

    Raises KeyboardInterrupt or SystemExit(128 + signal). A first one silences the rest: what ends in good
    order is not cut off by a second, so within another one it does nothing, nor outside the main thread,
    where Python allows no signal handlers.
    """
    if _outermost or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    _outermost.append(end)
    before = {each: signal.getsignal(each) for each in ENDING}
    for each in ENDING:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        _outermost.clear()


class Supervisor:
    """Starts named children, notices when one dies, and ends them all; a context manager.

    Leaving it, also by Ctrl-C or SIGTERM, ends every child. Were we killed with SIGKILL, Linux sends the
    children SIGTERM. Nothing is restarted: a demo that lost a part should say so, not hide it.
    """

    def __init__(
        self, logs: Path, *, progress: Callable[[str], None] = print_line, grace: float = 10.0
    ) -> None:
        """`logs` is the folder of one log file per child; `grace` the seconds between SIGTERM and SIGKILL."""
        self.logs = logs
        self.progress = progress
        self.grace = grace
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._signals = ending_signals()

    def __enter__(self) -> Self:
        self._signals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._signals.__exit__(None, None, None)

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        ready: Callable[[], bool] | None = None,
        patience: float = 30.0,
    ) -> int:
        """Start a child and wait until `ready` says yes; returns its process id.

        `env` is the child's whole environment (None: ours). Start from the main thread: the kernel counts the
        death of the starting thread as the parent's. Raises LocalError, with the end of the log, for a child
        that died or was not ready within `patience` seconds.
        """
        with _log(self.log(name)) as out:
            self._children[name] = subprocess.Popen(  # noqa: S603  a program of ours, no shell
                [sys.executable, "-I", "-S", "-c", BOUND, str(os.getpid()), *argv],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        if ready is not None:
            asked = ready
            if not wait_until(lambda: self._dead() is not None or asked(), patience, pause=0.05):
                raise LocalError(f"{name} blev inte klar inom {patience:g} sekunder. {self._seen(name)}")
            self.check()
        return self._children[name].pid

    def log(self, name: str) -> Path:
        """The log file of the child `name`."""
        return self.logs / f"{name}.log"

    def check(self) -> None:
        """Raise LocalError, with the end of its log, if a child has ended."""
        if (name := self._dead()) is not None:
            raise LocalError(f"{name} har avslutats i förtid. {self._seen(name)}")

    def watch(self) -> None:
        """Wait until a signal ends us or a child dies (LocalError)."""
        while True:
            self.check()
            time.sleep(0.2)

    def stop(self) -> None:
        """End every child and what it started: SIGTERM, newest first, SIGKILL to what outlives the grace."""
        children = list(self._children.values())[::-1]
        for child in children:
            _signal_group(child.pid, signal.SIGTERM)
        wait_until(lambda: all(_ended(child.pid) for child in children), self.grace)
        for child in children:
            # Before the child is collected: until then no other process can have got its number.
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
        self._children.clear()

    def _dead(self) -> str | None:
        return next((name for name, child in self._children.items() if _ended(child.pid)), None)

    def _seen(self, name: str) -> str:
        last = tail(self.log(name))
        return f"Loggen {self.log(name)} slutar så:\n{last}" if last else f"Loggen {self.log(name)} är tom."


@contextmanager
def _log(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _ended(pid: int) -> bool:
    """Whether a child has ended, without collecting it: until then its process group stays its own."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return
