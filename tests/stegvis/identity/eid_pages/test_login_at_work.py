"""An e-ID that an employer gives: it finds the account that was invited by it, and goes with the employment."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from provider_rows import config_row
from stegvis.config import Settings
from stegvis.ground.tenancy.scope import scope, scopes
from stegvis.identity.access.rights import HANDLEDARE, VAULT_ADMIN
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts import sessions
from stegvis.identity.eid import EidRefused, Provider, visits
from stegvis.identity.eid.claims import CLAIM, ClaimMap
from stegvis.identity.eid.errors import ProviderConfigError, Reason
from stegvis.identity.eid.tokens import read_organisation
from stegvis.local.eid_setup import provider_home
from testlegitimation.names import ORG_NUMBER, work_id_of
from visiting import VAULT, Login, People, RunningEid, Visitor, fresh_number

Browse = Callable[..., Visitor]
NAMES = ClaimMap()


def at_work(number: str) -> str:
    """Who somebody is at the made-up authority."""
    return f"{work_id_of(number)}@{ORG_NUMBER}"


def log_in(visitor: Visitor, number: str) -> Any:
    """Log in with the e-ID at work."""
    visitor.get("/logga-in")
    visitor.send("/logga-in/siths")
    return visitor.get(visitor.at_eid(number), follow=True)


def here(visitor: Visitor) -> str:
    """The path of the page that is shown."""
    assert visitor.answer is not None
    return visitor.answer.request.path


@pytest.fixture
def keeper(people: People) -> Login:
    """Somebody who may invite."""
    return people.account("personal", VAULT_ADMIN)


def test_from_the_invitation_to_the_second_login(
    app: Flask, people: People, keeper: Login, browser: Browse, eid: RunningEid
) -> None:
    """Invited on the page by what the employer gave; no personal number anywhere on the way."""
    number = fresh_number()
    admin = browser(keeper)
    admin.get("/konton/ny")
    assert "SITHS" in admin.page.words
    typed: dict[str, str | list[str]] = {
        "namn": "Prov Provsson",
        "epost": "prov@kommunen.example",
        "org": at_work(number).upper(),
        "slag": "personal",
        "ratt": [HANDLEDARE],
    }
    admin.send("/konton/ny/kontroll", typed)
    assert at_work(number) in admin.page.words
    admin.send("/konton/ny")
    link = str(admin.page.tree.xpath("//input[@id='f-lank']/@value")[0])
    stranger = browser()
    stranger.get(link.removeprefix(stranger.base))
    log_in(stranger, fresh_number())
    assert "Inbjudan är skriven till någon annan" in stranger.page.words
    invited = browser()
    invited.get(link.removeprefix(invited.base))
    log_in(invited, number)
    assert here(invited) == "/idag"
    again = browser()
    log_in(again, number)
    assert here(again) == "/idag"
    with app.app_context(), scope(VAULT):
        ((account, kind, _organisation),) = accounts.accounts_of_number("", at_work(number))
        row = accounts.account_row(account)
        assert row is not None and (kind, row.number, row.email) == (
            "personal",
            None,
            "prov@kommunen.example",
        )
        assert accounts.accounts_of_number(number) == []
    # The private e-ID of the same person opens nothing.
    private = browser()
    assert private.log_in(number).status_code == 403
    told = browser()
    log_in(told, fresh_number())
    assert "Logga då in med din egen e-legitimation" in told.page.words


def test_no_number_is_asked_for_or_told(app: Flask, people: People, browser: Browse, eid: RunningEid) -> None:
    number = fresh_number()
    with app.app_context(), scope(VAULT):
        accounts.open_account("", "Prov Provsson", "personal", rights=(HANDLEDARE,), org=at_work(number))
    visitor = browser()
    visitor.get("/logga-in")
    visitor.send("/logga-in/siths")
    request = _part(visitor.page.form("/authorize").fields["request"])
    assert set(request["scope"].split()) == {"openid", "https://id.oidc.se/scope/naturalPersonOrgId"}
    visitor.get(visitor.at_eid(number), follow=True)
    kept = json.loads(app.extensions["stegvis.broker"].get(sessions._key(visitor.cookie)))
    with app.app_context():
        claims = _part(sessions.kept_by(kept["login"]).id_token)
    assert claims[f"{CLAIM}orgAffiliation"] == at_work(number)
    assert number not in json.dumps(claims)


def _part(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


@pytest.fixture
def staff_list(settings: Settings) -> Iterator[Path]:
    """The test provider's file of people, emptied afterwards."""
    path = provider_home(settings) / "people.json"
    yield path
    path.write_text("[]", "utf-8")


