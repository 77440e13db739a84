"""What the e-ID tests share: the test provider started for real, and a small scripted one for crafted
answers.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from eid_faults.certified import NotHere, running_certified
from eid_faults.parties import (
    BACK,
    LINE,
    PLATFORM,
    SIGNER,
    TEXT,
    Live,
    Running,
    Scripted,
    matter,
    outcome_of,
)
from eid_faults.web import Web, listening
from provider_rows import IDURA_CLIENT, IDURA_SECRET, ROWS, config_row, write_secret
from stegvis.identity.eid import Evidence, Matter, Provider, ensure_client_key, from_signing, public_jwks
from testlegitimation.ca import TestCA
from visiting import HOST, People, RunningEid, Visitor


@pytest.fixture(scope="session")
def running_eid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The test provider as a program of its own, on a free port."""
    home = tmp_path_factory.mktemp("eid")
    ca = TestCA.load_or_create(home / "state" / "ca")
    (home / "root.pem").write_bytes(ca.root_pem)
    key = ensure_client_key(home / "prov.jwk")
    client = {"client_id": "prov", "jwks": public_jwks([key]), "redirect_uris": [BACK], "name": "Provnämnden"}
    write_secret(home / "prov.secret", IDURA_SECRET)
    idura = {"client_id": IDURA_CLIENT, "client_secret": IDURA_SECRET}
    (home / "clients.json").write_text(
        json.dumps([{**one, "may_sign": True} for one in (client, client | idura)])
    )
    people = [{"personnummer": SIGNER.personnummer, "given_name": "Test", "family_name": "Testsson"}]
    (home / "people.json").write_text(json.dumps(people))
    command = [sys.executable, "-m", "testlegitimation", "--port", "0", "--home", str(home / "state")]
    process = subprocess.Popen(
        [*command, "--clients", str(home / "clients.json"), "--people", str(home / "people.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(PLATFORM)},
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("TESTMILJÖ: "), line
        yield Running(line.removeprefix("TESTMILJÖ: ").strip(), home, ca)
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


@pytest.fixture
def kind() -> str:
    """The kind of provider that ``live`` is at; a test for both is parametrised with ``kind``."""
    return "sweden"


@pytest.fixture
def live(running_eid: Running, kind: str) -> Iterator[Live]:
    """A fresh relying party at the running provider; no fault is left behind."""
    provider = Provider.from_config(ROWS[kind](running_eid.issuer), running_eid.secrets)
    party = Live(provider, ca=running_eid.ca, control=running_eid.issuer)
    yield party
    party.fault(None)
    party.http.close()


@pytest.fixture(scope="session")
def certified(running_eid: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A relying party at oidc-provider: OpenID-certified, and not written by us."""
    provider = Provider.from_config(config_row("http://localhost:1"), running_eid.secrets)
    keys = public_jwks([provider.client_key])
    back = {"prov": BACK, "stegvis": f"http://{HOST}/legitimera/bankid/svar"}
    clients = [{"client_id": one, "jwks": keys, "redirect_uris": [at]} for one, at in back.items()]
    people = [{"personnummer": SIGNER.personnummer, "given_name": "Test", "family_name": "Testsson"}]
    try:
        with running_certified(tmp_path_factory.mktemp("op"), running_eid.ca, clients, people) as at:
            # It gives no at_hash where the standard leaves it open (OpenID Connect Core 3.1.3.6).
            row = dataclasses.replace(provider, issuer=at, at_hash_required=False)
            party = Live(row, ca=running_eid.ca)
            yield party
            party.http.close()
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.fixture
def idura(running_eid: Running) -> Iterator[Live]:
    """A fresh relying party at the other kind of provider, in the same program."""
    provider = Provider.from_config(ROWS["idura"](running_eid.issuer), running_eid.secrets)
    party = Live(provider, ca=running_eid.ca, control=running_eid.issuer)
    yield party
    party.fault(None)
    party.http.close()


@pytest.fixture(
    params=[
        "testlegitimation",
        "idura",
        pytest.param("oidc-provider", marks=pytest.mark.xdist_group("oidc-provider")),
    ]
)
def party(request: pytest.FixtureRequest) -> Live:
    """A relying party at each of three providers: the test provider as both kinds, and a certified one."""
    if request.param != "oidc-provider":
        name = "live" if request.param == "testlegitimation" else request.param
        found: Live = request.getfixturevalue(name)
        return found
    certified: Live = request.getfixturevalue("certified")
    return Live(certified.provider, ca=certified.ca)


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[Scripted]:
    """A provider on a free port that answers what the test has put there."""
    answers: dict[str, tuple[int, str, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, media, body = answers.get(self.path, (404, "text/plain", b""))
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "/jwks")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    row = config_row(f"http://127.0.0.1:{server.server_port}", sign="none", signature_root=None)
    ensure_client_key(tmp_path / "prov.jwk")
    party = Scripted(Provider.from_config(row, tmp_path), server=server, answers=answers)
    party.publish()
    yield party
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def web(
    app: Flask,
    people: People,
    browser: Callable[..., Visitor],
    eid: RunningEid,
    monkeypatch: pytest.MonkeyPatch,
) -> Web:
    """The whole application, with its own test provider."""
    return Web(app, people, browser, eid, listening(monkeypatch))


@pytest.fixture
def judged(request: pytest.FixtureRequest) -> Callable[[str, Callable[[Any], Any]], str]:
    """What comes of an act with one of the parties: ``live``, ``idura``, ``scripted`` or ``web``."""
    return lambda party, act: outcome_of(lambda: act(request.getfixturevalue(party)))


@pytest.fixture
def crafted_matter() -> Callable[..., Matter]:
    """Makes what was signed, with changes."""
    return matter


@pytest.fixture(scope="session")
def evidences(running_eid: Running) -> dict[str, Evidence]:
    """The evidence of one real signing at the running provider, by its kind."""
    found = {}
    for kind, row in ROWS.items():
        provider = Provider.from_config(row(running_eid.issuer), running_eid.secrets)
        party = Live(provider, ca=running_eid.ca, control=running_eid.issuer)
        found[kind] = from_signing(party.visit("sign"), matter(), provider=provider)
        party.http.close()
    return found


@pytest.fixture
def evidence(evidences: dict[str, Evidence], kind: str) -> Evidence:
    """The evidence of a signing with the kind of provider that the test is for."""
    return evidences[kind]


@pytest.fixture(scope="session")
def signed_case(running_eid: Running) -> dict[str, Any]:
    """The words of the tests' signing: signer, text, line, and the CA that signs."""
    return {"person": SIGNER, "text": TEXT.text, "line": LINE, "ca": running_eid.ca}
