"""Who is let in where: a wrong kind or right is the same 404 as an unknown thing, and leaves one event."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access import homes
from stegvis.identity.access.policy import OUTSIDERS, Policy
from stegvis.identity.access.rights import FORBUNDSCHEF, HANDLEDARE, PUBLISH, REFER, VAULT_ADMIN, Actor
from stegvis.identity.audit.models import ForbundAuditEvent, VaultAuditEvent
from visiting import VAULT, Login, People, Visitor

Browse = Callable[..., Visitor]
UNKNOWN = uuid.UUID(int=1)
EVENTS = {"huvudman": VaultAuditEvent, "forbund": ForbundAuditEvent}


def refusals(app: Flask, who: Login) -> list[tuple[str, str, Any]]:
    """What an account has been refused: (action, reason, subject)."""
    table = EVENTS[ScopeId.parse(who.scope).level]
    with app.app_context(), scope(who.scope):
        rows = session().scalars(
            sa.select(table)
            .where(table.account_id == who.account, table.outcome == "nekad")
            .order_by(table.seq)
        )
        return [(row.action, row.details["skal"], row.subject_id) for row in rows]


def account_of(people: People, kind: str) -> Login:
    """Somebody of each kind, with the least that lets them in somewhere."""
    made = {
        "remittent": people.remittent,
        "personal": people.handledare,
        "deltagare": lambda: people.account("deltagare"),
        "kansli": lambda: people.account("kansli", FORBUNDSCHEF, scope_id="gavleborg", insats=""),
    }
    return made[kind]()


def closed_pages(app: Flask) -> list[tuple[str, str, Policy]]:
    """Every address that is read with GET and asks for a login: (endpoint, an address of it, policy)."""
    found = []
    adapter = app.url_map.bind("x")
    for rule in app.url_map.iter_rules():
        policy = getattr(app.view_functions[rule.endpoint], "policy", None)
        if policy is None or policy.level is None or "GET" not in (rule.methods or ()):
            continue
        values = {
            name: UNKNOWN if type(rule._converters[name]).__name__ == "UUIDConverter" else _value(name)
            for name in rule.arguments
        }
        found.append((rule.endpoint, adapter.build(rule.endpoint, values), policy))
    return found


def _value(name: str) -> Any:
    return {"insats": "karnhuset"}.get(name, "1")


@pytest.mark.parametrize("kind", ["remittent", "personal", "deltagare", "kansli"])
def test_every_closed_page_is_404_for_every_kind_that_it_does_not_name(
    app: Flask, people: People, browser: Browse, kind: str
) -> None:
    who = account_of(people, kind)
    visitor = browser(who)
    tried, wrong = 0, []
    for endpoint, address, policy in closed_pages(app):
        if kind in policy.kinds or (policy.above is not None and kind in policy.above.kinds):
            continue
        tried += 1
        if visitor.get(address).status_code != 404:
            wrong.append(endpoint)
    assert wrong == [] and tried > 0
    assert len(refusals(app, who)) == tried


def test_every_closed_page_leads_to_the_login_without_one(app: Flask, browser: Browse) -> None:
    visitor = browser()
    statuses = {visitor.get(address).status_code for _endpoint, address, _policy in closed_pages(app)}
    assert statuses == {303}


def test_a_wrong_kind_and_an_unknown_thing_read_the_same(app: Flask, people: People, browser: Browse) -> None:
    remittent = people.remittent()
    visitor = browser(remittent)
    said = []
    for path in (f"/remisser/{UNKNOWN}", f"/insats/karnhuset/remisser/{UNKNOWN}", "/finns-inte"):
        answer = visitor.get(path)
        said.append((answer.status_code, visitor.page.words))
    assert said == [(404, said[0][1])] * 3
    assert refusals(app, remittent) == [
        ("neka", "behorighet", UNKNOWN),
        ("neka", "behorighet", None),
    ]


def test_another_insats_is_404_and_leaves_one_event(app: Flask, people: People, browser: Browse) -> None:
    who = people.account("personal", HANDLEDARE, insats="annan")
    assert browser(who).get("/insats/karnhuset/remisser").status_code == 404
    assert refusals(app, who) == [("neka", "behorighet", None)]


def test_right_and_kind_are_both_asked_for() -> None:
    policy = Policy("huvudman", ("personal",), (HANDLEDARE,))
    account = uuid.uuid4()

    def passes(kind: str, right: str, insats: str, asked: str | None) -> bool:
        return policy.allows(Actor(account, kind, "", rights=frozenset({(right, insats)})), asked)

    assert passes("personal", HANDLEDARE, "a", "a") and passes("personal", HANDLEDARE, "a", None)
    assert passes("personal", HANDLEDARE, "", "a")
    assert not passes("personal", HANDLEDARE, "a", "b")
    assert not passes("personal", VAULT_ADMIN, "", "a")
    assert not passes("remittent", HANDLEDARE, "a", "a")


@pytest.mark.parametrize("kind", sorted(OUTSIDERS - {"motesdeltagare", "foretradare", "utvarderare"}))
def test_outsiders_work_under_the_narrow_role(app: Flask, people: People, browser: Browse, kind: str) -> None:
    visitor = browser(account_of(people, kind))
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "set_config" in statement:
            seen.extend(str(one) for one in parameters.values() if "hm_gavleborg_sandviken" in str(one))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert visitor.get(homes.home_of(Actor(uuid.uuid4(), kind, ""))).status_code == 200
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert seen and {one.endswith("hm_gavleborg_sandviken_ute") for one in seen} == {True}


@pytest.mark.parametrize(
    ("kind", "right", "home"),
    [
        ("deltagare", "", "/mina-sidor"),
        ("remittent", REFER, "/remisser"),
        ("kansli", FORBUNDSCHEF, "/laget"),
        ("personal", HANDLEDARE, "/idag"),
        ("personal", PUBLISH, "/granskning"),
        ("personal", REFER, "/remisser"),
        ("personal", VAULT_ADMIN, "/konton"),
    ],
)
def test_the_first_page_is_one_that_opens(
    people: People, browser: Browse, kind: str, right: str, home: str
) -> None:
    rights = frozenset({(right, "karnhuset")}) if right else frozenset()
    assert homes.home_of(Actor(uuid.uuid4(), kind, "", rights=rights)) == home
    if kind == "personal":
        visitor = browser(people.account(kind, right, scope_id=VAULT))
        assert visitor.get(home).status_code == 200
