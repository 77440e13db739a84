"""What somebody types about a person for an account: number, organisation's identity, e-mail address."""

import re

from flask_babel import gettext as _

from stegvis.identity.eid.errors import EidRefused
from stegvis.identity.eid.personal_number import read_number

# <personal-id>@<organisation number> (OIDC Sweden, Claims and Scopes 1.0, orgAffiliation).
_ORG = re.compile(r"[\x21-\x3f\x41-\x7e]{1,100}@[0-9]{10}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")
LONGEST_EMAIL = 254


def read(typed: str) -> tuple[str, str]:
    """A typed personal or coordination number: (twelve digits, what is wrong with it)."""
    digits = "".join(typed.split()).replace("-", "")
    try:
        return read_number(digits).digits, ""
    except EidRefused:
        return "", _("Personnumret stämmer inte. Skriv tolv siffror: ÅÅÅÅMMDD-NNNN.")


def read_org(typed: str) -> tuple[str, str]:
    """A typed organisation identity, as its keyed hash is made: (identity, what is wrong with it)."""
    found = org_identity(typed)
    if not found:
        return "", _("Skriv id, snabel-a och tio siffror: abc123@4444444444.")
    return found, ""


def org_identity(text: str) -> str:
    """The one way of writing an orgAffiliation, or an empty string when it is none.

    Capital letters do not tell two people apart in any directory that these come from; the control digit of
    the organisation number must hold.
    """
    who, _at, number = text.strip().rpartition("@")
    tidy = f"{who}@{number[:6]}{number[6:].removeprefix('-')}"
    if not _ORG.fullmatch(tidy) or not _digit_holds(tidy[-10:]):
        return ""
    return tidy.lower()


def read_email(typed: str) -> tuple[str, str]:
    """A typed e-mail address: (address, what is wrong with it)."""
    address = typed.strip()
    if len(address) > LONGEST_EMAIL or not _EMAIL.fullmatch(address):
        return "", _("Skriv en hel e-postadress, till exempel namn@kommunen.example.")
    return address, ""


def _digit_holds(number: str) -> bool:
    """The control digit of an organisation number: every other digit doubled, sums of digits, a whole ten."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(number)]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
