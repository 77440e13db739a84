"""The made-up people of the test environment: who they are, whether a number holds, the list from a file."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from testlegitimation.names import ORG_NUMBER, work_id_of


class BadNumber(ValueError):
    """A typed number that is no personal or coordination number; the message is a sentence to show."""


@dataclass(frozen=True)
class Person:
    """A made-up person. ``personnummer`` is 12 digits (a coordination number has its day raised by 60).

    ``note`` is a few words beside the name in the list, for instance a role. ``work_id`` is who the person is
    at the one made-up authority; without it there is no e-ID at work.
    """

    personnummer: str
    given_name: str
    family_name: str
    note: str = ""
    work_id: str = ""

    @property
    def affiliation(self) -> str:
        """The claim orgAffiliation, or an empty string."""
        return f"{self.work_id}@{ORG_NUMBER}" if self.work_id else ""

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def is_coordination_number(self) -> bool:
        return int(self.personnummer[6:8]) > 60

    @property
    def birthdate(self) -> str:
        """ISO date of birth, read from the number."""
        return birthdate(self.personnummer).isoformat()


def luhn_digit(nine_digits: str) -> int:
    """The control digit of the nine digits before it (yymmddnnn), as SKV 704 describes."""
    total = 0
    for place, digit in enumerate(nine_digits):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def birthdate(personnummer: str) -> date:
    """Date of birth of 12 digits; ValueError when there is no such day."""
    day = int(personnummer[6:8])
    return date(int(personnummer[:4]), int(personnummer[4:6]), day - 60 if day > 60 else day)


def normalise(typed: str) -> str:
    """12 digits from what was typed (``19900101-9802``, spaces allowed). BadNumber when it does not hold."""
    digits = typed.replace("-", "").replace(" ", "").strip()
    if len(digits) != 12 or not (digits.isascii() and digits.isdigit()):
        raise BadNumber("Skriv personnumret med 12 siffror, till exempel 19900101-9802. Inget har hänt än.")
    try:
        birthdate(digits)
    except ValueError:
        raise BadNumber("Det finns ingen sådan dag. Kontrollera datumet i numret och försök igen.") from None
    if luhn_digit(digits[2:11]) != int(digits[11]):
        raise BadNumber("Den sista siffran stämmer inte. Kontrollera numret och försök igen.")
    return digits


class ReloadedFile:
    """A JSON file that is read again when it has changed on disk (modification time or size)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._content: Any = None
        self._lock = threading.Lock()

    def read(self) -> tuple[Any, bool]:
        """(content, changed since the last call). OSError or json.JSONDecodeError when it cannot be read."""
        with self._lock:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            changed = stamp != self._stamp
            if changed:
                self._content = json.loads(self.path.read_text(encoding="utf-8"))
                self._stamp = stamp
            return self._content, changed


class People:
    """The people to choose among: ``[{"personnummer", "given_name", "family_name", "note"}]``.

    ``note`` may be left out, and ``work_id``. The file is read again when it changes; without one the list is empty.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = ReloadedFile(path) if path else None

    def all(self) -> list[Person]:
        """Everybody in the file, in the file's order; an empty list without a file."""
        if self._file is None or not self._file.path.exists():
            return []
        rows, _ = self._file.read()
        return [
            Person(
                normalise(row["personnummer"]),
                row["given_name"],
                row["family_name"],
                row.get("note", ""),
                row.get("work_id", ""),
            )
            for row in rows
        ]

    def find(self, typed: str) -> Person:
        """The person with that number; a valid one that nobody has is Test Okänd's. BadNumber if invalid."""
        number = normalise(typed)
        for person in self.all():
            if person.personnummer == number:
                return person
        return Person(number, "Test", "Okänd", work_id=work_id_of(number))
