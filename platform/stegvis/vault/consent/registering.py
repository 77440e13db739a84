"""Answers that staff registers: a samtycke on paper, one by word of mouth, a no; and the scanned paper."""

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, ask, require, subject
from stegvis.identity.audit import service as audit
from stegvis.insats.consent import MAIN
from stegvis.vault.consent import asking, interpreters, keeping, rows, signers, signing, texts
from stegvis.vault.consent.interpreters import Interpreter
from stegvis.vault.consent.models import Consent, ConsentScan
from stegvis.vault.consent.texts import ConsentFault
from stegvis.vault.participants import service as participants
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral

# What a file begins with says what it is; its name says nothing.
SCANS = {"pdf": b"%PDF-", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
MIMES = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}
LARGEST_SCAN = 3 * 1024 * 1024


class OthersMustSign(ConsentFault):
    """Besides the person others must have signed, and nobody has said that they have; the message says who."""


@dataclass(frozen=True)
class Answer:
    """A yes as staff knows it: `note` says where the paper lies, or why it was given by word of mouth.

    `heard_by` who heard it; `all_signed` that everybody who must besides the person has signed or said yes.
    """

    given_on: date
    note: str
    heard_by: str | None = None
    interpreter: Interpreter = interpreters.NONE
    all_signed: bool = False


def paper(insats: str, number: str, signed_on: date, note: str, **more: Any) -> uuid.UUID:
    """Staff registers a samtycke that was signed on paper; what follows is the same as after an e-ID.

    `note` and `more` as in Answer. Returns the referral's id. Raises ConsentFault.
    """
    return yes("papper", insats, number, Answer(signed_on, note, **more))


def no(insats: str, number: str) -> bool:
    """Staff registers that the person said no; as `signing.refuse`. Raises ConsentFault."""
    ask(Action.WORK, subject(insats), "insats")
    row, _referral = _question(insats, number, referrals.sent_about_number(insats, number))
    row = rows.locked(row.id)
    row.registered_by = actor().account
    return signing.deny(row)


def yes(method: str, insats: str, number: str, answer: Answer) -> uuid.UUID:
    """Staff registers a yes, `papper` or `muntligt`. Returns the referral's id. Raises ConsentFault."""
    ask(Action.WORK, subject(insats), "insats")
    found = referrals.sent_about_number(insats, number)
    if found is not None and found.state == "oppen" and _registered_by_actor(found.id):
        # The other click on the button was committed first.
        return found.id
    if answer.given_on > today():
        raise ConsentFault(_("Datumet har inte varit än. Skriv den dag då personen sa ja."))
    row, referral = _question(insats, number, found)
    row = rows.locked(row.id)
    if row.state == "given":
        return referral.id
    last = texts.terms_of(row).last_day(answer.given_on, row.ends_by)
    if last < today():
        raise ConsentFault(_("Samtycket har redan gått ut. Be personen om ett nytt."))
    others = signers.left(row.id)
    if others and not answer.all_signed:
        raise OthersMustSign(_others(others))
    interpreters.note(row, answer.interpreter)
    for one in others:
        signers.sign(one, method)
    days = (answer.given_on, min(last, row.valid_to or last))
    signing.give(row, referrals.locked(referral.id), method, days)
    row.registered_by, row.paper_note, row.heard_by = actor().account, answer.note, answer.heard_by
    keeping.keep(row.id, "giltig", "", _record(row, method, answer))
    audit.record("signera", "consent", row.id, insats=row.insats, satt=method)
    return referral.id


def _record(row: Consent, method: str, answer: Answer) -> dict[str, Any]:
    """What proves a yes that no e-ID signed: who says so, and where the paper is or who heard it."""
    record: dict[str, Any] = {
        "satt": method,
        "undertecknat": answer.given_on.isoformat(),
        "text": row.text,
        "registrerat_av": str(actor().account),
        "var" if method == "papper" else "varfor": answer.note,
    }
    if answer.heard_by:
        record["hord_av"] = answer.heard_by
    if answer.interpreter.code:
        record["tolk"] = answer.interpreter.code
    signed = [
        {"roll": one.role, "namn": one.name, "grund": one.ground, "satt": one.method}
        for one in signers.of(row.id)
    ]
    return record | ({"undertecknare": signed} if signed else {})


