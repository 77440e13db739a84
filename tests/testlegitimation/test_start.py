"""Starting: only on this machine, with sentences when it cannot; the moving code; imports nothing of the
service.
"""

from __future__ import annotations

import ast
import json
import socket
from pathlib import Path

import pytest

import testlegitimation
from testlegitimation.__main__ import main
from testlegitimation.app import is_loopback
from testlegitimation.pages import qr_content
from testlegitimation.qr_picture import picture


def start(tmp_path: Path, *more: str, clients: str = "[]") -> int:
    file = tmp_path / "clients.json"
    file.write_text(clients)
    return main(["--port", "0", "--home", str(tmp_path / "home"), "--clients", str(file), *more])


@pytest.mark.parametrize(
    "more",
    [("--issuer", "https://eid.example"), ("--issuer", "http://192.0.2.1:8010"), ("--bind", "0.0.0.0")],
)
def test_it_starts_nowhere_but_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, str]
) -> None:
    assert start(tmp_path, *more) == 2
    assert "Testmiljön startar bara på loopback" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_a_busy_port_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert start(tmp_path, "--port", port) == 2
    assert capsys.readouterr().err.startswith(f"testlegitimation: port {port} går inte att använda")


@pytest.mark.parametrize("clients", ["{", json.dumps([{"client_id": "prov"}])])
def test_a_wrong_clients_file_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clients: str
) -> None:
    assert start(tmp_path, clients=clients) == 2
    assert capsys.readouterr().err.startswith(
        "testlegitimation: klientfilen går inte att använda. clients.json:"
    )


def test_a_wrong_people_file_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = tmp_path / "people.json"
    people.write_text(json.dumps([{"personnummer": "1", "given_name": "Test", "family_name": "Testsson"}]))
    assert start(tmp_path, "--people", str(people)) == 2
    assert "personfilen går inte att använda" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("gavleborg.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_what_counts_as_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (0, "dc69358e712458a66a7525beef148ae8526b1c71610eff2c16cdffb4cdac9bf8"),
        (1, "949d559bf23403952a94d103e67743126381eda00f0b3cbddbf7c96b1adcbce2"),
    ],
)
def test_the_moving_code_follows_the_published_vector(second: int, code: str) -> None:
    token, secret = "67df3917-fa0d-44e5-b327-edcc928297f8", "d28db9a7-4cde-429e-a983-359be676944c"
    assert qr_content(token, secret, second) == f"bankid.{token}.{second}.{code}"
    assert picture(qr_content(token, secret, second)) != picture(qr_content(token, secret, second + 1))


def test_it_imports_nothing_of_the_service() -> None:
    for path in Path(testlegitimation.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        roots = {
            alias.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names
        }
        roots |= {(n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert "stegvis" not in roots
