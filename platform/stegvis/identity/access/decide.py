"""The one permission function: who may do what with which thing. Pure: no database, no request.

Every list, page, search, file and job asks `decide`. The unit is the team of an insats at a huvudman:
the own team is open; a person of another insats of the same huvudman asks for a reason of accounts with the
right *öppna med skäl* and does not exist for others; another huvudman or förbund does not exist for anybody.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from stegvis.identity.access.rights import (
    FORBUNDSCHEF,
    HANDLEDARE,
    INSATSLEDARE,
    KANSLI,
    OPEN_WITH_REASON,
    PUBLISH,
    REFER,
    SKYDDADE,
    TEAM,
    VAULT_ADMIN,
    Actor,
)


class Decision(StrEnum):
    """What the answer is: `hidden` is 404 with the words of a thing that does not exist.

    `forbidden` (403) is only said inside the actor's own insats: there it tells nothing new.
    """

    ALLOWED = "allowed"
    REASON_NEEDED = "reason_needed"
    STEP_UP = "step_up"
    FORBIDDEN = "forbidden"
    HIDDEN = "hidden"


class Action(StrEnum):
    """What somebody wants to do."""

    READ_PERSON = "lasa_person"
    WORK = "arbeta"
    LEAD = "leda"
    APPROVE = "godkanna"
    REFER = "remittera"
    OWN = "eget"
    OWN_LOGINS = "egna_inloggningar"
    ACCOUNTS = "konton"
    FORBUND = "forbundet"
    FORBUND_ACCOUNTS = "forbundets_konton"
    EXPORT = "exportera"


@dataclass(frozen=True)
class Subject:
    """The thing: in which scope it lies, for which insats ("" the whole scope), about which participant.

    `owner` is the account whose own it is (the author of a referral, the person of a samtycke).
    `compartment` names the smaller circle that it lies in, if any.
    """

    scope: str
    insats: str = ""
    person: uuid.UUID | None = None
    owner: uuid.UUID | None = None
    compartment: str = ""


@dataclass(frozen=True)
class Rule:
    """Who may do an action: one of the rights in the subject's insats, as one of the kinds of account.

    `own` asks instead that the subject is the actor's. `with_reason` opens a person of another insats;
    `step_up` asks for a login of the last minutes.
    """

    kinds: tuple[str, ...] = ("personal",)
    rights: tuple[str, ...] = ()
    own: bool = False
    with_reason: bool = False
    step_up: bool = False


EVERY_VAULT_KIND = ("personal", "remittent", "motesdeltagare", "deltagare", "foretradare", "utvarderare")
RULES: dict[Action, Rule] = {
    Action.READ_PERSON: Rule(rights=TEAM, with_reason=True),
    Action.WORK: Rule(rights=TEAM),
    Action.LEAD: Rule(rights=(INSATSLEDARE,)),
    Action.APPROVE: Rule(rights=(PUBLISH,)),
    Action.REFER: Rule(kinds=("personal", "remittent"), rights=(REFER, HANDLEDARE, INSATSLEDARE)),
    Action.OWN: Rule(kinds=EVERY_VAULT_KIND, own=True),
    Action.OWN_LOGINS: Rule(kinds=(*EVERY_VAULT_KIND, "kansli"), own=True),
    Action.ACCOUNTS: Rule(rights=(VAULT_ADMIN,)),
    Action.FORBUND: Rule(kinds=("kansli",), rights=(FORBUNDSCHEF, KANSLI)),
    Action.FORBUND_ACCOUNTS: Rule(kinds=("kansli",), rights=(FORBUNDSCHEF,)),
    Action.EXPORT: Rule(rights=(INSATSLEDARE,), step_up=True),
}

# Compartment -> the right that an account must have besides, for the insats or the whole vault.
COMPARTMENTS = {"skyddad": SKYDDADE}


def decide(actor: Actor, action: Action, subject: Subject | None) -> Decision:
    """Whether an actor may do an action with a subject; None is a subject that does not exist."""
    if subject is None or subject.scope != actor.scope:
        return Decision.HIDDEN
    rule = RULES[action]
    if actor.kind not in rule.kinds or _shut_out(actor, subject, own=rule.own):
        return Decision.HIDDEN
    if rule.own or any(actor.has(right, subject.insats) for right in rule.rights):
        return Decision.STEP_UP if rule.step_up and not actor.fresh else Decision.ALLOWED
    if actor.in_team(subject.insats):
        return Decision.FORBIDDEN
    return _by_reason(actor, subject) if rule.with_reason else Decision.HIDDEN


def _shut_out(actor: Actor, subject: Subject, *, own: bool) -> bool:
    """Whether the subject is another's own, or in a compartment that the actor is not named for."""
    if own:
        return subject.owner != actor.account
    right = COMPARTMENTS[subject.compartment] if subject.compartment else ""
    return bool(right) and not actor.has(right, subject.insats)


def _by_reason(actor: Actor, subject: Subject) -> Decision:
    """A person of another insats, for those who may open with a reason."""
    if subject.person is None or not actor.has(OPEN_WITH_REASON, subject.insats):
        return Decision.HIDDEN
    given = (subject.person, subject.insats) in actor.reasons
    return Decision.ALLOWED if given else Decision.REASON_NEEDED


def decide_entrance(
    actor: Actor, kinds: tuple[str, ...], rights: tuple[str, ...], insats: str | None
) -> Decision:
    """Whether an actor may use a route that is for some kinds of account with one of some rights.

    `insats` is the one that the address names, if it names one: the right is asked for in it.
    """
    if actor.kind not in kinds:
        return Decision.HIDDEN
    if not rights or any(actor.has(right, insats) for right in rights):
        return Decision.ALLOWED
    return Decision.FORBIDDEN if insats and actor.in_team(insats) else Decision.HIDDEN
