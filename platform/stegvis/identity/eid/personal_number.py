"""Personal and coordination numbers as e-ID providers give them: exactly 12 digits, checked, told apart."""

from __future__ import annotations

from dataclasses import dataclass, field

from personnummer import personnummer

from stegvis.identity.eid.errors import EidRefused, Reason


@dataclass(frozen=True)
class PersonalNumber:
    """A number that holds: ``digits`` is 12; a coordination number has its day raised by 60 (SKV 707)."""

    digits: str = field(repr=False)
    is_coordination_number: bool


NOBODY = PersonalNumber("", is_coordination_number=False)
"""Where no number is told."""


def read_number(value: object) -> PersonalNumber:
    """The number in a claim or certificate.

    Raises ``EidRefused(NUMBER_INVALID)`` unless it is a string of 12 ASCII digits, a real day and the right
    control digit (SKV 704 and 707). The package alone would take 10 digits, hyphens and a line feed.
    """
    if not (isinstance(value, str) and len(value) == 12 and value.isascii() and value.isdigit()):
        raise EidRefused(Reason.NUMBER_INVALID)
    try:
        number = personnummer.Personnummer(value)
    except (personnummer.PersonnummerException, ValueError):
        raise EidRefused(Reason.NUMBER_INVALID) from None
    return PersonalNumber(value, bool(number.is_coordination_number()))
