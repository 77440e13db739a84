"""Samtycke: asked, given by e-ID or on paper, refused, taken back; with its frozen text and evidence.

The room's public door. Asking lies in `asking`, signing in `signing`, who must sign in `signers`, what staff
registers in `registering`, ending in `ending`, how they stand in `standing`, what pages show in `pages`. The
signature is verified before anything is stored; samtycke, evidence, participant and opened referral are one
transaction. A failed try is kept as evidence in a transaction of its own (walls 18).
"""

import uuid
from typing import Any

import sqlalchemy as sa

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.policy import require
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import evidence
from stegvis.insats.consent import MAIN
from stegvis.vault.consent import keeping, rows
from stegvis.vault.consent import signers as _signers
from stegvis.vault.consent.asking import ask, ask_again, ask_for, strike
from stegvis.vault.consent.ending import (
    HOW_TOLD,
    ToldFaults,
    at_avslut,
    tell,
    untold,
    withdraw,
    withdraw_by_staff,
)
from stegvis.vault.consent.interpreters import Interpreter, language_names
from stegvis.vault.consent.keeping import CHAIN as EVIDENCE
from stegvis.vault.consent.keeping import erase_evidence, verify_evidence
from stegvis.vault.consent.models import Consent
from stegvis.vault.consent.pages import (
    ConsentPage,
    Mine,
    SignersPage,
    StaffPage,
    mine,
    page,
    page_for_author,
    page_for_team,
    signers_page,
    soon,
    staff_page,
)
from stegvis.vault.consent.registering import Answer, OthersMustSign, attach, no, paper, scan, yes
from stegvis.vault.consent.signers import REPRESENTATIVES, SignerFaults
from stegvis.vault.consent.signing import AUTHOR, Beside, ToSign, failed, refuse, signed, to_sign
from stegvis.vault.consent.standing import ConsentState, State, of_referrals, state_for, states
from stegvis.vault.consent.texts import ConsentFault
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral
from stegvis.vault.referrals.service import Opened

add_signer, strike_signer = _signers.add, _signers.strike

__all__ = [
    "AUTHOR",
    "EVIDENCE",
    "HOW_TOLD",
    "REPRESENTATIVES",
    "Answer",
    "Beside",
    "ConsentFault",
    "ConsentPage",
    "ConsentState",
    "Interpreter",
    "Mine",
    "OthersMustSign",
    "SignerFaults",
    "SignersPage",
    "StaffPage",
    "State",
    "ToSign",
    "ToldFaults",
    "add_signer",
    "ask",
    "ask_again",
    "ask_for",
    "at_avslut",
    "attach",
    "erase_evidence",
    "failed",
    "language_names",
    "mine",
    "no",
    "of_referrals",
    "only_approved",
    "page",
    "page_for_author",
    "page_for_team",
    "paper",
    "refuse",
    "scan",
    "signed",
    "signers_page",
    "soon",
    "staff_page",
    "state_for",
    "states",
    "strike",
    "strike_signer",
    "tell",
    "to_sign",
    "untold",
    "verify_evidence",
    "withdraw",
    "withdraw_by_staff",
    "yes",
]


# -- what rests on it ----------------------------------------------------------------------------


def papers(insats: str, referral_id: uuid.UUID) -> Opened | None:
    """A referral as the team reads it, or None when the samtycke that opened it holds no longer.

    Samtycke and papers are asked for in one statement: no withdrawal can slip in between (walls 17). 404 for
    somebody outside the team.
    """
    referrals.allow_team(insats, referral_id)
    # Read anew: what this transaction has seen of the row before says nothing about the samtycke now.
    row = session().scalar(
        _with_valid_consent(sa.select(Referral), referral_id).execution_options(populate_existing=True)
    )
    return referrals.read_by_team(row) if row is not None else None


def holds(insats: str, referral_id: uuid.UUID) -> bool:
    """Whether the team may still read a referral's papers: what an open page asks again and again."""
    referrals.allow_team(insats, referral_id)
    return session().scalar(_with_valid_consent(sa.select(Referral.id), referral_id)) is not None


def _with_valid_consent(asked: Any, referral_id: uuid.UUID) -> Any:
    day = today()
    return asked.join(Consent, Consent.referral_id == Referral.id).where(
        Consent.kind == MAIN,
        Referral.id == referral_id,
        Consent.state == "given",
        Consent.valid_from <= day,
        Consent.valid_to >= day,
    )


# -- the receipt ---------------------------------------------------------------------------------


def receipt(consent_id: uuid.UUID) -> evidence.Evidence:
    """The evidence of a samtycke given with e-ID, for the person's own receipt; 404 where there is none.

    Where several signed, the person's own signature; where only others did, the first of theirs.
    """
    row = rows.own(consent_id)
    kept = _by_eid(row)
    require(bool(kept), "consent", consent_id)
    own = [one for one in kept if one["matter"]["signer_role"] == "self"]
    audit.record("exportera", "consent", row.id, insats=row.insats, vad="kvitto")
    return evidence.from_json((own or kept)[0])


def only_approved(consent_id: uuid.UUID) -> bool:
    """Whether somebody said yes to a samtycke of one's own with an e-ID that makes no signature."""
    return any(one["assurance"] != "underskrift" for one in _by_eid(rows.own(consent_id)))


def _by_eid(row: Consent) -> list[dict[str, Any]]:
    """What proves a samtycke that is answered, of those who did it with an e-ID."""
    return [one for one in keeping.all_valid(row.id) if "matter" in one] if row.state != "fraga" else []
