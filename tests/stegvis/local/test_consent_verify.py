"""`stegvis consent verify`: by itself, with no socket, no other program and no server; exit codes and report."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stegvis.identity.eid import seal_keys
from stegvis.identity.eid.evidence import from_json
from stegvis.identity.eid.receipt_pdf import render
from stegvis.identity.eid.rows import FOLDER
from stegvis.identity.eid.seal import seal
from stegvis.identity.eid.seal_keys import SealStore

PLATFORM = Path(__file__).parents[3] / "platform"
KEPT = PLATFORM.parent / "tests" / "stegvis" / "identity" / "eid" / "kept"
# Runs the command for each of the trials, in one process where whatever reaches outside is refused and noted.
ALONE = """
import json, os, sys
noted, shut = [], False
OUTSIDE = ("socket.", "subprocess.", "os.fork", "os.exec", "os.posix_spawn", "os.system", "sqlite3.")
def watch(event, told):
    if shut and event.startswith(OUTSIDE):
        noted.append(event)
        raise PermissionError(event)
sys.addaudithook(watch)
from click.testing import CliRunner
from stegvis.cli import cli
shut = True
found = []
for trial in json.loads(sys.stdin.read()):
    result = CliRunner().invoke(cli, ["consent", "verify", *trial["args"]], env=trial["env"])
    error = None if result.exception is None or isinstance(result.exception, SystemExit) else repr(result.exception)
    found.append({"code": result.exit_code, "out": result.stdout, "err": result.stderr, "error": error})
before = list(noted)
import socket
try:
    socket.socket()
except PermissionError:
    pass
print(json.dumps({"found": found, "noted": before, "after": noted}))
"""


@dataclass(frozen=True)
class Found:
    """What one trial came to."""

    code: int
    out: str
    err: str
    error: str | None


def trials(home: Path, folder: Path) -> dict[str, tuple[list[str], dict[str, str | None]]]:
    """Every trial by name: arguments, and environment beside the home without servers and the word test."""
    document, data = (folder / "kvitto.pdf").read_bytes(), (folder / "kvitto.json").read_bytes()

    def written(name: str, content: bytes) -> str:
        (folder / name).write_bytes(content)
        return str(folder / name)

    foreign = written("annan.pem", SealStore(folder / "annan").root_pem())
    broken = document[:9000] + bytes([document[9000] ^ 1]) + document[9001:]
    pdf, json_ = str(folder / "kvitto.pdf"), str(folder / "kvitto.json")
    kept = str(KEPT / "kvitto-1-root.pem")
    production: dict[str, str | None] = {"STEGVIS_ENVIRONMENT": "produktion"}
    (folder / "tom").mkdir()
    return {
        "pdf": ([pdf], {}),
        "json": ([json_], {}),
        "pdf changed": ([written("andrad.pdf", broken)], {}),
        "json changed": ([written("andrad.json", data.replace(b'"samtycke"', b'"samtyckf"', 1))], {}),
        "pdf, other CA": ([pdf, "--root", foreign], {}),
        "json, other CA": ([json_, "--root", foreign], {}),
        "other seal": ([pdf, "--seal-root", foreign], {}),
        "text": ([written("annat.txt", b"Hej")], {}),
        "empty pdf": ([written("tom.pdf", b"%PDF-1.7\n")], {}),
        "no file": ([str(folder / "finns-inte.pdf")], {}),
        "no root": ([json_, "--root", written("trasig.pem", b"Hej")], {}),
        "as json": ([pdf, "--json"], {}),
        "production": ([json_], production),
        "production, named": ([json_, "--root", kept], production),
        "demo": ([json_], {"STEGVIS_HOME": _home_of(folder, home, demo=True), "STEGVIS_ENVIRONMENT": None}),
        "no demo": (
            [json_],
            {"STEGVIS_HOME": _home_of(folder, home, demo=False), "STEGVIS_ENVIRONMENT": None},
        ),
        "nothing pinned": ([json_], {"STEGVIS_HOME": str(folder / "tom")}),
    }


def _home_of(folder: Path, home: Path, *, demo: bool) -> str:
    """An installation with the same roots, that says whether it is a demo."""
    made = folder / f"demo-{demo}"
    made.mkdir()
    os.symlink(home / FOLDER, made / FOLDER)
    runtime = {
        "database": {"host": "", "port": 1, "name": "", "passwords": {}},
        "valkey_url": "", "secret_key": "", "prefix": "", "port": 1, "eid_issuer": "", "demo": demo,
    }  # fmt: skip
    (made / "runtime.json").write_text(json.dumps(runtime))
    return str(made)


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What all trials came to, run by one process that has no server and may reach nothing."""
    home, folder = tmp_path_factory.mktemp("hem"), tmp_path_factory.mktemp("filer")
    (home / FOLDER).mkdir()
    (home / FOLDER / "test-root.pem").write_bytes((KEPT / "kvitto-1-root.pem").read_bytes())
    data = (KEPT / "kvitto-1.json").read_bytes()
    record = from_json(json.loads(data)["content"])
    key = SealStore(home / seal_keys.FOLDER).key("prov/prov", "Provnämnden")
    (folder / "kvitto.json").write_bytes(data)
    (folder / "kvitto.pdf").write_bytes(seal(render(record, key), key, reason="Kvitto"))
    told = trials(home, folder)
    base = {"STEGVIS_HOME": str(home), "STEGVIS_ENVIRONMENT": "test"}
    done = subprocess.run(
        [sys.executable, "-c", ALONE],
        input=json.dumps([{"args": args, "env": base | env} for args, env in told.values()]),
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PLATFORM), "STEGVIS_ROOT": str(PLATFORM.parent)},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"found": dict(zip(told, [Found(**one) for one in found["found"]], strict=True))}


