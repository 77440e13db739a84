"""Whom each of the four insatser is for: at least ten cases each, with the rules that fail."""

from pathlib import Path

import pytest

from stegvis.insats.definition import load_insats
from stegvis.insats.target_group import evaluate, priorities

PLUGINS = Path(__file__).parents[2] / "plugins"
GROUPS = {
    name: load_insats(PLUGINS / name / f"stegvis_{name}").target_group
    for name in ("karnhuset", "krus", "gemensam_kraft", "se_coach")
}
GOOD = {
    "karnhuset": {
        "alder": 40,
        "remittent": "region",
        "kalla": "trisam",
        "antal_fragestallningar": 1,
        "samordnad_rehabilitering": True,
        "forsorjningsstod_lange": True,
        "ohalsa": False,
        "funktionsnedsattning": False,
        "spraksvaghet": False,
        "tidigare_beroende": False,
    },
    "krus": {
        "alder": 25,
        "remittent": "fk",
        "psykisk_ohalsa": True,
        "motiverad": True,
        "steg_inom_12_manader": True,
        "kan_vara_i_grupp": True,
        "samordnade_insatser": True,
        "antal_myndigheter": 1,
        "ordinarie_provat": True,
        "provat_fullt_ut": True,
        "kan_narma_sig": True,
        "vill_delta": True,
    },
    "gemensam_kraft": {
        "alder": 45,
        "remittent": "kommun",
        "kommun": "osby",
        "ung_med_aktivitetsersattning": False,
        "sjukskriven_sgi_noll": True,
        "ej_redo_for_forstarkt_samarbete": False,
        "ekonomiskt_bistand": False,
        "diffus_problematik": False,
        "har_forsorjning": True,
        "har_bostad": True,
        "barnomsorg": "behovs_inte",
        "kan_ta_sig_dit": True,
        "pagaende_missbruk": False,
    },
    "se_coach": {
        "alder": 24,
        "remittent": "fk",
        "aktivitetsersattning": True,
        "psykisk_ohalsa": True,
        "forstarkt_samarbete": True,
    },
}
NO, UNKNOWN = False, None
NONE_OF_FOUR = {"forsorjningsstod_lange": False}
CASES = [
    ("karnhuset", {}, {}),
    ("karnhuset", {"alder": 17}, {"alder": NO}),
    ("karnhuset", {"alder": 18}, {}),
    ("karnhuset", {"alder": 64}, {}),
    ("karnhuset", {"alder": 65}, {"alder": NO}),
    ("karnhuset", {"kalla": "annat"}, {"kalla": NO}),
    ("karnhuset", {"antal_fragestallningar": 0}, {"fragestallningar": NO}),
    ("karnhuset", {"samordnad_rehabilitering": False}, {"samordnad_rehabilitering": NO}),
    ("karnhuset", {"samordnad_rehabilitering": None}, {"samordnad_rehabilitering": UNKNOWN}),
    ("karnhuset", NONE_OF_FOUR, {"omstandigheter": NO}),
    ("karnhuset", {**NONE_OF_FOUR, "funktionsnedsattning": True}, {}),
    ("karnhuset", {**NONE_OF_FOUR, "tidigare_beroende": True}, {}),
    # Language alone is not enough: it counts together with ohälsa.
    ("karnhuset", {**NONE_OF_FOUR, "spraksvaghet": True}, {"omstandigheter": NO}),
    ("karnhuset", {**NONE_OF_FOUR, "spraksvaghet": True, "ohalsa": True}, {}),
    ("karnhuset", {**NONE_OF_FOUR, "spraksvaghet": True, "ohalsa": None}, {"omstandigheter": UNKNOWN}),
    # One that is met is enough, however much is not answered.
    ("karnhuset", {"ohalsa": None, "spraksvaghet": None, "tidigare_beroende": None}, {}),
    ("krus", {}, {}),
    ("krus", {"alder": 18}, {"alder": NO}),
    ("krus", {"alder": 19}, {}),
    ("krus", {"alder": 64}, {}),
    ("krus", {"alder": 65}, {"alder": NO}),
    ("krus", {"psykisk_ohalsa": False}, {"psykisk_ohalsa": NO}),
    ("krus", {"motiverad": None}, {"motiverad": UNKNOWN}),
    ("krus", {"steg_inom_12_manader": False}, {"steg_inom_12_manader": NO}),
    ("krus", {"kan_vara_i_grupp": False}, {"kan_vara_i_grupp": NO}),
    ("krus", {"samordnade_insatser": False}, {"samordnade_insatser": NO}),
    ("krus", {"antal_myndigheter": 0}, {"aktuell_hos_myndighet": NO}),
    ("krus", {"antal_myndigheter": 3}, {}),
    ("krus", {"ordinarie_provat": False}, {"ordinarie_provat": NO}),
    ("krus", {"provat_fullt_ut": False}, {"provat_fullt_ut": NO}),
    ("krus", {"kan_narma_sig": None, "vill_delta": False}, {"kan_narma_sig": UNKNOWN, "vill_delta": NO}),
    ("gemensam_kraft", {}, {}),
    ("gemensam_kraft", {"alder": 17}, {}),
    ("gemensam_kraft", {"remittent": "af"}, {"remittent": NO}),
    ("gemensam_kraft", {"remittent": "fk"}, {}),
    ("gemensam_kraft", {"kommun": "annan"}, {"bosatt_i_omradet": NO}),
    ("gemensam_kraft", {"sjukskriven_sgi_noll": False}, {"grupp": NO}),
    ("gemensam_kraft", {"sjukskriven_sgi_noll": False, "ekonomiskt_bistand": True}, {"grupp": NO}),
    (
        "gemensam_kraft",
        {"sjukskriven_sgi_noll": False, "ekonomiskt_bistand": True, "diffus_problematik": True},
        {},
    ),
    ("gemensam_kraft", {"sjukskriven_sgi_noll": None}, {"grupp": UNKNOWN}),
    ("gemensam_kraft", {"har_bostad": False}, {"forutsattningar": NO}),
    ("gemensam_kraft", {"har_forsorjning": None}, {"forutsattningar": UNKNOWN}),
    ("gemensam_kraft", {"barnomsorg": "saknas"}, {"barnomsorg": NO}),
    ("gemensam_kraft", {"kan_ta_sig_dit": False}, {"kan_ta_sig_dit": NO}),
    ("gemensam_kraft", {"pagaende_missbruk": True}, {"pagaende_missbruk": NO}),
    ("gemensam_kraft", {"pagaende_missbruk": None}, {"pagaende_missbruk": UNKNOWN}),
    ("se_coach", {}, {}),
    ("se_coach", {"alder": 18}, {"alder": NO}),
    ("se_coach", {"alder": 19}, {}),
    ("se_coach", {"alder": 29}, {}),
    ("se_coach", {"alder": 30}, {"alder": NO}),
    ("se_coach", {"alder": None}, {"alder": UNKNOWN}),
    ("se_coach", {"remittent": "kommun"}, {"remittent": NO}),
    ("se_coach", {"aktivitetsersattning": False}, {"aktivitetsersattning": NO}),
    ("se_coach", {"psykisk_ohalsa": False}, {"psykisk_ohalsa": NO}),
    ("se_coach", {"forstarkt_samarbete": False}, {"forstarkt_samarbete": NO}),
    ("se_coach", {"forstarkt_samarbete": None, "alder": 40}, {"forstarkt_samarbete": UNKNOWN, "alder": NO}),
]


@pytest.mark.parametrize(("name", "changes", "expected"), CASES)
def test_case(name, changes, expected):
    findings = evaluate(GROUPS[name], {**GOOD[name], **changes})
    assert {finding.rule_id: finding.ok for finding in findings if finding.ok is not True} == expected


def test_ten_cases_each():
    counts = {name: sum(case[0] == name for case in CASES) for name in GROUPS}
    assert [name for name, count in counts.items() if count < 10] == []


def test_the_young_go_first_at_krus():
    found = {age: priorities(GROUPS["krus"], {"alder": age}) for age in (18, 19, 29, 30)}
    assert found == {18: (), 19: ("19–29 år",), 29: ("19–29 år",), 30: ()}
