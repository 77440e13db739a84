"""`stegvis doctor`: a sound installation is all `ok`; each thing put wrong is the one line that says `fel`."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from stegvis.config import Settings, find_root, write_settings
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.shell import short_login
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.identity.eid.rows import FOLDER, ROWS
from stegvis.local.doctor import examine
from stegvis.local.doctor_database import SETTINGS, examine_database
from stegvis.local.eid_setup import IDURA_SECRET, set_up_eid
from stegvis.local.installation import set_up, superuser
from stegvis.local.servers import Servers, servers, wipe

# Every check that finds something in a sound installation, in its order.
CHECKS = [
    "logins", *(f"server.{name}" for name in SETTINGS), "server.auto_explain.log_min_duration",
    "server.pgaudit.log_parameter", "scram", "roles.own_nothing", "roles.noinherit", "roles.no_power", "roles.owner",
    "clock", "queue", "queue_closed", "queue_kept", "queue_never_evicts", "keys_folder", "key_files", "secrets",
    "tenants", "eid",
]  # fmt: skip


@dataclass
class Own:
    """An installation on servers of its own, whose settings a test may spoil."""

    home: Path
    running: Servers
    settings: Settings
    admin: psycopg.Connection

    def wrong(
        self, settings: Settings | None = None, admin: psycopg.Connection | None = None
    ) -> dict[str, str]:
        """The findings that are not right, by check."""
        found = examine(settings or self.settings, admin or self.admin)
        return {one.check: one.sentence for one in found if not one.ok}

    def wrong_in_database(self) -> dict[str, str]:
        """The same of the database alone, which is quicker."""
        return {one.check: one.sentence for one in examine_database(self.settings, self.admin) if not one.ok}

    def do(self, statement: str, **names: str) -> None:
        """Do something to the server that nobody should."""
        quoted = {key: sql.Identifier(value) for key, value in names.items()}
        self.admin.execute(sql.SQL(statement).format(**quoted))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    home = tmp_path_factory.mktemp("doctor")
    with servers(home, progress=lambda line: None, durable=False) as running:
        settings = set_up(home, running, progress=lambda line: None, prefix="dok", name="dok")
        set_up_eid(settings, load_directory(settings.tenants_dir, settings.prefix))
        with superuser(running.postgres, "dok") as admin:
            yield Own(home, running, settings, admin)
    wipe(home)


def command(home: Path, *more: str) -> subprocess.CompletedProcess[str]:
    path = str(find_root() / "platform")
    environment = os.environ | {
        "STEGVIS_HOME": str(home),
        "STEGVIS_ROOT": str(find_root()),
        "PYTHONPATH": path,
    }
    return subprocess.run(
        [sys.executable, "-m", "stegvis.cli", "doctor", *more],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_a_sound_installation(own: Own) -> None:
    assert own.wrong() == {}
    assert [one.check for one in examine(own.settings, own.admin)] == CHECKS
    done = command(own.home)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line[:5] for line in done.stdout.splitlines()] == ["ok   "] * len(CHECKS)


def test_an_e_id_without_its_secret_is_one_sentence(own: Own) -> None:
    secret = own.home / FOLDER / IDURA_SECRET
    kept, rows = secret.read_bytes(), (own.home / FOLDER / ROWS).read_bytes()
    try:
        secret.chmod(0o644)
        (opened,) = own.wrong().values()
        secret.unlink()
        (gone,) = own.wrong().values()
        secret.write_bytes(b"")
        secret.chmod(0o600)
        (empty,) = own.wrong().values()
        secret.write_bytes(kept)
        (own.home / FOLDER / ROWS).write_bytes(rows.replace(b'id = "freja"', b'id = "frejja"'))
        (unknown,) = own.wrong().values()
    finally:
        secret.write_bytes(kept)
        secret.chmod(0o600)
        (own.home / FOLDER / ROWS).write_bytes(rows)
    assert [told.split(": ", 2)[2].split(".", 1)[0] for told in (opened, gone, empty)] == [
        "filen idura",
        "filen idura",
        "filen idura",
    ]
    assert "läge 0644" in opened and "idura.secret saknas" in gone and "är tom" in empty
    assert all("(och 1 fel till: kör stegvis eid)" in told for told in (opened, gone, empty))
    assert "gavleborg.toml:" in unknown and "Det finns ingen e-legitimation freja att visa här." in unknown
    assert own.wrong() == {}


def test_the_command_says_what_to_do_and_ends_with_one(own: Own) -> None:
    own.do("ALTER DATABASE dok SET log_statement = 'all'")
    try:
        done, told = command(own.home), command(own.home, "--json")
    finally:
        own.do("ALTER DATABASE dok RESET log_statement")
    assert (done.returncode, told.returncode) == (1, 1)
    assert [line for line in done.stdout.splitlines() if line.startswith("fel")] == [
        "fel  log_statement är all och ska vara none, annars skrivs alla satser i serverns logg. Rätta i "
        "postgresql.conf, eller i ALTER ROLE/DATABASE ... SET, och ladda om servern."
    ]
    found = json.loads(told.stdout)
    assert [one["check"] for one in found if not one["ok"]] == ["server.log_statement"]
    assert [one["check"] for one in found] == CHECKS


def test_without_an_installation_it_is_bad_input(tmp_path: Path) -> None:
    done = command(tmp_path / "ingen")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Installationen i {tmp_path / 'ingen'} är inte uppsatt ännu: kör ./run demo.\n"
    (tmp_path / "runtime.json").write_text("{")
    done = command(tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        f"Filen {tmp_path / 'runtime.json'} går inte att läsa. Rätta den.\n",
    )
    assert command(tmp_path, "--nej").returncode == 2


SPOILED = {
    "log_error_verbosity": "default",
    "log_min_error_statement": "error",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
    "log_statement": "ddl",
    "log_min_duration_statement": "1000",
    "log_min_duration_sample": "1000",
    "log_transaction_sample_rate": "0.5",
    "log_min_messages": "debug1",
    "debug_print_parse": "on",
    "debug_print_rewritten": "on",
    "debug_print_plan": "on",
    "password_encryption": "md5",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_one_login_is_seen(own: Own, name: str) -> None:
    """Set for one login alone, past what the server was started with."""
    statement = sql.SQL("ALTER ROLE dok_hm SET {} = {}")
    own.admin.execute(statement.format(sql.Identifier(name), sql.Literal(SPOILED[name])))
    try:
        wrong = own.wrong_in_database()
    finally:
        own.do("ALTER ROLE dok_hm RESET {name}", name=name)
    assert set(wrong) == {f"server.{name}"}
    assert wrong[f"server.{name}"].startswith(f"{name} är {SPOILED[name]} för dok_hm och ska vara ")


@contextmanager
def first_line(own: Own, line: str) -> Iterator[None]:
    path = own.running.postgres.data / "pg_hba.conf"
    before = path.read_text()
    path.write_text(f"{line}\n{before}")
    own.do("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        path.write_text(before)
        own.do("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("local dok dok_fb trust", True),
        ("local all +dok_owner peer", True),
        ("host all all 10.0.0.0/8 md5", True),
        ("host dok all 0.0.0.0/0 password", True),
        ("local all postgres peer", False),
        ("local annan all trust", False),
        ("local replication all trust", False),
        ("host all all 0.0.0.0/0 reject", False),
    ],
)
def test_a_line_that_lets_our_logins_in_without_scram(own: Own, line: str, seen: bool) -> None:
    with first_line(own, line):
        wrong = own.wrong_in_database()
    assert {name for name in wrong if name != "logins"} == ({"scram"} if seen else set())
    if seen:
        assert wrong["scram"] == (
            f"I pg_hba.conf: rad 1 säger {line.rsplit(' ', 1)[1]}. Ändra till scram-sha-256 och ladda om servern."
        )


def test_a_server_that_asks_for_no_password_is_noticed_at_the_door(own: Own) -> None:
    """Also where pg_hba.conf cannot be read: the login itself insists on scram."""
    with first_line(own, "local dok dok_fb trust"):
        wrong: dict[str, str] = {}
        for _ in range(50):
            if "logins" in (wrong := own.wrong_in_database()):
                break
    assert "dok_fb" in wrong["logins"] and "dok_hm" not in wrong["logins"]


def test_a_server_that_is_not_ours_to_read_is_asked_for_the_right(own: Own) -> None:
    """Settings that name a server alone: everything is asked as the migrator."""
    found = {one.check: one for one in examine(own.settings, None)}
    assert {name for name, one in found.items() if not one.ok} == {"scram"}
    assert "GRANT SELECT ON pg_hba_file_rules TO dok_migrator" in found["scram"].sentence
    own.do("GRANT SELECT ON pg_hba_file_rules TO dok_migrator")
    own.do("GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO dok_migrator")
    try:
        assert [one.check for one in examine(own.settings, None) if not one.ok] == []
    finally:
        own.do("REVOKE SELECT ON pg_hba_file_rules FROM dok_migrator")
        own.do("REVOKE EXECUTE ON FUNCTION pg_hba_file_rules() FROM dok_migrator")


@pytest.mark.parametrize(
    ("spoil", "mend", "check"),
    [
        ("ALTER ROLE dok_hm SUPERUSER", "ALTER ROLE dok_hm NOSUPERUSER", "roles.no_power"),
        ("ALTER ROLE dok_hm BYPASSRLS", "ALTER ROLE dok_hm NOBYPASSRLS", "roles.no_power"),
        ("ALTER ROLE dok_fb CREATEROLE", "ALTER ROLE dok_fb NOCREATEROLE", "roles.no_power"),
        ("ALTER ROLE dok_pub CREATEDB", "ALTER ROLE dok_pub NOCREATEDB", "roles.no_power"),
        ("ALTER ROLE dok_hm INHERIT", "ALTER ROLE dok_hm NOINHERIT", "roles.noinherit"),
        (
            "CREATE ROLE gast LOGIN INHERIT IN ROLE dok_hm_gavleborg_sandviken", "DROP ROLE gast", "roles.noinherit",
        ),
        ("CREATE SCHEMA eget AUTHORIZATION dok_hm", "DROP SCHEMA eget", "roles.own_nothing"),
        ("ALTER ROLE dok_owner LOGIN", "ALTER ROLE dok_owner NOLOGIN", "roles.owner"),
    ],
)  # fmt: skip
def test_a_login_with_more_than_it_should_have(own: Own, spoil: str, mend: str, check: str) -> None:
    own.do(spoil)
    try:
        wrong = own.wrong_in_database()
    finally:
        own.do(mend)
    assert set(wrong) == {check}


def test_a_shell_that_is_open_is_no_fault(own: Own) -> None:
    with short_login(own.settings, ScopeId.parse("gavleborg")):
        assert own.wrong() == {}


def test_the_queue(own: Own) -> None:
    broker = redis.Redis.from_url(own.settings.valkey_url)
    socket = own.running.valkey.socket
    for name, spoiled, right, check in (
        ("appendonly", "no", "yes", "queue_kept"),
        ("maxmemory-policy", "allkeys-lru", "noeviction", "queue_never_evicts"),
    ):
        broker.config_set(name, spoiled)
        try:
            assert set(own.wrong()) == {check}
        finally:
            broker.config_set(name, right)
    open_door = dataclasses.replace(own.settings, valkey_url=f"unix://{socket}")
    broker.config_set("requirepass", "")
    try:
        assert own.wrong(open_door) == {}, "its folder is closed"
        socket.parent.chmod(0o755)
        assert set(own.wrong(open_door)) == {"queue_closed"}
    finally:
        socket.parent.chmod(0o700)
        redis.Redis.from_url(open_door.valkey_url).config_set("requirepass", own.running.valkey.password)
    gone = dataclasses.replace(own.settings, valkey_url="unix:///nowhere/valkey.sock")
    assert set(own.wrong(gone)) == {"queue"}


def modes(path: Path, mode: int) -> tuple[Callable[[], None], Callable[[], None]]:
    before = path.stat().st_mode & 0o7777
    return lambda: path.chmod(mode), lambda: path.chmod(before)


def test_files_that_others_can_read(own: Own) -> None:
    keys = own.settings.keys_dir
    for path, mode, check, said in (
        (keys, 0o750, "keys_folder", "har läge 0750"),
        (keys / "gavleborg.sandviken.key", 0o640, "key_files", "gavleborg.sandviken.key har läge 0640"),
        (own.home / "runtime.json", 0o644, "secrets", "runtime.json har läge 0644"),
        (own.home / "secrets.json", 0o604, "secrets", "secrets.json har läge 0604"),
    ):
        spoil, mend = modes(path, mode)
        spoil()
        try:
            wrong = own.wrong()
        finally:
            mend()
        assert set(wrong) == {check} and said in wrong[check]


def test_a_key_file_that_is_gone(own: Own) -> None:
    path = own.settings.keys_dir / "gavleborg.sandviken.key"
    aside = path.with_suffix(".aside")
    path.rename(aside)
    try:
        wrong = own.wrong()
    finally:
        aside.rename(path)
    assert wrong == {
        "key_files": "Nyckelfil saknas för gavleborg/sandviken: lägg tillbaka den från kopian, "
        "eller kör tenant apply om scopet är nytt."
    }


def test_a_tenants_file_that_cannot_be_read(own: Own, tmp_path: Path) -> None:
    (tmp_path / "fel.toml").write_text('id = "fel\n')
    wrong = own.wrong(dataclasses.replace(own.settings, tenants=tmp_path))
    assert set(wrong) == {"tenants"}
    assert "fel.toml" in wrong["tenants"]


def test_servers_that_are_away(own: Own) -> None:
    """Settings that name a server of somebody else's, which does not answer: nothing is started in its place."""
    database = dataclasses.replace(own.settings.database, host="/nowhere")
    away = dataclasses.replace(own.settings, database=database, valkey_url="unix:///nowhere/valkey.sock")
    assert {one.check for one in examine(away, None) if not one.ok} == {"logins", "queue"}
    write_settings(away)
    try:
        done = command(own.home)
    finally:
        write_settings(own.settings)
    assert done.returncode == 1
    assert done.stdout.startswith("fel  Kommer inte in i databasen med scram: ")
