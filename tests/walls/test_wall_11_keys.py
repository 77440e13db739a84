"""Wall 11: what is sealed cannot be read without the key file, nor moved to another place.

H: with only the numbers encrypted, and a key in the database, every dump held names, notes and health for
ever. C: one key file per scope outside the database; under it data keys; every free text bound to schema,
table, column and row. Keys are changed in `test_wall_11_rotation`, destroyed in `test_wall_11_destruction`.
"""

import base64
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg import sql

from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.ground.jobs.models import OUTBOXES
from stegvis.ground.keys import KeyFault
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.names import ScopeId
from stegvis.local.servers import Servers
from stegvis.tables import participants, referrals
from walls.planting import mapped, plant, sealed_attributes, sealed_values, tables
from walls.test_wall_10_no_edge_across import dump

pytestmark = pytest.mark.walls

CANARY = "sparvhöken"
VAULT = ScopeId.parse("gavleborg/sandviken")
FORBUND = ScopeId.parse("gavleborg")
Participant, Referral = participants.Participant, referrals.Referral

# Text that stays clear, since measures and lists run on it as SQL: codes, ids of definitions, versions,
# names of
# authorities. A new column is added here by decision, or sealed.
CLEAR_TEXT = {
    "account": {"kind", "organisation"},
    "account_right": {"right", "insats"},
    "activity": {"kind", "area"},
    "audit_event": {"role", "action", "subject_kind", "insats", "outcome"},
    "audit_head": {"chain"},
    "consent": {"insats", "kind", "state", "method", "text_version", "interpreter", "interpreter_language"},
    "consent_evidence": {"verdict", "reason"},
    "consent_scan": {"kind"},
    "consent_signer": {"role", "state", "method"},
    # Names of authorities as the signed text gives them, and a code for how they were told.
    "consent_told": {"party", "how"},
    "data_key": {"purpose"},
    "enrolment": {"insats", "sysselsattning_before", "utbildning", "months_on_support", "exit_code"}
    | {"sysselsattning_after"},
    "invitation": {"kind", "insats", "organisation"},
    "measurement": {"instrument", "instrument_version"},
    "measurement_value": {"indicator", "rater"},
    "opened_with_reason": {"insats", "reason"},
    "outbox": {"kind", "key", "fault"},
    "participant": {"gender"},
    "plan": {"form_version"},
    "referral": {"insats", "form_version", "state"},
    "report": {"insats", "template", "state"},
    "report_mark": {"section", "kind", "answer"},
    "report_text": {"section", "page_mark"},
    "scope_marker": {"scope", "grants"},
    "sent_report": {"sha256"},
}


def test_the_clear_texts_of_a_vault_are_decided_one_by_one() -> None:
    found = {
        table.name: {column.name for column in table.columns if isinstance(column.type, sa.Text)}
        for table in tables("huvudman")
    }
    assert {name: columns for name, columns in found.items() if columns} == CLEAR_TEXT


@pytest.mark.parametrize("level", ["huvudman", "forbund"])
def test_every_sealed_column_has_its_attribute(level: str) -> None:
    for model in mapped(level):
        columns = {column.name for column in model.__table__.columns if column.name.endswith("_sealed")}
        assert {one.column for one in sealed_attributes(model).values()} == columns


@pytest.mark.parametrize("scope_id", [VAULT, FORBUND])
def test_a_dump_shows_no_sealed_text(
    in_app: Flask, running: Servers, settings: Settings, admin: psycopg.Connection, scope_id: ScopeId
) -> None:
    planted, models, ids = 0, {one.__tablename__: one for one in mapped(scope_id.level)}, {}
    for table in tables(scope_id.level):
        model = models.get(table.name)
        attributes = sealed_attributes(model) if model is not None else {}
        if not attributes:
            continue
        with scope(scope_id):
            values = sealed_values(model, CANARY)
        # The rows that it refers to are those before it: every sealed value in the vault can be opened.
        for column in table.columns:
            for key in column.foreign_keys:
                if not column.nullable and key.column.table.name in ids:
                    values[column.name] = ids[key.column.table.name]
        plant(admin, table, scope_id.schema, **values)
        ids[table.name] = values["id"]
        with scope(scope_id) as opened:
            row = opened.session.get_one(models[table.name], values["id"])
            for name in attributes:
                read = getattr(row, name)
                assert f"{CANARY}-{table.name}-{name}" in (
                    read,
                    *(read.values() if isinstance(read, dict) else ()),
                )
                planted += 1
    assert planted >= (20 if scope_id == VAULT else 4)
    plant(admin, OUTBOXES[scope_id.level].__table__, scope_id.schema, kind="tornseglaren")
    text = dump(running, settings, scope_id.schema)
    assert text.count("tornseglaren") == 1, (
        "what is not sealed is there: the dump is the one that was planted in"
    )
    for form in (CANARY, "sparvhök", CANARY.encode().hex(), base64.b64encode(CANARY.encode()).decode()[:8]):
        assert form not in text


