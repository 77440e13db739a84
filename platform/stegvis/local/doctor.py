"""`stegvis doctor`: whether the servers, files and clock of an installation are what the walls lean on.

It looks at what is in use, embedded or not, and changes nothing. Each finding is one line, `ok` or `fel`, that says
what to do.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from stegvis.config import Settings
from stegvis.ground.definitions import DefinitionError
from stegvis.ground.keys import KeyStore
from stegvis.ground.tenancy.names import NameClash
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.local.doctor_database import Finding, examine_database
from stegvis.local.eid_report import row_faults
from stegvis.local.home import is_socket_folder_of, print_line
from stegvis.local.installation import superuser
from stegvis.local.servers import servers
from stegvis.plugin_host.service import checked_registry


@contextmanager
def in_use(settings: Settings) -> Iterator[psycopg.Connection | None]:
    """The servers of the settings, started where they are ours to start; gives their superuser, if we have one."""
    if not is_socket_folder_of(settings.home, Path(settings.database.host)):
        yield None
        return
    with (
        servers(settings.home, progress=print_line) as running,
        superuser(running.postgres, settings.database.name) as admin,
    ):
        yield admin


def examine(settings: Settings, admin: psycopg.Connection | None) -> list[Finding]:
    """Everything that is looked at, in a fixed order."""
    return [
        *examine_database(settings, admin),
        *_queue(settings),
        _keys_folder(settings),
        _key_files(settings),
        _secrets(settings),
        _tenants(settings),
        _eid(settings),
    ]


def _queue(settings: Settings) -> Iterator[Finding]:
    broker = redis.Redis.from_url(settings.valkey_url, socket_timeout=5)
    try:
        broker.ping()
        kept = broker.info("persistence").get("aof_enabled") == 1
        policy = str(broker.info("memory").get("maxmemory_policy"))
        open_to_all = _answers_anybody(broker)
    except redis.RedisError:
        yield Finding(
            "queue", False, "Valkey svarar inte: starta servern, eller rätta adressen i inställningarna."
        )
        return
    yield Finding("queue", True, "Valkey svarar.")
    yield Finding.of(
        "queue_closed", not open_to_all,
        "Valkey kräver lösenord eller har en stängd socket.",
        "Valkey svarar vem som helst: sätt requirepass, eller använd en socket i en mapp med läge 0700.",
    )  # fmt: skip
    yield Finding.of(
        "queue_kept", kept,
        "Valkey skriver allt till disk (appendonly).",
        "Valkey tappar jobb och sessioner vid ett stopp: sätt appendonly yes.",
    )  # fmt: skip
    yield Finding.of(
        "queue_never_evicts", policy == "noeviction",
        "Valkey kastar aldrig ut jobb eller sessioner (noeviction).",
        f"Valkey kan kasta ut jobb och sessioner ({policy}): sätt maxmemory-policy noeviction.",
    )  # fmt: skip


def _answers_anybody(broker: redis.Redis) -> bool:
    """Whether somebody without the password, who is another user of this machine, would be answered."""
    wanted = dict(broker.connection_pool.connection_kwargs)
    path = wanted.pop("path", None)
    where = (
        {"unix_socket_path": path} if path else {"host": wanted.get("host"), "port": wanted.get("port", 6379)}
    )
    try:
        redis.Redis(**where, socket_timeout=5).ping()
    except redis.RedisError:
        return False
    return path is None or bool(Path(path).parent.stat().st_mode & 0o077)


def _keys_folder(settings: Settings) -> Finding:
    folder = settings.keys_dir
    wrong = _wrong_mode(folder, 0o700)
    return Finding.of(
        "keys_folder", wrong is None,
        "Nyckelmappen är stängd för andra.",
        f"Nyckelmappen {folder} {wrong}: ge den läge 0700 (chmod 700) och tjänstens användare som ägare.",
    )  # fmt: skip


def _key_files(settings: Settings) -> Finding:
    store = KeyStore(settings.keys_dir)
    try:
        scopes = [
            str(one)
            for one in load_directory(settings.tenants_dir, settings.prefix).scopes()
            if not one.publishing
        ]
    except (DefinitionError, NameClash):
        scopes = []
    missing = [one for one in scopes if not store.exists(one)]
    files = sorted(settings.keys_dir.glob("*.key"))
    wrong = [f"{path.name} {fault}" for path in files if (fault := _wrong_mode(path, 0o600))]
    if missing:
        return Finding(
            "key_files", False,
            f"Nyckelfil saknas för {', '.join(missing)}: lägg tillbaka den från kopian, eller kör tenant apply "
            "om scopet är nytt.",
        )  # fmt: skip
    return Finding.of(
        "key_files", not wrong,
        f"{len(files)} nyckelfiler, alla stängda för andra.",
        f"Nyckelfiler som andra kan komma åt: {', '.join(wrong)}. Ge dem läge 0600 (chmod 600).",
    )  # fmt: skip


def _secrets(settings: Settings) -> Finding:
    files = [path for name in ("runtime.json", "secrets.json") if (path := settings.home / name).exists()]
    wrong = [f"{path.name} {fault}" for path in files if (fault := _wrong_mode(path, 0o600))]
    return Finding.of(
        "secrets", not wrong,
        "Filerna med lösenord är stängda för andra.",
        f"Filer med lösenord som andra kan komma åt: {', '.join(wrong)}. Ge dem läge 0600 (chmod 600).",
    )  # fmt: skip


def _wrong_mode(path: Path, mode: int) -> str | None:
    """What is wrong with a file's mode or owner, in words."""
    try:
        found = path.lstat()
    except OSError:
        return "saknas"
    if stat.S_ISLNK(found.st_mode):
        return "är en länk"
    if stat.S_IMODE(found.st_mode) != mode:
        return f"har läge {stat.S_IMODE(found.st_mode):04o}"
    return None if found.st_uid == os.geteuid() else "har en annan ägare"


def _tenants(settings: Settings) -> Finding:
    try:
        directory = load_directory(settings.tenants_dir, settings.prefix)
        checked_registry(directory)
    except DefinitionError as error:
        faults = list(error.faults)
        more = f" (och {len(faults) - 1} fel till: kör tenant check)" if len(faults) > 1 else ""
        return Finding("tenants", False, f"{faults[0]}{more}")
    except (NameClash, OSError) as error:
        told = (
            str(error)
            if isinstance(error, NameClash)
            else f"Mappen {settings.tenants_dir} går inte att läsa."
        )
        return Finding("tenants", False, told)
    return Finding("tenants", True, f"{len(list(directory))} förbund, alla filer går att läsa.")


def _eid(settings: Settings) -> Finding:
    """Rows, keys and secrets of the e-ID providers; whether they answer is for `stegvis eid` to ask."""
    try:
        directory = load_directory(settings.tenants_dir, settings.prefix)
    except (DefinitionError, NameClash, OSError):
        directory = None
    faults = row_faults(settings, directory)
    more = f" (och {len(faults) - 1} fel till: kör stegvis eid)" if len(faults) > 1 else ""
    return Finding.of(
        "eid", not faults,
        "E-legitimationerna har allt de behöver.",
        f"{faults[0]}{more}" if faults else "",
    )  # fmt: skip
