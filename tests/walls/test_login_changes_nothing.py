"""Nobody becomes a user by logging in: a login of somebody unknown leaves every row of every schema as it was."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import time_machine
from flask import Flask
from psycopg import sql

from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.ground.tenancy.models import db, now
from visiting import People, RunningEid, Visitor, fresh_number

pytestmark = pytest.mark.walls
Browse = Callable[..., Visitor]


def everything(admin: psycopg.Connection) -> dict[str, str]:
    """A digest of all rows of each table of all schemas."""
    found = {}
    tables = admin.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_catalog|information_schema)'"
    ).fetchall()
    for schema, table in tables:
        asked = sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {}.{} t")
        row = admin.execute(asked.format(sql.Identifier(schema), sql.Identifier(table))).fetchone()
        found[f"{schema}.{table}"] = row[0] if row else ""
    return found


def test_a_login_of_somebody_unknown_changes_no_row(
    admin: psycopg.Connection, people: People, browser: Browse, eid: RunningEid
) -> None:
    known, before = people.handledare(), everything(admin)
    answer = browser().log_in(fresh_number())
    assert answer.status_code == 403
    assert everything(admin) == before
    # The search sees a row that changes: somebody known leaves one event, in the own vault alone.
    assert browser().log_in(known.number).status_code == 200
    after = everything(admin)
    changed = {table for table in after if after[table] != before[table]}
    assert changed == {"hm_gavleborg_sandviken.audit_event", "hm_gavleborg_sandviken.audit_head"}


def test_the_idle_limit_is_the_huvudmans(settings: Settings, people: People, tmp_path: Path) -> None:
    """Of two huvudmän of one installation one says two hours, the other a quarter; the absolute limit is the same."""
    tenants = tmp_path / "tenants"
    shutil.copytree(settings.tenants_dir, tenants)
    for name, minutes in (("gavleborg", 120), ("kalmar_lan", 15)):
        file = tenants / f"{name}.toml"
        text = file.read_text("utf-8").replace(
            "[[huvudman]]\n", f"[[huvudman]]\nidle_minutes = {minutes}\n", 1
        )
        file.write_text(text, "utf-8")
    app = create_app(replace(settings, tenants=tenants))
    who = people.handledare()
    other = people.account("personal", "handledare", scope_id="kalmar_lan/kalmar", insats="krus")
    start = now()
    try:
        for login, host, minutes in ((who, "gavleborg.localhost", 120), (other, "kalmar-lan.localhost", 15)):
            statuses = {}
            for waited in (minutes - 1, minutes + 1):
                with time_machine.travel(start, tick=False):
                    visitor = Visitor(app, host).logged_in(login)
                with time_machine.travel(start + timedelta(minutes=waited), tick=False):
                    statuses[waited] = visitor.get("/idag").status_code
            assert statuses == {minutes - 1: 200, minutes + 1: 303}, host
        with time_machine.travel(start, tick=False):
            visitor = Visitor(app).logged_in(who)
        for hours in range(1, 8):
            with time_machine.travel(start + timedelta(hours=hours), tick=False):
                assert visitor.get("/idag").status_code == 200
        with time_machine.travel(start + timedelta(hours=8, seconds=1), tick=False):
            assert visitor.get("/idag").status_code == 303
    finally:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


@pytest.mark.parametrize("minutes", [14, 121])
def test_no_huvudman_says_less_than_a_quarter_or_more_than_two_hours(app: Flask, minutes: int) -> None:
    huvudman = next(iter(app.extensions["stegvis.scopes"].directory)).huvudman[0]
    with pytest.raises(ValueError, match="idle_minutes"):
        type(huvudman).model_validate(huvudman.model_dump() | {"idle_minutes": minutes})
