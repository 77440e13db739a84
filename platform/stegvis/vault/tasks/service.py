"""The front page of those who work in an insats: what cannot wait, and my people beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import current
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, may, require, subject
from stegvis.vault.consent import service as consent
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.referrals import service as referrals
from stegvis.vault.tasks.order import Ending, Step, Task, about_person, order


@dataclass(frozen=True)
class InsatsToday:
    """One insats of the actor: its name, how many are enrolled and how many referrals are on the way."""

    insats: str
    name: str
    enrolled: int
    on_the_way: int


@dataclass(frozen=True)
class TodayPage:
    """The front page: tasks in order, my people by name, my insatser, and which day it is."""

    tasks: tuple[Task, ...]
    people: tuple[enrolments.PersonRow, ...]
    insatser: tuple[InsatsToday, ...]
    day: date


def today_page() -> TodayPage:
    """What waits for the actor in the insatser whose team the actor is in.

    A handledare sees what concerns the own people and those without a handledare; an insatsledare everybody.
    The number of statements depends on how many insatser there are, not on how many people. 404 for somebody
    in no team.
    """
    scope, who = current(), actor()
    mine = [one for one in scope.forbund.insatser_of(scope.huvudman.id) if may(Action.WORK, subject(one.id))]
    require(bool(mine), "insats")
    tasks: list[Task] = []
    people: list[enrolments.PersonRow] = []
    insatser = []
    for instance in mine:
        caseload = enrolments.people(instance.id)
        people += [row for row in caseload.rows if row.handledare_id == who.account]
        tasks += _tasks(instance.id, caseload)
        on_the_way = referrals.on_the_way(instance.id)
        insatser.append(InsatsToday(instance.id, instance.name, caseload.enrolled, on_the_way))
    return TodayPage(order(tasks), tuple(people), tuple(insatser), today())


def _tasks(insats: str, caseload: enrolments.Caseload) -> Iterator[Task]:
    states = consent.states(insats)
    day, soon, who = today(), consent.soon(insats), actor()
    everybody = may(Action.LEAD, subject(insats))
    others = set()
    for row in caseload.rows:
        if not everybody and row.handledare and row.handledare_id != who.account:
            others.add(row.participant_id)
            continue
        if not row.open:
            continue
        state = states.get(row.participant_id)
        ending = None
        if state is not None and state.state in ("given", "utgangen") and state.valid_to is not None:
            ending = Ending(state.id, state.valid_to, state.asked)
        steps = [
            Step(one.title, one.what, one.latest, one.state, one.instrument)
            for one in row.steps
            if one.recorded_here
        ]
        yield from about_person(
            insats, row.enrolment_id, row.name, steps=steps, consent=ending, soon=soon, today=day
        )
    for told in consent.untold(insats):
        if told.open and told.participant_id not in others:
            yield Task("tell_parties", told.since, insats, told.consent_id, told.name)
    yield from _referrals(insats, caseload)


def _referrals(insats: str, caseload: enrolments.Caseload) -> Iterator[Task]:
    for referral_id, since in referrals.waiting(insats):
        yield Task("referral", since, insats, referral_id)
    ended = consent.of_referrals(one.referral_id for one in caseload.waiting)
    for one in caseload.waiting:
        state = ended.get(one.referral_id)
        # Nobody is enrolled against a samtycke that was taken back.
        if one.open and (state is None or state.state != "atertagen"):
            yield Task("to_enrol", one.since, insats, one.referral_id, one.name)
