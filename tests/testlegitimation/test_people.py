"""Numbers and the list of people."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testlegitimation.faults import as_coordination_number, other_number
from testlegitimation.people import BadNumber, People, Person, luhn_digit, normalise


@given(st.dates(), st.integers(980, 999), st.booleans())
def test_every_rightly_made_number_is_taken(day, serial: int, coordination: bool) -> None:
    eleven = f"{day.year:04}{day.month:02}{day.day + 60 * coordination:02}{serial}"
    number = eleven + str(luhn_digit(eleven[2:]))
    assert normalise(f" {number[:8]}-{number[8:]} ") == number
    assert Person(number, "Test", "Testsson").is_coordination_number is coordination
    assert Person(number, "Test", "Testsson").birthdate == day.isoformat()
    assert normalise(other_number(number)) != number
    assert Person(as_coordination_number(number), "Test", "Testsson").is_coordination_number


@given(st.integers(0, 11), st.integers(1, 9))
def test_one_changed_digit_is_refused_or_another_number(place: int, step: int) -> None:
    """Luhn finds each single wrong digit among the last ten; the century is not covered by it."""
    number = "199001019802"
    changed = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    if place >= 2:
        with pytest.raises(BadNumber):
            normalise(changed)


@pytest.mark.parametrize(
    "typed", ["", "9001019802", "19900101980a", "１９９００１０１９８０２", "199002309809", "199013019801"]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(BadNumber):
        normalise(typed)


def test_the_list_is_read_again_and_strangers_are_welcome(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    people = People(path)
    assert people.all() == []
    row = {
        "personnummer": "199001019802",
        "given_name": "Test",
        "family_name": "Testsson",
        "note": "handledare",
    }
    path.write_text(json.dumps([row]))
    assert people.all() == [Person("199001019802", "Test", "Testsson", "handledare")]
    path.write_text(json.dumps([{**row, "given_name": "Prov"}]))
    os.utime(path, ns=(1, 1))
    assert people.find("19900101-9802").name == "Prov Testsson"
    assert people.find(other_number("199001019802")).name == "Test Okänd"
    assert People(None).all() == []
