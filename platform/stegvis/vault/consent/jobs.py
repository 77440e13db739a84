"""What time does to samtycken: who was to sign a referral that is no more is forgotten."""

from typing import Any

import sqlalchemy as sa

from stegvis.ground.jobs import service as jobs
from stegvis.vault.consent import signers
from stegvis.vault.consent.models import Consent, ConsentSigner
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral


@jobs.daily("huvudman", "rensa_undertecknare")
def forget_signers(payload: dict[str, Any]) -> None:
    """Take away the names of those who were to sign, when the referral was refused, thrown away or forgotten."""
    gone = (
        sa.select(Consent.id)
        .join(Referral, Referral.id == Consent.referral_id)
        .where(Referral.state.in_(referrals.GONE))
    )
    signers.forget(ConsentSigner.consent_id.in_(gone))
