"""*Mina inloggningar*: my own logins of this account, in plain words; ending one acts at its next request."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import scope
from stegvis.identity.accounts import sessions
from stegvis.identity.audit import service as audit
from visiting import VAULT, Login, People, Visitor

Browse = Callable[..., Visitor]
PAGE = "/mina-inloggningar"
HOME = {"personal": "/idag", "deltagare": "/mina-sidor", "remittent": "/remisser", "kansli": "/laget"}


def everybody(people: People) -> dict[str, Login]:
    """One account of each kind that has a first page of its own."""
    return {
        "personal": people.handledare(),
        "remittent": people.remittent(),
        "deltagare": people.account("deltagare"),
        "kansli": people.account("kansli", "kansli", scope_id="gavleborg", insats=""),
    }


def rows(visitor: Visitor) -> list[str]:
    """The listed logins as they are read."""
    assert visitor.get(PAGE).status_code == 200, visitor.page.said()
    return [" ".join(one.text_content().split()) for one in visitor.page.tree.xpath("//main//li")]


@pytest.mark.parametrize("kind", HOME)
def test_ending_another_login_acts_at_its_next_request(people: People, browser: Browse, kind: str) -> None:
    who = everybody(people)[kind]
    here, there = browser(who), browser(who)
    assert there.get(HOME[kind]).status_code == 200
    first, second = rows(here)
    assert "Den här webbläsaren" in first and "Avsluta" not in first
    assert "Den här webbläsaren" not in second and "med " in second and "senast använd kl." in second
    here.send("/avsluta", follow=True)
    assert "Inloggningen är avslutad." in here.page.words and len(rows(here)) == 1
    assert there.get(HOME[kind]).status_code == 303
    assert here.get(HOME[kind]).status_code == 200


def test_all_others_at_once(people: People, browser: Browse) -> None:
    who = people.handledare()
    here, *others = (browser(who) for _ in range(4))
    assert len(rows(here)) == 4
    here.send("/avsluta-andra")
    assert "Du är utloggad överallt utom här." in here.page.words
    assert [one.get("/idag").status_code for one in (here, *others)] == [200, 303, 303, 303]
    assert rows(here)[0].startswith("En webbläsare") and len(rows(here)) == 1
    assert "Avsluta alla andra" not in here.page.words


def test_ending_wins_over_a_request_that_was_under_way(app: Flask, people: People, browser: Browse) -> None:
    who = people.handledare()
    here, there = browser(who), browser(who)
    with app.test_request_context("/", headers={"Cookie": f"{sessions.COOKIE}={there.cookie}"}) as slow:
        held = app.session_interface.open_session(app, slow.request)
        assert held is not None and held["login"]
        here.get(PAGE)
        here.send("/avsluta")
        with time_machine.travel(now() + timedelta(minutes=2), tick=False):
            sessions.touch(held)  # type: ignore[arg-type]
            app.session_interface.save_session(app, held, app.response_class())
    assert there.get("/idag").status_code == 303
    assert len(rows(here)) == 1


def test_nobody_sees_or_ends_anothers(people: People, browser: Browse) -> None:
    """Also not the same person's other account: each login is one account's."""
    who = people.handledare()
    theirs = browser(who)
    theirs.get(PAGE)
    with theirs.client.session_transaction(base_url=theirs.base) as kept:
        login_id = kept["login"]["id"]
    for other in (people.handledare(), people.account("deltagare", number=who.number)):
        stranger = browser(other)
        assert len(rows(stranger)) == 1
        token = {"csrf_token": stranger.token()}
        for wanted in (login_id, "0"):
            assert stranger.post(f"{PAGE}/{wanted}/avsluta", token).status_code == 404
        stranger.post(f"{PAGE}/avsluta-andra", token)
    assert theirs.get("/idag").status_code == 200


def test_what_is_over_is_not_listed(people: People, browser: Browse) -> None:
    who = people.handledare()
    start = now()
    idle, out, _busy = browser(who), browser(who), browser(who)
    out.get("/idag")
    out.send("/logga-ut")
    with time_machine.travel(start + timedelta(minutes=29), tick=False):
        here = browser(who)
        assert _busy.get("/idag").status_code == 200
        assert len(rows(here)) == 3
    with time_machine.travel(start + timedelta(minutes=31), tick=False):
        assert len(rows(here)) == 2
    assert idle.get("/idag").status_code in (200, 303)


def test_reading_and_ending_leave_their_events(app: Flask, people: People, browser: Browse) -> None:
    who = people.handledare()
    here = browser(who)
    browser(who)
    here.get(PAGE)
    here.send("/avsluta", follow=False)
    with app.app_context(), scope(VAULT):
        found = [(one.action, one.details) for one in audit.events_about(who.account)]
    assert ("avsluta_inloggning", {"antal": 1}) in found


def test_a_login_says_which_browser_in_plain_words(app: Flask, people: People, browser: Browse) -> None:
    who = people.handledare()
    here = browser(who)
    kept = sessions.BrowserSession()
    with app.app_context():
        sessions.begin_login(
            kept, who.scope, str(who.account), "freja", kept=sessions.Kept("", ("firefox", "android"))
        )
        app.session_interface.save_session(app, kept, app.response_class())
    assert any(one.startswith("Firefox på Android") for one in rows(here))
