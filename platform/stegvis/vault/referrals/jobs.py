"""After a no: the account that was opened for the person is forgotten, when nothing else needs it."""

import uuid
from typing import Any

import sqlalchemy as sa

from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy.scope import session
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.vault.referrals.models import Referral


@jobs.handles("huvudman", "stang_tomt_konto")
def close_empty_account(payload: dict[str, Any]) -> None:
    """Forget participants' accounts that no referral and no participant stands behind."""
    assert uuid.UUID(payload["referral"])
    # In turn with a referral that is being sent, which may need an account that nobody needed before.
    audit.lock_chain()
    alive = sa.select(Referral.number_hash).where(Referral.number_hash.is_not(None))
    known = set(session().scalars(alive))
    for account_id, number_hash in accounts.loose_participants():
        if number_hash not in known:
            accounts.erase_account(account_id)
