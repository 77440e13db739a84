"""The one permission function, held against a table and against what must be true of every answer."""

import itertools
import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.identity.access.decide import COMPARTMENTS, RULES, Action, Decision, Subject, decide
from stegvis.identity.access.rights import (
    FORBUND_RIGHTS,
    FORBUNDSCHEF,
    HANDLEDARE,
    INSATSLEDARE,
    OPEN_WITH_REASON,
    PUBLISH,
    REFER,
    SKYDDADE,
    VAULT_ADMIN,
    VAULT_RIGHTS,
    Actor,
)

HERE, SIBLING, ELSEWHERE, ABOVE = "gavleborg/a", "gavleborg/b", "kalmar_lan/c", "gavleborg"
ME, OTHER, PERSON = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
ALLOWED, REASON, STEP_UP = Decision.ALLOWED, Decision.REASON_NEEDED, Decision.STEP_UP
FORBIDDEN, HIDDEN = Decision.FORBIDDEN, Decision.HIDDEN


def actor(*rights: tuple[str, str], kind: str = "personal", scope: str = HERE) -> Actor:
    return Actor(ME, kind, "Prov Provsson", rights=frozenset(rights), scope=scope)


def person(insats: str = "own", scope: str = HERE, compartment: str = "") -> Subject:
    return Subject(scope, insats, PERSON, compartment=compartment)


TEAM = ((HANDLEDARE, "own"),)
CHIEF = ((INSATSLEDARE, "own"),)
OPENER = (*TEAM, (OPEN_WITH_REASON, ""))
NAMED = (*TEAM, (SKYDDADE, "own"))
TABLE = [
    # who, action, what, answer
    (TEAM, Action.READ_PERSON, person(), ALLOWED),
    (TEAM, Action.WORK, person(), ALLOWED),
    (TEAM, Action.READ_PERSON, person("other"), HIDDEN),
    (TEAM, Action.WORK, person("other"), HIDDEN),
    (OPENER, Action.READ_PERSON, person("other"), REASON),
    (OPENER, Action.WORK, person("other"), HIDDEN),
    (OPENER, Action.READ_PERSON, Subject(HERE, "other"), HIDDEN),
    (OPENER, Action.READ_PERSON, person("other", SIBLING), HIDDEN),
    (OPENER, Action.READ_PERSON, person("own", ELSEWHERE), HIDDEN),
    (OPENER, Action.READ_PERSON, person("other", compartment="skyddad"), HIDDEN),
    (TEAM, Action.READ_PERSON, person(compartment="skyddad"), HIDDEN),
    (NAMED, Action.READ_PERSON, person(compartment="skyddad"), ALLOWED),
    (((SKYDDADE, ""),), Action.READ_PERSON, person(compartment="skyddad"), HIDDEN),
    ((*OPENER, (SKYDDADE, "")), Action.READ_PERSON, person("other", compartment="skyddad"), REASON),
    (TEAM, Action.LEAD, Subject(HERE, "own"), FORBIDDEN),
    (CHIEF, Action.LEAD, Subject(HERE, "own"), ALLOWED),
    (CHIEF, Action.LEAD, Subject(HERE, "other"), HIDDEN),
    (TEAM, Action.APPROVE, Subject(HERE, "own"), FORBIDDEN),
    (((PUBLISH, ""),), Action.APPROVE, Subject(HERE, "own"), ALLOWED),
    (((VAULT_ADMIN, ""),), Action.ACCOUNTS, Subject(HERE), ALLOWED),
    (((VAULT_ADMIN, ""),), Action.READ_PERSON, person(), HIDDEN),
    (TEAM, Action.ACCOUNTS, Subject(HERE), HIDDEN),
    (CHIEF, Action.EXPORT, Subject(HERE, "own"), STEP_UP),
    (TEAM, Action.EXPORT, Subject(HERE, "own"), FORBIDDEN),
    (TEAM, Action.OWN, Subject(HERE, "other", owner=ME), ALLOWED),
    (TEAM, Action.OWN, Subject(HERE, "own", owner=OTHER), HIDDEN),
    (TEAM, Action.READ_PERSON, None, HIDDEN),
]


@pytest.mark.parametrize(("rights", "action", "subject", "answer"), TABLE)
def test_the_table(
    rights: tuple[tuple[str, str], ...], action: Action, subject: Subject | None, answer: Decision
) -> None:
    assert decide(actor(*rights), action, subject) is answer


