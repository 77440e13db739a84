"""`./run` itself: what it refuses and says, and that a failed set-up is never taken for done."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout with nothing in it but the script, an empty lock and a package file."""
    folder = tmp_path / "en mapp"
    (folder / "platform").mkdir(parents=True)
    shutil.copy(CHECKOUT / "run", folder)
    (folder / "requirements.lock").write_text("")
    (folder / "platform" / "pyproject.toml").write_text("")
    return folder


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "run", *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": ""} | environment,
    )


def test_help_needs_no_environment(clone):
    told = run(clone, "help")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("Användning: ./run KOMMANDO")
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nonsens",), '"nonsens"'),
        (("check", "mer"), '"mer"'),
        ((), "Användning: ./run KOMMANDO"),
    ],
)
def test_bad_usage_is_a_sentence_and_2_and_changes_nothing(clone, arguments, sentence):
    told = run(clone, *arguments)
    assert (told.returncode, told.stdout) == (2, "")
    assert sentence in told.stderr
    assert not (clone / ".venv").exists()


def test_without_python_it_says_so(clone, tmp_path):
    programs = tmp_path / "program"
    programs.mkdir()
    for name in ("cat", "cksum", "dirname"):
        (programs / name).symlink_to(shutil.which(name))
    told = run(clone, "stegvis", PATH=str(programs))
    assert told.returncode == 2
    assert told.stderr == (
        "Stegvis behöver Python 3.11 eller senare med venv (Debian: apt install python3-venv), "
        "som saknas här.\n"
    )


def test_a_set_up_that_fails_is_told_and_tried_again(clone):
    (clone / "requirements.lock").write_text("--nonsens\n")  # refused before anything is looked up
    for _ in range(2):
        told = run(clone, "stegvis")
        assert told.returncode == 1
        assert "--nonsens" in told.stderr
        assert told.stderr.splitlines()[-1] == (
            "Miljön blev inte klar; raderna ovan säger varför. Kör ./run igen när det är åtgärdat."
        )
        assert not (clone / ".venv" / "stegvis-stamp").exists()
