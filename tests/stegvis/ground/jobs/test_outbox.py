"""The outbox: a row comes with its transaction or not at all, and its work is done once."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from flask import Flask

from stegvis.ground.jobs import service as jobs
from stegvis.ground.jobs.models import VaultOutbox
from stegvis.ground.tenancy import scope, session

VAULT = "gavleborg/sandviken"
seen: list[dict[str, Any]] = []


@jobs.handles("huvudman", "prov.outbox")
def note(payload: dict[str, Any]) -> None:
    """Remember what came; fail when it is told to."""
    seen.append(payload)
    if payload.get("fel"):
        raise ZeroDivisionError


@pytest.fixture(autouse=True)
def nothing_seen() -> Iterator[None]:
    """Each test begins with nothing seen."""
    seen.clear()
    yield
    seen.clear()


@pytest.fixture
def key() -> str:
    """A key that no other test has used."""
    return f"prov-{uuid.uuid4()}"


def put(key: str, **payload: Any) -> str:
    """Add a row in a scope of its own; returns its id."""
    with scope(VAULT):
        jobs.add("prov.outbox", payload, key)
        return str(session().scalars(sa.select(VaultOutbox.id).where(VaultOutbox.key == key)).one())


def state(row: str) -> tuple[bool, int]:
    """Whether a row is done, and how often it was tried."""
    with scope(VAULT) as opened:
        found = opened.session.get_one(VaultOutbox, uuid.UUID(row))
        return found.done_at is not None, found.attempts


def waiting_in_queue(app: Flask, row: str) -> int:
    """How often a row's id stands in the queue."""
    broker: redis.Redis = app.extensions["stegvis.broker"]
    return broker.lrange("rq:queue:hm", 0, -1).count(row.encode())


def test_a_row_is_handed_over_after_the_commit(in_app: Flask, key: str) -> None:
    assert waiting_in_queue(in_app, put(key)) == 1


def test_a_known_key_changes_nothing(in_app: Flask, key: str) -> None:
    row = put(key, a=1)
    assert put(key, a=2) == row
    assert waiting_in_queue(in_app, row) == 1
    assert jobs.run(VAULT, row) == "done"
    assert seen == [{"a": 1}]


def test_a_rollback_leaves_no_row_and_no_job(in_app: Flask, key: str) -> None:
    with pytest.raises(ZeroDivisionError), scope(VAULT):
        jobs.add("prov.outbox", {}, key)
        row = str(session().scalars(sa.select(VaultOutbox.id).where(VaultOutbox.key == key)).one())
        raise ZeroDivisionError
    assert waiting_in_queue(in_app, row) == 0
    assert jobs.run(VAULT, row) == "nothing"


def test_work_is_done_once(in_app: Flask, key: str) -> None:
    row = put(key, a=1)
    assert [jobs.run(VAULT, row) for _ in range(3)] == ["done", "nothing", "nothing"]
    assert seen == [{"a": 1}]
    assert state(row) == (True, 1)


def test_work_that_fails_is_still_to_be_done(in_app: Flask, key: str) -> None:
    row = put(key, fel=True)
    for _ in range(2):
        with pytest.raises(jobs.JobFailed) as failure:
            jobs.run(VAULT, row)
        # The kind of fault and of work, and nothing of what the fault quoted.
        assert failure.value.args[:2] == ("ZeroDivisionError", "prov.outbox")
        assert failure.value.args[2].startswith("test_outbox.py:")
        assert (failure.value.__cause__, failure.value.__context__) == (None, None)
    assert state(row) == (False, 0)


def test_work_in_another_scope_is_not_found(in_app: Flask, key: str) -> None:
    row = put(key)
    assert jobs.run("gavleborg/af_gavle", row) == "nothing"
    assert (seen, state(row)) == ([], (False, 0))


def test_waiting_rows_are_counted(in_app: Flask, key: str) -> None:
    before = jobs.waiting("huvudman")[VAULT]
    row = put(key)
    assert jobs.waiting("huvudman")[VAULT] == before + 1
    jobs.run(VAULT, row)
    assert jobs.waiting("huvudman")[VAULT] == before


def test_a_vault_that_cannot_be_opened_keeps_nobody_waiting(
    in_app: Flask, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of the förbund's first vault is missing: the other's row is handed over all the same."""
    scopes = in_app.extensions["stegvis.scopes"]
    order = [one for one in scopes.directory.scopes() if one.level == "huvudman"]
    assert str(order[0]) == VAULT
    other = str(order[1])
    with scope(other):
        jobs.add("prov.outbox", {}, key)
        row = session().scalars(sa.select(VaultOutbox).where(VaultOutbox.key == key)).one()
        row.created_at = row.created_at.replace(year=2020)
    path = scopes.keys.path(VAULT)
    hidden = path.rename(path.with_suffix(".borta"))
    scopes.forget(order[0])
    try:
        assert jobs.sweep("huvudman") >= 1
    finally:
        hidden.rename(path)
        scopes.forget(order[0])
    with scope(other) as opened:
        found = opened.session.scalars(sa.select(VaultOutbox).where(VaultOutbox.key == key)).one()
        assert (found.handed_at is not None, found.attempts) == (True, 1)
