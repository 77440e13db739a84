"""A running provider and a small relying party of its own (joserfc and requests alone) for the live tests."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import JWSRegistry

from testlegitimation.names import CLAIM, LOA3, NATURAL_PERSON_INFO, NATURAL_PERSON_NUMBER, PARAM, SIGN
from testlegitimation.people import luhn_digit
from testlegitimation.walk import walk

PLATFORM = Path(__file__).parents[2] / "platform"
BACK = "http://prov.localhost:9/eid/tillbaka"
TEXT = "Jag samtycker till att <b>Prov & Co</b> läser åäö.\nRad två."
IDURA_CLIENT = "urn:prov:idura"
IDURA_SECRET = "hemlig: å"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class LargeTokens(JWSRegistry):
    max_payload_length = 1_000_000


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def made_up(birth: str, serial: int = 980) -> str:
    """12 digits of the reserved test series for a birth date yyyymmdd."""
    eleven = f"{birth}{serial}"
    return eleven + str(luhn_digit(eleven[2:]))


@dataclass
class RelyingParty:
    """A client as a test needs it: every part of a request can be changed before it is sent."""

    issuer: str
    client_id: str
    key: ECKey
    http: requests.Session = field(default_factory=requests.Session)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def login_object(self, **changes: Any) -> dict[str, Any]:
        """The claims of a Request Object for a login; a change to None leaves the member out."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.client_id,
            "aud": self.issuer,
            "iat": now,
            "exp": now + 120,
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": BACK,
            "scope": f"openid {NATURAL_PERSON_INFO} {NATURAL_PERSON_NUMBER}",
            "state": self.state,
            "nonce": self.nonce,
            "prompt": "login",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "claims": {"id_token": {"acr": {"essential": True, "values": [LOA3]}}},
            f"{PARAM}authnProvider": "bankid",
            f"{PARAM}userMessage": {"message#sv": b64("Logga in i Provet"), "mime_type": "text/plain"},
        }
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def sign_object(self, personnummer: str, **changes: Any) -> dict[str, Any]:
        """The claims of a Request Object for a signing bound to one person."""
        base = {
            "scope": f"openid {NATURAL_PERSON_INFO} {NATURAL_PERSON_NUMBER} {SIGN}",
            "prompt": "login consent",
            "claims": {
                "id_token": {
                    "acr": {"essential": True, "values": [LOA3]},
                    f"{CLAIM}personalIdentityNumber": {"essential": True, "value": personnummer},
                }
            },
            f"{PARAM}signRequest": {
                "tbs_data": b64("prov-sign:v1;doc=sha256:00"),
                "sign_message": {"message#sv": b64(TEXT), "mime_type": "text/plain"},
            },
        }
        return self.login_object(**{**base, **changes})

    def signed(
        self, claims: dict[str, Any], key: ECKey | None = None, typ: str = "oauth-authz-req+jwt"
    ) -> str:
        header = {"alg": "ES256", "kid": self.key.kid, "typ": typ}
        return jwt.encode(header, claims, key or self.key, registry=LargeTokens(algorithms=["ES256"]))

    def authorize(self, claims: dict[str, Any], **outer: str | None) -> requests.Response:
        """Posts the request; follows the provider's own redirects to its page, never one to the client."""
        fields: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": claims.get("scope"),
            "request": self.signed(claims),
            **outer,
        }
        response = self.http.post(
            f"{self.issuer}/authorize",
            data={name: value for name, value in fields.items() if value is not None},
            allow_redirects=False,
        )
        location = response.headers.get("Location", "")
        return self.http.get(f"{self.issuer}{location}") if location.startswith("/") else response

    def answer(
        self, claims: dict[str, Any], personnummer: str, action: Any = "ok", **options: Any
    ) -> dict[str, str]:
        """Authorize and walk; the parameters of the redirect back."""
        return parameters(walk(self.http, self.authorize(claims), personnummer, action, **options))

    def assertion(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_urlsafe(16),
        }
        claims.update(changes)
        return self.signed({name: value for name, value in claims.items() if value is not None}, typ="JWT")

    def token(self, code: str, **changes: str | None) -> requests.Response:
        fields: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": self.verifier,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
            **changes,
        }
        return self.http.post(
            f"{self.issuer}/token", data={name: value for name, value in fields.items() if value is not None}
        )

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token signed by the provider's published keys."""
        keys = KeySet.import_key_set(self.http.get(f"{self.issuer}/jwks.json").json())
        return jwt.decode(token, keys, registry=LargeTokens(algorithms=["ES256", "RS256"])).claims

    def userinfo(self, access_token: str) -> requests.Response:
        return self.http.get(f"{self.issuer}/userinfo", headers={"Authorization": f"Bearer {access_token}"})

    def fault(self, name: str | None, **more: Any) -> None:
        answer = self.http.post(f"{self.issuer}/__fel", json={"fault": name, **more})
        assert answer.status_code == 200


def parameters(address: str) -> dict[str, str]:
    """The query of an address, each name once."""
    assert address.startswith(BACK + "?")
    query = parse_qs(urlsplit(address).query, strict_parsing=True)
    assert all(len(values) == 1 for values in query.values())
    return {name: values[0] for name, values in query.items()}


@dataclass(frozen=True)
class Running:
    """A started provider: its issuer, its folder and the keys of its two clients."""

    issuer: str
    home: Path
    key: ECKey
    clients: Path

    def client(self, client_id: str = "prov") -> RelyingParty:
        return RelyingParty(self.issuer, client_id, self.key)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The program, started for real on a free port."""
    home = tmp_path_factory.mktemp("testlegitimation")
    key = ECKey.generate_key("P-256", {"kid": "prov-1", "use": "sig"})
    jwks = {"keys": [key.as_dict(private=False)]}
    client = {
        "jwks": jwks,
        "redirect_uris": [BACK],
        "post_logout_redirect_uris": [f"{BACK}/ut"],
        "name": "Provet",
    }
    clients = home / "clients.json"
    secret = {"client_secret": IDURA_SECRET}
    rows = [
        {**client, "client_id": "prov", "may_sign": True},
        {**client, "client_id": "bara-inloggning"},
        {**client, **secret, "client_id": IDURA_CLIENT, "may_sign": True},
        {**client, **secret, "client_id": "urn:bara:inloggning"},
    ]
    clients.write_text(json.dumps(rows))
    people = home / "people.json"
    row = {"personnummer": made_up("19900101"), "given_name": "Test", "family_name": "Testsson"}
    people.write_text(json.dumps([row]))
    command = [sys.executable, "-m", "testlegitimation", "--port", "0", "--home", str(home / "state")]
    log = (home / "log").open("w")
    process = subprocess.Popen(
        [*command, "--clients", str(clients), "--people", str(people)],
        stdout=subprocess.PIPE,
        stderr=log,
        env={**os.environ, "PYTHONPATH": str(PLATFORM)},
        text=True,
    )
    log.close()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield Running(line.removeprefix("TESTMILJÖ: ").strip(), home / "state", key, clients)
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def rp(running: Running) -> Iterator[RelyingParty]:
    """A fresh relying party; no fault is left behind."""
    party = running.client()
    yield party
    party.fault(None)
    party.http.close()