@pytest.fixture(scope="module")
def found(answer: dict[str, Any]) -> dict[str, Found]:
    """What each trial came to, by name."""
    trials_: dict[str, Found] = answer["found"]
    return trials_


def test_it_reaches_nothing_outside(answer: dict[str, Any]) -> None:
    assert answer["noted"] == []
    assert answer["after"] == ["socket.__new__"], "the guard sees a socket when there is one"
    assert [one.error for one in answer["found"].values() if one.error] == []


def test_every_outcome_has_its_code(found: dict[str, Found]) -> None:
    codes = {name: one.code for name, one in found.items()}
    assert codes == {
        **dict.fromkeys(("pdf", "json", "as json", "demo"), 0),
        **dict.fromkeys(("pdf changed", "json changed", "pdf, other CA", "json, other CA", "other seal"), 1),
        **dict.fromkeys(("text", "empty pdf", "no file", "no root"), 2),
        **dict.fromkeys(("production", "production, named", "no demo", "nothing pinned"), 2),
    }


def test_the_report_says_that_all_holds_and_that_it_is_a_test(found: dict[str, Found]) -> None:
    for name in ("pdf", "json"):
        out = found[name].out
        assert out.startswith("OBS  TESTMILJÖ: underskriften är gjord med en testlegitimation")
        assert out.endswith("Kvittot håller: allt ovan stämmer.\n")
        assert "FEL" not in out


def test_the_report_says_where_and_what(found: dict[str, Found]) -> None:
    said = {
        "pdf changed": "någonstans mellan byte 8193 och byte 9216.",
        "json changed": "FEL  Uppgiften matter.kind stämmer inte med sin kontrollsumma",
        "pdf, other CA": "FEL  Certifikatet kommer inte från en utfärdare som är godkänd här.",
        "json, other CA": "FEL  Certifikatet kommer inte från en utfärdare som är godkänd här.",
        "other seal": "certifikatet kommer inte från en rot som är godkänd här.",
        "text": "Filen är inget kvitto.",
        "empty pdf": "Filen är inget kvitto.",
    }
    assert {name: words for name, words in said.items() if words not in found[name].out} == {}
    assert found["no root"].err == "Filen trasig.pem är inget rotcertifikat.\n"


def test_the_report_as_json(found: dict[str, Found]) -> None:
    told = json.loads(found["as json"].out)
    lines = told.pop("lines")
    assert told == {"file": "kvitto.pdf", "ok": True, "signed": True, "receipt": True, "test": True}
    assert {one["kind"] for one in lines} == {"stämmer", "att veta", "slutsats"}
    assert lines[-1] == {"kind": "slutsats", "sentence": "Kvittot håller: allt ovan stämmer."}


def test_a_test_root_counts_only_in_a_test_environment(found: dict[str, Found]) -> None:
    """Otherwise anybody could sign as anybody, with a test e-ID that is free to have."""
    for name in ("production", "production, named", "no demo"):
        assert found[name].err.startswith("Rotcertifikatet är från en testmiljö och räknas inte här."), name
    assert found["nothing pinned"].err == ("Inget rotcertifikat att pröva mot: ange det med --root FIL.\n")
