"""For whom an insats is: rules that can be checked, each with its own reason when it is not met.

The rules never decide: they tell the remittent and the team what fits, what does not, and what nobody
knows yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from stegvis.ground.definitions import Definition, Identifier, Line, Text
from stegvis.insats.conditions import Condition, Facts, Truth, all_of, at_least, fields_of, holds, negated
from stegvis.insats.texts import LocalText

# Facts that the platform itself knows of every referral; a plugin need not declare them.
STANDARD_FACTS: dict[str, str] = {
    "alder": "Personens ålder",
    "remittent": "Vem som remitterar",
    "kalla": "Varifrån remissen kommer",
    "antal_fragestallningar": "Frågeställningar",
}
Stage = Literal["referral", "decision"]


class FactDefinition(Definition):
    """Something that is asked about the person, in the referral or at the meeting that decides."""

    id: Identifier
    kind: Literal["yes_no", "number", "choice"]
    question: LocalText
    options: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _options_fit(self) -> FactDefinition:
        if (self.kind == "choice") is not bool(self.options):
            raise ValueError(f"”options” hör ihop med kind = ”choice”, och bara med det (”{self.id}”).")
        return self


class Age(Definition):
    """Whole years; either end may be open."""

    min: int | None = Field(default=None, ge=0, le=120)
    max: int | None = Field(default=None, ge=0, le=120)
    source: Line | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Age:
        if self.min is None and self.max is None:
            raise ValueError("”age” behöver ”min” eller ”max”.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"Lägsta åldern {self.min} är högre än den högsta {self.max}.")
        return self


class Rule(Definition):
    """One thing that must hold (or, as an exclusion, must not)."""

    id: Identifier
    text: Text
    on_fail: Text
    when: Condition
    source: Line | None = None


class Item(Definition):
    """One of several criteria in a group."""

    id: Identifier
    text: Text
    when: Condition


class Group(Definition):
    """Criteria of which all, any or at least n must hold."""

    id: Identifier
    text: Text
    on_fail: Text
    mode: Literal["all", "any", "at_least"]
    n: int | None = Field(default=None, ge=1)
    item: tuple[Item, ...] = Field(min_length=1)
    source: Line | None = None

    @model_validator(mode="after")
    def _n_fits(self) -> Group:
        if (self.mode == "at_least") is (self.n is None):
            raise ValueError("”n” hör ihop med mode = ”at_least”, och bara med det.")
        if self.n is not None and self.n > len(self.item):
            raise ValueError(f"”n” är {self.n}, men gruppen har bara {len(self.item)} kriterier.")
        return self

    @property
    def needed(self) -> int:
        """How many items must hold."""
        return {"all": len(self.item), "any": 1}.get(self.mode) or (self.n or 1)


class Gate(Definition):
    """A question that the meeting answers; a no needs a suggestion to the one who referred."""

    id: Identifier
    fact: Identifier
    on_no: Text
    source: Line | None = None


class Priority(Definition):
    """Who goes first when places are few. Never a reason to refuse."""

    id: Identifier
    text: Text
    when: Condition


class Referral(Definition):
    """Who may refer, from where, and with how many questions at least."""

    who: tuple[Literal["kommun", "af", "fk", "region"], ...] = Field(min_length=1)
    sources: tuple[Identifier, ...] = ()
    min_questions: int = Field(default=0, ge=0)
    text: Text
    source: Line | None = None


class TargetGroup(Definition):
    """The whole of target_group.toml."""

    summary: LocalText
    age: Age | None = None
    referral: Referral
    fact: tuple[FactDefinition, ...] = ()
    rule: tuple[Rule, ...] = ()
    group: tuple[Group, ...] = ()
    exclusion: tuple[Rule, ...] = ()
    gate: tuple[Gate, ...] = ()
    priority: tuple[Priority, ...] = ()

    @property
    def known_facts(self) -> frozenset[str]:
        """Every fact that a condition may ask for."""
        return frozenset(STANDARD_FACTS) | {fact.id for fact in self.fact}

    def question(self, fact_id: str) -> str:
        """The Swedish question or name of a fact."""
        return {**STANDARD_FACTS, **{fact.id: fact.question.sv for fact in self.fact}}[fact_id]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says. `ok` is None when an answer is missing; `reason` is empty when the rule is met."""

    rule_id: str
    ok: Truth
    sentence: str
    reason: str = ""
    stage: Stage = "referral"
    parts: tuple[Finding, ...] = ()


def evaluate(target_group: TargetGroup, facts: Facts) -> tuple[Finding, ...]:
    """One finding per rule, in the order a remittent meets them; gate questions last (stage "decision")."""
    findings = []
    if target_group.age is not None:
        findings.append(_age_finding(target_group.age, facts))
    findings += _referral_findings(target_group.referral, facts)
    findings += [_rule_finding(target_group, rule, facts) for rule in target_group.rule]
    findings += [_group_finding(target_group, group, facts) for group in target_group.group]
    findings += [_rule_finding(target_group, rule, facts, excludes=True) for rule in target_group.exclusion]
    findings += [_gate_finding(target_group, gate, facts) for gate in target_group.gate]
    return tuple(findings)


