"""Signatures that another service collected: its page is read, and counts for the signers whom it names.

Nothing of it can be verified here, and the record says so: it holds what the page says, with what is odd about it,
and the page itself lies beside. Who stands outside the page signs on paper or with e-ID, as everybody else.
"""

import uuid
from typing import Any

from flask_babel import gettext as _

from stegvis.forbund.agreements import files, keeping, rules, signing, views
from stegvis.forbund.agreements.files import TEXT, AgreementFault, Upload
from stegvis.forbund.agreements.rules import RuleBroken
from stegvis.forbund.agreements.texts import faults_on_screen
from stegvis.forbund.agreements.trail import Trail, TrailSigner
from stegvis.identity.audit import service as audit

FORMAT = "stegvis-spar:1"


def import_trail(agreement_id: uuid.UUID, trail: Trail, content: bytes) -> tuple[int, int]:
    """Take a read page as the signatures of a sent agreement, all or none; for the command line.

    Returns how many counted and how many more are needed. Raises AgreementFault, with nothing changed, for a
    signer of the page whom the agreement does not name, or who has signed, and for a signature without a time.
    """
    row = signing.locked(agreement_id)
    if row is None:
        raise AgreementFault(_("Det finns ingen handling med det id:t här. Inget är ändrat."))
    shown = views.view_of(row)
    known = {_plain(one.name): one for one in shown.signers}
    strange = [one for one in trail.signers if _plain(one.name) not in known or one.at is None]
    if strange:
        raise AgreementFault(
            _(
                "Rad %(lines)s i spåret hör inte till någon som ska skriva under, eller saknar tid. Lägg till dem "
                "med samma namn först. Inget är ändrat.",
                lines=", ".join(str(one.line) for one in strange),
            )
        )
    page = files.keep(row.id, row.version, "spar", Upload("spar.txt", TEXT, content))
    case = shown.case
    for one in trail.signers:
        signer = known[_plain(one.name)]
        try:
            case = rules.sign(case, signer.id, None, row.version)
        except RuleBroken as broken:
            raise AgreementFault(f"{one.name}: {faults_on_screen()[broken.fault]}") from None
        record = _record(one, trail) | {"spar_sha256": page.sha256.hex()}
        keeping.keep(
            row.id, signer.id, row.version, way="spar", verdict="giltig", record=record, signed_at=one.at
        )
        audit.record("signera", "agreement", row.id, insats=row.insats, satt="spar")
    signing.finish(row, case)
    return len(trail.signers), sum(case.left_of(party) for party in case.parties)


def _record(one: TrailSigner, trail: Trail) -> dict[str, Any]:
    """What the page says of one signature, as it stands, and what is odd about it."""
    return {
        "format": FORMAT,
        "namn": one.name,
        "tid_enligt_sparet": one.stated_text,
        "metod": one.method,
        "land": one.country,
        "underskrift": one.signature_id,
        "transaktion": one.transaction_id,
        "anmarkningar": [mark.sentence for mark in trail.remarks if one.line in mark.lines],
    }


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
