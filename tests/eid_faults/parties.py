"""Relying parties for the e-ID tests: at the running test provider, and at one whose every answer is written.

What is signed in these tests, by whom and about what, stands here too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from provider_rows import LOA3
from stegvis.identity.eid import (
    Attachment,
    EidCancelled,
    EidRefused,
    EidUnavailable,
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
    manifest_for,
    start_login,
    start_signing,
)
from stegvis.identity.eid.tokens import LargeJWSRegistry
from testlegitimation.ca import TestCA
from testlegitimation.people import Person, luhn_digit
from testlegitimation.walk import walk

PLATFORM = Path(__file__).parents[2] / "platform"
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
    control: str = ""

    def answer(self, started: Started, number: str | None = None, action: Any = "ok") -> dict[str, str]:
        """Walks the provider's pages as a person would; the parameters of the callback."""
        sent = {"data": started.fields} if started.method == "post" else {"params": started.fields}
        response = self.http.request(started.method, started.post_url, allow_redirects=False, **sent)
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
        answer = self.http.post(f"{self.control or self.provider.issuer}/__fel", json={"fault": name, **more})
        assert answer.status_code == 200, answer.text


@dataclass(frozen=True)
class Running:
    issuer: str
    secrets: Path
    ca: TestCA


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


def outcome_of(act: Callable[[], Any]) -> str:
    """What came of a visit, in one word: ``accepted``, ``cancelled``, ``unavailable`` or the reason of the
    refusal. An act that ends with a word has said it itself.
    """
    try:
        ended = act()
    except EidCancelled:
        return "cancelled"
    except EidUnavailable:
        return "unavailable"
    except EidRefused as refusal:
        reason = getattr(refusal.material, "signature_reason", None)
        return f"{refusal.reason_code.value}: {reason}" if reason else refusal.reason_code.value
    return ended if isinstance(ended, str) else "accepted"


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
