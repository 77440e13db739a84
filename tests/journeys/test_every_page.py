"""axe on every page that somebody can open, and every route that has a page is among them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import g
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect

from axe import violations
from stegvis.app import create_app
from stegvis.forbund.agreements import service as agreements
from stegvis.forbund.agreements.files import PDF, Upload
from stegvis.forbund.agreements.service import NewSigner
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import OPEN_WITH_REASON
from stegvis.identity.accounts import service as accounts
from stegvis.local.check import check
from stegvis.local.check_case import draft, refer
from stegvis.local.check_report import attest, give_back, newest, send, wait_for_another, write
from stegvis.local.check_steps import Walk
from stegvis.local.demo import Demo
from stegvis.local.pictures import Walker, log_in, reachable, shape, walkers
from stegvis.vault.consent import service as consent
from stegvis.vault.consent.models import Consent
from stegvis.vault.enrolments.models import Enrolment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

# Routes that answer GET with something else than a page of their own.
NO_PAGE = {
    "eid.answer": "the way back from the e-ID",
    "eid.invited": "leads to the login",
    "eid.jwks": "keys for machines",
    "eid.left": "the way back from the e-ID's own logout",
    "eid.accounts_of_person": "only while somebody with several accounts logs in",
    "consent.download": "a file",
    "team_consent.scanned": "a file",
    "reports.pdf": "a file",
    "agreements.document": "a file",
    "agreements.finished": "a file",
    "agreements.receipt": "a file",
    "agreements.scan": "a file",
    "agreements.trail": "a file",
    "agreement_link.enter": "leads to the signer's page",
    "agreement_link.document": "a file",
    "agreement_link.receipt": "a file",
    "referrals.still_holds": "what an open page asks by itself",
}
MACHINES = ("web.", "health")
HANDLEDARE = ("handledare", "karnhuset", "sandviken")


class Seen:
    """What has been opened: addresses by who opened them, and what axe found."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.faults: list[tuple[str, str, int, str, list[str]]] = []


@pytest.fixture(scope="module")
def seen(demo: Demo, walk: Walk, chromium: Any) -> Seen:
    """Every page of everybody, after one walk of the check has left reports and a receipt to look at."""
    check(demo)
    remittent = walk.logged_in("remittent")
    written, asked = walk.fresh(2)
    waiting = refer(remittent, asked, "egen")
    beside = [
        f"/remisser/{draft(remittent, written)}/kontroll",
        f"/remisser/{waiting}/samtycke",
        f"/remisser/{waiting}/undertecknare",
    ]
    found = Seen()
    with report_that_waits_for_the_attest(walk) as returned:
        aside = {
            "gavleborg-remittent": beside,
            "gavleborg-forbundschef": [f"{returned}/aterlamna"],
            "gavleborg-handledare": ["/sok", asked_again_beside(demo)],
            "gavleborg-alla": [an_agreement_to_sign(demo)],
            "gavleborg-vault_admin": [somebody_to_open_with_a_reason(demo)],
        }
        for walker in walkers(demo):
            more = aside.get(walker.name, [])
            for width in (390, 1280):
                for page in _pages(chromium, walker, width, more):
                    found.paths.add(urlsplit(page.url).path)
                    where = (walker.name, shape(page.url), width)
                    found.faults += [(*where, *fault) for fault in violations(page)]
    return found


def somebody_to_open_with_a_reason(demo: Demo) -> str:
    """The vault's administrator, who is in no team, may open people with a reason: the page that asks for one."""
    app = create_app(demo.settings)
    (keeper,) = [one for one in demo.people if one.role == "vault_admin" and one.tenant == "gavleborg"]
    with app.app_context(), scope("gavleborg/sandviken"):
        ((account, _kind, _organisation),) = accounts.accounts_of_number(keeper.personnummer)
        accounts.give_right(account, OPEN_WITH_REASON)
        enrolment = session().scalars(sa.select(Enrolment.id).limit(1)).one()
    return f"/personer/{enrolment}/skal"


