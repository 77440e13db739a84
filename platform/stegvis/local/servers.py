"""The embedded servers of one home, shared by everybody who needs them now: first in starts, last out stops.

Two locks (flock, so that a killed process never leaves one behind). `servers.lock` is the lease: every user
holds it shared for as long as it uses the servers. `start.lock` is the door: starting, stopping and leaving
happen one at a time behind it, so nobody waits for the lease while holding the door.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stegvis.local import postgres, valkey
from stegvis.local.home import (
    LocalError,
    abandoned,
    data_places,
    empty,
    locked,
    placed,
    prepare,
    print_line,
    server_account,
)
from stegvis.local.postgres import Postgres
from stegvis.local.processes import end_server, ending_signals
from stegvis.local.valkey import Valkey

LEASE = "servers.lock"
DOOR = "start.lock"


@dataclass(frozen=True)
class Servers:
    """The running servers."""

    postgres: Postgres
    valkey: Valkey


@contextmanager
def servers(
    home: Path, *, progress: Callable[[str], None] = print_line, durable: bool = True, always: bool = False
) -> Iterator[Servers]:
    """PostgreSQL and Valkey of `home`, running while the context is open; several processes may share them.

    `durable=False` (tests) leaves out every forced write to the disk, `always` forces each write to the
    queue; both count for whoever starts the servers. Ctrl-C and SIGTERM end the context in good order. After
    SIGKILL the servers run on until the next user leaves, or `stop_all`. Raises LocalError with a sentence
    for the person.
    """
    with ending_signals():
        home = prepare(home)
        lease = os.open(home / LEASE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with locked(home / DOOR):
                fcntl.flock(lease, fcntl.LOCK_SH)
                running = _ensure(home, lease, progress=progress, durable=durable, always=always)
            yield running
        finally:
            try:
                with locked(home / DOOR):
                    if _alone(lease):
                        _stop(data_places(home))
            finally:
                os.close(lease)


def stop_all(home: Path) -> None:
    """Stop the servers of `home`. Raises LocalError while somebody uses them."""
    with _nobody_else(home) as real:
        _stop(data_places(real))


def wipe(home: Path) -> None:
    """Stop the servers and delete all of `home`, also outside it. Raises LocalError while in use."""
    with _nobody_else(home) as real:
        _stop(data_places(real))
        empty(real)


@contextmanager
def _nobody_else(home: Path) -> Iterator[Path]:
    home = prepare(home)
    with locked(home / DOOR):
        lease = os.open(home / LEASE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _alone(lease):
                raise LocalError(
                    f"Stegvis är igång i {home}, så inget stoppades eller togs bort. "
                    "Avsluta det först (Ctrl-C där det startades)."
                )
            yield home
        finally:
            os.close(lease)


def _alone(lease: int) -> bool:
    """Whether nobody else holds the lease; if so it is ours exclusively from now on."""
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _ensure(
    home: Path, lease: int, *, progress: Callable[[str], None], durable: bool, always: bool
) -> Servers:
    account = server_account()
    for place in abandoned(home):
        progress(f"Tar bort {place}: data från en tidigare mapp {home}, som är borttagen ...")
        _stop([place])
        shutil.rmtree(place)
    place = placed(home, account)
    wanted = {
        place / f"postgres-{postgres.programs(place, account).major}",
        place / valkey.program(place, account).name,
    }
    others = {data for data, _ in _running(data_places(home))} - wanted
    if others:
        names = ", ".join(sorted(each.name for each in others))
        if not _alone(lease):
            raise LocalError(
                f"I {home} kör redan servrar av en annan version ({names}). "
                "Avsluta det som använder dem först."
            )
        _stop(data_places(home))
        fcntl.flock(lease, fcntl.LOCK_SH)
    fsync: valkey.Fsync = "always" if always else "everysec" if durable else "no"
    return Servers(
        postgres.start(home, place, account, progress=progress, durable=durable),
        valkey.start(home, place, account, progress=progress, fsync=fsync),
    )


def _running(places: list[Path]) -> list[tuple[Path, int]]:
    """Data folder and process id of every server with data in `places`, of whichever version."""
    found = []
    for place in places:
        for pattern, running in (
            ("postgres-*", postgres.running),
            ("valkey-*", valkey.running),
            ("redis-*", valkey.running),
        ):
            for data in place.glob(pattern):
                pid = running(data)
                if pid is not None:
                    found.append((data, pid))
    return found


def _stop(places: list[Path]) -> None:
    for _, pid in _running(places):
        end_server(pid)
