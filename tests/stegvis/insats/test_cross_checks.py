"""Faults between the files of a plugin: found at the line that refers, never taken up halfway."""

import shutil
from pathlib import Path

import pytest

from stegvis.ground.definitions import DefinitionError
from stegvis.insats.definition import load_insats

DUMMY = Path(__file__).parents[2] / "dummy_insats/stegvis_dummy"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(DUMMY, tmp_path / "stegvis_dummy"))


def faults_after(folder: Path, file: str, old: str, new: str) -> list[tuple[str, int, str]]:
    """File, line and sentence of every fault after one change."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_insats(folder)
    return [(f.path.relative_to(folder).as_posix(), f.line, f.sentence) for f in caught.value.faults]


def line_of(folder: Path, file: str, text: str) -> int:
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


def test_the_dummy_is_right():
    insats = load_insats(DUMMY)
    assert (insats.id, insats.lists()) == (
        "dummy",
        {"avslut": ("arbete", "avbrott", "fel"), "aktivitet": ("promenad",)},
    )
    assert [form.id for form in insats.forms_for("remiss")] == ["remiss"]
    assert insats.list_labels("avslut") == {
        "arbete": "Arbete",
        "avbrott": "Avbrott",
        "fel": "Felregistrering",
    }
    register = {
        line.field_id: (line.sensitive, line.purpose, line.retention) for line in insats.personal_data()
    }
    assert len(register) == 13
    assert register["varfor"] == (True, "Veta varför.", "Ett år.")


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "sentence"),
    [
        (
            "goals.toml",
            'milestones = ["klart"]',
            'milestones = ["borta"]',
            'milestones = ["borta"]',
            "Målet ”klart” nämner milstolpen ”borta”, som inte finns.",
        ),
        (
            "goals.toml",
            'instrument = "tre_fragor"',
            'instrument = "fyra"',
            '"fyra"',
            "Målet ”steg” nämner mätningen ”fyra”, som inte finns.",
        ),
        (
            "process.toml",
            'form = "remiss"',
            'form = "remis"',
            '"remis"',
            "Formuläret ”remis” finns inte i mappen ”forms”.",
        ),
        (
            "process.toml",
            'instrument = "tre_fragor"',
            'instrument = "tva"',
            '"tva"',
            "Mätningen ”tva” finns inte i mappen ”instruments”.",
        ),
        (
            "target_group.toml",
            'field = "hinder"',
            'field = "hindar"',
            "hindar",
            "Villkoret frågar efter ”hindar”, som inte finns bland ”fact”.",
        ),
        (
            "target_group.toml",
            'value = "norr"',
            'value = "nor"',
            'value = "nor"',
            "Villkoret nämner ”nor”, som inte är ett val i ”ort”.",
        ),
        (
            "target_group.toml",
            'op = "equals", value = true',
            'op = "equals", value = "ja"',
            'value = "ja"',
            "Villkoret ska jämföra ”hinder” med true eller false.",
        ),
        (
            "target_group.toml",
            'id = "hinder"\ntext',
            'id = "ort"\ntext',
            'id = "ort"',
            "Samma id står två gånger bland reglerna: ”ort”.",
        ),
        (
            "target_group.toml",
            'fact = "vill"',
            'fact = "ort"',
            'fact = "ort"',
            "Frågan ”vill” behöver ”ort” som ”fact” av slaget ”yes_no”.",
        ),
        (
            "forms/remiss.toml",
            'fact = "hinder"',
            'fact = "hindar"',
            'fact = "hindar"',
            "”hindar” finns inte bland ”fact” i target_group.toml.",
        ),
        (
            "report/rapport.toml",
            'activity = "promenad"',
            'activity = "simning"',
            "simning",
            "Aktiviteten ”simning” finns inte i process.toml.",
        ),
        (
            "instruments/tre_fragor.toml",
            'question = { sv = "Två?", en = "Two?" }',
            'question = { sv = "Två?" }',
            "Två?",
            "”question” saknas på språket ”en”, som insatsen lovar.",
        ),
        (
            "consent.toml",
            'en = "How it goes."',
            "",
            "[[data]]",
            "”data” saknas på språket ”en”, som insatsen lovar.",
        ),
        (
            "forms/remiss.toml",
            'id = "remiss"',
            'id = "remisser"',
            'id = "remisser"',
            "id är ”remisser” men filen heter ”remiss.toml”: de ska vara lika.",
        ),
    ],
)
def test_a_reference_to_nothing(folder, file, old, new, at, sentence):
    found = faults_after(folder, file, old, new)
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    standing = [number for number, line in enumerate(lines, start=1) if at in line]
    assert (file, sentence) in [(name, text) for name, _, text in found]
    row = next(row for name, row, text in found if (name, text) == (file, sentence))
    assert row in standing


def test_a_fact_that_no_form_asks_for(folder):
    found = faults_after(folder, "forms/remiss.toml", 'fact = "ort"\n', "")
    row = line_of(folder, "target_group.toml", 'id = "ort"')
    assert found == [("target_group.toml", row, "Ingen fråga i remissformuläret svarar på ”ort”.")]


def test_persons_need_a_target_group_steps_and_codes(folder):
    (folder / "target_group.toml").unlink()
    (folder / "forms/remiss.toml").unlink()
    found = faults_after(folder, "process.toml", 'form = "remiss"\n', "")
    row = line_of(folder, "plugin.toml", "[registration]")
    sentence = "En insats som registrerar personer behöver filen ”target_group.toml”."
    assert found == [("plugin.toml", row, sentence)]


def test_counts_alone_need_none_of_it(folder):
    for name in ("target_group.toml", "consent.toml", "forms/remiss.toml", "instruments/tre_fragor.toml"):
        (folder / name).unlink()
    manifest = (folder / "plugin.toml").read_text(encoding="utf-8")
    manifest = manifest.replace('["personer", "antal", "struktur"]', '["struktur"]')
    manifest = manifest.replace('default = "personer"', 'default = "struktur"')
    (folder / "plugin.toml").write_text(manifest, encoding="utf-8")
    milestone = '[[milestone]]\nid = "klart"\ntitle = "Klart"\nevidence = "Ett papper."\n'
    activity = '[[activity]]\nid = "promenad"\ntitle = "Promenad"\narea = "social"\n'
    (folder / "process.toml").write_text(milestone + activity, encoding="utf-8")
    goals = (folder / "goals.toml").read_text(encoding="utf-8")
    (folder / "goals.toml").write_text(
        goals.replace('params = { instrument = "tre_fragor" }', ""), encoding="utf-8"
    )
    insats = load_insats(folder)
    assert (insats.target_group, insats.forms, insats.process.step) == (None, {}, ())


def test_faults_of_several_files_come_together(folder):
    (folder / "budget.toml").write_text("amounts = 3\n", encoding="utf-8")
    (folder / "extra.toml").write_text("", encoding="utf-8")
    found = faults_after(folder, "goals.toml", 'measure = "volume"', 'measure = "volym"')
    assert [(name, row) for name, row, _ in found] == [
        ("budget.toml", 1),
        ("budget.toml", 1),
        ("extra.toml", 1),
        ("goals.toml", line_of(folder, "goals.toml", "[[goal]]")),
    ]


def test_the_hash_follows_what_crosses_and_what_is_collected(folder):
    before = load_insats(folder).disclosure_hash()
    changes = [
        ("budget.toml", "Hundra kronor.", "Hundra kronor!", True),
        (
            "process.toml",
            '[[avslut]]\ncode = "avbrott"\nlabel = "Avbrott"\n',
            '[[avslut]]\ncode = "avbrott"\nlabel = "Avbrott"\nsensitivity = "open"\ngroup = "annat"\n',
            True,
        ),
        ("forms/remiss.toml", 'purpose = "Veta varför."', 'purpose = "Nyfikenhet."', False),
        ("plugin.toml", 'version = "1.0.0"', 'version = "1.0.1"', False),
    ]
    seen = before
    for file, old, new, same in changes:
        path = folder / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        now = load_insats(folder).disclosure_hash()
        assert (now == seen) is same
        seen = now
