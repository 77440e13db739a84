"""The home: whose folder it is, which folders are trusted, and how secrets are made once."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stegvis.local import home as homes
from stegvis.local.home import LocalError, default_home, empty, prepare, private_folder, secret, socket_folder


def test_the_environment_names_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("STEGVIS_ROOT", str(tmp_path))
    monkeypatch.delenv("STEGVIS_HOME", raising=False)
    assert default_home() == tmp_path / ".stegvis"
    monkeypatch.setenv("STEGVIS_HOME", str(tmp_path / "annan"))
    assert default_home() == tmp_path / "annan"
    monkeypatch.delenv("STEGVIS_HOME")
    monkeypatch.delenv("STEGVIS_ROOT")
    assert default_home() == Path(homes.__file__).parents[3] / ".stegvis"


def test_a_folder_of_somebody_elses_things_is_never_taken_over(tmp_path):
    (tmp_path / "viktigt.txt").write_text("behåll")
    with pytest.raises(LocalError, match="inte tom och inte gjord av Stegvis"):
        prepare(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["viktigt.txt"]


def test_a_file_in_the_way_is_one_sentence(tmp_path):
    (tmp_path / "fil").write_text("")
    with pytest.raises(LocalError, match="Det gick inte att skriva i"):
        prepare(tmp_path / "fil")


def test_the_home_is_closed_and_emptied_without_following_links(tmp_path):
    outside = tmp_path / "utanför"
    outside.mkdir()
    (outside / "viktigt.txt").write_text("behåll")
    home = prepare(tmp_path / "hem")
    assert prepare(tmp_path / "hem") == home
    assert stat.S_IMODE(home.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)
    (home / "data").symlink_to(outside)
    (home / "servers.lock").write_text("")
    (home / "demo.json").write_text("{}")
    empty(home)
    assert sorted(entry.name for entry in home.iterdir()) == [homes.MARK, "servers.lock"]
    assert (outside / "viktigt.txt").read_text() == "behåll"


def test_only_an_own_closed_folder_is_trusted(tmp_path):
    assert private_folder(tmp_path / "ny") == tmp_path / "ny"
    assert stat.S_IMODE((tmp_path / "ny").stat().st_mode) == 0o700
    assert private_folder(tmp_path / "ny") == tmp_path / "ny"
    (tmp_path / "vid").mkdir()
    (tmp_path / "vid").chmod(0o750)
    (tmp_path / "länk").symlink_to(tmp_path / "ny")
    (tmp_path / "fil").write_text("")
    for name in ("vid", "länk", "fil"):
        with pytest.raises(LocalError, match="inte en egen, stängd mapp"):
            private_folder(tmp_path / name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_folder_of_another_user_is_not_trusted(tmp_path):
    (tmp_path / "annans").mkdir(mode=0o700)
    os.chown(tmp_path / "annans", 65534, 65534)
    with pytest.raises(LocalError, match="inte en egen, stängd mapp"):
        private_folder(tmp_path / "annans")
    with pytest.raises(LocalError, match="tillhör en annan användare"):
        prepare(tmp_path / "annans")


def test_socket_paths_fit_however_deep_the_home_lies(tmp_path):
    home = tmp_path.joinpath(*["en-mapp-med-ett-långt-namn"] * 6)
    folder = socket_folder(prepare(home), None)
    try:
        assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= 107
    finally:
        empty(home)
    assert not folder.exists()


def test_a_secret_is_made_once_also_when_many_ask_at_once(tmp_path):
    home = prepare(tmp_path / "hem")
    with ThreadPoolExecutor(8) as many:
        asked = list(many.map(lambda number: secret(home, f"nyckel{number % 2}"), range(32)))
    assert asked == asked[:2] * 16
    assert asked[0] != asked[1]
    assert [len(each) for each in asked[:2]] == [43, 43]
    assert json.loads((home / "secrets.json").read_text()) == {"nyckel0": asked[0], "nyckel1": asked[1]}
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
    assert sorted(entry.name for entry in home.glob("secrets*")) == ["secrets.json", "secrets.lock"]


def test_one_demo_a_home(tmp_path):
    lock, sentence = tmp_path / "demo.lock", "En demo kör redan."
    with homes.alone(lock, sentence):
        second = homes.alone(lock, sentence)
        with pytest.raises(LocalError, match=sentence):
            second.__enter__()
    with homes.alone(lock, sentence):
        assert lock.exists()
