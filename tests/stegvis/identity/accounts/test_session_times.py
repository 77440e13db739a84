"""How long a session lives: a while after its last use, never beyond a working day, by the real clock."""

from datetime import UTC, datetime, timedelta

import pytest
import redis
import time_machine
from flask import Flask, session

from sessions_kept import kept_sessions
from stegvis.identity.accounts import sessions

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LOGIN = {"since": MORNING.timestamp(), "seen": MORNING.timestamp()}


@pytest.mark.parametrize(
    ("later", "seen", "holds"),
    [
        (timedelta(minutes=30), timedelta(), True),
        (timedelta(minutes=30, seconds=1), timedelta(), False),
        (timedelta(hours=8), timedelta(hours=7, minutes=50), True),
        (timedelta(hours=8, seconds=1), timedelta(hours=8), False),
    ],
)
def test_idle_and_absolute_limits(later: timedelta, seen: timedelta, holds: bool) -> None:
    login = LOGIN | {"seen": (MORNING + seen).timestamp()}
    with time_machine.travel(MORNING + later, tick=False):
        assert sessions.still_valid(login, 30) is holds


def test_use_is_noted_once_a_minute() -> None:
    kept = sessions.BrowserSession({"login": LOGIN}, "token")
    for later, modified in ((timedelta(seconds=60), False), (timedelta(seconds=61), True)):
        with time_machine.travel(MORNING + later, tick=False):
            sessions.touch(kept)
        assert kept.modified is modified
    assert kept["login"]["since"] == LOGIN["since"]


def test_the_broker_forgets_by_itself(in_app: Flask) -> None:
    """What is kept ends with the working day, also when nobody asks for it again."""
    broker: redis.Redis = in_app.extensions["stegvis.broker"]
    with in_app.test_request_context("/"):
        sessions.begin_login(session, "gavleborg", "prov", "bankid")  # type: ignore[arg-type]
        answer = in_app.response_class()
        in_app.session_interface.save_session(in_app, session, answer)
    token = answer.headers["Set-Cookie"].split(";")[0].removeprefix(f"{sessions.COOKIE}=")
    assert 0 < broker.ttl(sessions._key(token)) <= sessions.ABSOLUTE.total_seconds()
    # -1 would be a session that never ends; -2 is one that has ended since it was listed.
    assert -1 not in {broker.ttl(one) for one in broker.scan_iter("session:*")}


def test_an_empty_session_leaves_no_cookie_and_no_row(in_app: Flask) -> None:
    broker: redis.Redis = in_app.extensions["stegvis.broker"]
    with in_app.test_request_context("/"):
        answer = in_app.response_class()
        in_app.session_interface.save_session(in_app, session, answer)
    assert "Set-Cookie" not in answer.headers
    assert b"{}" not in kept_sessions(broker)


def test_what_is_added_to_a_list_in_the_session_is_stored(app: Flask) -> None:
    """Two messages before a page is shown: the second is added in place to the list of the first."""
    visitor = app.test_client()
    at = {"base_url": "https://gavleborg.localhost"}
    for message in ("en", "två"):
        with visitor.session_transaction(**at) as kept:
            kept.setdefault("_flashes", []).append(["info", message])
    with visitor.session_transaction(**at) as kept:
        assert [text for _category, text in kept["_flashes"]] == ["en", "två"]
