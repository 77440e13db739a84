"""After a no: the account that was opened for the person is closed, when nothing else needs it."""

import uuid
from typing import Any

import sqlalchemy as sa

from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy.scope import session
from stegvis.identity.accounts import service as accounts
from stegvis.vault.referrals.models import Referral


@jobs.handles("huvudman", "stang_tomt_konto")
def close_empty_account(payload: dict[str, Any]) -> None:
    """Close participants' accounts that no referral and no participant stands behind."""
    assert uuid.UUID(payload["referral"])
    alive = sa.select(Referral.number_hash).where(Referral.number_hash.is_not(None))
    known = set(session().scalars(alive))
    for account_id, number_hash in accounts.loose_participants():
        if number_hash not in known:
            accounts.close_account(account_id)
