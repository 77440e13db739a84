"""A personal number that somebody types for an account: twelve digits, read with or without hyphen."""

from flask_babel import gettext as _

from stegvis.identity.eid.errors import EidRefused
from stegvis.identity.eid.personal_number import read_number


def read(typed: str) -> tuple[str, str]:
    """A typed personal or coordination number: (twelve digits, what is wrong with it)."""
    digits = "".join(typed.split()).replace("-", "")
    try:
        return read_number(digits).digits, ""
    except EidRefused:
        return "", _("Personnumret stämmer inte. Skriv tolv siffror: ÅÅÅÅMMDD-NNNN.")
