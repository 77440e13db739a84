"""Wall 18: refusals and failed signatures are kept, and a chain that somebody has touched says where and how.

H: raising rolled the refusal and the failed evidence away; whoever owns the tables computes a keyless chain anew
in a second; evidence lay in a chain that gallring may not break. C: both in a short transaction of their own;
the head goes daily to the huvudman's registrator; the chain is over digests of ciphertext, and the records lie
beside under a key of each samtycke, which a role for gallring alone may erase.
"""

import sys
import threading
import uuid
from collections.abc import Callable
from types import SimpleNamespace

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask, g
from psycopg import sql

from stegvis.ground.tenancy import ScopeId, scope
from stegvis.ground.tenancy.errors import DatabaseFault
from stegvis.ground.tenancy.scope import ScopeError, session
from stegvis.identity.audit import service as audit
from stegvis.identity.audit.chain import Link, digest, first_fault
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.identity.eid.errors import EidRefused, Reason
from stegvis.vault.consent import leaving
from stegvis.vault.consent.models import Consent, ConsentEvidence
from walls.audit_rows import (
    CHAINS,
    EVIDENCE,
    TRAIL,
    VAULT,
    close_the_gap,
    delete,
    delete_tail,
    edit,
    events,
    on,
    replace_row,
    swap,
    verdicts,
)
from walls.planting import plant

pytestmark = pytest.mark.walls

WRITERS, EACH = 8, 150


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
        leaving.failed(visit, EidRefused(reason))  # type: ignore[arg-type]
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
    monkeypatch.setattr(sys.modules["stegvis.ground.tenancy.scope"], "SHORT_WAITS", "100ms")
    with admin.transaction():
        admin.execute(on("SELECT * FROM {table} FOR UPDATE", "audit_head"))
        with pytest.raises(DatabaseFault) as fault, scope(VAULT):
            audit.record_refusal("behorighet", "participant", uuid.uuid4())
    assert fault.value.sqlstate == "55P03"
    assert verdicts()[TRAIL].ok


# -- whatever is done to a chain is named --------------------------------------------------------


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
