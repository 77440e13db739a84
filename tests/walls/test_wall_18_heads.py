"""Wall 18: a chain that its owner has written anew is shown by the head that was handed out before, by it alone.

H: a keyless chain is computed anew in a second, and a signed head is signed by the same operator. C: the head goes
daily to the huvudman's own registrator, with a running number.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from psycopg import sql

import stegvis.cli
from stegvis.app import load_jobs
from stegvis.config import Settings
from stegvis.ground.jobs import service as jobs
from stegvis.ground.jobs.models import OUTBOXES
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.names import login
from stegvis.ground.tenancy.scope import session
from stegvis.identity.audit import heads
from stegvis.identity.audit import service as audit
from stegvis.local.installation import DEMO_DAY, set_day
from stegvis.local.servers import Servers
from walls.audit_rows import (
    CHAINS,
    EVIDENCE,
    TRAIL,
    VAULT,
    delete_tail,
    events,
    on,
    read,
    write_anew,
)

pytestmark = pytest.mark.walls


# -- the head that lies elsewhere ----------------------------------------------------------------


@pytest.fixture
def command(settings: Settings, running: Servers, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`./run stegvis audit ...` in this process, against this run's servers and installation."""

    @contextmanager
    def here(**_told: Any) -> Iterator[tuple[Settings, Servers]]:
        yield settings, running

    monkeypatch.setattr(stegvis.cli, "installation", here)
    return lambda *arguments: CliRunner().invoke(stegvis.cli.cli, ["audit", *map(str, arguments)])


def test_a_chain_written_anew_by_its_owner_is_shown_by_a_head_alone(
    whole: dict[str, int],
    admin: psycopg.Connection,
    settings: Settings,
    command: Callable[..., Result],
    tmp_path: Path,
) -> None:
    kept = tmp_path / "huvud.json"
    told = command("head", "--scope", VAULT, "--out", kept)
    assert (told.exit_code, told.stdout) == (0, f"{VAULT}: huvud 1 i {kept}\n")
    assert kept.stat().st_mode & 0o777 == 0o600
    with scope(VAULT):
        audit.record("lista", "participant", antal=1)
    assert command("verify", "--head", kept).exit_code == 0, "rows that have come since are no fault"
    admin.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(login(settings.prefix, "owner"))))
    for chain in CHAINS:
        write_anew(admin, chain, 2)
    admin.execute("RESET ROLE")
    unaware = command("verify", "--scope", VAULT)
    assert (unaware.exit_code, unaware.stdout.count(": hel,")) == (0, 2)
    aware = command("verify", "--scope", VAULT, "--head", kept)
    heads_of = json.loads(kept.read_text())["chains"]
    assert (aware.exit_code, aware.stdout.splitlines()) == (
        1,
        [
            f"{VAULT} {chain}: kedjan är omskriven: rad {heads_of[chain]['seq']} är en annan än i huvudet som"
            f" lämnades ut, {json.loads(command('verify', '--scope', VAULT, '--json').stdout)[nth]['rows']} rader"
            for nth, chain in enumerate(CHAINS)
        ],
    )


def test_a_chain_cut_short_with_its_head_is_shown_by_a_head_alone(
    whole: dict[str, int], admin: psycopg.Connection, command: Callable[..., Result], tmp_path: Path
) -> None:
    kept = tmp_path / "huvud.json"
    command("head", "--scope", VAULT, "--out", kept)
    seq = whole[TRAIL]
    delete_tail(admin, TRAIL, seq)
    head = read(TRAIL)[-1]
    admin.execute(
        on("UPDATE {table} SET seq = %s, hash = %s WHERE chain = %s", "audit_head"),
        [head.seq, head.hash, TRAIL],
    )
    assert command("verify", "--scope", VAULT).exit_code == 0
    told = json.loads(command("verify", "--scope", VAULT, "--head", kept, "--json").stdout)
    assert [(row["chain"], row["ok"], row["row"], row["kind"]) for row in told] == [
        (TRAIL, False, seq, "saknas"),
        (EVIDENCE, True, 0, ""),
    ]


