"""The rules of signing by several, walked at random: whatever is done, what must hold holds."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stegvis.forbund.agreements import rules
from stegvis.forbund.agreements.rules import Case, RuleBroken, Signer

PARTIES, PEOPLE = "ABC", range(5)


class Signing(RuleBasedStateMachine):
    """One agreement, with a plain account beside it of who has signed which version as whom."""

    def __init__(self) -> None:
        super().__init__()
        self.case = Case()
        self.account: list[tuple[int, int, int]] = []
        self.next = 0

    @rule(party=st.sampled_from(PARTIES), person=st.sampled_from(PEOPLE))
    def add(self, party: str, person: int) -> None:
        signer = Signer(self.next, party, person)
        taken = person in {one.person for one in self.case.signers}
        try:
            self.case = rules.with_signer(self.case, signer)
        except RuleBroken as broken:
            assert broken.fault == ("not_draft" if self.case.state != "draft" else "same_person")
            assert self.case.state != "draft" or taken
            return
        assert not taken
        self.next += 1

    @precondition(lambda self: bool(self.case.signers))
    @rule(data=st.data())
    def take_out(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.case.signers))
        try:
            self.case = rules.without_signer(self.case, one.id)
        except RuleBroken as broken:
            assert broken.fault == "not_draft"

    @rule(party=st.sampled_from(PARTIES), needed=st.integers(-1, 4))
    def ask(self, party: str, needed: int) -> None:
        try:
            self.case = rules.ask_of(self.case, party, needed)
        except RuleBroken as broken:
            assert broken.fault in ("not_draft", "too_few")

    @rule()
    def send(self) -> None:
        before = self.case
        try:
            self.case = rules.send(self.case)
        except RuleBroken as broken:
            assert broken.fault in ("not_draft", "no_signers", "too_few")
            return
        assert all(before.asked_of(one) <= len(before.of_party(one)) for one in before.parties)

    @rule(
        signer=st.integers(0, 6), person=st.sampled_from(PEOPLE), back=st.integers(0, 1), known=st.booleans()
    )
    def sign(self, signer: int, person: int, back: int, known: bool) -> None:
        before, version = self.case, self.case.version - back
        whose = next((one for one in before.signers if one.id == signer), None)
        if known and whose is not None:
            person = whose.person  # type: ignore[assignment]
        try:
            self.case = rules.sign(self.case, signer, person, version)
        except RuleBroken:
            assert self.case is before
            return
        assert before.state == "collecting" and back == 0 and whose is not None and whose.person == person
        self.account.append((signer, person, version))

    @rule()
    def change(self) -> None:
        before = self.case
        try:
            self.case = rules.change_document(self.case)
        except RuleBroken:
            assert before.state in ("complete", "void")
            return
        assert self.case.version == before.version + 1 and self.case.state == "draft"
        assert self.case.signed == before.signed, "the old stays on record"
        assert not any(self.case.has_signed(one.id) for one in self.case.signers)

    @precondition(lambda self: self.next > 3)
    @rule()
    def void(self) -> None:
        try:
            self.case = rules.make_void(self.case)
        except RuleBroken:
            assert self.case.state in ("complete", "void")

    @invariant()
    def nobody_has_signed_twice(self) -> None:
        now = [person for _signer, person, version in self.account if version == self.case.version]
        assert len(now) == len(set(now))

    @invariant()
    def complete_means_that_every_party_has_enough_of_this_version(self) -> None:
        counted = dict.fromkeys(self.case.parties, 0)
        for signer, _person, version in self.account:
            whose = next((one for one in self.case.signers if one.id == signer), None)
            if version == self.case.version and whose is not None:
                counted[whose.party] += 1
        enough = all(counted[party] >= self.case.asked_of(party) for party in counted)
        if self.case.state == "complete":
            assert enough and counted
        if self.case.state == "collecting":
            assert not enough
            assert self.case.may_sign

    @invariant()
    def nobody_is_asked_in_vain(self) -> None:
        for one in self.case.may_sign:
            after = rules.sign(self.case, one.id, one.person, self.case.version)
            assert after.state in ("collecting", "complete")


TestSigning = Signing.TestCase
TestSigning.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def two_together() -> Case:
    """Two of one party and one of three of another, sent."""
    case = Case()
    for nth, party in enumerate("AABBB"):
        case = rules.with_signer(case, Signer(nth, party, f"person {nth}"))
    return rules.send(rules.ask_of(case, "B", 1))


def test_two_together_both_sign_and_one_of_three_is_enough() -> None:
    case = rules.sign(two_together(), 0, "person 0", 1)
    case = rules.sign(case, 3, "person 3", 1)
    assert (case.state, case.left_of("A"), case.left_of("B")) == ("collecting", 1, 0)
    assert [one.id for one in case.may_sign] == [1]
    assert rules.sign(case, 1, "person 1", 1).state == "complete"


@pytest.mark.parametrize(
    ("signer", "person", "version", "fault"),
    [
        (1, "person 0", 1, "unknown"),
        (0, "person 0", 1, "already"),
        (1, "person 1", 2, "other_version"),
        (9, "person 9", 1, "unknown"),
    ],
)
def test_what_does_not_count_says_why(signer: int, person: str, version: int, fault: str) -> None:
    case = rules.sign(two_together(), 0, "person 0", 1)
    with pytest.raises(RuleBroken, match=fault):
        rules.sign(case, signer, person, version)


def test_one_person_cannot_sign_for_two_on_paper_either() -> None:
    """Two signers without a number; the e-ID of one person for both is refused at the second."""
    case = rules.send(Case(signers=(Signer(1, "A", None), Signer(2, "A", "x"))))
    with pytest.raises(RuleBroken, match="same_person"):
        rules.sign(rules.sign(case, 2, "x", 1), 1, "x", 1)


def test_a_changed_document_voids_what_was_collected() -> None:
    case = rules.change_document(rules.sign(two_together(), 0, "person 0", 1))
    again = rules.send(case)
    assert again.left_of("A") == 2
    with pytest.raises(RuleBroken, match="other_version"):
        rules.sign(again, 1, "person 1", 1)
