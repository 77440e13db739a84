"""The closed list of rights, and the actor who has some of them."""

import uuid
from dataclasses import dataclass, field

# In a vault. Most are given for one insats or for all (""); those of WHOLE_VAULT for all alone.
HANDLEDARE = "handledare"
INSATSLEDARE = "insatsledare"
VAULT_ADMIN = "vault_admin"
PUBLISH = "godkanna_publicering"
OPEN_WITH_REASON = "oppna_med_skal"
REFER = "remittera"
SKYDDADE = "skyddade"
# In a förbund.
FORBUNDSCHEF = "forbundschef"
KANSLI = "kansli"

VAULT_RIGHTS = frozenset({HANDLEDARE, INSATSLEDARE, VAULT_ADMIN, PUBLISH, OPEN_WITH_REASON, REFER, SKYDDADE})
WHOLE_VAULT = frozenset({VAULT_ADMIN, OPEN_WITH_REASON})
FORBUND_RIGHTS = frozenset({FORBUNDSCHEF, KANSLI})
TEAM = (HANDLEDARE, INSATSLEDARE)


@dataclass(frozen=True)
class Actor:
    """Who acts in the open scope: account, kind, shown name, and pairs (right, insats); "" means all.

    `scope` is where the account lies. `reasons` are the pairs (participant, insats) that this session has
    opened with a reason; `fresh` whether the person has logged in within the last minutes.
    """

    account: uuid.UUID
    kind: str
    name: str
    organisation: str = ""
    rights: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    scope: str = ""
    reasons: frozenset[tuple[uuid.UUID, str]] = field(default_factory=frozenset)
    fresh: bool = False

    def has(self, right: str, insats: str | None = None) -> bool:
        """Whether the actor has a right: for one insats, or (None) for any."""
        if insats is None:
            return any(held == right for held, _ in self.rights)
        return (right, insats) in self.rights or (right, "") in self.rights

    def insatser(self, *rights: str) -> set[str]:
        """The insatser for which the actor has one of the rights ("" among them means every one)."""
        return {insats for held, insats in self.rights if held in rights}

    def in_team(self, insats: str) -> bool:
        """Whether the actor belongs to the team of an insats."""
        return any(self.has(right, insats) for right in TEAM)
