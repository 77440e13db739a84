"""Settings of one installation: where it lives, how it reaches its servers, which secrets it holds."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOGINS = ("migrator", "backup", "fb", "hm", "pub", "gallring", "door")


class SettingsError(Exception):
    """A setting is missing or cannot be right; the message is one sentence for the operator."""


def find_root() -> Path:
    """Return the folder that holds tenants/ and migrations/ (env STEGVIS_ROOT, else upwards from here)."""
    named = os.environ.get("STEGVIS_ROOT")
    if named:
        return Path(named)
    for folder in (Path.cwd(), *Path.cwd().parents, *Path(__file__).resolve().parents):
        if (folder / "tenants").is_dir() and (folder / "migrations").is_dir():
            return folder
    raise SettingsError("STEGVIS_ROOT saknas: peka ut mappen som har tenants/ och migrations/.")


@dataclass(frozen=True)
class Database:
    """How to reach PostgreSQL: host (or socket folder), port, database name, passwords by login."""

    host: str
    port: int = 5432
    name: str = "stegvis"
    passwords: dict[str, str] = field(default_factory=dict, repr=False)

    def password(self, login: str) -> str:
        """The password of one login; raises SettingsError where this process was not given it."""
        try:
            return self.passwords[login]
        except KeyError:
            raise SettingsError(f"Lösenordet för databasinloggningen {login} finns inte här.") from None


@dataclass(frozen=True)
class Settings:
    """Everything a process of the installation needs to know; made once at start, never changed.

    `prefix` begins every role's name, since roles are shared by all databases of a server.
    `demo` allows the business day to be moved and the made-up people to be loaded. `backup_days` is how long
    a backup, with its write-ahead log, is kept at most.
    """

    root: Path
    home: Path
    database: Database
    valkey_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    prefix: str = "stegvis"
    tenants: Path | None = None
    base_host: str = "localhost"
    port: int = 8000
    scheme: str = "http"
    eid_issuer: str = ""
    demo: bool = False
    backup_days: int = 35

    @property
    def tenants_dir(self) -> Path:
        """The folder of the förbund's files."""
        return self.tenants or self.root / "tenants"

    @property
    def keys_dir(self) -> Path:
        """The folder of the key files: outside the database and outside its backups."""
        return self.home / "keys"

    def base_url(self, host: str) -> str:
        """The address of a förbund's host as a browser writes it."""
        plain = (self.scheme, self.port) in {("http", 80), ("https", 443)}
        return f"{self.scheme}://{host}" if plain else f"{self.scheme}://{host}:{self.port}"


def read_settings(home: Path | None = None) -> Settings:
    """Read the installation's settings from `<home>/runtime.json`, which provisioning wrote (mode 0600).

    Raises SettingsError with a sentence when the installation has not been set up.
    """
    root = find_root()
    home = home or Path(os.environ.get("STEGVIS_HOME") or root / ".stegvis")
    try:
        stored = json.loads((home / "runtime.json").read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"Installationen i {home} är inte uppsatt ännu: kör ./run demo.") from None
    except (OSError, ValueError):
        raise SettingsError(f"Filen {home / 'runtime.json'} går inte att läsa. Rätta den.") from None
    try:
        return _from_file(root, home, stored)
    except (KeyError, TypeError):
        raise SettingsError(f"Filen {home / 'runtime.json'} saknar uppgifter. Rätta den.") from None


def _from_file(root: Path, home: Path, stored: dict[str, Any]) -> Settings:
    database = Database(
        stored["database"]["host"],
        stored["database"]["port"],
        stored["database"]["name"],
        stored["database"]["passwords"],
    )
    return Settings(
        root=root,
        home=home,
        database=database,
        valkey_url=stored["valkey_url"],
        secret_key=stored["secret_key"],
        prefix=stored["prefix"],
        tenants=Path(stored["tenants"]) if stored.get("tenants") else None,
        port=stored["port"],
        eid_issuer=stored["eid_issuer"],
        demo=stored["demo"],
        backup_days=stored.get("backup_days", Settings.backup_days),
    )


def write_settings(settings: Settings) -> None:
    """Write `<home>/runtime.json` (0600, in one move) for the processes that start later."""
    content = {
        "database": {
            "host": settings.database.host,
            "port": settings.database.port,
            "name": settings.database.name,
            "passwords": settings.database.passwords,
        },
        "valkey_url": settings.valkey_url,
        "secret_key": settings.secret_key,
        "prefix": settings.prefix,
        "tenants": str(settings.tenants) if settings.tenants else None,
        "port": settings.port,
        "eid_issuer": settings.eid_issuer,
        "demo": settings.demo,
        "backup_days": settings.backup_days,
    }
    settings.home.mkdir(parents=True, exist_ok=True)
    fresh = settings.home / f"runtime.json.{os.getpid()}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1)
    fresh.replace(settings.home / "runtime.json")
