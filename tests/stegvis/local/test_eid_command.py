"""`stegvis eid`: every provider with its kind, owner, levels, last trouble; bad rows are sentences and code 2."""

import json
import stat
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eid_rows import Rows, changed_rows, idura_row
from stegvis.cli import cli
from stegvis.config import Settings
from visiting import HOST, RunningEid, Visitor

Command = Callable[..., Result]


@pytest.fixture
def rows(eid: RunningEid, settings: Settings) -> Iterator[Rows]:
    """The provider rows, to be changed while the application runs."""
    with changed_rows(settings) as changed:
        yield changed


@pytest.fixture
def command(eid: RunningEid, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `stegvis eid` on the tests' installation."""
    monkeypatch.setenv("STEGVIS_HOME", str(settings.home))
    return lambda *more: CliRunner().invoke(cli, ["eid", *more])


def told(done: Result) -> dict[str, dict[str, Any]]:
    return {one["handle"]: one for one in json.loads(done.stdout)}


def test_every_provider_is_told_and_answers(command: Command) -> None:
    done = command("--json")
    assert (done.exit_code, done.stderr) == (0, "")
    found = told(done)
    assert {"bankid", "freja", "idura_bankid", "idura_freja", "kalmar.bankid"} <= found.keys()
    own = found["kalmar.bankid"]
    assert (own["owner"], own["kind"], own["reachable"]) == ("kalmar_lan/kalmar", "sweden", True)
    assert own["shown"] == ["kalmar_lan/kalmar"]
    assert found["bankid"]["shown"] == [
        "gavleborg",
        "gavleborg/sandviken",
        "gavleborg/af_gavle",
        "kalmar_lan",
    ]
    assert (found["idura_bankid"]["sign"], found["idura_freja"]["sign"]) == ("login_hint", "none")
    assert found["idura_freja"]["levels"] == ["PLUS"]
    first = command().stdout.splitlines()[0]
    assert first.startswith("ok   bankid; sort sweden; ägare tjänsten; svarar; skriver under: oidc_sweden;")


def test_one_that_does_not_answer_is_told_and_the_others_are_too(rows: Rows, command: Command) -> None:
    rows.add(rows.row("freja") | {"issuer": "http://localhost:1"})
    done = command("--json")
    found = told(done)
    assert done.exit_code == 1
    assert (found["freja"]["reachable"], found["freja"]["reason"]) == (False, "unavailable")
    assert found["bankid"]["reachable"]


def test_the_last_trouble_is_told_without_anything_personal(
    rows: Rows, command: Command, browser: Callable[..., Visitor]
) -> None:
    row = idura_row(rows, "urn:fel", id="freja", title="Freja")
    rows.register(row, HOST)
    rows.secret("prov.secret", "en annan hemlighet")
    rows.add(row)
    visitor = browser()
    visitor.get("/logga-in")
    visitor.send("/logga-in/freja")
    trouble = told(command("--json"))["freja"]["last_trouble"]
    assert (sorted(trouble), trouble["reason"]) == (["at", "reason"], "request_refused")
    assert "senaste fel request_refused" in command().stdout


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_bad_rows_are_sentences_and_code_2(rows: Rows, command: Command, more: tuple[str, ...]) -> None:
    rows.add(rows.row("freja") | {"accepted_acr": []}, rows.row("bankid") | {"client_key": "borta.jwk"})
    done = command(*more)
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and all("providers.toml:" in line for line in lines)
    assert any("freja saknar accepted_acr" in line for line in lines)
    assert any("filen borta.jwk saknas" in line for line in lines)
    if more:
        assert [one["fault"] != "" for one in json.loads(done.stdout)].count(True) == 2


def test_what_is_shown_and_is_no_row_is_told_with_the_forbunds_file(rows: Rows, command: Command) -> None:
    rows.write([row for row in rows.now if row["id"] != "freja"])
    done = command()
    assert done.exit_code == 2
    assert "tenants/gavleborg.toml:8: Det finns ingen e-legitimation freja att visa här." in done.stderr


def test_a_key_is_made_once_and_its_public_half_is_shown(
    rows: Rows, command: Command, settings: Settings
) -> None:
    first, again = command("key", "ny_nyckel", "--rsa"), command("key", "ny_nyckel")
    assert (first.exit_code, first.stdout) == (0, again.stdout)
    (key,) = json.loads(first.stdout)["keys"]
    assert (key["kty"], key["alg"]) == ("RSA", "RS256") and not {"d", "p", "q"} & key.keys()
    assert stat.S_IMODE((rows.folder / "ny_nyckel.jwk").stat().st_mode) == 0o600
    assert command("key", "../annan").exit_code == 2
