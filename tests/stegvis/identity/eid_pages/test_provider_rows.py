"""Providers while the application runs: added, replaced and broken, and what the login page says then."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from eid_rows import Rows, changed_rows, idura_row
from stegvis.config import Settings
from stegvis.identity.access.rights import VAULT_ADMIN
from stegvis.identity.eid.rows import ROWS
from visiting import HOST, People, RunningEid, Visitor

Browse = Callable[..., Visitor]


@pytest.fixture
def rows(eid: RunningEid, settings: Settings) -> Iterator[Rows]:
    """The provider rows, to be changed while the application runs."""
    with changed_rows(settings) as changed:
        yield changed


def here(visitor: Visitor) -> str:
    assert visitor.answer is not None
    return visitor.answer.request.path


@pytest.mark.parametrize("auth", ["client_secret_basic", "client_secret_post"])
def test_a_new_provider_of_a_known_kind_takes_a_row_and_a_secret(
    rows: Rows, people: People, browser: Browse, auth: str
) -> None:
    who = people.handledare()
    row = idura_row(rows, "urn:ny:leverantör", id="freja", title="Nya BankID", client_auth=auth)
    rows.register(row, HOST)
    rows.add(row)
    visitor = browser()
    visitor.get("/logga-in")
    assert "Logga in med Nya BankID" in visitor.page.words
    visitor.send("/logga-in/freja")
    visitor.get(visitor.at_eid(who.number), follow=True)
    assert here(visitor) == "/idag"


def test_both_e_ids_of_the_other_kind_log_in(people: People, browser: Browse, eid: RunningEid) -> None:
    who = people.account("personal", VAULT_ADMIN, scope_id="skane_nordost/bromolla", insats="")
    for handle in ("idura_bankid", "idura_freja"):
        visitor = browser(host="skane-nordost.localhost")
        visitor.get("/logga-in")
        visitor.send(f"/logga-in/{handle}")
        visitor.get(visitor.at_eid(who.number), follow=True)
        assert visitor.answer is not None and visitor.answer.status_code == 200
        assert here(visitor) not in ("/logga-in", "/valj-konto"), handle


@pytest.mark.parametrize("broken", ["saknas", "tom", "oppen", "fel rad"])
def test_one_broken_provider_takes_no_other_with_it(
    rows: Rows, people: People, browser: Browse, broken: str
) -> None:
    who = people.handledare()
    row = idura_row(rows, "urn:trasig", id="freja", title="Freja")
    if broken == "saknas":
        (rows.folder / "prov.secret").unlink()
    elif broken == "tom":
        rows.secret("prov.secret", " ")
    elif broken == "oppen":
        (rows.folder / "prov.secret").chmod(0o644)
    else:
        row["accepted_acr"] = []
    rows.add(row)
    visitor = browser()
    visitor.get("/logga-in")
    assert "Freja går inte att använda just nu. Felet ligger hos oss." in visitor.page.words
    assert "Logga in med Freja" not in visitor.page.words
    answer = visitor.post("/logga-in/freja", {"csrf_token": visitor.token()}, follow=True)
    assert (answer.status_code, here(visitor)) == (200, "/logga-in")
    assert "E-legitimationen är fel inställd hos oss." in visitor.page.words
    visitor.log_in(who.number)
    assert here(visitor) == "/idag"


def test_a_wrong_secret_is_a_sentence_and_no_fault_of_the_page(
    rows: Rows, people: People, browser: Browse
) -> None:
    who = people.handledare()
    row = idura_row(rows, "urn:fel:hemlighet", id="freja", title="Freja")
    rows.register(row, HOST)
    rows.secret("prov.secret", "en annan hemlighet")
    rows.add(row)
    visitor = browser()
    visitor.get("/logga-in")
    visitor.send("/logga-in/freja")
    assert here(visitor) == "/logga-in"
    assert "inget har ändrats" in visitor.page.words
    visitor.log_in(who.number)
    assert here(visitor) == "/idag"


def test_without_any_row_the_page_says_so_and_still_stands(rows: Rows, browser: Browse) -> None:
    (rows.folder / ROWS).write_text("[[provider]]\nid = ")
    visitor = browser()
    assert visitor.get("/logga-in").status_code == 200
    assert "Just nu går det inte att logga in. Felet ligger hos oss." in visitor.page.words
    assert visitor.get("/.well-known/jwks.json").get_json() == {"keys": []}
    (rows.folder / ROWS).unlink()
    assert visitor.get("/logga-in").status_code == 200


def test_keys_changed_at_the_provider_need_no_restart(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    who = people.handledare()
    browser().log_in(who.number)
    eid.fault("signing-key-rotation")
    visitor = browser()
    visitor.log_in(who.number)
    assert here(visitor) == "/idag"


def test_a_form_may_lead_to_a_provider_as_soon_as_its_row_is_there(
    rows: Rows, app: Flask, browser: Browse
) -> None:
    def policy() -> str:
        return str(browser().get("/logga-in").headers["Content-Security-Policy"])

    assert "https://ny.example.test" not in policy()
    rows.add(
        rows.row("freja") | {"issuer": "https://ny.example.test", "origins": ["https://sida.example.test"]}
    )
    assert "form-action 'self'" in policy()
    assert "https://ny.example.test https://sida.example.test" in policy()
