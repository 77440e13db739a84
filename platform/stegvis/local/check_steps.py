"""What the check's walks share: who logs in where, fresh made-up people, and a step that says its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import requests

from stegvis.config import Settings
from stegvis.local.demo_people import FRESH, DemoPerson, MadeUp, made_up
from stegvis.local.eid_setup import provider_home
from stegvis.local.visitor import VisitFailed, Visitor

COUNTER = "fresh-people.json"
TENANT, HUVUDMAN, INSATS = "gavleborg", "sandviken", "karnhuset"


class CheckFailed(Exception):
    """A step of the check did not go as it must; the message names the step and what was seen."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Give whatever goes wrong inside the name of the step."""
    try:
        yield
    except (VisitFailed, requests.RequestException, ValueError, OSError) as error:
        raise CheckFailed(f"Steget ”{name}” gick inte: {error}") from error


@dataclass(frozen=True)
class Walk:
    """One walk through a running demo: its settings, addresses and people, and where files are put."""

    settings: Settings
    base: str
    people: tuple[DemoPerson, ...]
    day: date

    @property
    def folder(self) -> Path:
        """Where receipts and reports are kept."""
        folder = self.settings.home / "check"
        folder.mkdir(exist_ok=True)
        return folder

    def visitor(self) -> Visitor:
        """Somebody who is not logged in."""
        return Visitor(self.base)

    def person(self, role: str) -> DemoPerson:
        """The first one of a role in Kärnhuset 2.0 or its förbund."""
        fits = (one for one in self.people if (one.role, one.tenant) == (role, TENANT))
        return next(one for one in fits if one.huvudman in (HUVUDMAN, ""))

    def logged_in(self, role: str) -> Visitor:
        """A browser where the first one of a role is logged in."""
        with step(f"inloggning som {role}"):
            visitor = self.visitor()
            person = self.person(role)
            page = visitor.log_in(person.personnummer, person.start_url)
            if page.path.startswith("/logga-in"):
                raise VisitFailed(f"Inloggningen ledde tillbaka till {page.path}. {page.said()}")
            return visitor

    def fresh(self, count: int) -> list[MadeUp]:
        """People whose numbers this installation has not used before; the test e-ID knows them from now on."""
        path = self.settings.home / COUNTER
        first = json.loads(path.read_text("utf-8"))["next"] if path.exists() else FRESH
        path.write_text(json.dumps({"next": first + count}), "utf-8")
        made = [made_up(nth) for nth in range(first, first + count)]
        people = provider_home(self.settings) / "people.json"
        known = json.loads(people.read_text("utf-8"))
        known += [
            {
                "personnummer": one.number,
                "given_name": one.given_name,
                "family_name": one.family_name,
                "note": "ny i kontrollen",
            }
            for one in made
        ]
        fresh = people.with_suffix(".new")
        fresh.write_text(json.dumps(known, ensure_ascii=False, indent=1), "utf-8")
        fresh.replace(people)
        return made