def asked_again_beside(demo: Demo) -> str:
    """Somebody of Kärnhuset is asked for a samtycke once more: the page to sign it beside the handledare."""
    app = create_app(demo.settings)
    (one,) = [one for one in demo.people if (one.role, one.insats, one.huvudman) == HANDLEDARE][:1]
    with app.test_request_context(), scope("gavleborg/sandviken") as opened:
        ((account, _kind, _organisation),) = accounts.accounts_of_number(one.personnummer)
        g.actor = accounts.actor_of(account)
        opened.facts["role"] = "personal"
        enrolled = sa.select(Enrolment.referral_id).where(Enrolment.ended_on.is_(None))
        given = sa.select(Consent.id).where(Consent.referral_id.in_(enrolled), Consent.state == "given")
        asked = consent.ask_again("karnhuset", session().scalars(given.limit(1)).one()).id
    return f"/insats/karnhuset/samtycken/{asked}/har"


def an_agreement_to_sign(demo: Demo) -> str:
    """An agreement that the kansli has sent, with a signer who has not signed; the path of the signer's link."""
    app = create_app(demo.settings)
    (chief,) = [one for one in demo.people if one.role == "forbundschef" and one.tenant == "gavleborg"]
    with app.app_context():
        with scope("gavleborg"):
            ((account, _kind, _organisation),) = accounts.accounts_of_number(chief.personnummer)
        with scope("gavleborg", account=account):
            g.actor = accounts.actor_of(account)
            document = Upload("Avtal.pdf", PDF, b"%PDF-1.7 %%EOF")
            made = agreements.create("overenskommelse", "Provöverenskommelsen", "", today(), document)
            signer = NewSigner(
                "Test Testsson", chief.personnummer, "Provnämnden", "Chef", "delegationsordning"
            )
            agreements.add_signer(made, signer)
            (link,) = agreements.send(made)
    return f"/skriv-under/{link.token}"


@contextmanager
def report_that_waits_for_the_attest(walk: Walk) -> Iterator[str]:
    """The report of the check, sent back and sent again; attested when the context ends.

    Gives the path of the version that was sent back.
    """
    chief, leader = walk.logged_in("forbundschef"), walk.logged_in("insatsledare")
    before = newest(chief)
    assert before is not None
    give_back(chief, before)
    write(leader)
    send(leader)
    yield urlsplit(before).path
    attest(walk.logged_in("vault_admin"))
    wait_for_another(chief, before)


def _pages(chromium: Any, walker: Walker, width: int, beside: list[str]) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": width, "height": 844}, locale="sv-SE")
    page = context.new_page()
    page.set_default_timeout(15_000)
    if walker.number:
        log_in(page, walker.base, walker.number)
    for _address in reachable(page, walker):
        yield page
    for path in beside:
        page.goto(walker.base + path)
        yield page
    context.close()


def test_axe_would_find_something(chromium: Any, walk: Walk) -> None:
    page = chromium.new_page()
    page.goto(f"{walk.base}/logga-in")
    page.evaluate("document.documentElement.removeAttribute('lang')")
    assert [rule for rule, _nodes in violations(page)] == ["html-has-lang"]
    page.close()


def test_axe_finds_nothing_on_any_page(seen: Seen) -> None:
    assert seen.faults == []


def test_every_route_with_a_page_has_been_opened(seen: Seen, demo: Demo) -> None:
    app = create_app(demo.settings)
    adapter = app.url_map.bind("localhost")
    opened = set()
    for path in seen.paths:
        try:
            opened.add(adapter.match(path, "GET")[0])
        except (NotFound, RequestRedirect):
            continue
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.methods and "GET" in rule.methods and not rule.endpoint.startswith(MACHINES)
    }
    assert sorted(pages - opened - NO_PAGE.keys()) == []
    assert sorted(NO_PAGE.keys() - pages) == []
