"""When an agreement is signed: parties, "two together", N of M, one person once, a changed document. Pure.

Signers sign in parallel. Each party needs so many of its signers (all, unless said otherwise); the agreement is
complete when no party lacks anybody. One person never signs twice: two who sign together control each other,
and nobody contracts with himself (jäv, kommunallagen 6 kap. 28 §, förvaltningslagen 16 §). A changed document is
a new version, of which nobody has signed anything.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

State = Literal["draft", "collecting", "complete", "void"]
Fault = Literal[
    "not_draft", "not_open", "over", "no_signers", "too_few", "same_person", "unknown", "other_version",
    "already", "not_needed",
]  # fmt: skip


class RuleBroken(Exception):
    """What was asked is against a rule; `fault` says which."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class Signer:
    """Somebody who signs for a party. `person` tells whether two are the same; two None are never."""

    id: Hashable
    party: Hashable
    person: Hashable | None


@dataclass(frozen=True)
class Case:
    """An agreement as its rules see it. `needed` of a party is 0 for all; `signed` holds (signer, version)."""

    state: State = "draft"
    version: int = 1
    signers: tuple[Signer, ...] = ()
    needed: Mapping[Hashable, int] = ()  # type: ignore[assignment]
    signed: frozenset[tuple[Hashable, int]] = frozenset()

    def of_party(self, party: Hashable) -> tuple[Signer, ...]:
        """A party's signers."""
        return tuple(one for one in self.signers if one.party == party)

    @property
    def parties(self) -> tuple[Hashable, ...]:
        """The parties that have a signer, in order."""
        return tuple(dict.fromkeys(one.party for one in self.signers))

    def has_signed(self, signer: Hashable) -> bool:
        """Whether somebody has signed the document as it is now."""
        return (signer, self.version) in self.signed

    def asked_of(self, party: Hashable) -> int:
        """How many of a party's signers must sign."""
        return dict(self.needed).get(party, 0) or len(self.of_party(party))

    def left_of(self, party: Hashable) -> int:
        """How many signatures a party still lacks."""
        have = sum(self.has_signed(one.id) for one in self.of_party(party))
        return max(0, self.asked_of(party) - have)

    @property
    def may_sign(self) -> tuple[Signer, ...]:
        """Who can still sign: those who have not, of parties that still lack somebody."""
        if self.state != "collecting":
            return ()
        return tuple(
            one for one in self.signers if not self.has_signed(one.id) and self.left_of(one.party) > 0
        )

    @property
    def fulfilled(self) -> bool:
        """Whether every rule is met."""
        return bool(self.signers) and all(self.left_of(party) == 0 for party in self.parties)


def with_signer(case: Case, signer: Signer) -> Case:
    """Add a signer to a draft. Raises RuleBroken for a person who is there already."""
    _must(case.state == "draft", "not_draft")
    _must(signer.person is None or all(one.person != signer.person for one in case.signers), "same_person")
    return replace(case, signers=(*case.signers, signer))


def without_signer(case: Case, signer: Hashable) -> Case:
    """Take a signer out of a draft."""
    _must(case.state == "draft", "not_draft")
    _must(any(one.id == signer for one in case.signers), "unknown")
    return replace(case, signers=tuple(one for one in case.signers if one.id != signer))


def ask_of(case: Case, party: Hashable, needed: int) -> Case:
    """Say how many of a party's signers must sign (0 is all); in a draft."""
    _must(case.state == "draft", "not_draft")
    _must(0 <= needed <= len(case.of_party(party)), "too_few")
    return replace(case, needed={**dict(case.needed), party: needed})


def send(case: Case) -> Case:
    """From draft to collecting. Raises RuleBroken when a rule could never be met."""
    _must(case.state == "draft", "not_draft")
    _must(bool(case.signers), "no_signers")
    _must(all(case.asked_of(party) <= len(case.of_party(party)) for party in case.parties), "too_few")
    return replace(case, state="collecting")


def sign(case: Case, signer: Hashable, person: Hashable | None, version: int) -> Case:
    """One signature of one version by one person; the last one completes the agreement.

    Raises RuleBroken: for another version than the one that holds, for somebody who has signed or is not needed
    any more, and for a person who signed as somebody else.
    """
    _must(case.state == "collecting", "not_open")
    _must(version == case.version, "other_version")
    found = [one for one in case.signers if one.id == signer]
    _must(bool(found), "unknown")
    _must(not case.has_signed(signer), "already")
    _must(case.left_of(found[0].party) > 0, "not_needed")
    if person is not None:
        others = [one for one in case.signers if one.id != signer and case.has_signed(one.id)]
        _must(found[0].person in (None, person), "unknown")
        _must(all(one.person != person for one in others), "same_person")
    signed = replace(case, signed=case.signed | {(signer, version)})
    return replace(signed, state="complete") if signed.fulfilled else signed


def change_document(case: Case) -> Case:
    """Another document: a new version, back to draft. What was signed stays on record and counts no more."""
    _must(case.state in ("draft", "collecting"), "over")
    return replace(case, state="draft", version=case.version + 1)


def make_void(case: Case) -> Case:
    """It shall not be signed. What is complete is an agreement, and is not ended here."""
    _must(case.state in ("draft", "collecting"), "over")
    return replace(case, state="void")


def _must(holds: bool, fault: Fault) -> None:
    if not holds:
        raise RuleBroken(fault)
