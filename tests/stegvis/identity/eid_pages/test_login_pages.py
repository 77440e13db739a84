"""Logging in with the real test e-ID: who comes in, as what, where to, and who does not."""

from collections.abc import Callable

import pytest
import time_machine
from flask import Flask

from sessions_kept import kept_sessions
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import scope
from stegvis.identity.access.rights import FORBUNDSCHEF, HANDLEDARE, PUBLISH, VAULT_ADMIN
from stegvis.identity.accounts import service as accounts
from stegvis.identity.eid import routes
from visiting import VAULT, People, RunningEid, Visitor, fresh_number

Browse = Callable[..., Visitor]


def here(visitor: Visitor) -> str:
    """The path of the page that is shown."""
    assert visitor.answer is not None
    return visitor.answer.request.path


@pytest.mark.parametrize(
    ("kind", "rights", "scope_id", "home"),
    [
        ("remittent", ("remittera",), VAULT, "/remisser"),
        ("personal", (HANDLEDARE,), VAULT, "/idag"),
        ("deltagare", (), VAULT, "/mina-sidor"),
    ],
)
def test_each_kind_comes_to_its_own_first_page(
    people: People,
    browser: Browse,
    eid: RunningEid,
    kind: str,
    rights: tuple[str, ...],
    scope_id: str,
    home: str,
) -> None:
    who = people.account(kind, *rights, scope_id=scope_id)
    visitor = browser()
    answer = visitor.log_in(who.number)
    assert (answer.status_code, here(visitor)) == (200, home)


