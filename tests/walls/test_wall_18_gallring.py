"""Wall 18: evidence is erased when its time is over, and the chain that it stood in still holds.

H: ID tokens and certificates hold numbers, in a chain that gallring may not break. C: the chain is over digests of
ciphertext; the records lie beside, under a key of each samtycke, which a role for gallring alone may erase.
"""

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.ground.keys import KeyFault
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.errors import Refused
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.audit import service as audit
from stegvis.vault.consent import keeping
from stegvis.vault.consent.models import ConsentEvidence, ConsentKey, EvidenceBlob
from walls.audit_rows import (
    CANARY,
    EVIDENCE,
    TRAIL,
    VAULT,
    events,
    verdicts,
)

pytestmark = pytest.mark.walls


@pytest.fixture
def with_gallring(settings: Settings) -> Iterator[Flask]:
    """A process that has the login for gallring beside the vault's."""
    made = create_app(settings, levels=("forbund", "huvudman", "gallring"))
    with made.app_context():
        yield made
        for engine in db.engines.values():
            engine.dispose()


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


def test_an_outsider_sees_no_evidence_of_others(consents: list[uuid.UUID]) -> None:
    for model in (ConsentEvidence, EvidenceBlob, ConsentKey):
        asked = sa.select(sa.func.count()).select_from(model)
        with scope(VAULT):
            assert session().scalar(asked) >= len(consents)
        with scope(VAULT, account=uuid.uuid4(), outsider=True):
            assert session().scalar(asked) == 0


def test_a_web_process_has_no_login_for_gallring(in_app: Flask) -> None:
    with pytest.raises(KeyError), scope(VAULT, gallring=True):
        pytest.fail("the scope opened")
