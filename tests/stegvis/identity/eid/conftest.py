"""What the e-ID tests share: the test provider started for real, and a small scripted one for crafted
answers.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from stegvis.identity.eid import (
    Attachment,
    EidCancelled,
    EidRefused,
    EidUnavailable,
    Evidence,
    Identity,
    Matter,
    MetadataStore,
    Provider,
    SigningResult,
    Started,
    binding_line,
    finish_login,
    finish_signing,
    freeze_text,
    from_signing,
    manifest_for,
    public_jwks,
    start_login,
    start_signing,
)
from stegvis.identity.eid.tokens import LargeJWSRegistry
from testlegitimation.ca import TestCA
from testlegitimation.people import Person, luhn_digit
from testlegitimation.walk import walk

PLATFORM = Path(__file__).parents[4] / "platform"
LOA3 = "http://id.elegnamnden.se/loa/1.0/loa3"
CLAIM = "https://id.oidc.se/claim/"
BACK = "http://prov.localhost:9/legitimera/prov/svar"
TENANT = "provforbund/provnamnd"
TEXT = freeze_text(
    "Jag samtycker till att Provnämnden & Co får läsa mina uppgifter.\nDu kan återkalla när du vill."
)
ABOUT: dict[str, Any] = {
    "controller": "Provnämnden",
    "kind": "samtycke",
    "legal_ground": "sekretessbrytande_samtycke",
    "template_id": "samtycke",
    "template_version": "1",
    "language": "sv",
    "parties": ("Provnämnden", "Provmyndigheten"),
    "data_categories": ("planering", "sysselsättning"),
    "purpose": "Samordnad rehabilitering",
    "valid_from": date(2024, 1, 15),
    "valid_to": None,
    "attachments": (Attachment("samtycke.pdf", "application/pdf", "0" * 64),),
}
MANIFEST = manifest_for(**ABOUT)
LINE = binding_line(tenant=TENANT, txn="6f1c2a9e-prov", manifest=MANIFEST, text=TEXT)


def made_up(serial: int = 980, birth: str = "19900101") -> str:
    """12 digits of the reserved test series."""
    eleven = f"{birth}{serial}"
    return eleven + str(luhn_digit(eleven[2:]))


SIGNER = Person(made_up(), "Test", "Testsson")


@dataclass
class Visits:
    """A relying party at one provider: begins, is answered, finishes."""

    provider: Provider
    store: MetadataStore = field(default_factory=MetadataStore)
    number: str = SIGNER.personnummer

    def start_login(self, **changes: Any) -> Started:
        told = {
            "redirect_uri": BACK,
            "purpose_binding": {"tenant": TENANT},
            "user_message": "Logga in hos Provet",
        }
        return start_login(self.provider, store=self.store, **(told | changes))

    def start_signing(self, **changes: Any) -> Started:
        told = {
            "redirect_uri": BACK,
            "purpose_binding": {"tenant": TENANT},
            "expected_personnummer": self.number,
            "visible_text": TEXT.text,
            "binding_line": LINE,
        }
        return start_signing(self.provider, store=self.store, **(told | changes))

    def start(self, purpose: str, **changes: Any) -> Started:
        return self.start_login(**changes) if purpose == "login" else self.start_signing(**changes)

    def finish(
        self, pending: dict[str, Any], params: dict[str, str], purpose: str = "login", **told: Any
    ) -> Identity | SigningResult:
        finish = finish_login if purpose == "login" else finish_signing
        return finish(self.provider, pending, params, store=self.store, **({"now": datetime.now(UTC)} | told))


@dataclass
class Live(Visits):
    """A relying party at the running test provider."""

    http: requests.Session = field(default_factory=requests.Session)
    ca: TestCA | None = None

    def answer(self, started: Started, number: str | None = None, action: Any = "ok") -> dict[str, str]:
        """Walks the provider's pages as a person would; the parameters of the callback."""
        response = self.http.post(started.post_url, data=started.fields, allow_redirects=False)
        target = urljoin(started.post_url, response.headers.get("Location", ""))
        if urlsplit(target).netloc == urlsplit(started.post_url).netloc:
            target = walk(self.http, self.http.get(target), number or self.number, action)
        assert target.startswith(f"{BACK}?")
        return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}

    def visit(self, purpose: str = "login", action: Any = "ok", **changes: Any) -> Any:
        """A whole visit; the result of finishing it."""
        started = self.start(purpose, **changes)
        return self.finish(started.pending, self.answer(started, action=action), purpose)

    def fault(self, name: str | None, **more: Any) -> None:
        answer = self.http.post(f"{self.provider.issuer}/__fel", json={"fault": name, **more})
        assert answer.status_code == 200, answer.text


@dataclass(frozen=True)
class Running:
    issuer: str
    secrets: Path
    ca: TestCA


def config_row(issuer: str, **changes: Any) -> dict[str, Any]:
    """A provider as plain data, as it stands in an installation's configuration."""
    row = {
        "id": "prov",
        "title": "Prov-BankID",
        "issuer": issuer,
        "client_id": "prov",
        "client_key": "prov.jwk",
        "accepted_acr": [LOA3],
        "authn_provider": "urn:testlegitimation:bankid",
        "sign": "oidc_sweden",
        "signature_root": "root.pem",
    }
    return row | changes


