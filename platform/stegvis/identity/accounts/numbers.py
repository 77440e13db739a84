"""What somebody types about a person for an account: number, organisation's identity, e-mail address."""

import re

from flask_babel import gettext as _

from stegvis.identity.eid.errors import EidRefused
from stegvis.identity.eid.org_affiliation import read_affiliation
from stegvis.identity.eid.personal_number import read_number

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
    found = read_affiliation(typed)
    if not found:
        return "", _("Skriv id, snabel-a och tio siffror: abc123@4444444444.")
    return found, ""


def read_email(typed: str) -> tuple[str, str]:
    """A typed e-mail address: (address, what is wrong with it)."""
    address = typed.strip()
    if len(address) > LONGEST_EMAIL or not _EMAIL.fullmatch(address):
        return "", _("Skriv en hel e-postadress, till exempel namn@kommunen.example.")
    return address, ""