def eligible(findings: Sequence[Finding], stage: Stage | None = None) -> Truth:
    """True when every rule is met, False when one is not, None while answers are missing.

    With a stage, only the rules of that stage count: a referral can be sent before the gate questions are
    asked.
    """
    return all_of([finding.ok for finding in findings if stage is None or finding.stage == stage])


def priorities(target_group: TargetGroup, facts: Facts) -> tuple[str, ...]:
    """The texts of the priorities that the person meets, in order of weight."""
    return tuple(item.text for item in target_group.priority if holds(item.when, facts) is True)


def missing_facts(target_group: TargetGroup, facts: Facts) -> tuple[str, ...]:
    """Ids of declared facts without an answer."""
    return tuple(fact.id for fact in target_group.fact if facts.get(fact.id) is None)


def _finding(
    rule_id: str, ok: Truth, sentence: str, on_fail: str, unknown: str, *, stage: Stage = "referral"
) -> Finding:
    return Finding(rule_id, ok, sentence, "" if ok else (unknown if ok is None else on_fail), stage)


def _age_finding(age: Age, facts: Facts) -> Finding:
    bounds = [bound for bound in (age.min, age.max) if bound is not None]
    if len(bounds) == 2:
        wanted = f"{age.min}–{age.max} år"
    else:
        wanted = f"minst {age.min} år" if age.max is None else f"högst {age.max} år"
    years = facts.get("alder")
    if not isinstance(years, int) or isinstance(years, bool):
        return Finding("alder", None, f"Personen är {wanted}.", "Åldern är inte känd.")
    ok = (age.min is None or years >= age.min) and (age.max is None or years <= age.max)
    return _finding(
        "alder", ok, f"Personen är {wanted}.", f"Personen är {years} år, insatsen är för {wanted}.", ""
    )


def _referral_findings(referral: Referral, facts: Facts) -> list[Finding]:
    findings = []
    who = facts.get("remittent")
    findings.append(
        _finding(
            "remittent",
            None if who is None else who in referral.who,
            referral.text,
            "Den som remitterar hör inte till dem som kan remittera hit.",
            "Det är inte angivet vem som remitterar.",
        )
    )
    if referral.sources:
        origin = facts.get("kalla")
        findings.append(
            _finding(
                "kalla",
                None if origin is None else origin in referral.sources,
                "Remissen kommer från rätt håll.",
                "Remissen kommer inte från någon av de grupper som tar fram remisser hit.",
                "Det är inte angivet varifrån remissen kommer.",
            )
        )
    if referral.min_questions:
        findings.append(_questions_finding(referral.min_questions, facts))
    return findings


def _questions_finding(needed: int, facts: Facts) -> Finding:
    count = facts.get("antal_fragestallningar")
    known = isinstance(count, int) and not isinstance(count, bool)
    wanted = "minst en frågeställning" if needed == 1 else f"minst {needed} frågeställningar"
    ok = count >= needed if isinstance(count, int) and known else None
    return _finding(
        "fragestallningar",
        ok,
        f"Remissen har {wanted}.",
        f"Remissen behöver {wanted}.",
        "Frågeställningar saknas.",
    )


def _rule_finding(target_group: TargetGroup, rule: Rule, facts: Facts, *, excludes: bool = False) -> Finding:
    truth = holds(rule.when, facts)
    ok = negated(truth) if excludes else truth
    return _finding(rule.id, ok, rule.text, rule.on_fail, _unknown(target_group, [rule.when], facts))


def _group_finding(target_group: TargetGroup, group: Group, facts: Facts) -> Finding:
    truths = [holds(item.when, facts) for item in group.item]
    parts = tuple(
        _finding(item.id, truth, item.text, "Stämmer inte.", _unknown(target_group, [item.when], facts))
        for item, truth in zip(group.item, truths, strict=True)
    )
    open_conditions = [item.when for item, truth in zip(group.item, truths, strict=True) if truth is None]
    ok = at_least(truths, group.needed)
    reason = "" if ok else (_unknown(target_group, open_conditions, facts) if ok is None else group.on_fail)
    return Finding(group.id, ok, group.text, reason, parts=parts)


def _gate_finding(target_group: TargetGroup, gate: Gate, facts: Facts) -> Finding:
    answer = facts.get(gate.fact)
    ok = answer if isinstance(answer, bool) else None
    question = target_group.question(gate.fact)
    return _finding(gate.id, ok, question, gate.on_no, "Frågan är inte besvarad.", stage="decision")


def _unknown(target_group: TargetGroup, conditions: Sequence[Condition], facts: Facts) -> str:
    asked = sorted(
        {name for condition in conditions for name in fields_of(condition) if facts.get(name) is None}
    )
    if not asked:
        # An answer is there, but of a kind that the rule cannot compare: an older form, say.
        return "Svaret går inte att jämföra med regeln: fråga igen."
    questions = ", ".join(f"”{target_group.question(name)}”" for name in asked)
    return f"Svar saknas: {questions}."
