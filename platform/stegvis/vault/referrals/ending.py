"""How a referral ends without a yes: everything about the person goes, at a no, by its author or with time."""

from datetime import date, timedelta

import sqlalchemy as sa

from stegvis.ground.day import today
from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.audit import service as audit
from stegvis.vault.referrals.models import Referral

GONE = ("nekad", "slangd", "utgangen")


def destroy_unused(day: date) -> int:
    """Destroy drafts that nobody has touched, and sent referrals that nobody has answered, for `draft_days`.

    `day` is the business day; a draft must have rested that long by the real clock too. Returns how many.
    """
    kept = timedelta(days=current().huvudman.draft_days)
    forgotten = sa.and_(
        Referral.state == "utkast", Referral.created_on < day - kept, Referral.saved_at < now() - kept
    )
    unanswered = sa.and_(Referral.state == "vantar_samtycke", Referral.sent_on < day - kept)
    old = sa.select(Referral).where(sa.or_(forgotten, unanswered))
    # What somebody writes on or signs at this moment is not forgotten: the next day asks again.
    rows = session().scalars(old.with_for_update(skip_locked=True)).all()
    for row in rows:
        erase(row, "utgangen", "ingen_svarade")
    return len(rows)


def erase(row: Referral, state: str, why: str) -> None:
    """Take away everything about the person; the account that was opened for them goes with it, by a job."""
    audit.record("forstor", "referral", row.id, insats=row.insats, skal=why)
    number_hash = row.number_hash
    row.state, row.decided_on = state, today()
    row.number = row.given_name = row.family_name = row.decision_words = None
    row.answers_sealed = None
    row.number_hash = None
    if number_hash is not None:
        jobs.add("stang_tomt_konto", {"referral": str(row.id)}, f"stang_tomt_konto:{row.id}")