def test_a_reason_opens_that_person_there_to_read_and_nothing_else() -> None:
    opened = replace(actor(*OPENER), reasons=frozenset({(PERSON, "other")}))
    assert decide(opened, Action.READ_PERSON, person("other")) is ALLOWED
    assert decide(opened, Action.WORK, person("other")) is HIDDEN
    assert decide(opened, Action.READ_PERSON, person("third")) is REASON
    assert decide(opened, Action.READ_PERSON, Subject(HERE, "other", OTHER)) is REASON
    without = replace(actor(*TEAM), reasons=opened.reasons)
    assert decide(without, Action.READ_PERSON, person("other")) is HIDDEN


def test_a_fresh_login_is_asked_for_by_bulk_export_alone() -> None:
    assert [action for action, rule in RULES.items() if rule.step_up] == [Action.EXPORT]
    fresh = replace(actor(*CHIEF), fresh=True)
    assert decide(fresh, Action.EXPORT, Subject(HERE, "own")) is ALLOWED
    assert decide(fresh, Action.EXPORT, Subject(HERE, "other")) is HIDDEN


def test_every_action_has_a_rule_and_every_compartment_a_right() -> None:
    assert set(RULES) == set(Action)
    assert set(COMPARTMENTS.values()) <= VAULT_RIGHTS
    assert [action for action, rule in RULES.items() if not rule.own and not rule.rights] == []


def test_no_kind_or_right_of_a_forbund_does_anything_in_a_vault() -> None:
    everything = [(right, insats) for right in FORBUND_RIGHTS | VAULT_RIGHTS for insats in ("", "own")]
    chief = actor(*everything, kind="kansli", scope=ABOVE)
    in_vault = [person(), Subject(HERE), Subject(HERE, "own", owner=ME)]
    assert {decide(chief, *one) for one in itertools.product(Action, in_vault)} == {HIDDEN}
    staff = actor(*everything)
    above = [Subject(ABOVE), Subject(ABOVE, "own")]
    assert {decide(staff, *one) for one in itertools.product(Action, above)} == {HIDDEN}
    moved = replace(chief, scope=HERE)
    allowed = {action for action in Action if decide(moved, action, person()) is ALLOWED}
    assert allowed == {Action.FORBUND, Action.FORBUND_ACCOUNTS}, "a kansli account cannot lie in a vault"
    assert decide(actor((FORBUNDSCHEF, "")), Action.FORBUND, Subject(HERE)) is HIDDEN


KINDS = st.sampled_from(["personal", "remittent", "deltagare", "motesdeltagare", "kansli"])
INSATSER = st.sampled_from(["", "own", "other"])
RIGHTS = st.frozensets(st.tuples(st.sampled_from(sorted(VAULT_RIGHTS | FORBUND_RIGHTS)), INSATSER))
ACTORS = st.builds(
    Actor,
    st.sampled_from([ME, OTHER]),
    KINDS,
    st.just(""),
    st.just(""),
    RIGHTS,
    st.sampled_from([HERE, SIBLING, ELSEWHERE]),
    st.frozensets(st.tuples(st.just(PERSON), INSATSER)),
    st.booleans(),
)
SUBJECTS = st.builds(
    Subject,
    st.sampled_from([HERE, SIBLING, ELSEWHERE]),
    INSATSER,
    st.sampled_from([None, PERSON]),
    st.sampled_from([None, ME, OTHER]),
    st.sampled_from(["", "skyddad"]),
)


@given(ACTORS, st.sampled_from(list(Action)), SUBJECTS)
def test_what_holds_for_every_answer(who: Actor, action: Action, what: Subject) -> None:
    answer = decide(who, action, what)
    if who.scope != what.scope:
        assert answer is HIDDEN
    if answer is FORBIDDEN:
        assert who.in_team(what.insats), "403 is said inside the own insats alone"
    if answer is REASON:
        assert who.has(OPEN_WITH_REASON, what.insats) and action is Action.READ_PERSON
        assert not who.in_team(what.insats) and who.kind == "personal"
    if what.compartment and answer is not HIDDEN and not RULES[action].own:
        assert who.has(SKYDDADE, what.insats)
    if answer is ALLOWED and RULES[action].own:
        assert what.owner == who.account
    elif answer is ALLOWED and action is not Action.READ_PERSON:
        assert any(who.has(right, what.insats) for right in RULES[action].rights)
    less = replace(who, rights=frozenset(), reasons=frozenset())
    assert decide(less, action, what) in (HIDDEN, ALLOWED if RULES[action].own else HIDDEN)


def test_refer_is_for_those_who_may() -> None:
    remittent = actor((REFER, "own"), kind="remittent")
    assert decide(remittent, Action.REFER, Subject(HERE, "own")) is ALLOWED
    assert decide(remittent, Action.REFER, Subject(HERE, "other")) is HIDDEN
    assert decide(remittent, Action.WORK, Subject(HERE, "own")) is HIDDEN
