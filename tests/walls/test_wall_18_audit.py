"""Wall 18: refusals and failed signatures are kept, and a chain that somebody has touched says where and how.

H: raising rolled the refusal and the failed evidence away; whoever owns the tables computes a keyless chain anew
in a second; evidence lay in a chain that gallring may not break. C: both in a short transaction of their own;
the head goes daily to the huvudman's registrator; the chain is over digests of ciphertext, and the records lie
beside under a key of each samtycke, which a role for gallring alone may erase.
"""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask, g
from psycopg import sql

import stegvis.cli
from stegvis.app import create_app, load_jobs
from stegvis.config import Settings
from stegvis.ground.jobs import service as jobs
from stegvis.ground.jobs.models import OUTBOXES
from stegvis.ground.keys import KeyFault
from stegvis.ground.tenancy import ScopeId, scope
from stegvis.ground.tenancy.errors import DatabaseFault, Refused
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.names import login
from stegvis.ground.tenancy.scope import ScopeError, current, session
from stegvis.identity.audit import heads
from stegvis.identity.audit import service as audit
from stegvis.identity.audit.chain import Link, digest, first_fault
from stegvis.identity.audit.jobs import daily
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.identity.eid.errors import EidRefused, Reason
from stegvis.local.servers import Servers
from stegvis.vault.consent import keeping, routes
from stegvis.vault.consent.models import Consent, ConsentEvidence, ConsentKey, EvidenceBlob
from walls.planting import plant

pytestmark = pytest.mark.walls

VAULT = ScopeId.parse("gavleborg/af_gavle")
TRAIL, EVIDENCE = audit.TRAIL, keeping.CHAIN
CHAINS = (TRAIL, EVIDENCE)
CANARY = "kanariefågel"
WRITERS, EACH = 8, 150


@pytest.fixture
def with_gallring(settings: Settings) -> Iterator[Flask]:
    """A process that has the login for gallring beside the vault's."""
    made = create_app(settings, levels=("forbund", "huvudman", "gallring"))
    with made.app_context():
        yield made
        for engine in db.engines.values():
            engine.dispose()


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


# -- refusals and failed evidence ----------------------------------------------------------------


def test_a_refused_reading_is_one_event_whatever_follows(in_app: Flask) -> None:
    subject, account = uuid.uuid4(), uuid.uuid4()
    with pytest.raises(ZeroDivisionError), scope(VAULT, account=account) as opened:
        opened.facts["role"] = "personal"
        audit.record("las", "participant", subject)
        audit.record_refusal("behorighet", "participant", subject)
        raise ZeroDivisionError
    found = events(subject_id=subject)
    assert [(one.action, one.outcome, one.role, one.account_id) for one in found] == [
        ("neka", "nekad", "personal", account)
    ]
    assert verdicts()[TRAIL].ok


@pytest.mark.parametrize("reason", [Reason.SIGNATURE_INVALID, Reason.NUMBER_NOT_EXPECTED])
def test_a_forged_signature_is_one_piece_of_evidence_whatever_follows(
    in_app: Flask, admin: psycopg.Connection, reason: Reason
) -> None:
    consent = plant(admin, Consent.__table__, VAULT.schema)["id"]
    # The visit has lost where it came from: the answer to the person fails after the evidence has been kept.
    visit = SimpleNamespace(scope=VAULT, facts={"consent": str(consent), "account": str(uuid.uuid4())})
    with in_app.test_request_context(), pytest.raises(KeyError):
        g.forbund = None
        routes._failed(visit, EidRefused(reason))  # type: ignore[arg-type]
    with scope(VAULT):
        rows = session().execute(
            sa.select(ConsentEvidence.verdict, ConsentEvidence.reason).where(
                ConsentEvidence.consent_id == consent
            )
        )
        assert [tuple(row) for row in rows] == [("ogiltig", reason.value)]
    assert [one.action for one in events(subject_id=consent)] == ["signera_misslyckat"]
    assert all(one.ok for one in verdicts().values())


def test_who_is_refused_while_holding_the_chain_does_not_wait_for_oneself(in_app: Flask) -> None:
    subject = uuid.uuid4()
    with pytest.raises(ScopeError, match="cannot commit"), scope(VAULT):
        audit.lock_chain()
        audit.record("las", "participant", subject)
        audit.record_refusal("behorighet", "participant", subject)
    assert [one.action for one in events(subject_id=subject)] == ["neka"]
    assert verdicts()[TRAIL].ok


def test_a_chain_that_somebody_else_holds_is_an_error_and_no_hang(
    in_app: Flask, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "REFUSAL_WAITS", "100ms")
    with admin.transaction():
        admin.execute(on("SELECT * FROM {table} FOR UPDATE", "audit_head"))
        with pytest.raises(DatabaseFault) as fault, scope(VAULT):
            audit.record_refusal("behorighet", "participant", uuid.uuid4())
    assert fault.value.sqlstate == "55P03"
    assert verdicts()[TRAIL].ok


