"""The förbund's files: each contradiction is a sentence with its file, and all of them come at once."""

from pathlib import Path

import pytest

from stegvis.config import find_root
from stegvis.ground.definitions import DefinitionError
from stegvis.ground.tenancy.tenants import load_directory

GOOD = """# Prov
[forbund]
id = "prov"
name = "Prov"
short_name = "Prov"
hosts = ["prov.localhost"]
[[party]]
id = "kommun"
name = "Prov kommun"
kind = "kommun"
[[huvudman]]
id = "namnden"
name = "Nämnden i Prov"
responsible = "Nämnden i Prov kommun"
party = "kommun"
[[insats]]
id = "stegen"
plugin = "stegen"
name = "Stegen"
huvudmen = ["namnden"]
starts = 2024-01-01
ends = 2024-12-31
"""


def faults(folder: Path, **files: str) -> list[tuple[str, str]]:
    """(file, sentence) of every fault in a folder with these files."""
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    with pytest.raises(DefinitionError) as error:
        load_directory(folder)
    return [(fault.path.name, fault.sentence) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'party = "kommun"',
            'party = "annan"',
            "Huvudmannen namnden hör till parten annan, som inte finns i filen.",
        ),
        (
            'huvudmen = ["namnden"]',
            'huvudmen = ["borta"]',
            "Insatsen stegen nämner huvudmannen borta, som inte finns i filen.",
        ),
        ("ends = 2024-12-31", "ends = 2023-12-31", "Insatsen stegen slutar innan den börjar."),
        (
            'hosts = ["prov.localhost"]',
            'hosts = ["prov.localhost"]\neid = ["bankid", "freja", "bankid"]',
            "E-legitimationen bankid står mer än en gång.",
        ),
        (
            'party = "kommun"',
            'party = "kommun"\neid = ["freja", "freja"]',
            "E-legitimationen freja står mer än en gång.",
        ),
        (
            'id = "prov"',
            'id = "annat"',
            "Filen heter prov.toml men förbundets id är annat: de ska vara lika.",
        ),
    ],
)
def test_contradictions(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert GOOD.count(old) == 1
    assert faults(tmp_path, prov=GOOD.replace(old, new)) == [("prov.toml", sentence)]


def test_an_e_id_is_named_by_its_id_alone(tmp_path: Path) -> None:
    wrong = GOOD.replace('party = "kommun"', 'party = "kommun"\neid = ["namnden.bankid"]')
    sentence = "Post 1 i ”eid” har ett värde som inte går att använda här."
    assert ("prov.toml", sentence) in faults(tmp_path, prov=wrong)


def test_two_forbund_on_one_address(tmp_path: Path) -> None:
    other = GOOD.replace('id = "prov"', 'id = "annat"')
    assert faults(tmp_path, annat=other, prov=GOOD) == [
        ("prov.toml", "Adressen prov.localhost står redan i annat.toml.")
    ]


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    two = GOOD.replace("ends = 2024-12-31", "ends = 2023-12-31").replace(
        'party = "kommun"', 'party = "annan"'
    )
    assert len(faults(tmp_path, prov=two)) == 2


def test_an_empty_folder(tmp_path: Path) -> None:
    assert faults(tmp_path) == [(tmp_path.name, "Mappen har ingen fil om något förbund.")]


def test_a_good_file_is_found_by_its_address(tmp_path: Path) -> None:
    (tmp_path / "prov.toml").write_text(GOOD, "utf-8")
    directory = load_directory(tmp_path)
    found = [directory.by_host(host) for host in ("prov.localhost", "PROV.localhost:8000", "annan.localhost")]
    assert [one.id if one else None for one in found] == ["prov", "prov", None]
    assert [str(one) for one in directory.scopes()] == ["prov", "prov:publicering", "prov/namnden"]


def test_the_projects_own_files_are_right() -> None:
    directory = load_directory(find_root() / "tenants")
    assert [one.id for one in directory] == ["gavleborg", "kalmar_lan", "skane_nordost"]