def _question(insats: str, number: str, referral: Referral | None) -> tuple[Consent, Referral]:
    """The question that waits for the person with this number, with its referral. Raises ConsentFault."""
    if referral is not None and referral.state == "vantar_samtycke":
        return asking.ask(referral.id), referral
    person = participants.find_by_number(number)
    if person is not None:
        about = subject(insats, person=person.id, compartment=participants.compartment(person))
        ask(Action.WORK, about, "participant", person.id)
        again = session().scalar(
            sa.select(Consent).where(
                Consent.participant_id == person.id,
                Consent.insats == insats,
                Consent.kind == MAIN,
                Consent.state == "fraga",
            )
        )
        if again is not None:
            known = session().get(Referral, again.referral_id)
            assert known is not None
            return again, known
    raise ConsentFault(
        _("Det finns ingen remiss som väntar på den här personen. Kontrollera numret, eller be om en remiss.")
    )


def _registered_by_actor(referral_id: uuid.UUID) -> bool:
    newest = asking.newest(referral_id)
    return newest is not None and newest.state == "given" and newest.registered_by == actor().account


def _others(left: Sequence[signers.ConsentSigner]) -> str:
    """How many of each kind must sign, without a name: what the remittent wrote is not the team's to read yet."""
    words = {
        "vardnadshavare": _("vårdnadshavare"),
        "god_man": _("god man"),
        "forvaltare": _("förvaltare"),
        signers.SELF: _("personen själv"),
    }
    counted = {role: sum(one.role == role for one in left) for role in words}
    told = ", ".join(
        f"{count} {words[role]}" if count > 1 else words[role] for role, count in counted.items() if count
    )
    return _("De här ska skriva under: %(who)s. Kryssa i att alla har gjort det.", who=told)


# -- the scanned paper -----------------------------------------------------------------------------


def kind_of(content: bytes) -> str:
    """What a file is, by its first bytes: a key of SCANS, or empty."""
    return next((kind for kind, begins in SCANS.items() if content.startswith(begins)), "")


def attach(insats: str, consent_id: uuid.UUID, content: bytes) -> None:
    """Keep a scanned paper with a samtycke: a PDF, JPEG or PNG of 3 MB at most. Raises ConsentFault."""
    row = rows.of_team(insats, consent_id)
    require(row.method in ("papper", "muntligt"), "consent", consent_id)
    kind = kind_of(content)
    if not content:
        raise ConsentFault(_("Välj en fil."))
    if len(content) > LARGEST_SCAN:
        raise ConsentFault(_("Filen är för stor. Den får vara högst 3 MB."))
    if not kind:
        raise ConsentFault(_("Filen är varken PDF, JPEG eller PNG. Skanna eller fotografera pappret igen."))
    made = ConsentScan(consent_id=row.id, kind=kind, size=len(content), added_by=actor().account)
    made.content = base64.b64encode(content).decode()
    session().add(made)
    session().flush()
    audit.record("skapa", "consent", row.id, insats=row.insats, vad="skanning", storlek=len(content))


def scans_of(consent_id: uuid.UUID) -> Sequence[tuple[uuid.UUID, str, int]]:
    """The scanned papers of a samtycke: (id, kind, size in bytes), as they were added."""
    asked = sa.select(ConsentScan.id, ConsentScan.kind, ConsentScan.size)
    found = session().execute(
        asked.where(ConsentScan.consent_id == consent_id).order_by(ConsentScan.created_at)
    )
    return [(row.id, row.kind, row.size) for row in found]


def scan(insats: str, consent_id: uuid.UUID, scan_id: uuid.UUID) -> tuple[bytes, str, str]:
    """A scanned paper for the team: (content, media type, ending of its name). 404 for others'."""
    row = rows.of_team(insats, consent_id)
    found = session().get(ConsentScan, scan_id)
    require(found is not None and found.consent_id == row.id, "consent", consent_id)
    assert found is not None
    audit.record("exportera", "consent", row.id, insats=row.insats, vad="skanning")
    ending = "jpg" if found.kind == "jpeg" else found.kind
    return base64.b64decode(found.content), MIMES[found.kind], ending
