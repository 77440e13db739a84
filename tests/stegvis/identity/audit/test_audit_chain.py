"""The audit trail: what happened is chained, a tampered row is named, a refusal outlives the rollback."""

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from stegvis.config import Settings
from stegvis.ground.tenancy import scope
from stegvis.identity.audit import service as audit
from stegvis.identity.audit.actions import ACTIONS, _sentences, in_words
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.local.installation import superuser
from stegvis.local.servers import Servers

VAULT = "skane_nordost/bromolla"
TABLE = "hm_skane_nordost_bromolla.audit_event"


@pytest.fixture
def admin(running: Servers, settings: Settings) -> Iterator[psycopg.Connection]:
    """Somebody who can change rows that nobody may change."""
    with superuser(running.postgres, settings.database.name) as connection:
        yield connection


@pytest.fixture
def chain(in_app: Flask, admin: psycopg.Connection) -> Iterator[int]:
    """A chain of at least five rows that holds; what a test does to it is undone. Gives its length."""
    with scope(VAULT):
        for number in range(5):
            audit.record("lista", "account", uuid.uuid4(), antal=number)
    with scope(VAULT):
        verdict = audit.verify()
    assert (verdict.ok, verdict.fault) == (True, "")
    admin.execute("CREATE TEMP TABLE kept AS SELECT * FROM hm_skane_nordost_bromolla.audit_event")
    yield verdict.rows
    admin.execute("DELETE FROM hm_skane_nordost_bromolla.audit_event")
    admin.execute("INSERT INTO hm_skane_nordost_bromolla.audit_event SELECT * FROM kept")


def verdict_now() -> tuple[bool, str]:
    with scope(VAULT):
        found = audit.verify()
    return found.ok, found.fault


def test_an_edited_row_is_named(chain: int, admin: psycopg.Connection) -> None:
    for column, value in {
        "action": "annat",
        "outcome": "nekad",
        "role": "annan",
        "subject_id": uuid.uuid4(),
        "at": datetime(2020, 1, 1, tzinfo=UTC),
        "details": '{"antal": 99}',
        "account_id": uuid.uuid4(),
        "insats": "annan",
        "subject_kind": "annat",
    }.items():
        statement = psycopg.sql.SQL("UPDATE {} SET {} = %s WHERE seq = %s").format(
            psycopg.sql.SQL(TABLE), psycopg.sql.Identifier(column)
        )
        restore = psycopg.sql.SQL("UPDATE {} e SET {c} = k.{c} FROM kept k WHERE k.seq = e.seq").format(
            psycopg.sql.SQL(TABLE), c=psycopg.sql.Identifier(column)
        )
        admin.execute(statement, [value, chain - 1])
        assert verdict_now() == (False, f"rad {chain - 1} är ändrad"), column
        admin.execute(restore)
        assert verdict_now() == (True, "")


def test_a_row_that_is_gone_is_named(chain: int, admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM hm_skane_nordost_bromolla.audit_event WHERE seq = %s", [chain - 2])
    assert verdict_now() == (False, f"rad {chain - 2} saknas: nästa rad har nummer {chain - 1}")


def test_a_cut_tail_is_noticed(chain: int, admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM hm_skane_nordost_bromolla.audit_event WHERE seq = %s", [chain])
    assert verdict_now() == (False, f"rad {chain} saknas i kedjans slut")


def test_swapped_rows_are_noticed(chain: int, admin: psycopg.Connection) -> None:
    for old, new in ((chain - 1, -1), (chain, chain - 1), (-1, chain)):
        admin.execute("UPDATE hm_skane_nordost_bromolla.audit_event SET seq = %s WHERE seq = %s", [new, old])
    assert verdict_now() == (False, f"rad {chain - 1} har bytt plats med rad {chain}")


def test_events_of_a_rolled_back_scope_are_gone_but_a_refusal_stays(in_app: Flask) -> None:
    subject, account = uuid.uuid4(), uuid.uuid4()
    with pytest.raises(ZeroDivisionError), scope(VAULT, account=account) as opened:
        opened.facts["role"] = "personal"
        audit.record("las", "participant", subject)
        audit.record_refusal("behorighet", "participant", subject)
        raise ZeroDivisionError
    with scope(VAULT):
        found = [
            (one.action, one.outcome, one.role, one.account_id, one.details)
            for one in audit.events_about(subject)
        ]
    assert found == [("neka", "nekad", "personal", account, {"skal": "behorighet"})]
    assert verdict_now() == (True, "")


def test_an_unknown_action_is_an_error_when_it_is_written(in_app: Flask) -> None:
    with pytest.raises(audit.UnknownAction), scope(VAULT):
        audit.record("glo", "participant", uuid.uuid4())
    assert verdict_now() == (True, "")


def test_every_action_has_its_words(in_app: Flask) -> None:
    with in_app.test_request_context():
        words = {one: in_words(one, "din plan") for one in ACTIONS}
        assert set(_sentences("")) == set(ACTIONS)
    assert len(set(words.values())) == len(ACTIONS) and all(words.values())


def test_events_stand_in_their_order_newest_first(in_app: Flask) -> None:
    subject = uuid.uuid4()
    with scope(VAULT):
        audit.record("oppna", "participant", subject)
        audit.record("las", "participant", subject, insats="prov", sida="plan")
    with scope(VAULT):
        found = [(one.action, one.insats, one.details) for one in audit.events_about(subject)]
        assert [one.action for one in audit.events_about(subject, limit=1)] == ["las"]
    assert found == [("las", "prov", {"sida": "plan"}), ("oppna", "", {})]


def test_writers_at_the_same_time_do_not_fork_the_chain(in_app: Flask) -> None:
    subject = uuid.uuid4()

    def write() -> None:
        with in_app.app_context():
            for _ in range(10):
                with scope(VAULT):
                    audit.record("las", "participant", subject)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with scope(VAULT):
        assert len(audit.events_about(subject)) == 40
    assert verdict_now() == (True, "")


def test_every_scope_has_its_own_chain(in_app: Flask) -> None:
    subject = uuid.uuid4()
    with scope(VAULT):
        audit.record("las", "participant", subject)
    with scope("skane_nordost/osby"):
        assert audit.events_about(subject) == []
        assert audit.verify().ok


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
rows = st.fixed_dictionaries(
    {
        "seq": st.integers(1, 10**12),
        "at": st.datetimes(timezones=st.just(UTC)),
        "account_id": st.none() | st.uuids(),
        "role": texts,
        "action": texts,
        "subject_kind": texts,
        "subject_id": st.none() | st.uuids(),
        "insats": texts,
        "outcome": texts,
        "details": st.dictionaries(texts, texts | st.integers() | st.booleans(), max_size=3),
        "prev_hash": st.binary(min_size=32, max_size=32),
    }
)


@given(rows, rows)
def test_two_contents_never_hash_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    hashes = [audit.row_hash(VaultAuditEvent(**values)) for values in (one, other)]
    assert (hashes[0] == hashes[1]) == (one == other)


@given(rows, st.data())
def test_moving_text_between_fields_changes_the_hash(row: dict[str, Any], data: st.DataObject) -> None:
    moved = row | {"role": row["role"] + row["action"], "action": ""}
    same = moved["role"] == row["role"]
    equal = audit.row_hash(VaultAuditEvent(**moved)) == audit.row_hash(VaultAuditEvent(**row))
    assert equal == same
