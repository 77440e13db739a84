"""What time does to referrals: accounts that nobody needs are forgotten, drafts that nobody answers destroyed."""

import uuid
from datetime import date
from typing import Any

import sqlalchemy as sa

from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy.scope import session
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.vault.referrals import ending
from stegvis.vault.referrals.models import Referral


@jobs.handles("huvudman", "stang_tomt_konto")
def close_empty_account(payload: dict[str, Any]) -> None:
    """Forget participants' accounts that no referral and no participant stands behind.

    The referral that is gone keeps no trace of whose it was either.
    """
    gone = session().get(Referral, uuid.UUID(payload["referral"]))
    if gone is not None and gone.number_hash is None:
        gone.person_id = None
    # In turn with a referral that is being sent, which may need an account that nobody needed before.
    audit.lock_chain()
    alive = sa.select(Referral.number_hash).where(Referral.number_hash.is_not(None))
    known = set(session().scalars(alive))
    for account_id, hashes in accounts.loose_participants():
        if known.isdisjoint(hashes):
            accounts.erase_account(account_id)


@jobs.daily("huvudman", "rensa_utkast")
def destroy_unused_drafts(payload: dict[str, Any]) -> None:
    """Destroy what nobody has written on, and what no samtycke has answered, for too long (walls 7)."""
    ending.destroy_unused(date.fromisoformat(payload["day"]))
