"""The chains of one vault for the tests of wall 18: filled, touched in every way, read, and put back."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg import sql

import stegvis.cli
from stegvis.ground.tenancy import ScopeId, scope
from stegvis.ground.tenancy.scope import session
from stegvis.identity.audit import service as audit
from stegvis.identity.audit.chain import Link
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.vault.consent import keeping
from stegvis.vault.consent.models import Consent, ConsentEvidence
from walls.planting import plant

VAULT = ScopeId.parse("gavleborg/af_gavle")
TRAIL, EVIDENCE = audit.TRAIL, keeping.CHAIN
CHAINS = (TRAIL, EVIDENCE)
CANARY = "kanariefågel"


@pytest.fixture
def consents(admin: psycopg.Connection, in_app: Flask) -> list[uuid.UUID]:
    """Three samtycken, each with two pieces of evidence: a failed try and one that holds."""
    made = [plant(admin, Consent.__table__, VAULT.schema)["id"] for _ in range(3)]
    for one in made:
        with scope(VAULT):
            keeping.keep(one, "ogiltig", "signature_invalid", {"namn": f"{CANARY}-{one}"})
        with scope(VAULT):
            keeping.keep(one, "giltig", "", {"namn": f"{CANARY}-{one}"})
    return made


@pytest.fixture
def whole(admin: psycopg.Connection, consents: list[uuid.UUID]) -> Iterator[dict[str, int]]:
    """Both chains, whole, with at least six rows each; what a test does to them is undone. Gives their lengths."""
    with scope(VAULT):
        for number in range(6):
            audit.record("lista", "participant", antal=number)
    lengths = {name: verdict.rows for name, verdict in verdicts().items()}
    assert all(verdict.ok for verdict in verdicts().values())
    names = (*CHAINS, "audit_head", "consent_evidence_blob", "consent_key")
    for name in names:
        admin.execute(on("CREATE TEMP TABLE {kept} AS SELECT * FROM {table}", name))
    # Rows that point at each other are put back in any order: past the keys, as a superuser may.
    admin.execute("SET session_replication_role = replica")
    yield lengths
    for name in names:
        admin.execute(on("DELETE FROM {table}", name))
        admin.execute(on("INSERT INTO {table} SELECT * FROM {kept}", name))
    admin.execute("SET session_replication_role = origin")
    assert all(verdict.ok for verdict in verdicts().values())


def on(statement: str, table: str) -> sql.Composed:
    """A statement about one table of the vault, and the copy that was kept of it."""
    return sql.SQL(statement).format(
        table=sql.Identifier(VAULT.schema, table), kept=sql.Identifier(f"kept_{table}")
    )


def verdicts() -> dict[str, audit.Verdict]:
    """What is found of both chains now."""
    return stegvis.cli.verify_chains(VAULT)


def events(where: ScopeId = VAULT, **wanted: Any) -> list[VaultAuditEvent]:
    """The events of a scope's trail with these values."""
    event = VaultAuditEvent
    with scope(where):
        rows = session().scalars(sa.select(event).filter_by(**wanted).order_by(event.seq)).all()
        session().expunge_all()
    return list(rows)


def edit(admin: psycopg.Connection, chain: str, row: int) -> None:
    column = "role" if chain == TRAIL else "reason"
    admin.execute(on(f"UPDATE {{table}} SET {column} = 'annat' WHERE seq = %s", chain), [row])


def delete(admin: psycopg.Connection, chain: str, row: int) -> None:
    admin.execute(on("DELETE FROM {table} WHERE seq = %s", chain), [row])


def delete_tail(admin: psycopg.Connection, chain: str, row: int) -> None:
    admin.execute(on("DELETE FROM {table} WHERE seq >= %s", chain), [row])


def close_the_gap(admin: psycopg.Connection, chain: str, row: int) -> None:
    delete(admin, chain, row)
    admin.execute(on("UPDATE {table} SET seq = -seq WHERE seq > %s", chain), [row])
    admin.execute(on("UPDATE {table} SET seq = -seq - 1 WHERE seq < 0", chain))


def swap(admin: psycopg.Connection, chain: str, row: int) -> None:
    for old, new in ((row, -1), (row + 1, row), (-1, row + 1)):
        admin.execute(on("UPDATE {table} SET seq = %s WHERE seq = %s", chain), [new, old])


def replace_row(admin: psycopg.Connection, chain: str, row: int) -> None:
    """A row that is whole in itself: edited, and its hash computed anew."""
    edit(admin, chain, row)
    links = {link.seq: link for link in read(chain)}
    hashed = links[row].right(row, links[row].prev)
    admin.execute(on("UPDATE {table} SET row_hash = %s WHERE seq = %s", chain), [hashed, row])


def write_anew(admin: psycopg.Connection, chain: str, row: int) -> None:
    """The whole chain from an edited row on, with its head: what only its owner can do."""
    edit(admin, chain, row)
    prev = bytes(32)
    for link in read(chain):
        hashed = link.right(link.seq, prev)
        admin.execute(
            on("UPDATE {table} SET prev_hash = %s, row_hash = %s WHERE seq = %s", chain),
            [prev, hashed, link.seq],
        )
        prev = hashed
    admin.execute(on("UPDATE {table} SET hash = %s WHERE chain = %s", "audit_head"), [prev, chain])


def read(chain: str) -> list[Link]:
    """A chain's rows as links."""
    model, content = (
        (VaultAuditEvent, audit.content_of) if chain == TRAIL else (ConsentEvidence, keeping._content)
    )
    with scope(VAULT):
        rows = session().execute(sa.select(model.__table__).order_by(model.seq)).all()
    return [Link(row.seq, row.prev_hash, row.row_hash, content(row)) for row in rows]