def test_who_leaves_the_employer_leaves_here(
    app: Flask, people: People, browser: Browse, eid: RunningEid, staff_list: Path
) -> None:
    number = fresh_number()
    with app.app_context(), scope(VAULT):
        accounts.open_account("", "Prov Provsson", "personal", rights=(HANDLEDARE,), org="prov77@4444444444")
    employed = {"personnummer": number, "given_name": "Prov", "family_name": "Provsson", "work_id": "prov77"}
    staff_list.write_text(json.dumps([employed]), "utf-8")
    visitor = browser()
    log_in(visitor, number)
    assert here(visitor) == "/idag"
    staff_list.write_text(json.dumps([employed | {"work_id": ""}]), "utf-8")
    gone = browser()
    gone.get("/logga-in")
    gone.send("/logga-in/siths")
    with pytest.raises(Exception, match="ingen e-legitimation i tjänsten"):
        gone.at_eid(number)
    assert gone.get("/idag").status_code == 303


def test_it_signs_nothing(app: Flask, people: People, browser: Browse, eid: RunningEid) -> None:
    with app.test_request_context(base_url="http://gavleborg.localhost"):
        forbund = scopes().directory.get("gavleborg")
        rows = visits.rows()
        assert [row.id for row in rows.for_login(forbund)] == ["bankid", "freja", "siths"]
        for huvudman in forbund.huvudman:
            assert "siths" not in {row.id for row in rows.for_signing(forbund, huvudman.id)}


def test_the_login_page_has_it_apart(browser: Browse, eid: RunningEid) -> None:
    visitor = browser()
    visitor.get("/logga-in")
    assert visitor.page.words.index("I tjänsten") > visitor.page.words.index("Logga in med Freja")
    elsewhere = browser(host="kalmar-lan.localhost")
    elsewhere.get("/logga-in")
    assert "I tjänsten" not in elsewhere.page.words


AFFILIATION, NUMBER = NAMES.org_affiliation, NAMES.org_number


@pytest.mark.parametrize(
    ("token", "about", "reason"),
    [
        ({}, {AFFILIATION: "a@4444444444"}, Reason.AFFILIATION_INVALID),
        ({AFFILIATION: ["a@4444444444"]}, {AFFILIATION: "a@4444444444"}, Reason.AFFILIATION_INVALID),
        ({AFFILIATION: "@4444444444"}, {AFFILIATION: "@4444444444"}, Reason.AFFILIATION_INVALID),
        ({AFFILIATION: "a@4444444445"}, {AFFILIATION: "a@4444444445"}, Reason.AFFILIATION_INVALID),
        ({AFFILIATION: "a@4444444444"}, {}, Reason.AFFILIATION_DIFFERS),
        ({AFFILIATION: "a@4444444444"}, {AFFILIATION: "b@4444444444"}, Reason.AFFILIATION_DIFFERS),
        (
            {AFFILIATION: "a@4444444444"},
            {AFFILIATION: "a@4444444444", NUMBER: "5555555551"},
            Reason.AFFILIATION_DIFFERS,
        ),
    ],
)
def test_what_is_not_the_same_person_at_the_same_organisation(
    token: dict[str, Any], about: dict[str, Any], reason: Reason
) -> None:
    with pytest.raises(EidRefused) as refused:
        read_organisation(token, about, NAMES)
    assert refused.value.reason_code is reason
    whole = {AFFILIATION: "A@4444444444", NUMBER: ORG_NUMBER}
    assert read_organisation({AFFILIATION: "a@4444444444"}, whole, NAMES) == "a@4444444444"


@pytest.mark.parametrize(
    "more", [{"identity": "firma"}, {"identity": "organisation", "sign": "oidc_sweden"}, {"identity": 1}]
)
def test_a_row_that_cannot_be_is_refused(tmp_path: Path, more: dict[str, Any]) -> None:
    row = config_row("http://localhost:1") | more
    with pytest.raises(ProviderConfigError, match=r"identity|i tjänsten") as refused:
        Provider.from_config(row, tmp_path)
    assert refused.value.key == "identity"
