"""The förbund's diarium: ärenden and their handlingar, numbered as they come in. Nothing is deleted."""

import uuid
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from stegvis.forbund.diarium.models import Arende, Handling
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import ask, subject
from stegvis.identity.audit import service as audit


@dataclass(frozen=True)
class Registered:
    """Where something was registered: the ärende's number, and the handling's number in it."""

    handling_id: uuid.UUID
    arende: str
    handling: int


@dataclass(frozen=True)
class ArendeView:
    """An ärende with its handlingar, the newest first."""

    number: str
    title: str
    insats: str
    opened_on: date
    handlingar: tuple[Handling, ...]


def register(insats: str, huvudman: str, *, title: str, kind: str, arrived_on: date) -> Registered:
    """Register a handling in the ärende of an insats and its huvudman, which is opened by the first one.

    Two at once would get one number: the database refuses the second, which is tried again (a job).
    """
    arende = session().scalar(sa.select(Arende).where(Arende.insats == insats, Arende.huvudman == huvudman))
    if arende is None:
        arende = _open(insats, huvudman, arrived_on)
    last = session().scalar(sa.select(sa.func.max(Handling.number)).where(Handling.arende_id == arende.id))
    row = Handling(arende_id=arende.id, number=(last or 0) + 1, title=title, kind=kind, arrived_on=arrived_on)
    session().add(row)
    session().flush()
    audit.record("registrera", "handling", row.id, insats=insats, arende=arende.number, nummer=row.number)
    return Registered(row.id, arende.number, row.number)


def overview() -> list[ArendeView]:
    """Every ärende, the newest first, with its handlingar. Two statements however many there are."""
    ask(Action.FORBUND, subject(), "arende")
    arenden = session().scalars(sa.select(Arende).order_by(Arende.opened_on.desc(), Arende.number.desc()))
    by_arende: dict[uuid.UUID, list[Handling]] = {}
    for row in session().scalars(sa.select(Handling).order_by(Handling.number.desc())):
        by_arende.setdefault(row.arende_id, []).append(row)
    found = [
        ArendeView(one.number, one.title, one.insats, one.opened_on, tuple(by_arende.get(one.id, ())))
        for one in arenden
    ]
    audit.record("lista", "arende", antal=len(found))
    return found


def _open(insats: str, huvudman: str, day: date) -> Arende:
    """A new ärende: the förbund's own prefix, the year, and the next number of that year."""
    forbund = current().forbund
    year = f"{day:%y}"
    start = f"{forbund.forbund.diary_prefix} {year}-"
    taken = session().scalars(
        sa.select(Arende.number).where(Arende.number.startswith(start, autoescape=True))
    )
    following = max((int(number.removeprefix(start)) for number in taken), default=0) + 1
    title = f"{forbund.insats_by_id(insats).name}, {forbund.huvudman_by_id(huvudman).name}"
    row = Arende(number=f"{start}{following}", title=title, insats=insats, huvudman=huvudman, opened_on=day)
    session().add(row)
    session().flush()
    return row
