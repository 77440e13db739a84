"""What rooms do with the database: no SQL out of text, no way past the scope, nothing that outlives a

transaction.
"""

import ast

from architecture.source import ROOT, Module, calls, imports, modules

RUNS_SQL = {"execute", "exec_driver_sql", "text", "scalar", "scalars", "executemany", "literal_column"}
# psycopg's own composition quotes names and values: these wrap a text that stands in the source.
COMPOSES = {"SQL"}
# Functions of ours that hand a constant text on to psycopg's composition, and where they are.
PASSES_ON = {
    "platform/stegvis/ground/tenancy/bootstrap.py": {"_run"},
    "platform/stegvis/ground/tenancy/provision.py": {"_run"},
}
# A grant's verb is a keyword, which composition cannot quote: it comes from the closed list in grants.py.
FROM_A_CLOSED_LIST = {
    "platform/stegvis/ground/tenancy/provision.py": {"GRANT {} ON {{schema}}.{{table}} TO {{role}}"}
}


def built(node: ast.AST) -> bool:
    """Whether an expression puts a text together: f-string, +, %, .format, .join, .replace."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(one, ast.FormattedValue) for one in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(
            built(one) or (isinstance(one, ast.Constant) and isinstance(one.value, str))
            for one in (node.left, node.right)
        )
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("format", "join", "replace")
    ):
        return not composed(node.func.value)
    return False


def composed(node: ast.AST) -> bool:
    """Whether an expression is psycopg's composition: `sql.SQL("...")`."""
    return isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in COMPOSES


def template(node: ast.AST) -> str:
    """The constant parts of a text with {} for the rest."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)
    return ast.unparse(node)


def names_of_built_texts(module: Module) -> dict[str, ast.AST]:
    """Names in a module that are given a text put together in it."""
    found = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign) and built(node.value):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = node.value
    return found


def sql_from_text(module: Module) -> list[str]:
    """Where a module hands a text that it put together to the database."""
    runs = RUNS_SQL | COMPOSES | PASSES_ON.get(module.short, set())
    allowed = {
        one.replace("{{", "{").replace("}}", "}") for one in FROM_A_CLOSED_LIST.get(module.short, set())
    }
    named, found = names_of_built_texts(module), []
    for call, name in calls(module.tree):
        if name not in runs:
            continue
        for argument in call.args:
            text = named.get(argument.id) if isinstance(argument, ast.Name) else argument
            if text is not None and built(text) and template(text) not in allowed:
                found.append(f"{module.short}:{call.lineno}")
    return found


def test_no_sql_is_built_from_text() -> None:
    assert [place for module in (*modules(), *modules("migrations")) for place in sql_from_text(module)] == []


def test_the_rule_sees_what_it_should() -> None:
    """The rule against the ways in which it is usually broken, and against what is allowed."""
    broken = [
        'session.execute(f"select {name}")',
        'session.execute(text("select " + name))',
        'session.execute("select %s" % name)',
        'session.execute("select {}".format(name))',
        'connection.exec_driver_sql(", ".join(names))',
        'statement = f"select {name}"\nsession.scalars(statement)',
        'sql.SQL(f"select {name}")',
    ]
    allowed = [
        "session.execute(sa.select(table.c.id).where(table.c.id == name))",
        'session.execute(text("select 1"))',
        'raw.execute(sql.SQL("select {}").format(sql.Identifier(name)))',
        'raw.execute("select 1 where a = %s", [name])',
        'raw.execute(sql.SQL(", ").join(map(sql.Identifier, names)))',
    ]
    path = ROOT / "platform" / "stegvis" / "__init__.py"
    for text, wanted in [(one, True) for one in broken] + [(one, False) for one in allowed]:
        module = Planted("planted", path)
        module.planted = ast.parse(text)
        assert bool(sql_from_text(module)) is wanted, text


class Planted(Module):
    """A module whose source a test gives."""

    planted: ast.Module

    __setattr__ = object.__setattr__

    @property
    def tree(self) -> ast.Module:
        return self.planted


def test_rooms_use_the_scopes_session_alone() -> None:
    """`db.session` is bound to no scope; `merge` would copy an object of another scope into this one."""
    found = []
    for module in modules():
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Attribute)
                and node.attr == "session"
                and getattr(node.value, "id", "") == "db"
            ):
                found.append(f"{module.short}:{node.lineno} db.session")
        for call, name in calls(module.tree):
            owner = ast.unparse(call.func)
            if name in ("merge", "merge_all") and "session" in owner:
                found.append(f"{module.short}:{call.lineno} {name}")
    assert found == []


def test_nothing_outlives_its_transaction() -> None:
    """Walls 24: what is left on a connection is read by the next tenant that gets it."""
    words = ("NOTIFY", "WITH HOLD", "PG_ADVISORY", "LO_CREATE", "LO_IMPORT", "SET SESSION")
    found = []
    for module in (*modules(), *modules("migrations")):
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                found += [
                    f"{module.short}:{node.lineno} {word}" for word in words if word in node.value.upper()
                ]
        for call, name in calls(module.tree):
            if name in ("pg_notify", "pg_advisory_lock", "pg_try_advisory_lock", "pg_advisory_xact_lock"):
                found.append(f"{module.short}:{call.lineno} {name}")
            if name == "set_config" and not (
                isinstance(call.args[-1], ast.Constant) and call.args[-1].value is True
            ):
                found.append(f"{module.short}:{call.lineno} set_config beyond the transaction")
    assert found == []


def test_no_index_tells_of_a_sensitive_code() -> None:
    """Walls 22: every role reads an index's definition and size."""
    from walls.planting import LEVELS, tables

    partial = [
        index.name
        for level in LEVELS
        for table in tables(level)
        for index in table.indexes
        if index.dialect_options["postgresql"]["where"] is not None
    ]
    assert partial == []


def test_rooms_never_see_the_databases_own_errors() -> None:
    """Walls 12: they quote the row. A room catches Conflict or DatabaseFault of ground.tenancy."""
    found = [
        f"{module.short}:{line}"
        for module in modules()
        for line, name in imports(module)
        if name.startswith(("sqlalchemy.exc", "sqlalchemy.orm.exc"))
        and not module.name.startswith("stegvis.ground.")
    ]
    assert found == []


def test_no_value_is_cast_in_sql() -> None:
    """Walls 12: a cast that fails quotes the value in the server's log. Columns may be cast, values not."""
    found = [
        f"{module.short}:{call.lineno}"
        for module in modules()
        for call, name in calls(module.tree)
        if name in ("cast", "try_cast", "type_coerce")
        and ast.unparse(call.func).startswith("sa.")
        and not isinstance(call.args[0], ast.Attribute)
    ]
    assert found == []
