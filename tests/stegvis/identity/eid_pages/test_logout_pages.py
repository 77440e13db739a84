"""Logging out: here first and always, then at the provider where it offers that; the way back is checked."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from flask import Flask, request, request_finished

from sessions_kept import kept_sessions
from stegvis.ground.tenancy.models import now
from stegvis.identity.access.rights import FORBUNDSCHEF, HANDLEDARE
from stegvis.identity.accounts import sessions
from stegvis.identity.eid import leaving, metadata, protocol, visits
from stegvis.identity.eid.logout import start_logout
from visiting import People, RunningEid, Visitor

Browse = Callable[..., Visitor]
FORM = "/logout"


def here(visitor: Visitor) -> str:
    """The path of the page that is shown."""
    assert visitor.answer is not None
    return visitor.answer.request.path


def entered(people: People, browser: Browse) -> tuple[Visitor, str]:
    """Somebody who has logged in with the test e-ID, and her number."""
    who = people.handledare()
    visitor = browser()
    visitor.log_in(who.number)
    assert here(visitor) == "/idag"
    return visitor, who.number


def at_provider(visitor: Visitor) -> str:
    """Send the form that leads to the provider's logout; the address that it sends back to."""
    form = visitor.page.form(FORM)
    answer = requests.post(str(form.action), dict(form.form_values()), allow_redirects=False, timeout=10)
    assert answer.status_code == 303, answer.text
    back = answer.headers["Location"]
    assert back.startswith(f"{visitor.base}/utloggad?"), back
    return back.removeprefix(visitor.base)


def test_out_here_then_at_the_provider_then_back(people: People, browser: Browse, eid: RunningEid) -> None:
    visitor, number = entered(people, browser)
    cookie = visitor.cookie
    answer = visitor.send("/logga-ut")
    # Out here before the provider is asked: the old cookie is nobody's.
    thief = browser()
    thief.cookie = cookie
    assert thief.get("/idag").status_code == 303
    fields = dict(visitor.page.form(FORM).form_values())
    assert fields.keys() == {"id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"}
    claims = fields["id_token_hint"].split(".")[1]
    assert number.encode() in base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    # The token goes in a form and never in an address; the page is not kept by the browser.
    assert number not in answer.text and answer.headers["Cache-Control"] == "no-store"
    back = at_provider(visitor)
    assert parse_qs(urlsplit(back).query) == {"state": [fields["state"]]}
    visitor.get(back, follow=True)
    assert here(visitor) == "/logga-in"
    assert "Du är utloggad, också hos din e-legitimation." in visitor.page.words
    visitor.get(back, follow=True)
    assert here(visitor) == "/" and "utloggad" not in visitor.page.words


def test_the_other_kind_of_provider_logs_out_too(people: People, browser: Browse, eid: RunningEid) -> None:
    who = people.account("personal", HANDLEDARE, scope_id="skane_nordost/osby", insats="gemensam_kraft")
    visitor = browser(host="skane-nordost.localhost")
    visitor.get("/logga-in")
    visitor.send("/logga-in/idura_bankid")
    visitor.get(visitor.at_eid(who.number), follow=True)
    assert here(visitor) == "/idag"
    visitor.send("/logga-ut")
    visitor.get(at_provider(visitor), follow=True)
    assert "Du är utloggad, också hos din e-legitimation." in visitor.page.words


def test_a_link_to_the_way_back_logs_nobody_out(people: People, browser: Browse) -> None:
    visitor = browser(people.handledare())
    assert visitor.get("/utloggad?state=x").location == "/"
    assert visitor.get("/idag").status_code == 200
    assert "utloggad" not in visitor.page.words


def test_an_old_answer_says_nothing(people: People, browser: Browse, eid: RunningEid) -> None:
    visitor, _number = entered(people, browser)
    visitor.send("/logga-ut")
    back = at_provider(visitor)
    with time_machine.travel(now().timestamp() + leaving.AWAY_SECONDS + 1, tick=False):
        visitor.get(back, follow=True)
    assert "Vi vet inte om din e-legitimation loggade ut dig" in visitor.page.words


@pytest.mark.parametrize("endpoint", [None, 7, "javascript:alert(1)", "http://ond.example/ut"])
def test_a_provider_without_logout_is_left_here_alone(
    people: People, browser: Browse, eid: RunningEid, monkeypatch: pytest.MonkeyPatch, endpoint: Any
) -> None:
    visitor, _number = entered(people, browser)
    _told(monkeypatch, lambda document: document | {"end_session_endpoint": endpoint})
    visitor.send("/logga-ut")
    assert here(visitor) == "/logga-in" and "Du är utloggad." in visitor.page.words
    assert visitor.get("/idag").status_code == 303