def test_ciphertext_does_not_move(in_app: Flask, admin: psycopg.Connection) -> None:
    with scope(VAULT):
        first, second = (sealed_values(Participant, one) for one in ("a", "b"))
    for values in (first, second):
        plant(admin, Participant.__table__, VAULT.schema, **values)
    other = ScopeId.parse("gavleborg/af_gavle")
    plant(admin, Participant.__table__, other.schema, **first)
    swap = sql.SQL(
        "UPDATE {}.participant SET number_sealed = %s, given_name_sealed = family_name_sealed WHERE id = %s"
    )
    admin.execute(swap.format(sql.Identifier(VAULT.schema)), [first["number_sealed"], second["id"]])
    with scope(VAULT) as opened:
        row = opened.session.get_one(Participant, second["id"])
        assert row.family_name == "b-participant-family_name"
        with pytest.raises(KeyFault):
            _ = row.number  # another row's
        with pytest.raises(KeyFault):
            _ = row.given_name  # another column's
        elsewhere = Referral(id=first["id"])
        elsewhere.number_sealed = first["number_sealed"]
        with pytest.raises(KeyFault):
            _ = elsewhere.number  # another table's, under the same id and column
        assert opened.session.get_one(Participant, first["id"]).number == "a-participant-number"
    with scope(other) as opened:
        moved = opened.session.get_one(Participant, first["id"])
        for name in ("number", "given_name", "family_name"):
            with pytest.raises(KeyFault):
                getattr(moved, name)  # another vault's
    # Nobody's page is to trip over them.
    for schema, row in ((VAULT.schema, first), (VAULT.schema, second), (other.schema, first)):
        gone = sql.SQL("DELETE FROM {}.participant WHERE id = %s").format(sql.Identifier(schema))
        admin.execute(gone, [row["id"]])


@pytest.fixture
def beside(settings: Settings, tmp_path: Path) -> Iterator[Flask]:
    """The same database, seen by an installation with a copy of the key files that a test may spoil."""
    shutil.copytree(settings.keys_dir, tmp_path / "keys")
    made = create_app(replace(settings, home=tmp_path))
    with made.app_context():
        yield made
        for engine in db.engines.values():
            engine.dispose()


def spoil(folder: Path, how: str) -> None:
    """Spoil a vault's key file in one of the ways that happen."""
    path, other = folder / "gavleborg.sandviken.key", folder / "gavleborg.af_gavle.key"
    if how == "missing":
        path.unlink()
    elif how == "another scope's":
        shutil.copy(other, path)
    elif how == "another scope's, renamed inside":
        path.write_text(json.dumps(json.loads(other.read_text()) | {"scope": str(VAULT)}))
    elif how == "a new one":
        key = base64.b64encode(bytes(32)).decode()
        path.write_text(json.dumps({"scope": str(VAULT), "key": key}))
    elif how == "a list":
        path.write_text("[]")
    elif how == "a number for a key":
        path.write_text(json.dumps({"scope": str(VAULT), "key": 7}))
    else:
        path.write_bytes(bytes(range(128, 256)))


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("missing", "Nyckelfilen för gavleborg/sandviken saknas: utan den kan inget läsas."),
        ("another scope's", "Nyckelfilen för gavleborg/sandviken är en annans eller skadad."),
        (
            "another scope's, renamed inside",
            "Nyckelfilen för gavleborg/sandviken hör inte till den här databasen.",
        ),
        ("a new one", "Nyckelfilen för gavleborg/sandviken hör inte till den här databasen."),
        ("a list", "Nyckelfilen för gavleborg/sandviken går inte att läsa."),
        ("a number for a key", "Nyckelfilen för gavleborg/sandviken går inte att läsa."),
        ("rubbish", "Nyckelfilen för gavleborg/sandviken går inte att läsa."),
    ],
)
def test_a_wrong_key_file_is_a_sentence(beside: Flask, tmp_path: Path, how: str, sentence: str) -> None:
    spoil(tmp_path / "keys", how)
    with pytest.raises(KeyFault) as fault, scope(VAULT):
        pytest.fail("the vault opened")
    assert str(fault.value) == sentence
    with scope("gavleborg/af_gavle") as neighbour:
        assert neighbour.keys.search_hash("x") != b""


def test_key_files_are_closed_and_outside_the_database(
    settings: Settings, every_scope: list[ScopeId]
) -> None:
    files = {path.name: path.stat().st_mode & 0o777 for path in settings.keys_dir.iterdir()}
    wanted = {f"{str(one).replace('/', '.')}.key": 0o600 for one in every_scope if not one.publishing}
    assert files == wanted
    assert settings.keys_dir.stat().st_mode & 0o777 == 0o700


def test_each_scope_has_keys_of_its_own(in_app: Flask, every_scope: list[ScopeId]) -> None:
    hashes = []
    for one in every_scope:
        if not one.publishing:
            with scope(one) as opened:
                hashes.append(opened.keys.search_hash(str(uuid.UUID(int=1))))
    assert len(set(hashes)) == len(hashes)
