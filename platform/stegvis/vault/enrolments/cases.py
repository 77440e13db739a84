"""Who may work with which enrolment: the second check, and the definition that an insats goes by."""

from __future__ import annotations

import uuid

from flask import url_for

from stegvis.ground.tenancy import InsatsInstance
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.access import policy, reasons
from stegvis.identity.access.decide import Action, Decision, Subject, decide
from stegvis.identity.access.rights import TEAM
from stegvis.identity.accounts import service as accounts
from stegvis.insats.definition import InsatsDefinition
from stegvis.plugin_host.service import definition_of
from stegvis.vault.enrolments.models import Enrolment
from stegvis.vault.participants import service as participants


def instance_of(insats: str, action: Action = Action.WORK) -> InsatsInstance:
    """The instance, for somebody in its team who may do the action. 404 and one kept refusal for anybody and
    anything else; 403 for the team where it is not theirs to do.
    """
    scope = current()
    found = {one.id: one for one in scope.forbund.insatser_of(scope.huvudman.id)}.get(insats)
    policy.ask(action, policy.subject(insats) if found is not None else None, "insats")
    assert found is not None
    return found


def definition_for(insats: str) -> InsatsDefinition:
    """What the plugin says that the insats is; 404 as `instance_of`."""
    return definition_of(instance_of(insats))


def case(enrolment_id: uuid.UUID, *, lock: bool = False) -> Enrolment:
    """One enrolment to work with, for the team of its insats; `lock` holds the row until the transaction ends.

    404 and one kept refusal for an enrolment of another insats and for one that is not in this vault: the
    answer does not tell which.
    """
    row = session().get(Enrolment, enrolment_id, with_for_update=lock or None)
    policy.ask(Action.WORK, about(row), "enrolment", enrolment_id)
    assert row is not None
    return row


def readable(enrolment_id: uuid.UUID) -> tuple[Enrolment, InsatsInstance]:
    """One enrolment to read, and its insats: for the team, or for somebody who has given a reason.

    Whoever may give a reason and has not is led to the page that asks for one; 404 as `case` for others.
    """
    row = session().get(Enrolment, enrolment_id)
    policy.ask(
        Action.READ_PERSON,
        about(row),
        "enrolment",
        enrolment_id,
        reason_page=lambda: url_for("enrolments.ask_reason", enrolment_id=enrolment_id),
    )
    assert row is not None
    return row, current().forbund.insats_by_id(row.insats)


def may_be_asked(enrolment_id: uuid.UUID) -> Enrolment:
    """One enrolment that the actor may open with a reason, given or not; 404 and one kept refusal otherwise.

    The team needs none: it is led to the person.
    """
    row = session().get(Enrolment, enrolment_id)
    subject = about(row)
    if policy.may(Action.WORK, subject):
        raise policy.AskedFirst(url_for("enrolments.person", enrolment_id=enrolment_id))
    answer = decide(policy.actor(), Action.READ_PERSON, subject)
    if answer is not Decision.REASON_NEEDED:
        policy.ask(Action.READ_PERSON, subject, "enrolment", enrolment_id)
    assert row is not None
    return row


def open_with_reason(enrolment_id: uuid.UUID, reason: str, words: str) -> uuid.UUID:
    """Keep why the actor opens a person of another insats; returns the kept row's id.

    Raises reasons.ReasonFault; 404 for whoever may not.
    """
    row = may_be_asked(enrolment_id)
    return reasons.open_with(policy.actor().account, row.participant_id, row.insats, reason, words)


def about(row: Enrolment | None) -> Subject | None:
    """An enrolment as the permission function knows it."""
    if row is None:
        return None
    compartment = participants.compartment_of(row.participant_id)
    return policy.subject(row.insats, person=row.participant_id, compartment=compartment)


def team_of(insats: str) -> list[tuple[uuid.UUID, str]]:
    """Everybody who may be somebody's handledare in the insats: (account id, name), sorted."""
    return accounts.team(insats, *TEAM)
