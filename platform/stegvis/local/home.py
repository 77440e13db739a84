"""Where run-time state lives on one machine: its folders, its owners, its secrets.

The home (`.stegvis/` in the checkout, or `STEGVIS_HOME`) holds everything that a start makes: secrets, logs,
the data of the embedded servers. PostgreSQL refuses to run as root, so there the servers run as `nobody`;
that user often cannot reach the home (root's own folder is closed), and then data and programs are placed in
a folder of their own outside it, with a link `data` in the home that says where.
"""

import fcntl
import hashlib
import json
import os
import pwd
import secrets as random_source
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MARK = ".stegvis-home"
MARK_TEXT = "Den här mappen hör till Stegvis. Den töms av ./run demo --fresh.\n"
PLACES = (Path("/var/lib/stegvis"), Path("/var/tmp"))  # noqa: S108  each folder made there is checked for its owner
SOCKETS = Path("/tmp")  # noqa: S108  a socket path has at most 107 bytes, so it cannot lie deep in a home


class LocalError(Exception):
    """What one person at a terminal can read and act on: one Swedish sentence, no traceback needed."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user of the machine that the servers run as, when we are root."""

    uid: int
    gid: int


def print_line(text: str) -> None:
    """Show one line of progress on standard error: standard output belongs to what a command answers."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def default_home() -> Path:
    """The home: `STEGVIS_HOME`, else `.stegvis` in `STEGVIS_ROOT`, else in the checkout."""
    if named := os.environ.get("STEGVIS_HOME"):
        return Path(named).absolute()
    if root := os.environ.get("STEGVIS_ROOT"):
        return Path(root).absolute() / ".stegvis"
    checkout = Path(__file__).resolve().parents[3]
    if not (checkout / "requirements.lock").is_file():
        raise LocalError("Det framgår inte var Stegvis ska spara sina filer. Ange mappen i STEGVIS_HOME.")
    return checkout / ".stegvis"


def server_account() -> Account | None:
    """Who the servers run as: None for ourselves, the account `nobody` when we are root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise LocalError(
            "Som root behöver databasen användaren nobody, som saknas här. Starta som en vanlig användare."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def prepare(home: Path) -> Path:
    """Make the home, or check that the folder there is ours; returns its real path.

    Raises LocalError for a folder that Stegvis did not make: `wipe` empties the home, so a mistyped
    `STEGVIS_HOME` must never be taken over.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        home = home.resolve(strict=True)
        if home.stat().st_uid != os.geteuid():
            raise LocalError(f"Mappen {home} tillhör en annan användare. Välj en annan mapp i STEGVIS_HOME.")
        if not (home / MARK).exists():
            if any(entry.suffix != ".lock" for entry in home.iterdir() if entry.name != MARK):
                raise LocalError(
                    f"Mappen {home} är inte tom och inte gjord av Stegvis, så inget rördes. Ange en tom mapp."
                )
            (home / MARK).write_text(MARK_TEXT, encoding="utf-8")
        # As root the servers' account passes through to its own 0700 folders, but lists nothing on the way.
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise LocalError(
            f"Det gick inte att skriva i {home}: {error.strerror}. Välj en mapp i STEGVIS_HOME."
        ) from error
    return home


def private_folder(path: Path, account: Account | None = None) -> Path:
    """Make `path` with mode 0700 for `account` (None: ourselves), or check that it already is exactly that.

    Raises LocalError for a link, another owner or a wider mode: somebody else may have put it there first.
    """
    uid = os.geteuid() if account is None else account.uid
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or stat.S_IMODE(found.st_mode) != 0o700:
            raise LocalError(
                f"{path} är inte en egen, stängd mapp och används därför inte. Ta bort den och starta igen."
            ) from None
    else:
        if account is not None:
            os.chown(path, account.uid, account.gid)
    return path


def secret(home: Path, name: str) -> str:
    """The random secret `name` of this home (43 URL-safe characters), made the first time it is asked for.

    Kept in `secrets.json`, mode 0600. Written beside and renamed, so that it is never seen half made.
    """
    file = home / "secrets.json"
    with locked(home / "secrets.lock"):
        known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if name not in known:
            known[name] = random_source.token_urlsafe(32)
            handle, beside = tempfile.mkstemp(prefix="secrets-", dir=home)  # mkstemp gives mode 0600
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(known, out, indent=2)
                out.flush()
                os.fsync(out.fileno())
            Path(beside).replace(file)
        return known[name]


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold `file` exclusively (flock: the kernel lets go of it if we are killed); waits for its turn."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def alone(file: Path, sentence: str) -> Iterator[None]:
    """Hold `file` exclusively for as long as the context is open; LocalError with `sentence` when it is taken."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(sentence) from None
        yield
    finally:
        os.close(handle)


def fingerprint(home: Path) -> str:
    """Eight hexadecimal digits that stand for this home in folder names outside it."""
    return hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:8]


