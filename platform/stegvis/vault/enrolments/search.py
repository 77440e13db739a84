"""Finding a person of one's own insatser by the beginning of a name or by a whole personal number."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from stegvis.ground.tenancy.scope import current
from stegvis.identity.access.decide import Action
from stegvis.identity.access.policy import may, require, subject
from stegvis.identity.audit import service as audit
from stegvis.vault.enrolments import queries
from stegvis.vault.enrolments.people import may_open
from stegvis.vault.participants import service as participants

SHOWN = 20


@dataclass(frozen=True)
class Hit:
    """Somebody who is, or has been, in an insats of the actor's team."""

    enrolment_id: uuid.UUID
    name: str
    protected: bool
    insats_name: str
    started_on: date
    ended_on: date | None


@dataclass(frozen=True)
class Search:
    """What a search gave. `looked` is false when too little was typed to look for."""

    looked: bool
    hits: tuple[Hit, ...] = ()
    more: int = 0

    @property
    def only(self) -> Hit | None:
        """The one hit, where there is just one."""
        return self.hits[0] if len(self.hits) == 1 and not self.more else None


def search(typed: str) -> Search:
    """Look for people in the insatser whose team the actor is in; those who are enrolled first, then by name.

    Nobody else's people are found, nor counted. One event with the number of hits, never what was typed.
    404 for somebody in no team.
    """
    scope = current()
    here = scope.forbund.insatser_of(scope.huvudman.id)
    mine = {one.id: one.name for one in here if may(Action.WORK, subject(one.id))}
    require(bool(mine), "insats")
    meant = participants.matching(typed)
    if meant is None:
        return Search(looked=False)
    rows = queries.among(mine, meant)
    human = participants.many(row.participant_id for row in rows)
    # Whoever lies in a compartment is not found by somebody who is not named for it.
    rows = [row for row in rows if may_open(row.insats, human[row.participant_id])]
    rows.sort(
        key=lambda row: (
            row.ended_on is not None,
            participants.swedish_order(human[row.participant_id].name),
            str(row.id),
        )
    )
    audit.record("sok", "participant", antal=len(rows))
    hits = [
        Hit(
            row.id,
            human[row.participant_id].name,
            human[row.participant_id].protected,
            mine[row.insats],
            row.started_on,
            row.ended_on,
        )
        for row in rows[:SHOWN]
    ]
    return Search(True, tuple(hits), len(rows) - len(hits))
