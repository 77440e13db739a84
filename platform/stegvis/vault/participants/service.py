"""Participants of the open vault: made once, found by the keyed hash of their number."""

import uuid
from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from flask_babel import gettext as _
from personnummer import personnummer
from sqlalchemy.exc import IntegrityError

from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.audit import service as audit
from stegvis.vault.participants.models import Participant

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
    row = Participant(
        number_hash=current().keys.search_hash(number),
        number=number,
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        birth_year=born.year,
        gender=gender_of(number),
        protected=False,
    )
    try:
        with session().begin_nested():
            session().add(row)
    except IntegrityError:
        found = find_by_number(number)
        if found is None:
            raise
        return found
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


def find_by_number(number: str) -> Participant | None:
    """The participant with this number of twelve digits, or None."""
    hashes = current().keys.search_hashes(number)
    return session().scalar(sa.select(Participant).where(Participant.number_hash.in_(hashes)))


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


_SWEDISH = str.maketrans("åäöéèüæø", "{|}eeu|}")


def swedish_order(name: str) -> tuple[str, str]:
    """A key that sorts names as Swedish does (å, ä, ö last), the same on every machine, without a locale."""
    return name.lower().translate(_SWEDISH), name
