"""Wall 23: the e-ID client of a samtycke is the huvudman's or the service's; no provider stands in for another."""

import base64
import json
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from lxml import etree

from asked import Asked
from eid_rows import Rows, changed_rows, idura_row
from stegvis.config import Settings
from stegvis.ground.tenancy import ScopeId
from stegvis.identity.eid import visits
from stegvis.identity.eid.errors import EidRefused, ProviderConfigError
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.receipt import verify_bytes
from stegvis.identity.eid.tokens import read_header
from stegvis.local.eid_setup import ROOT
from visiting import HOST, VAULT, People, RunningEid, Visitor

Browse = Callable[..., Visitor]
NAME = "Nämnden för individ- och familjeomsorg i Sandvikens kommun"
BANKID = "{http://www.bankid.com/signature/v1.0.0/types}"


@pytest.fixture
def rows(eid: RunningEid, settings: Settings) -> Iterator[Rows]:
    """The provider rows, to be changed while the application runs."""
    with changed_rows(settings) as changed:
        yield changed


def own(rows: Rows, kind: str) -> dict[str, object]:
    """A row of Sandviken's own, with a client of its own, registered under its name."""
    if kind == "sweden":
        row = rows.row("bankid") | {"client_id": "sandvikens-egen"}
    else:
        row = idura_row(rows, "urn:sandviken:1")
    row |= {"id": "bankid", "owner": VAULT}
    rows.register(row, HOST, NAME)
    rows.add(row)
    return row


def shown_asker(blob: dict[str, object]) -> str:
    """The name that the signing screen showed as the one who asks, from the signature itself."""
    signature = etree.fromstring(base64.b64decode(str(blob["proof"]["signature"])))  # type: ignore[index]
    found = signature.findtext(f".//{BANKID}srvInfo/{BANKID}displayName")
    return base64.b64decode(found or "").decode()


@pytest.mark.parametrize("kind", ["sweden", "idura"])
def test_a_row_of_the_huvudmans_own_signs_as_soon_as_it_is_there(
    rows: Rows, people: People, browser: Browse, kind: str
) -> None:
    row = own(rows, kind)
    asked = Asked(people, browser)
    (form,) = [one for one in asked.visitor.page.forms("/signera/") if "BankID" in one.text_content()]
    assert form.action.endswith("/signera/sandviken.bankid")
    asked.visitor.send("/signera/sandviken.bankid")
    asked.visitor.get(asked.visitor.at_eid(asked.number), follow=True)
    assert (asked.states(), asked.evidence()) == (("given", "oppen"), [("giltig", "")])
    received = asked.visitor.get(f"{asked.path}/kvitto?som=data").data
    report = verify_bytes(received, roots=[(rows.folder / ROOT).read_bytes()])
    assert (report.ok, report.signed) == (True, True), report.lines
    content = json.loads(received)["content"]
    assert shown_asker(content) == NAME
    assert content["matter"]["controller"] == NAME
    assert f"Ansvarig för dina uppgifter: {NAME}" in content["matter"]["text"]
    signer = content["signer"]
    assert (signer["client_id"], signer["provider_id"]) == (row["client_id"], "sandviken.bankid")
    assert read_header(content["proof"]["request_object"])["typ"] == (
        "oauth-authz-req+jwt" if kind == "sweden" else "stegvis-pushed-request+jwt"
    )


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("signature-other-text", "signature_invalid"),
        ("signature-other-binding", "signature_invalid"),
        ("signature-other-person", "signature_invalid"),
        ("ocsp-revoked", "signature_invalid"),
        ("signature-missing", "signature_missing"),
        ("number-other", "number_not_expected"),
    ],
)
def test_a_forged_answer_of_the_other_kind_is_kept_as_invalid(
    rows: Rows, people: People, browser: Browse, eid: RunningEid, fault: str, reason: str
) -> None:
    own(rows, "idura")
    asked = Asked(people, browser)
    eid.fault(fault)
    asked.visitor.send("/signera/sandviken.bankid")
    asked.visitor.get(asked.visitor.at_eid(asked.number), follow=True)
    assert "inget har ändrats" in asked.visitor.page.words
    assert (asked.states(), asked.evidence()) == (("fraga", "vantar_samtycke"), [("ogiltig", reason)])


