"""Finding Chromium, and the one line about what is left out without it."""

from pathlib import Path

from stegvis.local.browser import find_chromium, main


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_first_known_name_in_path_is_found(tmp_path, monkeypatch):
    monkeypatch.delenv("STEGVIS_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_chromium() is None
    chrome = program(tmp_path, "google-chrome")
    assert find_chromium() == chrome
    chromium = program(tmp_path, "chromium")
    assert find_chromium() == chromium


def test_a_named_program_counts_alone(tmp_path, monkeypatch):
    other = program(tmp_path, "annan")
    monkeypatch.setenv("STEGVIS_CHROMIUM", str(other))
    assert find_chromium() == other
    other.chmod(0o644)
    monkeypatch.setenv("STEGVIS_CHROMIUM", str(tmp_path / "saknas"))
    assert find_chromium() is None


def test_one_line_where_it_cannot_be_installed(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("STEGVIS_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main() == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        "Testerna i webbläsare utelämnas: Chromium saknas, och bara root på Debian kan installera det här.\n",
    )
    program(tmp_path, "chromium")
    assert main() == 0
    assert capsys.readouterr() == ("", "")
