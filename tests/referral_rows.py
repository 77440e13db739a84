"""What the tests of referrals and samtycken ask the tables, and the ways to an opened referral."""

import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask

from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.vault.referrals.models import Referral
from visiting import VAULT, Login, People, Visitor, refer

Browse = Callable[..., Visitor]


def stored(app: Flask, referral: uuid.UUID) -> dict[str, Any]:
    """A referral's row as it lies in the table."""
    with app.app_context(), scope(VAULT):
        return dict(
            session().execute(sa.select(Referral.__table__).where(Referral.id == referral)).mappings().one()
        )


def referrals_of(app: Flask, who: Login) -> int:
    """How many referrals an account has written."""
    with app.app_context(), scope(VAULT):
        asked = sa.select(sa.func.count()).where(Referral.author_id == who.account)
        return session().scalar(asked) or 0


def events(app: Flask, who: Login, action: str) -> list[tuple[str, Any]]:
    """What an account has left of one action: (kind of subject, subject), oldest first."""
    with app.app_context(), scope(VAULT):
        rows = session().scalars(
            sa.select(VaultAuditEvent)
            .where(VaultAuditEvent.account_id == who.account, VaultAuditEvent.action == action)
            .order_by(VaultAuditEvent.seq)
        )
        return [(row.subject_kind, row.subject_id) for row in rows]


def opened_on_paper(
    people: People, browser: Browse, number: str, name: str = "Test Testsson"
) -> tuple[Visitor, uuid.UUID, Visitor]:
    """A referral that a samtycke on paper has opened: (author's browser, referral, team's browser)."""
    author, team = browser(people.remittent()), browser(people.handledare())
    referral = refer(author, number, name, way="papper")
    team.get("/insats/karnhuset/samtycke-pa-papper")
    answer = team.send(
        "/samtycke-pa-papper", {"nummer": number, "datum": "2024-01-15", "plats": "I akten", "laest": "ja"}
    )
    assert answer.request.path == f"/insats/karnhuset/remisser/{referral}"
    return author, referral, team
