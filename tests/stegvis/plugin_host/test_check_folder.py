"""`stegvis insats check PATH`: every fault of a folder, without running anything in it."""

import shutil
from pathlib import Path

import pytest

from stegvis.plugin_host import check

DUMMY = Path(__file__).parents[2] / "dummy_insats"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(DUMMY, tmp_path / "en insats", ignore=shutil.ignore_patterns("__pycache__")))


def found(folder):
    return [
        (fault.path.relative_to(folder).as_posix(), fault.line, fault.sentence) for fault in check(folder)
    ]


def test_the_dummy_has_no_fault(folder):
    assert found(folder) == []


def test_a_folder_that_is_no_plugin(tmp_path):
    assert found(tmp_path) == [
        ("pyproject.toml", 1, "Filen finns inte: ange mappen där insatsens pyproject.toml ligger.")
    ]


def test_no_entry_point(folder):
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert found(folder) == [
        (
            "pyproject.toml",
            1,
            'Ingen insats anmäls: rubriken [project.entry-points."stegvis.insatser"] saknas eller är tom.',
        )
    ]


def test_a_package_that_is_not_there(folder):
    (folder / "pyproject.toml").write_text(
        '[project.entry-points."stegvis.insatser"]\n\ndummy = "borta.insats"\n'
    )
    assert found(folder) == [("pyproject.toml", 3, "Paketet ”borta” finns inte i mappen.")]


@pytest.mark.parametrize(
    "line",
    [
        "import stegvis.vault",
        "from stegvis.ground import tenancy",
        "from stegvis import ground",
        "import stegvis",
    ],
)
def test_a_plugin_imports_the_api_alone(folder, line):
    path = folder / "stegvis_dummy/extra.py"
    path.write_text(f'"""Prov."""\n{line}\nfrom stegvis import plugin_api\nimport json\n')
    assert found(folder) == [
        ("stegvis_dummy/extra.py", 2, "En insats får bara importera stegvis.plugin_api.")
    ]


def test_a_hook_with_a_slip_of_the_pen(folder):
    path = folder / "stegvis_dummy/extra.py"
    path.write_text('"""Prov."""\n\n\n@hookimpl(tryfirst=True)\ndef stegvis_figur(request):\n    return 1\n')
    assert found(folder) == [
        (
            "stegvis_dummy/extra.py",
            5,
            "Det finns ingen krok som heter ”stegvis_figur”. Menade du ”stegvis_figure”?",
        )
    ]


def test_too_much_python_and_broken_python(folder):
    (folder / "stegvis_dummy/lang.py").write_text("x = 1\n" * 501)
    (folder / "stegvis_dummy/trasig.py").write_text("def (:\n")
    assert found(folder) == [
        ("stegvis_dummy/lang.py", 1, "Insatsen har mer än 500 rader Python."),
        ("stegvis_dummy/trasig.py", 1, "Insatsen har mer än 500 rader Python."),
        ("stegvis_dummy/trasig.py", 1, "Raden går inte att läsa som Python."),
    ]


def test_nothing_is_run(folder):
    (folder / "stegvis_dummy/insats.py").write_text('raise SystemExit("körd")\n')
    assert found(folder) == []


def test_definitions_and_code_are_told_together(folder):
    (folder / "stegvis_dummy/extra.py").write_text("import stegvis.vault\n")
    goals = folder / "stegvis_dummy/goals.toml"
    goals.write_text(goals.read_text(encoding="utf-8").replace("measure =", "mesure =", 1), encoding="utf-8")
    assert [(name, sentence) for name, _, sentence in found(folder)] == [
        ("stegvis_dummy/extra.py", "En insats får bara importera stegvis.plugin_api."),
        ("stegvis_dummy/goals.toml", "”measure” (i ”goal” nummer 1) saknas."),
        ("stegvis_dummy/goals.toml", "Nyckeln ”mesure” är okänd här. Menade du ”measure”?"),
    ]
