"""Wall 9: every right in the database stands in one matrix, and nobody who logs in owns anything.

H: a role that owned its schema switched off the append-only trigger and re-granted itself; default privileges
opened a new table. C: one owner that cannot log in, grants from one declared matrix, no default privileges;
compared here with the whole catalogue.
"""

import psycopg
import pytest
from psycopg import sql

from stegvis.config import LOGINS, Settings
from stegvis.ground.tenancy.grants import MATRIX, verbs
from stegvis.ground.tenancy.names import ScopeId, login
from stegvis.ground.tenancy.provision import Provisioner
from stegvis.ground.tenancy.tenants import load_directory
from walls.conftest import Role
from walls.planting import tables

pytestmark = pytest.mark.walls

OURS = "(nspname = 'stegvis' OR nspname ~ '^(fb|hm|pub)_')"
ALL_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
# Evidence, figures that have crossed, and the trail of who did what: written once.
APPEND_ONLY = {
    "forbund": {"audit_event", "inbox", "arende", "handling", "returned_report", "data_key", "scope_marker"}
    | {"agreement_signature", "agreement_file", "agreement_reminder"},
    "huvudman": {"audit_event", "consent_evidence", "sent_report", "plan", "measurement", "measurement_value"}
    | {"data_key", "scope_marker", "participant_name", "opened_with_reason", "consent_scan"},
    "publicering": {"contribution", "ledger", "scope_marker"},
    "stegvis": {"tenant", "installation"},
}


def kinds(scope: ScopeId, every_scope: list[ScopeId], prefix: str) -> dict[str, list[str]]:
    """Which roles of the catalogue are meant by a kind of the matrix, seen from one schema."""
    forbund, publishing = ScopeId(scope.forbund), ScopeId(scope.forbund, publishing=True)
    vaults = [one for one in every_scope if one.forbund == scope.forbund and one.level == "huvudman"]
    if scope.level == "forbund":
        own = {"fb": [forbund.role(prefix)], "pub": [publishing.role(prefix)]}
    elif scope.level == "publicering":
        own = {"pub": [publishing.role(prefix)]}
    else:
        return {
            "hm": [scope.role(prefix)],
            "ute": [scope.outsider_role(prefix)],
            "gallring": [scope.gallring_role(prefix)],
        }
    return own | {"hm": [one.role(prefix) for one in vaults]}


def expected_tables(every_scope: list[ScopeId], prefix: str) -> set[tuple[str, str, str, str]]:
    """(schema, table, role, verb) for everything that the matrix gives."""
    wanted = {
        ("stegvis", table, login(prefix, "door"), verb)
        for table in MATRIX["stegvis"]
        for verb in verbs("stegvis", table, "door")
    }
    for scope in every_scope:
        for table in MATRIX[scope.level]:
            for kind, roles in kinds(scope, every_scope, prefix).items():
                for verb in verbs(scope.level, table, kind):
                    wanted |= {(scope.schema, table, role, verb) for role in roles}
    return wanted


def test_table_and_sequence_rights_are_the_matrix(
    admin: psycopg.Connection, settings: Settings, every_scope: list[ScopeId]
) -> None:
    rows = admin.execute(
        sql.SQL(
            "SELECT n.nspname, c.relname, coalesce(g.rolname, 'PUBLIC'), a.privilege_type,"
            " a.is_grantable, b.rolname"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a"
            " LEFT JOIN pg_roles g ON g.oid = a.grantee JOIN pg_roles b ON b.oid = a.grantor WHERE {}"
        ).format(sql.SQL(OURS))
    ).fetchall()
    owner = login(settings.prefix, "owner")
    given = [row for row in rows if row[2] != owner]
    assert {row[:4] for row in given} == expected_tables(every_scope, settings.prefix)
    assert {row[4:] for row in given} == {(False, owner)}


def test_nothing_is_given_by_column_or_by_default(admin: psycopg.Connection) -> None:
    columns = admin.execute(
        sql.SQL(
            "SELECT n.nspname, c.relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE attacl IS NOT NULL AND {}"
        ).format(sql.SQL(OURS))
    ).fetchall()
    assert columns == []
    assert admin.execute("SELECT * FROM pg_default_acl").fetchall() == []
    assert admin.execute("SELECT oid FROM pg_largeobject_metadata").fetchall() == []


def test_schema_rights(admin: psycopg.Connection, settings: Settings, every_scope: list[ScopeId]) -> None:
    prefix = settings.prefix
    wanted = {("stegvis", login(prefix, "door"), "USAGE")}
    for scope in every_scope:
        for roles in kinds(scope, every_scope, prefix).values():
            wanted |= {(scope.schema, role, "USAGE") for role in roles}
    rows = admin.execute(
        sql.SQL(
            "SELECT nspname, coalesce(g.rolname, 'PUBLIC'), a.privilege_type FROM pg_namespace,"
            " aclexplode(nspacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE {}"
        ).format(sql.SQL(OURS))
    ).fetchall()
    assert {row for row in rows if row[1] != login(prefix, "owner")} == wanted