def test_a_login_gets_a_new_session_and_the_old_cookie_is_worth_nothing(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    who = people.handledare()
    visitor = browser()
    visitor.get("/logga-in")
    before = visitor.cookie
    visitor.log_in(who.number)
    assert before and visitor.cookie not in ("", before)
    thief = browser()
    thief.cookie = before
    assert thief.get("/idag").status_code == 303
    kept = visitor.cookie
    visitor.send("/logga-ut")
    thief.cookie = kept
    assert thief.get("/idag").status_code == 303


def test_nobody_is_told_so_and_nothing_is_kept(browser: Browse, eid: RunningEid, app: Flask) -> None:
    number = fresh_number()
    visitor = browser()
    answer = visitor.log_in(number)
    assert answer.status_code == 403
    assert "Du har inget konto här" in visitor.page.words
    assert visitor.get("/idag").status_code == 303
    broker = app.extensions["stegvis.broker"]
    assert not any(number.encode() in one for one in kept_sessions(broker))


def test_several_accounts_are_a_choice_of_exactly_these(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    who = people.handledare()
    chief = people.account("kansli", FORBUNDSCHEF, scope_id="gavleborg", insats="", number=who.number)
    stranger = people.handledare()
    visitor = browser()
    visitor.log_in(who.number)
    assert here(visitor) == "/valj-konto"
    offered = [one.fields["konto"] for one in visitor.page.forms("/valj-konto")]
    assert set(offered) == {str(who.account), str(chief.account)} and len(offered) == 2
    token = visitor.token()
    answer = visitor.post("/valj-konto", {"konto": str(stranger.account), "csrf_token": token})
    assert answer.status_code == 404
    assert visitor.get("/idag").status_code == 303
    answer = visitor.post("/valj-konto", {"konto": str(who.account), "csrf_token": token}, follow=True)
    assert (answer.status_code, here(visitor)) == (200, "/idag")
    visitor.get("/valj-konto")
    assert visitor.answer is not None and visitor.answer.status_code == 303


def test_a_choice_is_not_left_lying_for_the_next_person(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    who = people.handledare()
    people.account("deltagare", number=who.number)
    visitor = browser()
    visitor.log_in(who.number)
    assert here(visitor) == "/valj-konto"
    with time_machine.travel(now().timestamp() + routes.CHOICE_SECONDS + 1, tick=False):
        assert visitor.get("/valj-konto").status_code == 303
    visitor.log_in(who.number)
    visitor.log_in(fresh_number())
    assert visitor.get("/valj-konto").status_code == 303


def test_a_cancelled_login_comes_back_to_the_same_place_with_a_sentence(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    who = people.handledare()
    visitor = browser()
    visitor.log_in(who.number, onward="/insats/karnhuset/personer", action="cancel")
    assert here(visitor) == "/logga-in"
    assert "Du avbröt eller kunde inte legitimeras. Inget har ändrats." in visitor.page.words
    visitor.send("/logga-in/bankid")
    visitor.get(visitor.at_eid(who.number), follow=True)
    assert here(visitor) == "/insats/karnhuset/personer"


@pytest.mark.parametrize("fault", ["invalid-sig", "nonce-invalid", "response-state-wrong", "token-500"])
def test_a_faulty_answer_lets_nobody_in(people: People, browser: Browse, eid: RunningEid, fault: str) -> None:
    who = people.handledare()
    visitor = browser()
    eid.fault(fault)
    visitor.log_in(who.number)
    assert here(visitor) == "/logga-in"
    assert "Inget har ändrats" in visitor.page.words or "inget har ändrats" in visitor.page.words
    assert visitor.get("/idag").status_code == 303


def test_an_answer_is_taken_in_one_browser_only(people: People, browser: Browse, eid: RunningEid) -> None:
    who = people.handledare()
    visitor, other = browser(), browser()
    visitor.get("/logga-in")
    visitor.send("/logga-in/bankid")
    back = visitor.at_eid(who.number)
    other.get(back, follow=True)
    assert here(other) == "/logga-in" and other.get("/idag").status_code == 303
    visitor.get(back, follow=True)
    assert here(visitor) == "/idag"


def test_an_answer_that_was_used_leads_who_is_logged_in_home(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    """The back button after a login, and a second tab that comes back when the first one is in."""
    who = people.handledare()
    visitor = browser()
    backs = []
    for _ in range(2):
        visitor.get("/logga-in")
        visitor.send("/logga-in/bankid")
        backs.append(visitor.at_eid(who.number))
    visitor.get(backs[0], follow=True)
    assert here(visitor) == "/idag"
    for back in backs:
        kept = visitor.cookie
        visitor.get(back, follow=True)
        assert (here(visitor), visitor.cookie) == ("/idag", kept)
        assert "Inget nytt har hänt, och det som är klart finns kvar." in visitor.page.words


def test_the_callback_of_an_e_id_that_is_not_there_is_404_and_spends_nothing(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    who = people.handledare()
    visitor = browser()
    visitor.get("/logga-in")
    visitor.send("/logga-in/bankid")
    back = visitor.at_eid(who.number)
    assert visitor.get(back.replace("/bankid/", "/annan/")).status_code == 404
    visitor.get(back, follow=True)
    assert here(visitor) == "/idag"


@pytest.mark.parametrize(
    "onward",
    [
        "//ond.example/x",
        "/\\ond.example",
        "https://ond.example/",
        "/\tond",
        "javascript:alert(1)",
        "idag",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(onward: str) -> None:
    assert routes.safe_onward(onward) == ""


@pytest.mark.parametrize("onward", ["/idag", "/insats/karnhuset/personer?mina=1"])
def test_a_page_of_this_host_is_kept(onward: str) -> None:
    assert routes.safe_onward(onward) == onward


def test_a_link_to_elsewhere_leads_home(people: People, browser: Browse, eid: RunningEid) -> None:
    who = people.handledare()
    visitor = browser()
    visitor.log_in(who.number, onward="//ond.example/idag")
    assert here(visitor) == "/idag"


def test_an_invitation_opens_the_account_once_for_the_person_named(
    app: Flask, browser: Browse, eid: RunningEid
) -> None:
    number = fresh_number()
    with app.app_context(), scope(VAULT):
        token = accounts.invite(number, "Prov Provsson", "personal", (VAULT_ADMIN, PUBLISH))
    wrong = browser()
    wrong.get(f"/inbjudan/sandviken/{token}")
    wrong.log_in(fresh_number())
    assert "Inbjudan är skriven till någon annan än den som legitimerade sig." in wrong.page.words
    invited = browser()
    invited.get(f"/inbjudan/sandviken/{token}")
    invited.log_in(number)
    assert here(invited) == "/granskning"
    with app.app_context(), scope(VAULT):
        ((account, kind, _organisation),) = accounts.accounts_of_number(number)
        actor = accounts.actor_of(account)
    assert kind == "personal" and actor is not None
    assert actor.rights == {(VAULT_ADMIN, ""), (PUBLISH, "")}
    twice = browser()
    twice.get(f"/inbjudan/sandviken/{token}")
    twice.log_in(number)
    assert "Inbjudan gäller inte längre." in twice.page.words


def test_an_old_invitation_is_not_accepted(app: Flask, browser: Browse, eid: RunningEid) -> None:
    number = fresh_number()
    with time_machine.travel(now().timestamp() - 15 * 86400), app.app_context(), scope(VAULT):
        token = accounts.invite(number, "Prov Provsson", "personal", (HANDLEDARE,))
    visitor = browser()
    visitor.get(f"/inbjudan/sandviken/{token}")
    visitor.log_in(number)
    assert "Inbjudan gäller inte längre." in visitor.page.words
    with app.app_context(), scope(VAULT):
        assert accounts.accounts_of_number(number) == []


def test_an_invitation_to_a_place_that_is_not_here_is_404(browser: Browse) -> None:
    assert browser().get("/inbjudan/kalmar/abc").status_code == 404


def test_an_unknown_e_id_is_404(browser: Browse) -> None:
    visitor = browser()
    visitor.get("/logga-in")
    answer = visitor.post("/logga-in/annan", {"csrf_token": visitor.token()})
    assert answer.status_code == 404


def test_an_account_that_ended_while_choosing_is_told(
    app: Flask, people: People, browser: Browse, eid: RunningEid
) -> None:
    who = people.handledare()
    people.account("deltagare", number=who.number)
    visitor = browser()
    visitor.log_in(who.number)
    with app.app_context(), scope(VAULT):
        accounts.close_account(who.account)
    visitor.post("/valj-konto", {"konto": str(who.account), "csrf_token": visitor.token()}, follow=True)
    assert here(visitor) == "/logga-in" and "Kontot har avslutats." in visitor.page.words
    assert visitor.get("/idag").status_code == 303


def test_the_public_keys_are_public_only(browser: Browse, eid: RunningEid) -> None:
    keys = browser().get("/.well-known/jwks.json").get_json()["keys"]
    assert len(keys) == 1 and not {"d", "p", "q"} & keys[0].keys()


def test_a_session_holds_neither_name_nor_number(
    app: Flask, people: People, browser: Browse, eid: RunningEid
) -> None:
    who = people.account("remittent", "remittera", name="Kanarie Kanariesson")
    browser().log_in(who.number)
    broker = app.extensions["stegvis.broker"]
    kept = b"".join(kept_sessions(broker))
    assert str(who.account).encode() in kept
    assert b"Kanarie" not in kept and who.number.encode() not in kept