# -- whatever is done to a chain is named --------------------------------------------------------


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


DEEDS: dict[str, tuple[Callable[[psycopg.Connection, str, int], None], str, str]] = {
    "edited": (edit, "andrad", "rad {0} är ändrad"),
    "deleted": (delete, "saknas", "rad {0} saknas: nästa rad har nummer {1}"),
    "tail cut": (delete_tail, "saknas", "rad {0} till {2} saknas i kedjans slut"),
    "deleted and closed": (close_the_gap, "saknas", "rad {0} saknas: raderna efter den har fått nya nummer"),
    "swapped": (swap, "bytt", "rad {0} har bytt plats med rad {1}"),
    "replaced": (replace_row, "ersatt", "rad {0} är ersatt: raden efter bygger på en annan rad"),
}


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("deed", DEEDS)
def test_each_deed_is_named_with_its_row(
    whole: dict[str, int], admin: psycopg.Connection, chain: str, deed: str
) -> None:
    act, kind, sentence = DEEDS[deed]
    row, last = whole[chain] - 3, whole[chain]
    act(admin, chain, row)
    found = verdicts()
    assert found[chain] == audit.Verdict(False, last, sentence.format(row, row + 1, last), row, kind)
    other = next(one for one in CHAINS if one != chain)
    assert found[other].ok


def test_a_head_that_is_gone_is_named(whole: dict[str, int], admin: psycopg.Connection) -> None:
    admin.execute(on("DELETE FROM {table} WHERE chain = %s", "audit_head"), [EVIDENCE])
    assert verdicts()[EVIDENCE].fault == "kedjans huvud saknas"


def test_a_record_beside_the_chain_that_was_touched_is_named(
    whole: dict[str, int], admin: psycopg.Connection
) -> None:
    last = whole[EVIDENCE]
    of_row = "(SELECT id FROM {evidence} WHERE seq = %s)"
    for statement, sentence, kind in (
        (
            "UPDATE {blob} SET blob = 'annat' WHERE id = " + of_row,
            f"beviset till rad {last} är ändrat",
            "andrad",
        ),
        (
            "DELETE FROM {blob} WHERE id = " + of_row,
            f"beviset till rad {last} saknas utan att ha gallrats",
            "saknas",
        ),
    ):
        names = {
            "blob": sql.Identifier(VAULT.schema, "consent_evidence_blob"),
            "evidence": sql.Identifier(VAULT.schema, EVIDENCE),
        }
        admin.execute(sql.SQL(statement).format(**names), [last])  # type: ignore[arg-type]
        assert verdicts()[EVIDENCE] == audit.Verdict(False, last, sentence, last, kind)


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
    for day in (date(2024, 1, 15), date(2024, 1, 16)):
        for _ in range(2):
            assert daily("huvudman", day) > 1
        assert do("lamna_huvud") == ["done"]
    found = [heads.read(path, VAULT) for path in sorted(folder.iterdir())]
    assert [path.name for path in sorted(folder.iterdir())] == ["2024-01-15.json", "2024-01-16.json"]
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


# -- gallring ------------------------------------------------------------------------------------


def test_erasing_one_evidence_leaves_the_chain_and_the_others(
    consents: list[uuid.UUID], with_gallring: Flask
) -> None:
    first, second, third = consents
    with scope(VAULT):
        blob = session().scalars(sa.select(EvidenceBlob).where(EvidenceBlob.consent_id == first)).first()
        assert blob is not None
        kept = (blob.id, blob.blob)
        assert keeping.valid(first) == {"namn": f"{CANARY}-{first}"}
    with scope(VAULT, gallring=True) as opened:
        opened.facts["role"] = "gallring"
        assert keeping.erase_evidence(first) == 2
    assert verdicts() == {
        TRAIL: audit.Verdict(True, verdicts()[TRAIL].rows),
        EVIDENCE: audit.Verdict(True, verdicts()[EVIDENCE].rows),
    }
    with scope(VAULT):
        for model in (EvidenceBlob, ConsentKey):
            assert session().scalars(sa.select(model).where(model.consent_id == first)).all() == []
        links = sa.select(sa.func.count()).where(ConsentEvidence.consent_id == first)
        assert session().scalar(links) == 2
        assert keeping.valid(first) is None
        assert [keeping.valid(one) for one in (second, third)] == [
            {"namn": f"{CANARY}-{one}"} for one in (second, third)
        ]
        # A blob that somebody has kept is noise: its key was nowhere else.
        row_id, ciphertext = kept
        with pytest.raises(KeyFault):
            keeping._ring(first)
        for other in (keeping._ring(second), current().keys):
            with pytest.raises(KeyFault):
                other.open(ciphertext, table=EVIDENCE, column="blob", row=row_id)
    erased = events(action="gallra", subject_id=first)
    assert [(one.role, one.details) for one in erased] == [("gallring", {"antal": 2})]


