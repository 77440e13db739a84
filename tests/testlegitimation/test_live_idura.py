"""The second issuer for real: pushed requests, acr_values and login_hint, secrets, its tokens and its signatures."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from lxml import etree
from markupsafe import Markup

from testlegitimation.markdown import rendered
from testlegitimation.walk import walk

ANNA = "199001019802"
BANKID, FREJA = "urn:grn:authn:se:bankid", "urn:grn:authn:se:frejaid"
BACK = "http://prov.localhost:9/eid/tillbaka"
CLIENT, SECRET = "urn:prov:idura", "hemlig: å"
CHALLENGE, VERIFIER = (
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
)
TEXT = "# Samtycke\n\nJag **samtycker** & <b>läser</b>:\n- ett\n- två\n\n---\nSlut"


class LargeTokens(JWSRegistry):
    max_payload_length = 1_000_000


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@dataclass
class Party:
    """A small client of the second issuer."""

    issuer: str
    assertion: Any
    control: str
    http: requests.Session = field(default_factory=requests.Session)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(8))

    def wanted(self, **changes: str | None) -> dict[str, str]:
        told: dict[str, str | None] = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": BACK,
            "scope": "openid ssn",
            "acr_values": BANKID,
            "state": "ett-tillstånd",
            "nonce": self.nonce,
            "prompt": "login",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in told.items() if value is not None}

    def push(self, wanted: dict[str, str], auth: str = "basic") -> requests.Response:
        fields, headers = self.proof(auth)
        return self.http.post(f"{self.issuer}/oauth2/par", data=wanted | fields, headers=headers)

    def proof(self, auth: str) -> tuple[dict[str, str], dict[str, str]]:
        if auth == "basic":
            pair = b64(f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}")
            return {}, {"Authorization": f"Basic {pair}"}
        if auth == "post":
            return {"client_id": CLIENT, "client_secret": SECRET}, {}
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.assertion(),
        }, {}

    def page(self, **changes: str | None) -> requests.Response:
        """The first page of a pushed visit."""
        pushed = self.push(self.wanted(**changes))
        assert pushed.status_code == 201, pushed.text
        address = {"client_id": CLIENT, "request_uri": pushed.json()["request_uri"]}
        return self.http.get(f"{self.issuer}/oauth2/authorize", params=address)

    def token(self, back: str, auth: str = "basic", **changes: str) -> requests.Response:
        query = dict(part.split("=", 1) for part in back.split("?", 1)[1].split("&"))
        fields, headers = self.proof(auth)
        asked = {"grant_type": "authorization_code", "code": query["code"], "redirect_uri": BACK}
        asked |= {"code_verifier": VERIFIER, **changes}
        return self.http.post(f"{self.issuer}/oauth2/token", data=asked | fields, headers=headers)

    def claims(self, token: str) -> dict[str, Any]:
        keys = KeySet.import_key_set(self.http.get(f"{self.issuer}/.well-known/jwks").json())
        return jwt.decode(token, keys, registry=LargeTokens(algorithms=["RS256"])).claims


@pytest.fixture
def idura(running: Any, rp: Any) -> Party:
    """A client of the second issuer."""
    issuer = f"{running.issuer}/idura"
    return Party(issuer, lambda: rp.assertion(iss=CLIENT, sub=CLIENT, aud=issuer), running.issuer)


def test_it_describes_itself_as_an_issuer_of_its_own(idura: Party, running: Any) -> None:
    document = idura.http.get(f"{idura.issuer}/.well-known/openid-configuration").json()
    assert document["issuer"] == f"{running.issuer}/idura"
    assert document["pushed_authorization_request_endpoint"] == f"{idura.issuer}/oauth2/par"
    first = {key["kid"] for key in idura.http.get(f"{running.issuer}/jwks.json").json()["keys"]}
    second = {key["kid"] for key in idura.http.get(document["jwks_uri"]).json()["keys"]}
    assert not first & second


@pytest.mark.parametrize("auth", ["basic", "post", "assertion"])
def test_a_login_with_bankid(idura: Party, auth: str) -> None:
    back = walk(idura.http, idura.page(login_hint=f"message:{b64('Logga in i Provet')}"), ANNA)
    assert "iss=" not in back
    answer = idura.token(back, auth)
    assert answer.status_code == 200, answer.text
    claims = idura.claims(answer.json()["id_token"])
    assert (claims["ssn"], claims["country"], claims["nonce"]) == (ANNA, "SE", idura.nonce)
    assert (claims["identityscheme"], claims["authenticationtype"]) == ("sebankid", BANKID)
    assert claims["exp"] - claims["iat"] == 1200
    assert not {"evidence", "ocspResponse", "at_hash", "acr", "auth_time"} & claims.keys()


def test_a_login_with_freja_is_for_the_person_it_was_bound_to(idura: Party) -> None:
    scopes = "openid frejaid:ssn frejaid:basic_user_info"
    bound = f"minregistrationlevel:plus sub:ssncountry:SE sub:ssn:{ANNA}"
    told = {"acr_values": FREJA, "scope": scopes, "login_hint": bound}
    claims = idura.claims(idura.token(walk(idura.http, idura.page(**told), ANNA)).json()["id_token"])
    assert claims["details"]["requestedAttributes"]["ssn"] == {"ssn": ANNA, "country": "SE"}
    assert (claims["registrationLevel"], claims["timestamp"].isdigit()) == ("PLUS", True)
    assert "error=access_denied" in walk(idura.http, idura.page(**told), "199001019810")


def test_a_signing_carries_bankids_own_signature(idura: Party) -> None:
    hints = f"action:sign message:{b64(TEXT)} nonVisibleData:{b64('en rad')}"
    page = idura.page(scope="openid ssn evidence", login_hint=hints)
    claims = idura.claims(idura.token(walk(idura.http, page, ANNA)).json()["id_token"])
    document = etree.fromstring(base64.b64decode(claims["evidence"]))
    shown = document.findtext(".//{*}usrVisibleData")
    assert base64.b64decode(shown or "").decode() == TEXT
    assert base64.b64decode(document.findtext(".//{*}usrNonVisibleData") or "") == b"en rad"
    assert claims["ocspResponse"]


def test_the_text_is_shown_as_markdown_and_a_device_is_chosen_beforehand(idura: Party) -> None:
    hints = f"action:sign message:{b64(TEXT)}"
    page = idura.page(login_hint=hints, acr_values=f"{BANKID}:another-device:qr")
    assert "/qr/" in page.text
    text = idura.http.post(page.url.split("?")[0], data={"personnummer": ANNA, "action": "ok"}).text
    assert "<h3>Samtycke</h3>" in text and "<strong>samtycker</strong>" in text
    assert "&lt;b&gt;läser&lt;/b&gt;" in text and "<li>två</li>" in text
    assert "/qr/" not in idura.page(acr_values=f"{BANKID}:same-device").text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"acr_values": "urn:grn:authn:no:bankid"}, "invalid_request"),
        ({"acr_values": f"{FREJA}:qr"}, "invalid_request"),
        ({"scope": "ssn"}, "invalid_scope"),
        ({"acr_values": FREJA}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"redirect_uri": f"{BACK}/annan"}, "invalid_request"),
        ({"login_hint": "action:sign"}, "invalid_request"),
        ({"login_hint": "message:%%%"}, "invalid_request"),
        ({"login_hint": "message:YQ== message:YQ=="}, "invalid_request"),
        ({"login_hint": f"message:{'A' * 40_001}"}, "invalid_request"),
        ({"login_hint": "action:sign message:YQ==", "acr_values": FREJA}, "invalid_request"),
        ({"client_id": "prov"}, "invalid_request"),
    ],
)
def test_a_request_that_does_not_hold_is_refused_when_it_is_pushed(
    idura: Party, changes: dict[str, str], error: str
) -> None:
    answer = idura.push(idura.wanted(**changes))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_who_may_not_sign_and_who_is_not_known_is_refused(idura: Party) -> None:
    hints = f"action:sign message:{b64('x')}"
    wanted = idura.wanted(login_hint=hints, client_id="urn:bara:inloggning")
    other = {"client_id": "urn:bara:inloggning", "client_secret": SECRET}
    answer = idura.http.post(f"{idura.issuer}/oauth2/par", data=wanted | other)
    assert answer.json()["error"] == "unauthorized_client"
    for fields in ({}, {"client_secret": "fel"}, {"client_id": "ingen", "client_secret": SECRET}):
        answer = idura.http.post(f"{idura.issuer}/oauth2/par", data=idura.wanted() | fields)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_pushed_request_is_used_once_and_by_its_client(idura: Party) -> None:
    address = idura.push(idura.wanted()).json()["request_uri"]
    asked = {"client_id": "urn:bara:inloggning", "request_uri": address}
    assert idura.http.get(f"{idura.issuer}/oauth2/authorize", params=asked).status_code == 400
    address = idura.push(idura.wanted()).json()["request_uri"]
    asked = {"client_id": CLIENT, "request_uri": address}
    assert idura.http.get(f"{idura.issuer}/oauth2/authorize", params=asked).status_code == 200
    assert idura.http.get(f"{idura.issuer}/oauth2/authorize", params=asked).status_code == 400


def test_a_code_is_its_verifiers(idura: Party) -> None:
    back = walk(idura.http, idura.page(), ANNA)
    assert idura.token(back, code_verifier="ett-annat").json()["error"] == "invalid_grant"


def test_the_issuers_do_not_take_each_others_requests(idura: Party, rp: Any) -> None:
    """An assertion for the first issuer is none at the second."""
    party = Party(idura.issuer, lambda: rp.assertion(iss=CLIENT, sub=CLIENT), idura.control)
    assert party.push(idura.wanted(), "assertion").json()["error"] == "invalid_client"


@given(st.text(alphabet="#*- <>&\"'ab\n\r\t•", max_size=200))
def test_no_text_makes_a_tag_of_its_own(text: str) -> None:
    html = rendered(text)
    assert isinstance(html, Markup)
    tags = set(etree.fromstring(f"<x>{html.replace('<br>', '').replace('<hr>', '')}</x>").iter())
    assert {one.tag for one in tags} <= {"x", "p", "ul", "li", "h3", "h4", "h5", "strong"}


def test_what_is_markdown_here() -> None:
    assert rendered("# A\n## B\n### C\n#D") == "<h3>A</h3><h4>B</h4><h5>C</h5><p>#D</p>"
    assert rendered("ett\ntvå\n\n- a\n- **b**\nslut") == (
        "<p>ett<br>två</p><ul><li>a</li><li><strong>b</strong></li></ul><p>slut</p>"
    )