GOOD = {
    "scope": str(VAULT),
    "number": 1,
    "at": "2024-01-15T12:00:00Z",
    "chains": {TRAIL: {"seq": 0, "hash": "0" * 64}},
}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "finns inte."),
        ("", "är inget huvud från Stegvis, eller är skadad."),
        ("[]", "är inget huvud från Stegvis, eller är skadad."),
        (json.dumps(GOOD | {"chains": {}}), "är inget huvud från Stegvis, eller är skadad."),
        (json.dumps(GOOD | {"number": True}), "är inget huvud från Stegvis, eller är skadad."),
        (json.dumps(GOOD | {"scope": "inget scope"}), "är inget huvud från Stegvis, eller är skadad."),
        (json.dumps(GOOD | {"mer": 1}), "är inget huvud från Stegvis, eller är skadad."),
        (
            json.dumps(GOOD | {"chains": {TRAIL: {"seq": -1, "hash": "0" * 64}}}),
            "är inget huvud från Stegvis, eller är skadad.",
        ),
        (
            json.dumps(GOOD | {"chains": {TRAIL: {"seq": 1, "hash": "kort"}}}),
            "är inget huvud från Stegvis, eller är skadad.",
        ),
        (json.dumps(GOOD | {"scope": "gavleborg"}), f"är huvudet för gavleborg, inte för {VAULT}."),
    ],
)
def test_a_head_that_cannot_be_used_is_a_sentence(
    command: Callable[..., Result], tmp_path: Path, content: str | None, sentence: str
) -> None:
    path = tmp_path / "huvud.json"
    if content is not None:
        path.write_text(content)
    told = command("verify", "--scope", VAULT, "--head", path)
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.splitlines() == [f"Filen {path} {sentence}"]


def test_a_head_of_a_scope_that_is_not_here_is_a_sentence(
    command: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "huvud.json"
    path.write_text(json.dumps(GOOD | {"scope": "gavleborg/ingen"}))
    told = command("verify", "--head", path)
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("Det finns inget scope gavleborg/ingen.")


def test_a_head_that_cannot_be_written_is_not_handed_out(
    command: Callable[..., Result], tmp_path: Path, in_app: Flask
) -> None:
    before = len(events(action="lamna_huvud"))
    told = command("head", "--scope", VAULT, "--out", tmp_path / "saknas" / "huvud.json")
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("Huvudet går inte att skriva till")
    assert command("head", "--out", tmp_path / "huvud.json").exit_code == 2
    assert len(events(action="lamna_huvud")) == before


def test_the_head_is_handed_out_once_a_day_with_its_number(in_app: Flask, settings: Settings) -> None:
    load_jobs()
    folder = settings.home / "anchors" / "gavleborg" / "af_gavle"
    do("lamna_huvud")
    shutil.rmtree(folder, ignore_errors=True)
    for day in (date(2024, 3, 15), date(2024, 3, 16)):
        set_day(settings, day)
        for _ in range(2):
            jobs.sweep("huvudman")
        assert do("lamna_huvud") == ["done"]
    set_day(settings, DEMO_DAY)
    found = [heads.read(path, VAULT) for path in sorted(folder.iterdir())]
    assert [path.name for path in sorted(folder.iterdir())] == ["2024-03-15.json", "2024-03-16.json"]
    assert found[1].number == found[0].number + 1
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    handed = events(action="lamna_huvud")[-2:]
    assert [one.details["nummer"] for one in handed] == [one.number for one in found]
    assert [one.seq for one in handed] == [one.chains[TRAIL].seq + 1 for one in found]
    with scope(VAULT):
        assert all(audit.verify(one.chains[TRAIL].given).ok for one in found)


def do(kind: str) -> list[str]:
    """Do what lies in the vault's outbox of one kind, as its worker does."""
    table = OUTBOXES["huvudman"]
    with scope(VAULT):
        rows = list(session().scalars(sa.select(table.id).where(table.kind == kind, table.done_at.is_(None))))
    return [jobs.run(str(VAULT), str(row)) for row in rows]
