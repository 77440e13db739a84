"""Participants of the open vault: made once, found by the keyed hash of their number."""

import uuid
from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from flask_babel import gettext as _
from personnummer import personnummer

from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.audit import service as audit
from stegvis.vault.participants.models import Participant, ParticipantName, hashed_form
from stegvis.vault.participants.names import beginnings, in_order

# A coordination number has 60 added to its day (SKV 707).
_COORDINATION = 60


class NumberRefused(ValueError):
    """The number is no personal or coordination number; the message is a Swedish sentence."""


def ensure(number: str, given_name: str, family_name: str) -> Participant:
    """The participant with this number of twelve digits; made if the vault has none.

    Somebody who is here keeps the name that is written: a later spelling changes nothing. Two calls at once
    give one row. Raises NumberRefused.
    """
    born = birth_date(number)
    found = find_by_number(number)
    if found is not None:
        return found
    # One at a time, and the keys read again: while they are changed, the hash of another version would not be
    # in the way of a second row.
    audit.lock_chain()
    found = find_by_number(number)
    if found is not None:
        return found
    row = Participant(
        number_hash=current().keys.search_hash(number),
        number=number,
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        birth_year=born.year,
        gender=gender_of(number),
        protected=False,
    )
    session().add(row)
    session().flush()
    entries = ParticipantName.entries(row)
    if entries:
        session().execute(sa.insert(ParticipantName), entries)
    audit.record("skapa", "participant", row.id)
    return row


def get(participant_id: uuid.UUID) -> Participant:
    """One participant of this vault. Raises LookupError."""
    row = session().get(Participant, participant_id)
    if row is None:
        raise LookupError("no such participant in this vault")
    return row


def many(participant_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Participant]:
    """Several participants by id, in one statement."""
    rows = session().scalars(sa.select(Participant).where(Participant.id.in_(set(participant_ids))))
    return {row.id: row for row in rows}


def compartment_of(participant_id: uuid.UUID | None) -> str:
    """The compartment that a participant lies in: `skyddad` for a protected identity, otherwise none."""
    row = session().get(Participant, participant_id) if participant_id is not None else None
    return compartment(row)


def compartment(row: Participant | None) -> str:
    """The compartment of a participant that has been read already."""
    return "skyddad" if row is not None and row.protected else ""


def find_by_number(number: str) -> Participant | None:
    """The participant with this number of twelve digits, or None."""
    hashes = current().keys.search_hashes(number)
    return session().scalar(sa.select(Participant).where(Participant.number_hash.in_(hashes)))


def matching(typed: str) -> sa.Select[uuid.UUID] | None:
    """The ids of the participants whom somebody may mean by what was typed, as a statement to look further in.

    A whole number finds that person; words find those who have a name that begins with each of them, apart
    from persons with protected data. None when there is too little to look for.
    """
    digits = "".join(one for one in typed if one.isdigit())
    if digits:
        number = whole_number(typed)
        if number is None:
            return None
        hashes = current().keys.search_hashes(number)
        return sa.select(Participant.id).where(Participant.number_hash.in_(hashes))
    looked_for = beginnings(typed)
    if not looked_for:
        return None
    found = sa.select(Participant.id).where(Participant.protected.is_(False))
    for one in sorted(looked_for):
        hashes = current().keys.search_hashes(hashed_form(one))
        named = sa.select(ParticipantName.participant_id).where(ParticipantName.hash.in_(hashes))
        found = found.where(Participant.id.in_(named))
    return found


def whole_number(typed: str) -> str | None:
    """A personal or coordination number as it may be typed, in twelve digits; None when it is none."""
    try:
        digits = personnummer.Personnummer("".join(typed.split())).format(long_format=True)
        birth_date(digits)
    except (personnummer.PersonnummerException, NumberRefused):
        return None
    return digits


def age_on(participant: Participant, day: date) -> int:
    """A participant's age in whole years on a day."""
    return age_of_number(participant.number, day)


def age_of_number(number: str, day: date) -> int:
    """Age in whole years on a day, by a number of twelve digits; raises NumberRefused.

    Somebody born on 29 February is a year older on 1 March.
    """
    born = birth_date(number)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def birth_date(number: str) -> date:
    """The birth date in a number of twelve digits, coordination numbers too. Raises NumberRefused."""
    try:
        if not (len(number) == 12 and number.isascii() and number.isdigit()):
            raise ValueError
        personnummer.Personnummer(number)
        day = int(number[6:8])
        return date(int(number[:4]), int(number[4:6]), day - _COORDINATION if day > _COORDINATION else day)
    except (personnummer.PersonnummerException, ValueError):
        raise NumberRefused(_("Personnumret stämmer inte. Kontrollera siffrorna.")) from None


def gender_of(number: str) -> str:
    """ "kvinna" or "man" by the last but one digit of a personal or coordination number (even: kvinna)."""
    return "man" if int(number[10]) % 2 else "kvinna"


def swedish_order(name: str) -> tuple[str, str]:
    """A key that sorts names as Swedish does (å, ä, ö last), the same on every machine, without a locale."""
    return in_order(name), name
