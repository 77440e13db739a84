"""Each kind of rule says met, not met, or not known, and gives its own reason."""

from pathlib import Path

from stegvis.ground.definitions import load
from stegvis.insats.target_group import TargetGroup, eligible, evaluate, missing_facts, priorities

GROUP = load(Path(__file__).parents[2] / "dummy_insats/stegvis_dummy/target_group.toml", TargetGroup)
GOOD = {
    "alder": 25,
    "remittent": "kommun",
    "kalla": "provteamet",
    "antal_fragestallningar": 2,
    "ort": "norr",
    "manader_ute": 12,
    "manader_sjuk": 0,
    "hinder": False,
    "vill": True,
}


def failing(**changes):
    findings = evaluate(GROUP, {**GOOD, **changes})
    return {finding.rule_id: (finding.ok, finding.reason) for finding in findings if finding.ok is not True}


def test_all_met():
    findings = evaluate(GROUP, GOOD)
    assert [finding.rule_id for finding in findings] == [
        "alder",
        "remittent",
        "kalla",
        "fragestallningar",
        "ort",
        "borta",
        "hinder",
        "vill",
    ]
    assert (eligible(findings), {finding.reason for finding in findings}) == (True, {""})


def test_each_rule_has_its_own_reason():
    assert failing(alder=17) == {"alder": (False, "Personen är 17 år, insatsen är för minst 18 år.")}
    assert failing(alder=None) == {"alder": (None, "Åldern är inte känd.")}
    assert failing(antal_fragestallningar=1) == {
        "fragestallningar": (False, "Remissen behöver minst 2 frågeställningar.")
    }
    assert failing(ort="soder") == {"ort": (False, "Insatsen finns bara i norr.")}
    assert failing(hinder=True) == {"hinder": (False, "Något hindrar.")}
    assert failing(hinder=None) == {"hinder": (None, "Svar saknas: ”Finns hinder?”.")}
    assert failing(vill=False) == {"vill": (False, "Föreslå något annat.")}


def test_at_least_two_of_three_with_one_unknown():
    assert failing(manader_ute=6) == {"borta": (False, "För få stämmer.")}
    assert failing(manader_ute=6, manader_sjuk=None) == {
        "borta": (None, "Svar saknas: ”Hur många månader sjuk?”.")
    }
    assert failing(manader_ute=12, manader_sjuk=None) == {}
    parts = next(f for f in evaluate(GROUP, {**GOOD, "manader_ute": 6}) if f.rule_id == "borta").parts
    assert [part.ok for part in parts] == [True, False, False]


def test_stages():
    findings = evaluate(GROUP, {**GOOD, "vill": None})
    assert (eligible(findings, "referral"), eligible(findings, "decision"), eligible(findings)) == (
        True,
        None,
        None,
    )
    assert eligible(evaluate(GROUP, {**GOOD, "vill": None, "ort": "soder"})) is False


def test_nothing_known():
    findings = evaluate(GROUP, {})
    assert {finding.ok for finding in findings} == {None}
    assert missing_facts(GROUP, {}) == ("manader_ute", "manader_sjuk", "vill", "hinder", "ort")


def test_priority_is_no_rule():
    assert priorities(GROUP, GOOD) == ("Under 30 år",)
    assert (priorities(GROUP, {**GOOD, "alder": 30}), failing(alder=30)) == ((), {})