def test_an_approval_with_the_other_kind_is_called_one(rows: Rows, people: People, browser: Browse) -> None:
    row = idura_row(rows, "urn:sandviken:2", id="freja", owner=VAULT, title="Freja", accepted_acr=["PLUS"])
    row |= {"acr_values": "urn:grn:authn:se:frejaid", "sign": "none"}
    rows.register(row, HOST, NAME)
    rows.add(row)
    asked = Asked(people, browser)
    assert "Godkänn med Freja" in asked.visitor.page.words
    asked.visitor.send("/signera/sandviken.freja")
    asked.visitor.get(asked.visitor.at_eid(asked.number), follow=True)
    assert asked.evidence() == [("giltig", "")]
    received = asked.visitor.get(f"{asked.path}/kvitto?som=data").data
    report = verify_bytes(received, roots=[(rows.folder / ROOT).read_bytes()])
    assert (report.ok, report.signed) == (True, False), report.lines
    assert "OBS  Godkänt efter inloggning, inte underskrivet." in report.lines


def test_a_forbunds_client_is_no_provider_of_a_samtycke(rows: Rows, app: Flask) -> None:
    """Neither as an owner of a row, nor by naming itself: the row does not hold, and the others do."""
    row = rows.row("bankid") | {"id": "forbundets", "owner": "gavleborg"}
    with pytest.raises(ProviderConfigError, match="inte är en huvudman"):
        Provider.from_config(row, rows.folder)
    rows.add(row)
    with app.app_context():
        offered = visits.signing_providers(ScopeId.parse(VAULT))
    assert [one.handle for one in offered] == ["bankid", "freja"]


def test_a_huvudmans_row_is_of_no_use_elsewhere(
    rows: Rows, app: Flask, people: People, browser: Browse
) -> None:
    own(rows, "sweden")
    visitor = browser()
    visitor.get("/logga-in")
    answer = visitor.post("/logga-in/sandviken.bankid", {"csrf_token": visitor.token()})
    assert answer.status_code == 404
    asked = Asked(people, browser)
    token = asked.visitor.token()
    for handle in ("kalmar.bankid", "af_gavle.bankid", "idura_bankid"):
        answer = asked.visitor.post(f"{asked.path}/signera/{handle}", {"csrf_token": token})
        assert answer.status_code == 404, handle
    told = {"number": asked.number, "visible_text": "x", "binding_line": "y", "facts": {}}
    with app.test_request_context(base_url=f"http://{HOST}"):
        for where in ("gavleborg/af_gavle", "kalmar_lan/kalmar", "skane_nordost/bromolla", "gavleborg"):
            with pytest.raises(EidRefused):
                visits.begin_signing("sandviken.bankid", ScopeId.parse(where), "samtycke", **told)  # type: ignore[arg-type]


def test_an_answer_of_one_provider_is_none_of_another_with_the_same_id(
    rows: Rows, people: People, browser: Browse
) -> None:
    """The service's BankID and the huvudman's: both ask this person at once, and the answers are swapped."""
    asked = Asked(people, browser)
    asked.visitor.send("/signera/bankid")
    of_service = asked.visitor.at_eid(asked.number)
    own(rows, "idura")
    asked.visitor.get(asked.path)
    asked.visitor.send("/signera/sandviken.bankid")
    of_own = asked.visitor.at_eid(asked.number)
    asked.visitor.get(of_service.replace("/bankid/", "/sandviken.bankid/"), follow=True)
    assert "gick inte att lita på" in asked.visitor.page.words
    asked.visitor.get(of_own.replace("/sandviken.bankid/", "/bankid/"), follow=True)
    assert "gick inte att lita på" in asked.visitor.page.words
    assert asked.states() == ("fraga", "vantar_samtycke")


def test_a_visit_does_not_outlive_the_settings_it_began_with(
    rows: Rows, people: People, browser: Browse
) -> None:
    row = own(rows, "sweden")
    asked = Asked(people, browser)
    asked.visitor.send("/signera/sandviken.bankid")
    back = asked.visitor.at_eid(asked.number)
    rows.add(row | {"ocsp_nonce": "refuse"})
    asked.visitor.get(back, follow=True)
    assert asked.states() == ("fraga", "vantar_samtycke")
    asked.visitor.get(asked.path)
    asked.visitor.send("/signera/sandviken.bankid")
    asked.visitor.get(asked.visitor.at_eid(asked.number), follow=True)
    assert asked.states() == ("given", "oppen")
