"""Who may work with which enrolment: the second check, and the definition that an insats goes by."""

from __future__ import annotations

import uuid

from stegvis.ground.tenancy import InsatsInstance
from stegvis.ground.tenancy.scope import current, session
from stegvis.identity.access.policy import actor, require
from stegvis.identity.access.rights import TEAM
from stegvis.identity.accounts import service as accounts
from stegvis.insats.definition import InsatsDefinition
from stegvis.plugin_host.service import definition_of
from stegvis.vault.enrolments.models import Enrolment


def instance_of(insats: str) -> InsatsInstance:
    """The instance, for somebody in its team. 404 and one kept refusal for anybody and anything else."""
    scope = current()
    found = {one.id: one for one in scope.forbund.insatser_of(scope.huvudman.id)}.get(insats)
    require(found is not None and actor().in_team(insats), "insats")
    assert found is not None
    return found


def definition_for(insats: str) -> InsatsDefinition:
    """What the plugin says that the insats is; 404 as `instance_of`."""
    return definition_of(instance_of(insats))


def case(enrolment_id: uuid.UUID, *, lock: bool = False) -> Enrolment:
    """One enrolment, for the team of its insats; `lock` holds the row until the transaction ends.

    404 and one kept refusal for an enrolment of another insats and for one that is not in this vault: the
    answer does not tell which.
    """
    row = session().get(Enrolment, enrolment_id, with_for_update=lock or None)
    require(row is not None and actor().in_team(row.insats), "enrolment", enrolment_id)
    assert row is not None
    return row


def team_of(insats: str) -> list[tuple[uuid.UUID, str]]:
    """Everybody who may be somebody's handledare in the insats: (account id, name), sorted."""
    return accounts.team(insats, *TEAM)
