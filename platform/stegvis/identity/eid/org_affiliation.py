"""Who somebody is at work, as an employer's e-ID gives it: `<personal-id>@<organisation number>`.

OIDC Sweden, Claims and Scopes 1.0, section 2 (`orgAffiliation`). What an employer gives it takes back too.
"""

from __future__ import annotations

import re

_FORM = re.compile(r"[\x21-\x3f\x41-\x7e]{1,100}@[0-9]{10}")


def read_affiliation(text: object) -> str:
    """The one way of writing an affiliation, or an empty string when it is none.

    Capital letters do not tell two people apart in the directories that these come from. The control digit of
    the organisation number must hold; a hyphen in it is taken away.
    """
    if not isinstance(text, str):
        return ""
    who, _at, number = text.strip().rpartition("@")
    tidy = f"{who}@{number[:6]}{number[6:].removeprefix('-')}"
    if not _FORM.fullmatch(tidy) or not _digit_holds(organisation_of(tidy)):
        return ""
    return tidy.lower()


def organisation_of(affiliation: str) -> str:
    """The organisation number of an affiliation: ten digits."""
    return affiliation[-10:]


def _digit_holds(number: str) -> bool:
    """The control digit of an organisation number: every other digit doubled, sums of digits, a whole ten."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(number)]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
