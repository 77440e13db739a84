"""`./run demo --check` on a demo of its own: the figures, twice the same, a broken step named, the day put back."""

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from stegvis.ground.tenancy.provision import Provisioner
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.local.check import check
from stegvis.local.check_report import must_be_accessible
from stegvis.local.check_steps import CheckFailed
from stegvis.local.demo import Demo, running_demo
from stegvis.local.installation import set_day
from stegvis.local.visitor import VisitFailed

ROLES = {"deltagare", "remittent", "handledare", "insatsledare", "vault_admin", "forbundschef"}
FIGURES = {
    "total": 30,
    "enrolled": 22,
    "ended": 8,
    "ended_by_reason": {
        "tillsvidareanstallning": 1,
        "lonesubventionerad_anstallning": 1,
        "praktik_via_af": 1,
        "sjukersattning": 1,
        "avbrott": 1,
        "ater_till_remitterande_enhet": 3,
    },
    "with_forsorjningsstod_after": 3,
    "without_forsorjningsstod_after": 5,
    "target": 50,
}
GROUPS = {
    "arbete_utan_lonestod": 1,
    "arbete_med_lonestod": 1,
    "vidare_till_af": 1,
    "ater_till_remittent": 3,
    "annat": 2,
}


def _two_free_ports() -> int:
    """A free port whose neighbour ten above is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 10))
            except (OSError, OverflowError):
                continue
            return port


@pytest.fixture(scope="module")
def checked_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A running demo, alone on its servers."""
    os.environ.setdefault("STEGVIS_ROOT", str(Path(__file__).parents[3]))
    home = tmp_path_factory.mktemp("check") / "home"
    with running_demo(
        home=home, port=_two_free_ports(), progress=lambda line: None, durable=False
    ) as running:
        yield running


@pytest.fixture(scope="module")
def twice(checked_demo: Demo) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two runs of the check."""
    set_day(checked_demo.settings, date(2024, 2, 29))
    return check(checked_demo), check(checked_demo)


def test_it_prints_the_figures_of_the_real_report(twice: tuple[dict[str, Any], dict[str, Any]]) -> None:
    first, _second = twice
    assert json.loads(json.dumps(first)) == first
    assert (first["tenant"], first["insats"]) == ("gavleborg", "karnhuset")
    assert first["period"] == {"from": "2023-10-01", "to": "2023-12-31"}
    assert first["figures"] == FIGURES
    assert first["received_by_forbund"] | {"arende": ""} == {
        "status": "mottagen",
        "arende": "",
        "handling": 2,
        "ended_by_group": GROUPS,
    }
    assert first["isolation"] == {"forbund_reads_participants": "refused"}
    assert first["consent"] | {"receipt": ""} == {"signed": True, "verified": True, "receipt": ""}


def test_two_runs_print_the_same_figures(twice: tuple[dict[str, Any], dict[str, Any]]) -> None:
    first, second = twice
    assert first["figures"] == second["figures"]
    assert first["received_by_forbund"] | {"handling": 4} == second["received_by_forbund"]
    assert first["consent"]["receipt"] != second["consent"]["receipt"]


def test_what_it_names_is_there(twice: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for one in twice:
        assert Path(one["consent"]["receipt"]).is_file()
        must_be_accessible(Path(one["pdf"]))


def test_the_day_is_put_back(twice: object, checked_demo: Demo) -> None:
    settings = checked_demo.settings
    directory = load_directory(settings.tenants_dir, settings.prefix)
    assert Provisioner(settings, directory).business_day() == date(2024, 2, 29)


def test_the_demos_file_tells_where_and_as_whom(checked_demo: Demo) -> None:
    told = json.loads((checked_demo.settings.home / "demo.json").read_text("utf-8"))
    assert sorted(told) == ["base", "people"]
    assert sorted(told["base"]) == ["gavleborg", "kalmar_lan", "skane_nordost"]
    keys = {"role", "name", "personnummer", "tenant", "huvudman", "insats", "start_url"}
    assert {frozenset(one) for one in told["people"]} == {frozenset(keys)}
    assert {one["role"] for one in told["people"]} == ROLES
    assert all(one["start_url"].startswith(told["base"][one["tenant"]]) for one in told["people"])


def test_a_broken_step_says_which(checked_demo: Demo) -> None:
    nobody = [replace(one, personnummer="199001019802") for one in checked_demo.people]
    with pytest.raises(CheckFailed, match="inloggning som remittent"):
        check(replace(checked_demo, people=tuple(nobody)))


def test_a_plain_pdf_is_not_accessible(tmp_path: Path) -> None:
    from pypdf import PdfWriter

    path = tmp_path / "tom.pdf"
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(path)
    with pytest.raises(VisitFailed, match="taggad False"):
        must_be_accessible(path)
