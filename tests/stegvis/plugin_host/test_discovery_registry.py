"""Plugins are found without being imported; wrong ones stop the start with file and line."""

import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from stegvis.ground.definitions import DefinitionError
from stegvis.plugin_host import FoundPlugin, Registry, discover
from stegvis.plugin_host.api_range import fits

DUMMY = Path(__file__).parents[2] / "dummy_insats"
FOUND = FoundPlugin("dummy", "stegvis_dummy.insats", "stegvis-dummy", DUMMY / "stegvis_dummy")


def install(site: Path, name: str, plugin_id: str, module: str) -> None:
    """What an installer leaves behind for an editable install: metadata and entry points, no package."""
    info = site / f"{name.replace('-', '_')}-1.0.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")
    (info / "entry_points.txt").write_text(f"[stegvis.insatser]\n{plugin_id} = {module}\n")


def test_found_and_read_without_importing(tmp_path, monkeypatch):
    copy = tmp_path / "src"
    shutil.copytree(DUMMY / "stegvis_dummy", copy / "stegvis_dummy")
    # Whoever imports the package stops the test.
    (copy / "stegvis_dummy/__init__.py").write_text("raise SystemExit\n")
    install(tmp_path / "site", "stegvis-dummy", "dummy", "stegvis_dummy.insats")
    monkeypatch.syspath_prepend(str(copy))
    monkeypatch.delitem(sys.modules, "stegvis_dummy", raising=False)
    found = discover(distributions(path=[str(tmp_path / "site")]))
    assert found == [FoundPlugin("dummy", "stegvis_dummy.insats", "stegvis-dummy", copy / "stegvis_dummy")]
    registry = Registry.from_installed(found)
    assert (registry.ids, registry.get("dummy").manifest.title, len(registry)) == (
        ("dummy",),
        "Provinsatsen",
        1,
    )
    assert "stegvis_dummy" not in sys.modules


def test_a_whole_interpreter_finds_an_installed_plugin(tmp_path):
    install(tmp_path, "stegvis-dummy", "dummy", "stegvis_dummy.insats")
    (tmp_path / "dummy.pth").write_text(f"{DUMMY}\n")
    code = (
        f"import site; site.addsitedir({str(tmp_path)!r})\n"
        "import sys\nfrom stegvis.plugin_host import Registry, discover\n"
        "registry = Registry.from_installed(p for p in discover() if p.id == 'dummy')\n"
        "print(registry.ids, 'stegvis_dummy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "('dummy',) False\n"


def test_a_missing_plugin_is_named():
    with pytest.raises(KeyError, match=r"”borta” är inte installerad\. Installerade: dummy"):
        Registry.from_installed([FOUND]).get("borta")


def faults(*found: FoundPlugin) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        Registry.from_installed(found)
    return [fault.sentence for fault in caught.value.faults]


def test_two_with_one_id_are_refused():
    twin = FoundPlugin("dummy", "annan.insats", "stegvis-annan", FOUND.folder)
    assert faults(FOUND, twin) == [
        "Två installerade insatser har samma id, ”dummy”: stegvis-annan och stegvis-dummy. Ta bort den ena."
    ]


def test_the_entry_point_and_the_file_must_agree():
    other = FoundPlugin("nagot", "stegvis_dummy.insats", "stegvis-dummy", FOUND.folder)
    assert faults(other) == ["id är ”dummy” men insatsen anmäls som ”nagot” i pyproject.toml."]


def test_installed_without_files():
    gone = FoundPlugin("dummy", "borta.insats", "stegvis-dummy", None)
    assert faults(gone) == ["Insatsen ”dummy” är installerad (stegvis-dummy) men dess filer finns inte."]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (">=2.0", "Insatsen passar inte plattformen: den vill ha >=2.0, här är 1.0."),
        ("1.x", "”1.x” är inget versionsintervall: skriv till exempel ”>=1.0,<2.0”."),
    ],
)
def test_an_api_that_does_not_fit(tmp_path, wanted, sentence):
    folder = Path(shutil.copytree(DUMMY / "stegvis_dummy", tmp_path / "stegvis_dummy"))
    manifest = folder / "plugin.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(">=1.0,<2.0", wanted), encoding="utf-8")
    assert faults(FoundPlugin("dummy", "stegvis_dummy.insats", "stegvis-dummy", folder)) == [sentence]


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("1.0", ">=1.0,<2.0", True),
        ("1.10", ">=1.9", True),
        ("2.0", ">=1.0,<2.0", False),
        ("1.0", "==1.0", True),
    ],
)
def test_api_ranges(version, wanted, expected):
    assert fits(version, wanted) is expected


def test_one_wrong_plugin_tells_all_and_takes_up_nothing(tmp_path):
    broken = Path(shutil.copytree(DUMMY / "stegvis_dummy", tmp_path / "stegvis_dummy"))
    (broken / "goals.toml").unlink()
    (broken / "budget.toml").write_text('amounts = "given"\ntext = "x"\n', encoding="utf-8")
    assert faults(FOUND, FoundPlugin("annan", "annan.insats", "stegvis-annan", broken)) == [
        "En budget med belopp behöver rader (line) och en summa (total).",
        "Filen finns inte.",
    ]
