"""A samtycke's text must say vilka, vad, vilket samarbete and hur länge; translations are files beside it."""

import shutil
from pathlib import Path

import pytest

from stegvis.ground.definitions import DefinitionError, load
from stegvis.insats.consent import Consent, blocks
from stegvis.insats.consent_translation import translated_blocks
from stegvis.insats.definition import load_insats

DUMMY = Path(__file__).parents[2] / "dummy_insats/stegvis_dummy"
NAMES = {"huvudman": "Provnämnden", "insats": "Provinsatsen", "forbund": "Provförbundet"}
SOMALI = """of = "dummy_samtycke"
version = 1
language = "so"
title = "Haa"
intro = "Kuwan ayaa ka hadli kara {insats}."
data = ["Sida ay wax u socdaan."]
purpose = "Si ay u socoto."
cooperation = "Way kulmaan."
duration = "Ugu badnaan hal sano."
voluntary = "Waad diidi kartaa."
withdraw = "Waad ka noqon kartaa."
refuse = "Waxba ma dhacaan."

[headings]
vilka = "Yaa"
vad = "Maxaa"
varfor = "Sababta"
hur_lange = "Muddada"
du_bestammer = "Adiga ayaa go'aansada"
not_data = "Lagama hadlo:"

[party]
huvudman = { name = "{huvudman}", tells = "kuwa halkan ka shaqeeya." }
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    folder = tmp_path / "stegvis_dummy"
    shutil.copytree(DUMMY, folder)
    return folder


def faults(folder: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(DefinitionError) as raised:
        load_insats(folder)
    return [(fault.path.name, fault.line, fault.sentence) for fault in raised.value.faults]


# -- the mandatory parts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "part"),
    [
        (
            '[[party]]\nid = "huvudman"\nname = { sv = "{huvudman}", en = "{huvudman}" }\n',
            "[nagon]\n",
            1,
            "party",
        ),
        ('[[data]]\nsv = "Hur det går."\nen = "How it goes."\n', "", 1, "data"),
        ('cooperation = { sv = "De träffas.", en = "They meet." }\n', "", 1, "cooperation"),
        ('longest = "12 months"\n', "", 24, "longest"),
        ('after_avslut = "3 months"\n', "", 24, "after_avslut"),
    ],
)
def test_a_text_that_lacks_a_mandatory_part_is_refused_where_it_should_stand(
    plugin: Path, old: str, new: str, line: int, part: str
) -> None:
    file = plugin / "consent.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    found = [one for one in faults(plugin) if part in one[2]]
    assert [(name, at) for name, at, _sentence in found] == [("consent.toml", line)]


def test_another_kind_does_not_stand_in_the_same_form(plugin: Path) -> None:
    file = plugin / "consent.toml"
    file.write_text(file.read_text("utf-8").replace('"sekretessbrytande"', '"gdpr"'), "utf-8")
    assert [(name, line) for name, line, _sentence in faults(plugin)] == [("consent.toml", 4)]


def test_each_kind_has_a_file_of_its_own_named_after_it(plugin: Path) -> None:
    text = (plugin / "consent.toml").read_text("utf-8")
    other = text.replace('"sekretessbrytande"', '"konsultation"').replace(
        "dummy_samtycke", "dummy_konsultation"
    )
    (plugin / "consent").mkdir()
    (plugin / "consent/konsultation.toml").write_text(other, "utf-8")
    assert load_insats(plugin).more_consents["konsultation"].id == "dummy_konsultation"
    (plugin / "consent/annat.toml").write_text(other, "utf-8")
    found = [(name, line) for name, line, _sentence in faults(plugin)]
    assert sorted(found) == [("annat.toml", 4), ("konsultation.toml", 2)]
    (plugin / "consent/annat.toml").unlink()
    (plugin / "consent.toml").write_text(other, "utf-8")
    assert ("consent.toml", 4) in [(name, line) for name, line, _sentence in faults(plugin)]


# -- translations --------------------------------------------------------------------------------


def test_a_language_is_added_as_a_file_and_no_code(plugin: Path) -> None:
    assert load_insats(plugin).consent_translations == {}
    (plugin / "consent.so.toml").write_text(SOMALI, "utf-8")
    found = load_insats(plugin)
    added = found.consent_translations["so"]
    assert found.consent is not None and not added.reviewed
    swedish = blocks(found.consent, "sv", NAMES)
    translated = translated_blocks(added, found.consent, NAMES)
    shape = [(one.id, len(one.paragraphs), len(one.points)) for one in swedish]
    assert [(one.id, len(one.paragraphs), len(one.points)) for one in translated] == shape
    assert translated[0].paragraphs == ("Kuwan ayaa ka hadli kara Provinsatsen.",)
    assert translated[0].points == ("Provnämnden: kuwa halkan ka shaqeeya.",)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('of = "dummy_samtycke"', 'of = "annat"', 1, "Samtycket heter ”dummy_samtycke”"),
        ("version = 1", "version = 2", 2, "den svenska texten är version 1"),
        ('language = "so"', 'language = "ti"', 3, "filen heter ”consent.so.toml”"),
        ('language = "so"', 'language = "Somaliska"', 3, "är ingen språkkod"),
        ('["Sida ay wax u socdaan."]', '["Mid.", "Laba."]', 6, "har 2 texter, men den svenska har 1"),
        ("huvudman = {", "annan = {", 23, "Parten ”annan” finns inte"),
        ("{insats}", "{namn}", 1, "använder {namn}"),
        ('vilka = "Yaa"\n', "", 14, "vilka"),
    ],
)
def test_a_translation_that_does_not_fit_is_refused_at_its_line(
    plugin: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in SOMALI
    (plugin / "consent.so.toml").write_text(SOMALI.replace(old, new), "utf-8")
    found = [(name, at) for name, at, sentence in faults(plugin) if said in sentence]
    assert found == [("consent.so.toml", line)]


def test_a_translation_needs_a_samtycke(plugin: Path) -> None:
    (plugin / "consent.toml").unlink()
    (plugin / "consent.so.toml").write_text(SOMALI, "utf-8")
    assert ("consent.so.toml", 1) in [(name, at) for name, at, _sentence in faults(plugin)]


def test_every_translation_of_the_plugins_is_of_the_version_that_is_signed() -> None:
    folders = [one.parent for one in (Path(__file__).parents[3] / "plugins").glob("*/*/consent.toml")]
    assert sorted(one.name for one in folders) == [
        "stegvis_gemensam_kraft", "stegvis_karnhuset", "stegvis_krus", "stegvis_se_coach",
    ]  # fmt: skip
    for folder in folders:
        definition = load_insats(folder)
        for one in definition.consent_translations.values():
            assert one.version == load(folder / "consent.toml", Consent).version
