"""What `stegvis doctor` asks the database: how it logs, whom it lets in and how, what our logins are."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import psycopg
import redis
from psycopg import sql

from stegvis.config import Settings
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.names import login

MOST_SECONDS_APART = 5.0
SCRAM = "scram-sha-256"
QUIET = ("warning", "error", "log", "fatal", "panic")
# Name -> (values that are right, why). As each of our logins sees it, so that ALTER ROLE ... SET counts too.
SETTINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "log_error_verbosity": (("terse",), "annars skrivs raden som ett fel gäller i serverns logg"),
    "log_min_error_statement": (("panic",), "annars skrivs satsen som ett fel gäller i serverns logg"),
    "log_parameter_max_length": (("0",), "annars skrivs värden, till exempel sökta namn, i serverns logg"),
    "log_parameter_max_length_on_error": (("0",), "annars skrivs värden i serverns logg vid fel"),
    "log_statement": (("none",), "annars skrivs alla satser i serverns logg"),
    "log_min_duration_statement": (("-1",), "annars skrivs långsamma satser i serverns logg"),
    "log_min_duration_sample": (("-1",), "annars skrivs ett urval av satser i serverns logg"),
    "log_transaction_sample_rate": (("0",), "annars skrivs ett urval av satser i serverns logg"),
    "log_min_messages": (QUIET, "felsökningsnivåerna skriver satser och värden i serverns logg"),
    "debug_print_parse": (("off",), "annars skrivs satser med värden i serverns logg"),
    "debug_print_rewritten": (("off",), "annars skrivs satser med värden i serverns logg"),
    "debug_print_plan": (("off",), "annars skrivs satser med värden i serverns logg"),
    "password_encryption": ((SCRAM,), "annars kan nya lösenord sparas svagare"),
}
# Settings of modules: they exist only where the module is loaded.
OF_MODULES = {
    "auto_explain.log_min_duration": (("-1",), "annars skrivs planer med värden i serverns logg"),
    "pgaudit.log_parameter": (("off",), "annars skrivs värden i serverns logg"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name for programs, whether it is right, a sentence for a person."""

    check: str
    ok: bool
    sentence: str

    @classmethod
    def of(cls, check: str, ok: bool, right: str, wrong: str) -> "Finding":
        """The one sentence or the other."""
        return cls(check, ok, right if ok else wrong)

    def __str__(self) -> str:
        return f"{'ok ' if self.ok else 'fel'}  {self.sentence}"


def examine_database(settings: Settings, admin: psycopg.Connection | None) -> Iterator[Finding]:
    """Ask as each login that these settings have a password for; `admin`, where there is one, reads pg_hba.conf."""
    with ExitStack() as stack:
        sessions: dict[str, psycopg.Connection] = {}
        kept_out = []
        for kind in settings.database.passwords:
            try:
                sessions[kind] = stack.enter_context(_connect(settings, kind))
            except psycopg.Error:
                kept_out.append(login(settings.prefix, kind))
        yield Finding.of(
            "logins", not kept_out and bool(sessions),
            f"Databasen svarar, och våra {len(sessions)} inloggningar kommer in med scram.",
            f"Kommer inte in i databasen med scram: {', '.join(kept_out) or 'ingen inloggning'}. Kontrollera att "
            "servern är igång, att lösenordet stämmer och att raden i pg_hba.conf säger scram-sha-256.",
        )  # fmt: skip
        if not sessions:
            return
        yield from _server_settings(sessions, settings.prefix)
        reader = admin or sessions.get("migrator") or next(iter(sessions.values()))
        yield _lines(reader, settings)
        yield from _roles(reader, settings.prefix)
        yield _clock(reader, settings)


def _connect(settings: Settings, kind: str) -> psycopg.Connection:
    """A session as a login; libpq itself refuses a server that lets it in without scram."""
    database = settings.database
    return psycopg.connect(
        host=database.host,
        port=database.port,
        dbname=database.name,
        user=login(settings.prefix, kind),
        password=database.password(kind),
        require_auth=SCRAM,
        autocommit=True,
        connect_timeout=10,
    )


def _server_settings(sessions: dict[str, psycopg.Connection], prefix: str) -> Iterator[Finding]:
    query = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
    names = [*SETTINGS, *OF_MODULES]
    seen: dict[str, dict[str, str]] = {
        kind: dict(one.execute(query, [names]).fetchall()) for kind, one in sessions.items()
    }
    for name, (right, why) in (SETTINGS | OF_MODULES).items():
        wrong = {
            login(prefix, kind): found[name]
            for kind, found in seen.items()
            if name in found and found[name] not in right
        }
        whose = "" if len(wrong) == len(seen) else f" för {', '.join(sorted(wrong))}"
        yield Finding.of(
            f"server.{name}", not wrong,
            f"{name} är rätt inställd i databasen.",
            f"{name} är {next(iter(wrong.values()), '')}{whose} och ska vara {right[0]}, {why}. Rätta i "
            "postgresql.conf, eller i ALTER ROLE/DATABASE ... SET, och ladda om servern.",
        )  # fmt: skip


