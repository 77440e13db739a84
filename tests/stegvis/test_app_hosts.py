"""The application from outside: unknown hosts, the operator's probes, headers, errors, and a quiet log."""

from collections.abc import Callable

import pytest
import redis
from flask import Flask
from sqlalchemy.exc import OperationalError

from stegvis.app import JOB_ROOMS, ROOMS
from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.scope import scopes
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE, PUBLISH, REFER, VAULT_ADMIN, Actor
from stegvis.navigation import ways
from visiting import People, Visitor

Browse = Callable[..., Visitor]


@pytest.mark.parametrize("path", ["/", "/logga-in", "/remisser", "/finns-inte"])
def test_an_unknown_host_is_a_page_that_says_so(browser: Browse, path: str) -> None:
    visitor = browser(host="okand.localhost")
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "Det finns inget samordningsförbund på den här adressen" in visitor.page.words
    assert "Gävleborg" not in answer.text


@pytest.mark.parametrize("host", ["gavleborg.localhost", "okand.localhost", "127.0.0.1"])
def test_the_probes_answer_on_every_host(browser: Browse, host: str) -> None:
    visitor = browser(host=host)
    assert [(one.status_code, one.text) for one in map(visitor.get, ("/healthz", "/readyz"))] == [
        (200, "ok\n"),
        (200, "ready\n"),
    ]


def test_not_ready_without_the_broker(app: Flask, browser: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=1)
    monkeypatch.setitem(app.extensions, "stegvis.broker", gone)
    visitor = browser()
    assert visitor.get("/healthz").status_code == 200
    answer = visitor.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready: ConnectionError\n")


def test_not_ready_without_the_database(app: Flask, browser: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def connect(self) -> None:
            raise OperationalError("select 1", {}, Exception("hemligt"))

    with app.app_context():
        real = dict(db.engines)
    monkeypatch.setattr(type(db), "engines", property(lambda _self: real | {"huvudman": Gone()}))
    answer = browser().get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready: OperationalError\n")


def test_every_answer_carries_its_request_id(browser: Browse) -> None:
    visitor = browser()
    ids = [visitor.get(path).headers["X-Request-Id"] for path in ("/", "/finns-inte", "/healthz")]
    assert len(set(ids)) == 3 and all(len(one) == 16 for one in ids)


def test_a_page_about_somebody_is_stored_nowhere(people: People, browser: Browse) -> None:
    answer = browser(people.handledare()).get("/insats/karnhuset/remisser")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "default-src" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_every_room_with_pages_is_wired_once() -> None:
    assert len(set(ROOMS)) == len(ROOMS) and len(set(JOB_ROOMS)) == len(JOB_ROOMS)


@pytest.mark.parametrize(
    ("kind", "rights"),
    [
        ("personal", {HANDLEDARE, INSATSLEDARE, PUBLISH, VAULT_ADMIN, REFER}),
        ("personal", {HANDLEDARE}),
        ("personal", {PUBLISH}),
        ("personal", {REFER}),
        ("remittent", {REFER}),
        ("deltagare", set()),
        ("kansli", {"forbundschef"}),
    ],
)
def test_the_navigation_holds_at_most_six_ways_that_all_open(
    app: Flask, people: People, browser: Browse, kind: str, rights: set[str]
) -> None:
    scope_text = "gavleborg" if kind == "kansli" else "gavleborg/sandviken"
    who = people.account(kind, *rights, scope_id=scope_text)
    visitor = browser(who)
    with app.test_request_context():
        forbund = scopes().directory.get("gavleborg")
        actor = Actor(who.account, kind, "", rights=frozenset((one, "karnhuset") for one in rights))
        found = ways(actor, forbund, ScopeId.parse(scope_text))
    assert 0 < len(found) <= 6
    assert {label: visitor.get(address).status_code for label, address in found} == {
        label: 200 for label, _address in found
    }