@pytest.fixture(scope="session")
def running_eid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The test provider as a program of its own, on a free port."""
    home = tmp_path_factory.mktemp("eid")
    ca = TestCA.load_or_create(home / "state" / "ca")
    (home / "root.pem").write_bytes(ca.root_pem)
    key = Provider.from_config(config_row("http://localhost:1"), home).client_key
    client = {"client_id": "prov", "jwks": public_jwks([key]), "redirect_uris": [BACK], "name": "Provnämnden"}
    (home / "clients.json").write_text(json.dumps([{**client, "may_sign": True}]))
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
def live(running_eid: Running) -> Iterator[Live]:
    """A fresh relying party at the running provider; no fault is left behind."""
    provider = Provider.from_config(config_row(running_eid.issuer), running_eid.secrets)
    party = Live(provider, ca=running_eid.ca)
    yield party
    party.fault(None)
    party.http.close()


@dataclass
class Scripted(Visits):
    """A relying party at a provider whose every answer the test writes: for what the test provider cannot do
    wrong.
    """

    server: ThreadingHTTPServer | None = None
    answers: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "use": "sig"}))

    def says(self, path: str, content: Any, media: str = "application/json", status: int = 200) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.answers[path] = (status, media, body)

    def publish(self, *keys: ECKey | RSAKey, **discovery: Any) -> None:
        issuer = self.provider.issuer
        document = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/jwks",
            "scopes_supported": ["openid", "https://id.oidc.se/scope/sign"],
            "request_parameter_supported": True,
        }
        self.says("/.well-known/openid-configuration", document | discovery)
        self.says("/jwks", {"keys": [key.as_dict(private=False) for key in keys or (self.key,)]})

    def claims(self, started: Started, **changes: Any) -> dict[str, Any]:
        """A right ID token's claims for a visit; a change to None leaves the member out."""
        now = int(time.time())
        half = hashlib.sha256(b"access").digest()[:16]
        claims = {
            "iss": self.provider.issuer,
            "aud": self.provider.client_id,
            "sub": "a-subject",
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": started.pending["nonce"],
            "acr": LOA3,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            f"{CLAIM}personalIdentityNumber": self.number,
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, claims: dict[str, Any], key: ECKey | RSAKey | None = None, **header: Any) -> str:
        key = key or self.key
        head = {"alg": "ES256", "kid": key.kid} | header
        head = {name: value for name, value in head.items() if value is not None}
        algorithm = head["alg"]
        registry = LargeJWSRegistry(algorithms=[algorithm], strict_check_header=False)
        return jwt.encode(head, claims, key, registry=registry)

    def finish_crafted(
        self,
        *,
        purpose: str = "login",
        claims: dict[str, Any] | None = None,
        id_token: Callable[[Started], str] | None = None,
        userinfo: str | None = None,
        about: dict[str, Any] | None = None,
        answer: dict[str, Any] | None = None,
    ) -> Any:
        """A visit whose tokens are as told; everything that is not told is right."""
        started = self.start(purpose)
        token = id_token(started) if id_token else self.token(self.claims(started, **(claims or {})))
        right = self.claims(started, nonce=None, at_hash=None, acr=None, auth_time=None)
        self.says("/userinfo", userinfo or self.token(right | (about or {})), "application/jwt")
        told = {"access_token": "access", "token_type": "Bearer", "id_token": token} | (answer or {})
        self.says("/token", {name: value for name, value in told.items() if value is not None})
        return self.finish(started.pending, {"state": started.pending["state"], "code": "c"}, purpose)


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
    party = Scripted(Provider.from_config(row, tmp_path), server=server, answers=answers)
    party.publish()
    yield party
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def outcome_of(act: Callable[[], Any]) -> str:
    """What came of a visit, in one word: ``accepted``, ``cancelled``, ``unavailable`` or the reason of the
    refusal.
    """
    try:
        act()
    except EidCancelled:
        return "cancelled"
    except EidUnavailable:
        return "unavailable"
    except EidRefused as refusal:
        reason = getattr(refusal.material, "signature_reason", None)
        return f"{refusal.reason_code.value}: {reason}" if reason else refusal.reason_code.value
    return "accepted"


@pytest.fixture
def judged(request: pytest.FixtureRequest) -> Callable[[str, Callable[[Any], Any]], str]:
    """Runs one row of a fault table with its player, ``live`` or ``scripted``."""
    return lambda player, act: outcome_of(lambda: act(request.getfixturevalue(player)))


def matter(**changes: Any) -> Matter:
    """What was signed in the tests' signing."""
    told = ABOUT | {
        "tenant": TENANT,
        "transaction_id": "6f1c2a9e-prov",
        "case_id": "arende-1",
        "subject_id": "deltagare-1",
        "signer_role": "self",
        "text": TEXT.text,
        "manifest_json": MANIFEST.content,
        "binding_line": LINE,
    }
    return Matter(**(told | changes))


@pytest.fixture
def crafted_matter() -> Callable[..., Matter]:
    """Makes what was signed, with changes."""
    return matter


@pytest.fixture(scope="session")
def evidence(running_eid: Running) -> Evidence:
    """The evidence of one real signing at the running provider."""
    provider = Provider.from_config(config_row(running_eid.issuer), running_eid.secrets)
    party = Live(provider, ca=running_eid.ca)
    result = party.visit("sign")
    party.http.close()
    return from_signing(result, matter(), provider=provider)


@pytest.fixture(scope="session")
def signed_case(running_eid: Running) -> dict[str, Any]:
    """The words of the tests' signing: signer, text, line, and the CA that signs."""
    return {"person": SIGNER, "text": TEXT.text, "line": LINE, "ca": running_eid.ca}
