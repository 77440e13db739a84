"""How a samtycke ends: taken back by the person or by way of staff, and cut by the avslut.

What rested on it follows in the same transaction: the referral closes, the team loses the papers, the question
that was asked again is struck, and there is a list of the parties that are to be told.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, may, require, subject
from stegvis.identity.audit import service as audit
from stegvis.insats.consent import MAIN
from stegvis.vault.consent import rows, signers, texts
from stegvis.vault.consent.models import Consent, ConsentTold
from stegvis.vault.participants import service as participants
from stegvis.vault.referrals import service as referrals

HOW_TOLD = ("telefon", "mote", "brev", "inget_delat")


class ToldFaults(Exception):
    """What was typed about the parties cannot be kept: a sentence for each field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("the form has faults")
        self.faults = faults


@dataclass(frozen=True)
class Untold:
    """A samtycke that was taken back and whose parties have not all been told; `open` as in a list of people."""

    consent_id: uuid.UUID
    participant_id: uuid.UUID
    name: str
    since: date
    open: bool


# -- taking back ---------------------------------------------------------------------------------


def withdraw(consent_id: uuid.UUID) -> None:
    """The person takes a samtycke back: it ends at once, with no more steps than giving it."""
    _end(rows.own(consent_id), None, "")


def withdraw_by_staff(insats: str, consent_id: uuid.UUID, note: str, signer_id: str = "") -> None:
    """Staff registers that the person, or one who signed for it, took it back by word or letter.

    It ends now, never earlier, and for all: one is enough. `note` says how staff was told. 404 outside the team.
    """
    row = rows.of_team(insats, consent_id)
    chosen = next((one for one in signers.of(row.id) if str(one.id) == signer_id), None)
    if chosen is not None:
        chosen.state = "atertaget"
    _end(row, actor().account, note)


def _end(asked: Consent, by: uuid.UUID | None, note: str) -> None:
    beside = rows.locked_beside(asked)
    row = next(one for one in beside if one.id == asked.id)
    if row.state == "atertagen":
        return
    require(row.state == "given", "consent", row.id)
    _take_back(beside, by, note)
    _list_parties(row)
    if row.kind == MAIN:
        # What the others may hear of rests on the main yes: without it nothing is left to say.
        _end_the_others(row, by, note)
        referrals.close(row.referral_id)
    audit.record("ta_tillbaka", "consent", row.id, insats=row.insats)


def _take_back(beside: Sequence[Consent], by: uuid.UUID | None, note: str) -> None:
    for one in beside:
        # A yes that was given before, and still runs, is no way around the no; nor is a question left standing.
        if one.state == "given":
            one.state, one.withdrawn_on, one.withdrawn_at = "atertagen", today(), now()
            one.withdrawn_by, one.withdrawn_note = by, note or None
        elif one.state == "fraga":
            one.state = "struken"


def _list_parties(row: Consent) -> None:
    for position, party in enumerate(texts.terms_of(row).parties):
        session().add(ConsentTold(consent_id=row.id, position=position, party=party))


def _end_the_others(row: Consent, by: uuid.UUID | None, note: str) -> None:
    for kind in texts.other_kinds(row.insats):
        beside = rows.locked_beside(row, kind)
        given = [one for one in beside if one.state == "given"]
        _take_back(beside, by, note)
        for one in given[-1:]:
            _list_parties(one)
            audit.record("ta_tillbaka", "consent", one.id, insats=one.insats, slag=kind)


# -- telling the parties -------------------------------------------------------------------------


def told_of(consent_id: uuid.UUID) -> Sequence[ConsentTold]:
    """The parties of a samtycke that was taken back, as its text named them."""
    asked = sa.select(ConsentTold).where(ConsentTold.consent_id == consent_id)
    return session().scalars(asked.order_by(ConsentTold.position)).all()


def tell(insats: str, consent_id: uuid.UUID, positions: Iterable[str], how: str, day: str) -> int:
    """Tick off the parties that were told, by the same way (a code of HOW_TOLD) on the same day.

    One that has been ticked off already is left as it is. Returns how many are left. 404 outside the team;
    raises ToldFaults, and then nothing is kept.
    """
    row = rows.locked(rows.of_team(insats, consent_id).id)
    left = [one for one in told_of(row.id) if one.told_on is None]
    chosen = [one for one in left if str(one.position) in set(positions)]
    told_on, faults = _day(day), {}
    if left and not chosen:
        faults["part"] = _("Kryssa i minst en part.")
    if how not in HOW_TOLD:
        faults["hur"] = _("Välj hur de fick veta.")
    if told_on is None or told_on > today() or (row.withdrawn_on is not None and told_on < row.withdrawn_on):
        faults["dag"] = _("Skriv en dag från återtagandet till i dag.")
    if faults:
        raise ToldFaults(faults)
    for one in chosen:
        one.how, one.told_on, one.told_by = how, told_on, actor().account
    if chosen:
        audit.record("andra", "consent", row.id, insats=row.insats, vad="parter", antal=len(chosen))
    return len(left) - len(chosen)


def untold(insats: str) -> list[Untold]:
    """Those whose samtycke was taken back and where parties are left to tell: two statements."""
    asked = (
        sa.select(Consent.id, Consent.participant_id, Consent.withdrawn_on)
        .join(ConsentTold, ConsentTold.consent_id == Consent.id)
        .where(Consent.insats == insats, Consent.state == "atertagen", ConsentTold.told_on.is_(None))
        .distinct()
    )
    found = session().execute(asked).all()
    people = participants.many(row.participant_id for row in found)
    listed = []
    for row in found:
        person = people[row.participant_id]
        about = subject(insats, person=person.id, compartment=participants.compartment(person))
        open_to_me = may(Action.WORK, about)
        name = person.name if open_to_me else _("Skyddade personuppgifter")
        listed.append(Untold(row.id, person.id, name, row.withdrawn_on, open_to_me))
    return listed


# -- the avslut ----------------------------------------------------------------------------------


def at_avslut(
    participant_id: uuid.UUID, insats: str, referral_id: uuid.UUID | None, day: date
) -> date | None:
    """An enrolment ended on a day: its samtycken reach as far past it as their text says, and no further.

    Returns the last day of the one that holds longest; None where none was given.
    """
    asked = sa.select(Consent).where(
        Consent.participant_id == participant_id,
        Consent.insats == insats,
        Consent.state.in_(("given", "fraga")),
    )
    if referral_id is not None:
        asked = asked.where(Consent.referral_id == referral_id)
    last: date | None = None
    for row in session().scalars(asked.order_by(Consent.id).with_for_update()):
        row.ends_by = texts.terms_of(row).after_avslut.after(day)
        if row.state == "given" and row.valid_to is not None:
            row.valid_to = min(row.valid_to, row.ends_by)
            last = max(last or row.valid_to, row.valid_to)
    return last


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