def socket_folder(home: Path, account: Account | None) -> Path:
    """The short 0700 folder of the servers' sockets; its name says whose it is and of which home."""
    return private_folder(_socket_path(home), account)


def is_socket_folder_of(home: Path, folder: Path) -> bool:
    """Whether `folder` is where the embedded servers of `home` have their sockets; nothing is made."""
    return folder == _socket_path(home)


def placed(home: Path, account: Account | None) -> Path:
    """The folder that holds the servers' data, made where it is needed.

    The home itself, unless we are root and `account` cannot reach it: then the first of PLACES that it can
    reach, made 0711 and owned by root, with a link `data` in the home. Raises LocalError where none will do.
    """
    if account is None or _passes(account, home):
        return home
    for place in _places(home):
        try:
            place.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            place.mkdir(mode=0o711, exist_ok=True)
            found = place.lstat()
        except OSError:
            continue
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
            continue
        place.chmod(0o711)
        if _passes(account, place):
            _link(home / "data", place)
            return place
    raise LocalError(
        f"Som root körs databasen som nobody, som varken når {home}, {PLACES[0]} eller {PLACES[1]}. "
        "Lägg Stegvis i en mapp som alla får gå igenom, eller starta som en vanlig användare."
    )


def abandoned(home: Path) -> list[Path]:
    """Folders of data outside the home that belonged to an earlier home at this path, which was deleted.

    The link in the home is made with the folder; without it, the secrets and keys of that data are gone too.
    """
    if os.geteuid() != 0 or (home / "data").is_symlink():
        return []
    return [place for place in _places(home) if place.is_dir() and place.lstat().st_uid == 0]


def data_places(home: Path) -> list[Path]:
    """Every folder that may hold servers' data of this home: the home, and the place its link names."""
    link = home / "data"
    outside = [
        place for place in _places(home) if link.is_symlink() and link.readlink() == place and place.is_dir()
    ]
    return [home, *outside]


def empty(home: Path) -> None:
    """Delete all that this home holds, inside it and outside; the lock files stay, others wait on them."""
    for place in data_places(home)[1:]:
        shutil.rmtree(place)
    shutil.rmtree(_socket_path(home), ignore_errors=True)
    for entry in home.iterdir():
        if entry.suffix == ".lock" or entry.name == MARK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def version_line(program: Path, account: Account | None) -> str | None:
    """What `program --version` prints when `account` runs it; None where it cannot be run by that account."""
    try:
        ran = subprocess.run(  # noqa: S603  a program of ours, no shell
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            **as_account(account),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ran.stdout.strip()


def as_account(account: Account | None) -> dict:
    """The arguments of subprocess that make the child run as `account`, with none of our groups."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _passes(account: Account, folder: Path) -> bool:
    """Whether `account` may walk through `folder`: asked of the kernel, so that ACLs and mounts count too."""
    try:
        asked = subprocess.run(  # noqa: S603  the folder is an argument, not part of the script
            ["/bin/sh", "-c", 'test -x "$1"', "sh", folder], cwd="/", check=False, **as_account(account)
        )
    except OSError as error:
        raise LocalError(
            f"Det gick inte att byta till nobody ({error.strerror}). Starta som en vanlig användare."
        ) from error
    return asked.returncode == 0


def _places(home: Path) -> list[Path]:
    mark = fingerprint(home)
    return [PLACES[0] / mark, PLACES[1] / f"stegvis-{mark}"]


def _socket_path(home: Path) -> Path:
    return SOCKETS / f"stegvis-{os.geteuid()}-{fingerprint(home)}"


def _link(link: Path, target: Path) -> None:
    if link.is_symlink():
        if link.readlink() == target:
            return
        link.unlink()
    link.symlink_to(target)