def test_database_rights(admin: psycopg.Connection, settings: Settings) -> None:
    rows = admin.execute(
        "SELECT coalesce(g.rolname, 'PUBLIC'), a.privilege_type FROM pg_database, aclexplode(datacl) a"
        " LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE datname = %s",
        [settings.database.name],
    ).fetchall()
    owner = login(settings.prefix, "owner")
    assert {row for row in rows if row[0] != owner} == {
        (login(settings.prefix, kind), "CONNECT") for kind in LOGINS
    }
    assert admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'public'").fetchone() is None


def test_schemas_hold_no_view_function_or_trigger(admin: psycopg.Connection) -> None:
    kinds_found = admin.execute(
        sql.SQL(
            "SELECT DISTINCT c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid ="
            " c.relnamespace WHERE {}"
        ).format(sql.SQL(OURS))
    ).fetchall()
    assert set(kinds_found) == {("r",), ("i",), ("S",)}, "no view, materialised or foreign table"
    for catalogue, column in (("pg_proc", "pronamespace"), ("pg_operator", "oprnamespace")):
        found = admin.execute(
            sql.SQL("SELECT 1 FROM {} x JOIN pg_namespace n ON n.oid = x.{} WHERE {}").format(
                sql.Identifier(catalogue), sql.Identifier(column), sql.SQL(OURS)
            )
        ).fetchall()
        assert found == []
    assert admin.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal").fetchall() == []


def test_the_owner_owns_all_and_cannot_log_in(admin: psycopg.Connection, settings: Settings) -> None:
    owner = login(settings.prefix, "owner")
    owners = admin.execute(
        sql.SQL(
            "SELECT relowner::regrole::text FROM pg_class c JOIN pg_namespace n ON n.oid ="
            " relnamespace WHERE {0}"
            " UNION SELECT nspowner::regrole::text FROM pg_namespace WHERE {0}"
            " UNION SELECT datdba::regrole::text FROM pg_database WHERE datname = {1}"
            " UNION SELECT typowner::regrole::text FROM pg_type JOIN pg_namespace n ON n.oid ="
            " typnamespace WHERE {0}"
        ).format(sql.SQL(OURS), sql.Literal(settings.database.name))
    ).fetchall()
    assert owners == [(owner,)]


def test_roles_have_no_powers_of_their_own(
    admin: psycopg.Connection, settings: Settings, every_scope: list[ScopeId]
) -> None:
    prefix = settings.prefix
    plain = (False, False, False, False, False, False)
    wanted = {role: (*plain, False) for scope in every_scope for role in scope.roles(prefix)}
    wanted |= {login(prefix, kind): (*plain, True) for kind in LOGINS}
    wanted[login(prefix, "owner")] = (*plain, False)
    wanted[login(prefix, "migrator")] = (False, True, False, False, False, False, True)
    wanted[login(prefix, "backup")] = (False, False, False, False, True, True, True)
    rows = admin.execute(
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,"
        " rolinherit, rolcanlogin"
        " FROM pg_roles WHERE starts_with(rolname, %s)",
        [f"{prefix}_"],
    ).fetchall()
    assert {row[0]: row[1:] for row in rows} == wanted


def test_memberships(admin: psycopg.Connection, settings: Settings, every_scope: list[ScopeId]) -> None:
    prefix = settings.prefix
    wanted = {
        (login(prefix, kind), role) for scope in every_scope for role, kind in scope.logins(prefix).items()
    }
    wanted |= {
        (login(prefix, "migrator"), login(prefix, "owner")),
        (login(prefix, "backup"), "pg_read_all_data"),
    }
    rows = admin.execute(
        "SELECT m.rolname, r.rolname, to_jsonb(g) FROM pg_auth_members g JOIN pg_roles m ON m.oid = member"
        " JOIN pg_roles r ON r.oid = roleid WHERE starts_with(m.rolname, %(own)s) OR"
        " starts_with(r.rolname, %(own)s)",
        {"own": f"{prefix}_"},
    ).fetchall()
    # From PostgreSQL 16 on, who makes a role may hand it out, but neither become it nor inherit from it.
    usable = [row for row in rows if row[2].get("set_option", True) or row[2].get("inherit_option", True)]
    assert {row[:2] for row in usable} == wanted
    assert {row[:2] for row in usable if row[2]["admin_option"]} == set()
    assert {row[0] for row in rows if row not in usable} <= {login(prefix, "migrator")}