def _lines(reader: psycopg.Connection, settings: Settings) -> Finding:
    """Every line of pg_hba.conf that one of our logins could be let in by; which comes first is not weighed."""
    try:
        rows = reader.execute(
            "SELECT line_number, database, user_name, auth_method, error FROM pg_hba_file_rules ORDER BY line_number"
        ).fetchall()
    except psycopg.errors.InsufficientPrivilege:
        name = login(settings.prefix, "migrator")
        return Finding(
            "scram", False,
            "pg_hba.conf går inte att läsa härifrån, så ingen vet om alla rader kräver scram. Ge rätten som "
            f"databasens administratör: GRANT SELECT ON pg_hba_file_rules TO {name}; "
            f"GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO {name};",
        )  # fmt: skip
    wrong = []
    used = 0
    for line, databases, users, method, error in rows:
        if error is not None:
            wrong.append(f"rad {line} går inte att läsa")
        elif _may_use(databases, {settings.database.name}) and _may_use(users, _names(settings.prefix)):
            used += 1
            if method not in (SCRAM, "reject"):
                wrong.append(f"rad {line} säger {method}")
    return Finding.of(
        "scram", not wrong,
        f"Alla {used} rader i pg_hba.conf som våra inloggningar kan använda kräver scram.",
        f"I pg_hba.conf: {', '.join(wrong)}. Ändra till scram-sha-256 och ladda om servern.",
    )  # fmt: skip


def _names(prefix: str) -> set[str]:
    return {login(prefix, kind) for kind in ("migrator", "backup", "fb", "hm", "pub", "door")}


def _may_use(written: list[str], names: set[str]) -> bool:
    """Whether a field of a line may mean one of the names: groups and patterns count as if they did."""
    return any(
        one in names or one in ("all", "sameuser", "samerole") or one[:1] in "+/@" for one in written or []
    )


def _roles(reader: psycopg.Connection, prefix: str) -> Iterator[Finding]:
    """Those who log in for us: the named logins, shells, and whoever else is member of a role of ours."""
    rows = reader.execute(
        sql.SQL(
            "SELECT r.rolname, r.rolsuper, r.rolbypassrls, r.rolinherit, r.rolcreatedb, r.rolcreaterole,"
            " r.rolreplication, EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass"
            " AND d.refobjid = r.oid AND d.deptype = 'o')"
            " FROM pg_roles r WHERE r.rolcanlogin AND (r.rolname = ANY(%s) OR starts_with(r.rolname, %s)"
            " OR EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
            " WHERE m.member = r.oid AND starts_with(g.rolname, %s))) ORDER BY 1"
        ),
        [sorted(_names(prefix)), f"{prefix}_skal_", f"{prefix}_"],
    ).fetchall()
    backup, migrator = login(prefix, "backup"), login(prefix, "migrator")
    owners = [row[0] for row in rows if row[7]]
    inheriting = [row[0] for row in rows if row[3] and row[0] != backup]
    strong = [
        row[0]
        for row in rows
        if row[1] or row[4] or row[6] or (row[2] and row[0] != backup) or (row[5] and row[0] != migrator)
    ]
    yield Finding.of(
        "roles.own_nothing", not owners,
        f"Ingen av {len(rows)} inloggningar äger något i databasen.",
        f"Äger något i databasen: {', '.join(owners)}. Flytta det till {login(prefix, 'owner')} (REASSIGN OWNED BY).",
    )  # fmt: skip
    yield Finding.of(
        "roles.noinherit", not inheriting,
        "Ingen inloggning har rättigheter utan att först byta roll (NOINHERIT).",
        f"Har rättigheter utan att byta roll: {', '.join(inheriting)}. Kör ALTER ROLE ... NOINHERIT, och ge "
        "medlemskapen på nytt.",
    )  # fmt: skip
    yield Finding.of(
        "roles.no_power", not strong,
        "Ingen inloggning är superuser eller går förbi radskyddet (utom backup).",
        f"Har mer makt än de ska: {', '.join(strong)}. Kör ALTER ROLE ... NOSUPERUSER NOBYPASSRLS NOCREATEDB "
        "NOCREATEROLE NOREPLICATION (backup behåller BYPASSRLS, migrator CREATEROLE).",
    )  # fmt: skip
    owner = reader.execute(
        "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [login(prefix, "owner")]
    ).fetchone()
    yield Finding.of(
        "roles.owner", owner == (False,),
        "Den som äger allt kan inte logga in.",
        f"{login(prefix, 'owner')} saknas eller kan logga in: kör ALTER ROLE {login(prefix, 'owner')} NOLOGIN.",
    )  # fmt: skip


def _clock(reader: psycopg.Connection, settings: Settings) -> Finding:
    before = now()
    row = reader.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    apart = {"databasen": _seconds_apart(row[0], before)}
    try:
        seconds, micros = redis.Redis.from_url(settings.valkey_url, socket_timeout=5).time()
        apart["Valkey"] = abs(seconds + micros / 1e6 - now().timestamp())
    except redis.RedisError:
        pass
    wrong = [f"{name} ({seconds:.0f} s)" for name, seconds in apart.items() if seconds > MOST_SECONDS_APART]
    return Finding.of(
        "clock", not wrong,
        "Klockan går lika här och hos servrarna.",
        f"Klockan skiljer sig från {' och '.join(wrong)}: ställ in tidssynkronisering (NTP) på alla maskiner.",
    )  # fmt: skip


def _seconds_apart(there: datetime, before: datetime) -> float:
    """How far apart the clocks are, with the time that the question took on our side."""
    after = now()
    return max(0.0, (before - there).total_seconds(), (there - after).total_seconds())
