"""The installation on one machine: servers up, database made, förbund provisioned, settings written."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg

import stegvis.tables  # noqa: F401 - provisioning needs the whole metadata
from stegvis.config import Database, Settings, SettingsError, find_root, read_settings, write_settings
from stegvis.ground.tenancy.bootstrap import bootstrap, close_public
from stegvis.ground.tenancy.names import login
from stegvis.ground.tenancy.provision import Provisioner
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.local.home import default_home, locked, print_line
from stegvis.local.postgres import Postgres
from stegvis.local.servers import Servers, servers
from stegvis.plugin_host.service import checked_registry

DATABASE = "stegvis"
PREFIX = "stegvis"
SETUP_LOCK = "setup.lock"
DEMO_DAY = date(2024, 1, 15)


@contextmanager
def installation(
    home: Path | None = None,
    *,
    port: int | None = None,
    progress: Callable[[str], None] = print_line,
    durable: bool = True,
) -> Iterator[tuple[Settings, Servers]]:
    """Start what is missing and bring the database up to date; gives settings and servers while open.

    Raises LocalError, SettingsError, DefinitionError or ProvisionError, each with a sentence.
    """
    home = home or default_home()
    with servers(home, progress=progress, durable=durable) as running:
        with locked(home / SETUP_LOCK):
            settings = set_up(home, running, port=port, progress=progress)
        yield settings, running


def set_up(
    home: Path,
    running: Servers,
    *,
    port: int | None = None,
    progress: Callable[[str], None] = print_line,
    prefix: str = PREFIX,
    name: str = DATABASE,
) -> Settings:
    """Bring one home's database to what tenants/ and migrations/ say. Safe to run again.

    `prefix` and `name` tell installations on one server apart.
    """
    known = _known(home)
    root = find_root()
    directory = load_directory(root / "tenants", prefix)
    checked_registry(directory)
    database = _database(running.postgres, known.database if known else None, prefix, name)
    chosen_port = port or (known.port if known else 8000)
    settings = Settings(
        root=root,
        home=home,
        database=database,
        valkey_url=running.valkey.url,
        secret_key=known.secret_key if known else secrets.token_urlsafe(32),
        prefix=prefix,
        port=chosen_port,
        eid_issuer=f"http://localhost:{chosen_port + 10}",
        demo=True,
        backup_days=known.backup_days if known else Settings.backup_days,
    )
    provisioner = Provisioner(settings, directory, progress)
    provisioner.apply()
    if provisioner.business_day() is None:
        provisioner.set_business_day(DEMO_DAY)
    write_settings(settings)
    return settings


def set_day(settings: Settings, day: date | None) -> None:
    """Move the installation's business day; None gives the real one back."""
    directory = load_directory(settings.tenants_dir, settings.prefix)
    Provisioner(settings, directory).set_business_day(day)


def _known(home: Path) -> Settings | None:
    try:
        return read_settings(home)
    except SettingsError:
        return None


def _database(postgres: Postgres, known: Database | None, prefix: str, name: str) -> Database:
    """The database with its logins; made by the superuser only when the migrator cannot log in yet."""
    host = str(postgres.socket_dir)
    if known is not None and _answers(host, postgres.port, prefix, known):
        return Database(host, postgres.port, name, known.passwords)
    with superuser(postgres, "postgres") as admin:
        database = bootstrap(admin, prefix, name, known.passwords if known else {})
    with superuser(postgres, name) as inside:
        close_public(inside)
    return Database(host, postgres.port, name, database.passwords)


def _answers(host: str, port: int, prefix: str, known: Database) -> bool:
    try:
        psycopg.connect(
            host=host,
            port=port,
            dbname=known.name,
            user=login(prefix, "migrator"),
            password=known.password("migrator"),
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def superuser(postgres: Postgres, name: str) -> psycopg.Connection:
    """A connection as the embedded server's superuser: to set up, and for tests that ask the catalogue."""
    return psycopg.connect(
        host=str(postgres.socket_dir),
        port=postgres.port,
        user=postgres.superuser,
        password=postgres.password,
        dbname=name,
        autocommit=True,
    )