def test_rights_hang_on_tables_schemas_and_the_database_alone(
    admin: psycopg.Connection, settings: Settings
) -> None:
    """The server's own list of what refers to a role: no function, type, language, parameter or large object."""
    rows = admin.execute(
        "SELECT DISTINCT d.deptype::text, d.classid::regclass::text, r.rolname = %s FROM pg_shdepend d"
        " JOIN pg_roles r ON r.oid = d.refobjid WHERE d.refclassid = 'pg_authid'::regclass"
        " AND starts_with(r.rolname, %s) AND d.dbid IN (0, (SELECT oid FROM pg_database"
        " WHERE datname = current_database()))",
        [login(settings.prefix, "owner"), f"{settings.prefix}_"],
    ).fetchall()
    owned = {row[1] for row in rows if row[0] == "o"}
    # Memberships, which 16 and later list here too, are compared one by one above.
    given = {row[1] for row in rows if row[0] == "a"} - {"pg_auth_members"}
    assert {row[2] for row in rows if row[0] == "o"} == {True}
    assert owned >= {"pg_class", "pg_namespace", "pg_database"}
    assert given == {"pg_class", "pg_namespace", "pg_database"}
    # What is left are the roles that a policy of row level security is for.
    assert {row[0] for row in rows} - {"o", "a"} <= {"r", "i"}
    assert {row[1] for row in rows if row[0] == "r"} <= {"pg_policy"}


def test_a_grant_beyond_the_matrix_goes_at_the_next_provisioning(
    admin: psycopg.Connection, settings: Settings, every_scope: list[ScopeId]
) -> None:
    """Somebody's hand, or a line that was taken out of the matrix: revoke comes before give."""
    scope = next(one for one in every_scope if one.level == "huvudman")
    names = {
        "schema": sql.Identifier(scope.schema),
        "role": sql.Identifier(scope.role(settings.prefix)),
    }
    directory = load_directory(settings.tenants_dir, settings.prefix)
    ask = "SELECT has_table_privilege(%s, %s, 'DELETE')"
    asked = [scope.role(settings.prefix), f"{scope.schema}.participant"]
    admin.execute(sql.SQL("GRANT DELETE ON {schema}.participant TO {role}").format(**names))
    assert admin.execute(ask, asked).fetchone() == (True,)
    admin.execute(sql.SQL("UPDATE {schema}.scope_marker SET grants = ''").format(**names))
    Provisioner(settings, directory).apply()
    assert admin.execute(ask, asked).fetchone() == (False,)


def test_append_only_tables_are_declared_so() -> None:
    found = {
        level: {table.name for table in tables(level) if not changeable(level, table.name)}
        for level in MATRIX
    }
    assert found == APPEND_ONLY


def changeable(level: str, table: str) -> bool:
    """Whether any kind of role may change or delete a row of a table."""
    return any(set(letters) & {"U", "D"} for letters in MATRIX[level][table].values())


def test_append_only_tables_refuse_every_runtime_role(
    as_role: Role, settings: Settings, every_scope: list[ScopeId]
) -> None:
    prefix = settings.prefix
    for scope in every_scope:
        for role, kind in scope.logins(prefix).items():
            with as_role(kind, role) as inside:
                for level, schema in reached(scope):
                    for table in (one for one in tables(level) if one.name in APPEND_ONLY[level]):
                        names = {"schema": schema, "table": table.name, "column": table.columns[0].name}
                        for text in (
                            "UPDATE {schema}.{table} SET {column} = {column}",
                            "DELETE FROM {schema}.{table}",
                            "TRUNCATE {schema}.{table}",
                            "ALTER TABLE {schema}.{table} DISABLE ROW LEVEL SECURITY",
                            "DROP TABLE {schema}.{table}",
                        ):
                            assert refused(inside, text, names), (role, text, names)


def reached(scope: ScopeId) -> list[tuple[str, str]]:
    """The levels and schemas that a scope's role has any business with."""
    return [(level, schema) for level, schema in scope.translation().items()]


def refused(inside: psycopg.Connection, text: str, names: dict[str, str]) -> bool:
    """Whether PostgreSQL refuses for want of a right."""
    quoted = {key: sql.Identifier(name) for key, name in names.items()}
    statement = sql.SQL(text).format(**quoted)  # type: ignore[arg-type]
    try:
        with inside.transaction():
            inside.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.Error:
        return False
    return False


def test_what_the_matrix_does_not_give_is_refused(
    admin: psycopg.Connection, settings: Settings, every_scope: list[ScopeId]
) -> None:
    """Also what reaches a role by inheritance or PUBLIC, which no list of grants shows."""
    wanted = expected_tables(every_scope, settings.prefix)
    roles = [role for scope in every_scope for role in scope.roles(settings.prefix)]
    roles += [login(settings.prefix, kind) for kind in ("fb", "hm", "pub", "gallring", "door", "migrator")]
    rows = admin.execute(
        sql.SQL(
            "SELECT n.nspname, c.relname, r.role, v.verb FROM pg_class c JOIN pg_namespace n ON"
            " n.oid = relnamespace,"
            " unnest(%s::text[]) r(role), unnest(%s::text[]) v(verb)"
            " WHERE relkind = 'r' AND {} AND has_table_privilege(r.role, c.oid, v.verb)"
        ).format(sql.SQL(OURS)),
        [roles, list(ALL_VERBS)],
    ).fetchall()
    assert set(rows) == wanted
