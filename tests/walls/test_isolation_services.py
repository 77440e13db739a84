"""Every public function of every vault service asks the permission function, or stands here with a reason.

The source is read: a function asks when it calls `ask` or `may` of the policy, or another function that does.
A new function that asks nothing makes this test fail until somebody has written down why that is right.
"""

import ast
from functools import cache

import pytest

from architecture.source import Module, modules

pytestmark = pytest.mark.walls

POLICY = "stegvis.identity.access.policy"
Name = tuple[str, str]
ASKING: set[Name] = {(POLICY, "ask"), (POLICY, "may")}
BETWEEN = "between rooms: the caller has asked about the insats or the person"
PURE = "pure: looks at its arguments alone"
SELF = "the logged-in person's own rows by construction: found by the own account or number"
SIGNED = "after a verified signature or refusal: the page that began it asked, and the row is locked"
# Function of a vault service -> why it asks nothing.
UNASKED: dict[str, str] = {
    "consent.state_for": BETWEEN,
    "consent.states": BETWEEN,
    "consent.of_referrals": BETWEEN,
    "consent.at_avslut": "called in the transaction of the avslut, whose page asked",
    "consent.soon": "a day that the plugin's text gives: about nobody",
    "consent.language_names": PURE,
    "consent.ask": "the question of a referral that its author has just sent: sending asked",
    "consent.page": SELF,
    "consent.receipt": SELF,
    "consent.only_approved": SELF,
    "consent.withdraw": SELF,
    "consent.mine": SELF,
    "consent.erase_evidence": "gallring: the operator's command, under the role made for it",
    "consent.verify_evidence": "the operator's command: digests, no content",
    "consent.signed": SIGNED,
    "consent.failed": SIGNED,
    "enrolments.team_of": "names of staff of this vault, for those who have opened a page of the insats",
    "enrolments.enrolled_referrals": BETWEEN,
    "enrolments.of_participant": BETWEEN,
    "enrolments.part": PURE,
    "enrolments.part_errors": PURE,
    "forms.read": PURE,
    "forms.typed_again": PURE,
    "forms.sections": PURE,
    "forms.errors": PURE,
    "forms.answered": PURE,
    "forms.in_words": PURE,
    "measurements.rounds": BETWEEN,
    "measurements.for_participant": SELF,
    "measurements.may_skip": PURE,
    "own_pages.front": SELF,
    "own_pages.participant_id": SELF,
    "own_pages.my_plans": SELF,
    "own_pages.my_development": SELF,
    "own_pages.readings": SELF,
    "participants.ensure": "called when a samtycke becomes valid, in its transaction",
    "participants.get": BETWEEN,
    "participants.many": BETWEEN,
    "participants.find_by_number": BETWEEN,
    "participants.matching": BETWEEN,
    "participants.whole_number": PURE,
    "participants.compartment_of": "what the permission function is asked with",
    "participants.compartment": PURE,
    "participants.age_on": PURE,
    "participants.age_of_number": PURE,
    "participants.birth_date": PURE,
    "participants.gender_of": PURE,
    "participants.swedish_order": PURE,
    "plans.agreed": BETWEEN,
    "plans.for_participant": SELF,
    "referrals.read_person": PURE,
    "referrals.read_number": PURE,
    "referrals.mine": SELF,
    "referrals.faults_before_sending": PURE,
    "referrals.waiting_for_person": SELF,
    "referrals.read_by_team": "the row comes out of the statement that asked for permission and samtycke",
    "referrals.sent_about_number": BETWEEN,
    "referrals.locked": BETWEEN,
    "referrals.open_for_team": SIGNED,
    "referrals.close": SIGNED,
    "referrals.destroy": SIGNED,
    "referrals.on_the_way": "a count without persons, shown on pages that asked",
    "referrals.waiting": BETWEEN,
    "referrals.insats_of": "answers the insats alone; the caller compares it and asks for the referral",
    "reporting.figures_json": "the command line of the operator: counts, no persons",
}


@cache
def known() -> dict[str, Module]:
    """Every module of the vault by name."""
    return {one.name: one for one in modules() if one.name.startswith("stegvis.vault.")}


@cache
def names_in(module: str) -> dict[str, tuple[str, str]]:
    """What each imported name of a module means: (module, function), or (module, "") for a module."""
    found: dict[str, tuple[str, str]] = {}
    every = {one.name for one in modules()}
    for node in ast.walk(known()[module].tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                meant = (whole, "") if whole in every else (node.module, alias.name)
                found[alias.asname or alias.name] = meant
    return found


def functions(module: str) -> dict[str, ast.FunctionDef]:
    """The functions of a module."""
    return {node.name: node for node in known()[module].tree.body if isinstance(node, ast.FunctionDef)}


@cache
def defined(name: Name) -> Name:
    """Where a function stands that a service may only pass on."""
    module, function = name
    if module in known() and function not in functions(module) and function in names_in(module):
        return defined(names_in(module)[function])
    return name


def called_by(name: Name) -> set[Name]:
    """The functions that a function calls or hands on, as far as the source tells."""
    module, function = name
    if module not in known() or function not in functions(module):
        return set()
    here, own = names_in(module), functions(module)
    found: set[Name] = set()
    for node in ast.walk(functions(module)[function]):
        if isinstance(node, ast.Name) and node.id in own:
            found.add((module, node.id))
        elif isinstance(node, ast.Name) and here.get(node.id, ("", ""))[1]:
            found.add(defined(here[node.id]))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            meant = here.get(node.value.id)
            if meant is not None and not meant[1]:
                found.add(defined((meant[0], node.attr)))
    return found


def asks(name: Name) -> bool:
    """Whether a function reaches the permission function."""
    seen, waiting = {name}, [name]
    while waiting:
        for one in called_by(waiting.pop()) - seen:
            if one in ASKING:
                return True
            seen.add(one)
            waiting.append(one)
    return False


def public() -> dict[str, Name]:
    """Every public function of a vault service: `room.function` -> where it stands."""
    found = {}
    for module in known():
        room, _, last = module.removeprefix("stegvis.vault.").partition(".")
        if last != "service":
            continue
        passed_on = {
            name for name, (_module, function) in names_in(module).items() if function and name.islower()
        }
        declared = _declared(module)
        for name in set(functions(module)) | (passed_on & declared):
            where = defined((module, name))
            if not name.startswith("_") and where[0] in known() and where[1] in functions(where[0]):
                found[f"{room}.{name}"] = where
    return found


def _declared(module: str) -> set[str]:
    """The names in a module's `__all__`."""
    for node in known()[module].tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def test_every_public_function_asks_or_has_a_reason() -> None:
    found = public()
    assert len(found) > 80, "the rooms are found"
    silent = {name for name, where in found.items() if not asks(where)}
    assert sorted(silent - set(UNASKED)) == [], "these ask nobody's permission"
    assert sorted(set(UNASKED) - silent) == [], "these ask, or are gone: take them off the list"


def test_the_reading_of_the_source_finds_what_asks() -> None:
    """Directly, through a helper, through another room; and not where nothing is asked."""
    found = public()
    for name in ("enrolments.case", "enrolments.people", "plans.page", "consent.paper", "referrals.decide"):
        assert asks(found[name]), name
    assert not asks(found["participants.get"])
