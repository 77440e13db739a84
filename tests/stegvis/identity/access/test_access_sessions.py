"""How a login holds: at its own host, for a while, and only as long as the account lives."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import HANDLEDARE, REFER, VAULT_ADMIN
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts import sessions
from stegvis.identity.accounts.models import VaultAccount
from visiting import HOST, VAULT, People, RunningEid, Visitor, fresh_number

Browse = Callable[..., Visitor]


def test_the_cookie_is_host_only(browser: Browse, eid: RunningEid) -> None:
    visitor = browser()
    made = visitor.get("/logga-in").headers["Set-Cookie"]
    assert re.fullmatch(r"__Host-stegvis=[^;]+; Secure; HttpOnly; Path=/; SameSite=Lax", made)


def test_a_session_idles_out(people: People, browser: Browse) -> None:
    visitor = browser(people.handledare())
    start = now()
    with time_machine.travel(start + timedelta(minutes=29), tick=False):
        assert visitor.get("/idag").status_code == 200
    with time_machine.travel(start + timedelta(minutes=58), tick=False):
        assert visitor.get("/idag").status_code == 200
    with time_machine.travel(start + timedelta(minutes=89), tick=False):
        assert visitor.get("/idag").status_code == 303
    assert visitor.get("/idag").status_code == 303


def test_a_session_ends_with_the_working_day_however_busy(people: People, browser: Browse) -> None:
    visitor = browser(people.handledare())
    start, statuses = now(), []
    for minutes in range(0, 480, 20):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            statuses.append(visitor.get("/idag").status_code)
    assert statuses == [200] * 24
    with time_machine.travel(start + timedelta(hours=8, seconds=1), tick=False):
        assert visitor.get("/idag").status_code == 303


def test_an_ended_account_acts_no_more(app: Flask, people: People, browser: Browse) -> None:
    who = people.handledare()
    visitor = browser(who)
    assert visitor.get("/idag").status_code == 200
    with app.app_context(), scope(VAULT):
        accounts.close_account(who.account)
    assert visitor.get("/idag").status_code == 303
    assert visitor.cookie == ""


def test_accounts_of_other_authorities_end_after_ninety_days(
    app: Flask, people: People, browser: Browse
) -> None:
    number = fresh_number()
    with app.app_context(), scope(VAULT):
        token = accounts.invite(number, "Prov Remittent", "remittent", (REFER,), insats="karnhuset")
    with app.app_context(), scope(VAULT):
        accounts.accept_invitation(token, number)
    visitor = browser(people.account("remittent", number=number))
    assert visitor.get("/remisser").status_code == 200
    with app.app_context(), scope(VAULT):
        row = (
            session().scalars(sa.select(VaultAccount).order_by(VaultAccount.created_at.desc()).limit(1)).one()
        )
        row.ends_on = today() - timedelta(days=1)
    assert visitor.get("/remisser").status_code == 303


def test_what_an_ended_account_could_do_is_not_given_back(app: Flask, people: People) -> None:
    who = people.account("personal", VAULT_ADMIN, HANDLEDARE)
    with app.app_context():
        with scope(VAULT):
            accounts.close_account(who.account)
        with scope(VAULT):
            again = accounts.open_account(who.number, "Prov Provsson", "personal", rights=(REFER,))
        with scope(VAULT):
            actor = accounts.actor_of(again)
    assert again == who.account and actor is not None
    assert actor.rights == {(REFER, "")}


def test_a_cookie_is_worth_nothing_at_another_host(people: People, browser: Browse) -> None:
    visitor = browser(people.handledare())
    other = browser(host="kalmar-lan.localhost")
    other.cookie = visitor.cookie
    assert other.get("/idag").status_code == 303
    assert visitor.get("/idag").status_code == 200


def test_a_logged_out_person_is_led_back_afterwards(browser: Browse, eid: RunningEid) -> None:
    visitor = browser()
    answer = visitor.get("/insats/karnhuset/personer?mina=1")
    assert answer.location == "/logga-in?vidare=/insats/karnhuset/personer?mina%3D1"
    visitor.get(answer.location)
    assert visitor.page.form("/logga-in/bankid").fields["vidare"] == "/insats/karnhuset/personer?mina=1"


def test_a_part_of_a_page_leads_to_the_login_page_as_a_whole(browser: Browse) -> None:
    visitor = browser()
    page = f"http://{HOST}/insats/karnhuset/remisser"
    answer = visitor.get("/idag", headers={"HX-Request": "true", "HX-Current-URL": page})
    assert (answer.status_code, answer.data) == (401, b"")
    assert answer.headers["HX-Redirect"] == "/logga-in?vidare=/insats/karnhuset/remisser"
    elsewhere = {"HX-Request": "true", "HX-Current-URL": "https://ond.example/idag"}
    assert visitor.get("/idag", headers=elsewhere).headers["HX-Redirect"] == "/logga-in"


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(browser: Browse, eid: RunningEid) -> None:
    visitor = browser()
    visitor.get("/logga-in")
    answer = visitor.post(
        "/remisser/ny", {"csrf_token": visitor.token()}, headers={"Referer": f"http://{HOST}/remisser/ny"}
    )
    assert answer.location == "/logga-in?vidare=/remisser/ny"


def test_a_form_without_its_token_is_refused(people: People, browser: Browse) -> None:
    visitor = browser(people.remittent())
    assert visitor.post("/remisser/ny", {"insats": "karnhuset"}).status_code == 400


def test_logging_out_wins_over_a_request_that_was_under_way(
    app: Flask, people: People, browser: Browse
) -> None:
    visitor = browser(people.handledare())
    cookie = f"{sessions.COOKIE}={visitor.cookie}"
    with app.test_request_context("/", headers={"Cookie": cookie}) as slow:
        held = app.session_interface.open_session(app, slow.request)
        assert held is not None and held["login"]
        visitor.get("/idag")
        visitor.send("/logga-ut")
        held["login"] = held["login"] | {"seen": time.time()}
        app.session_interface.save_session(app, held, app.response_class())
    thief = browser()
    thief.cookie = cookie.partition("=")[2]
    assert thief.get("/idag").status_code == 303
    assert app.session_interface.open_session(app, slow.request) == {}


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "Forwarded"])
def test_the_host_is_the_one_that_was_asked(browser: Browse, header: str) -> None:
    answer = browser(host="okand.localhost").get("/", headers={header: HOST})
    assert answer.status_code == 404