def test_nobody_else_may_erase_and_gallring_may_nothing_else(
    consents: list[uuid.UUID], with_gallring: Flask
) -> None:
    for outsider in (False, True):
        for model in (EvidenceBlob, ConsentKey):
            with pytest.raises(Refused), scope(VAULT, outsider=outsider):
                session().execute(sa.delete(model).where(model.consent_id == consents[0]))
    for table in ("participant", "referral", "consent", "account", "audit_event", "enrolment"):
        asked = sa.table(table, sa.column("id"), sa.column("seq"), schema=VAULT.schema)
        with pytest.raises(Refused), scope(VAULT, gallring=True):
            session().execute(sa.select(sa.func.count()).select_from(asked))
    with pytest.raises(Refused), scope(VAULT, gallring=True):
        session().execute(sa.delete(ConsentEvidence))
    with scope(VAULT):
        assert keeping.valid(consents[0]) == {"namn": f"{CANARY}-{consents[0]}"}


def test_a_web_process_has_no_login_for_gallring(in_app: Flask) -> None:
    with pytest.raises(KeyError), scope(VAULT, gallring=True):
        pytest.fail("the scope opened")


# -- many at once --------------------------------------------------------------------------------


def test_eight_writers_make_one_chain_and_every_touched_row_is_named(in_app: Flask) -> None:
    """In the full size it is measured in bench/audit_chain.py."""
    where = ScopeId.parse("kalmar_lan/" + next(iter(vaults_of(in_app, "kalmar_lan"))))
    subject = uuid.uuid4()
    with scope(where):
        before = audit.verify().rows

    def write(writer: int) -> None:
        with in_app.app_context():
            for number in range(EACH):
                if number % 10 == 9:
                    try:
                        with scope(where):
                            audit.record("las", "participant", subject)
                            audit.record_refusal("behorighet", "participant", subject)
                            raise ZeroDivisionError
                    except ZeroDivisionError:
                        continue
                with scope(where):
                    audit.record("las", "participant", subject, skrivare=writer, nummer=number)

    threads = [threading.Thread(target=write, args=(one,)) for one in range(WRITERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with scope(where):
        verdict = audit.verify()
        table = VaultAuditEvent.__table__
        rows = session().execute(sa.select(table).order_by(table.c.seq)).all()
    assert (verdict.ok, verdict.rows) == (True, before + WRITERS * EACH)
    assert sum(row.action == "neka" for row in rows if row.subject_id == subject) == WRITERS * EACH // 10
    links = [Link(row.seq, row.prev_hash, row.row_hash, audit.content_of(row)) for row in rows]
    for place in range(before, len(links)):
        assert named(links, place, edited) == (place + 1, "andrad")
        if place + 1 < len(links):
            assert named(links, place, swapped) == (place + 1, "bytt")
        assert named(links, place, deleted) == (place + 1, "saknas")


def vaults_of(app: Flask, forbund: str) -> list[str]:
    """The huvudmän of a förbund."""
    return [one.id for one in app.extensions["stegvis.scopes"].directory.get(forbund).huvudman]


def named(links: list[Link], place: int, deed: Callable[[Link, Link | None], list[Link]]) -> tuple[int, str]:
    """What is said of a row that was touched, looking at it and its neighbours alone."""
    start, until = max(0, place - 1), min(len(links), place + 4)
    following = links[place + 1] if place + 1 < len(links) else None
    touched = [*links[start:place], *deed(links[place], following)]
    touched += links[place + (2 if deed is swapped else 1) : until]
    prev = links[start - 1].hash if start else bytes(32)
    fault = first_fault(lambda: iter(touched), until, links[until - 1].hash, after=start, prev=prev)
    assert fault is not None
    return fault.row, fault.kind


def edited(one: Link, _following: Link | None) -> list[Link]:
    return [Link(one.seq, one.prev, one.hash, ("annat", *one.content[1:]))]


def swapped(one: Link, following: Link | None) -> list[Link]:
    assert following is not None
    return [
        Link(one.seq, following.prev, following.hash, following.content),
        Link(following.seq, one.prev, one.hash, one.content),
    ]


def deleted(_one: Link, _following: Link | None) -> list[Link]:
    return []


def test_the_hash_is_over_length_prefixed_fields() -> None:
    assert digest(bytes(32), ("ab", "c")) != digest(bytes(32), ("a", "bc"))
