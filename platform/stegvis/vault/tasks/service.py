"""The front page of those who work in an insats: what cannot wait, and my people beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import current
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import actor, may, require, subject
from stegvis.vault.consent import service as consent
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.referrals import service as referrals
from stegvis.vault.tasks.order import Step, Task, about_person, order


@dataclass(frozen=True)
class InsatsToday:
    """One insats of the actor: its name, how many are enrolled and how many referrals are on the way."""

    insats: str
    name: str
    enrolled: int
    on_the_way: int


@dataclass(frozen=True)
class TodayPage:
    """The front page: tasks in order, my people by name, my insatser."""

    tasks: tuple[Task, ...]
    people: tuple[enrolments.PersonRow, ...]
    insatser: tuple[InsatsToday, ...]


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
    return TodayPage(order(tasks), tuple(people), tuple(insatser))


def _tasks(insats: str, caseload: enrolments.Caseload) -> Iterator[Task]:
    states = consent.states(insats)
    day, who = today(), actor()
    everybody = may(Action.LEAD, subject(insats))
    for row in caseload.rows:
        if not row.open or (not everybody and row.handledare and row.handledare_id != who.account):
            continue
        state = states.get(row.participant_id)
        given = state is not None and state.state in ("given", "utgangen")
        steps = [
            Step(one.title, one.what, one.latest, one.state, one.instrument)
            for one in row.steps
            if one.recorded_here
        ]
        until = state.valid_to if state is not None and given else None
        yield from about_person(insats, row.enrolment_id, row.name, steps=steps, consent_to=until, today=day)
    for referral_id, since in referrals.waiting(insats):
        yield Task("referral", since, insats, referral_id)
    for one in caseload.waiting:
        if one.open:
            yield Task("to_enrol", one.since, insats, one.referral_id, one.name)