def test_a_provider_that_is_down_keeps_nobody_in(
    people: People, browser: Browse, eid: RunningEid, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, _number = entered(people, browser)
    monkeypatch.setattr(leaving, "start_logout", _with_empty_store)
    eid.fault("discovery-500")
    visitor.send("/logga-ut")
    assert here(visitor) == "/logga-in" and "Du är utloggad." in visitor.page.words
    assert visitor.get("/idag").status_code == 303


def _with_empty_store(provider: Any, **told: Any) -> Any:
    return start_logout(provider, store=metadata.MetadataStore(), **told)


def _told(monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let what the provider has published say something else."""
    real = protocol.PROVIDERS_PUBLISHED.metadata

    def changed(provider: Any) -> metadata.Metadata:
        return metadata.Metadata(change(dict(real(provider).document)))

    monkeypatch.setattr(protocol.PROVIDERS_PUBLISHED, "metadata", changed)


def test_the_token_lies_sealed_and_goes_with_the_session(
    app: Flask, people: People, browser: Browse, eid: RunningEid
) -> None:
    visitor, number = entered(people, browser)
    broker = app.extensions["stegvis.broker"]
    cookie = visitor.cookie
    kept = broker.get(sessions._key(cookie))
    assert kept is not None
    visitor.send("/logga-ut")
    token = dict(visitor.page.form(FORM).form_values())["id_token_hint"]
    assert token.encode() not in kept and token.split(".")[1].encode() not in kept
    assert number.encode() not in kept
    assert broker.get(sessions._key(cookie)) is None
    assert not any(token.split(".")[1].encode() in one for one in kept_sessions(broker))


def test_a_login_is_two_round_trips_beside_the_redirects(
    app: Flask, people: People, browser: Browse, eid: RunningEid
) -> None:
    """From the press of the button to the page that the person wanted."""
    who = people.handledare()
    visitor = browser()
    visitor.get("/logga-in?vidare=/insats/karnhuset/personer")
    seen: list[tuple[str, int]] = []

    def ended(_app: Flask, response: Any, **_more: Any) -> None:
        seen.append((request.path, response.status_code))

    with request_finished.connected_to(ended, app):
        visitor.send("/logga-in/bankid")
        visitor.get(visitor.at_eid(who.number), follow=True)
    assert seen == [
        ("/logga-in/bankid", 200),
        ("/legitimera/bankid/svar", 303),
        ("/insats/karnhuset/personer", 200),
    ]
    assert sum(status not in (302, 303) for _path, status in seen) <= 2


def test_changing_accounts_is_a_new_login_that_ends_the_old(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    who = people.handledare()
    people.account("kansli", FORBUNDSCHEF, scope_id="gavleborg", insats="", number=who.number)
    visitor = browser()
    visitor.log_in(who.number)
    visitor.send("/valj-konto")
    first, cookie = here(visitor), visitor.cookie
    visitor.send("/byt-konto")
    thief = browser()
    thief.cookie = cookie
    assert thief.get(first).status_code == 303
    visitor.get(visitor.at_eid(who.number), follow=True)
    assert here(visitor) == "/valj-konto"
    other = list(visitor.page.forms("/valj-konto"))[1].fields["konto"]
    visitor.post("/valj-konto", {"konto": other, "csrf_token": visitor.token()}, follow=True)
    assert {first, here(visitor)} == {"/idag", "/laget"}


def test_everybody_may_try_and_the_only_account_opens_again(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    """The button tells nothing: who has one account has it too."""
    visitor, number = entered(people, browser)
    visitor.send("/byt-konto")
    visitor.get(visitor.at_eid(number), follow=True)
    assert here(visitor) == "/idag" and "Du har bara det här kontot" in visitor.page.words
    visitor.get("/idag")
    assert "Du har bara det här kontot" not in visitor.page.words


def test_a_silent_provider_does_not_throw_out_who_wants_another_account(
    people: People, browser: Browse, monkeypatch: pytest.MonkeyPatch, eid: RunningEid
) -> None:
    visitor, _number = entered(people, browser)
    fresh = metadata.MetadataStore()
    monkeypatch.setattr(visits, "start_login", lambda *a, **b: protocol.start_login(*a, store=fresh, **b))
    eid.fault("discovery-500")
    visitor.send("/byt-konto")
    assert here(visitor) == "/mina-inloggningar" and "svarar inte just nu" in visitor.page.words
    assert visitor.get("/idag").status_code == 200


def test_nobody_has_nothing_to_change(browser: Browse, eid: RunningEid) -> None:
    visitor = browser()
    visitor.get("/logga-in")
    answer = visitor.post("/byt-konto", {"csrf_token": visitor.token()})
    assert (answer.status_code, answer.location) == (303, "/logga-in")
