"""Wall 19: remittenter and participants work under a role that sees the rows of their own account alone."""

import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from referral_rows import opened_on_paper, stored
from stegvis.config import Settings
from stegvis.ground.tenancy.grants import HUVUDMAN
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.row_rules import ACCOUNT, MACHINE, RULES
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access import policy
from stegvis.identity.access.decide import Decision
from stegvis.identity.access.policy import OUTSIDERS
from stegvis.vault.consent.models import Consent
from visiting import VAULT, Login, People, Visitor, fresh_number
from walls.planting import plant, tables

pytestmark = pytest.mark.walls
Browse = Callable[..., Visitor]
_seqs = count(10_000_000)
SCHEMA = "hm_gavleborg_sandviken"
# Tables that outsiders reach and that hold nobody's rows, with the reason.
NOBODYS = {
    "scope_marker": "whose schema this is",
    "audit_head": "the chain's last number, which every writer moves on",
    "outbox": "written to, never read",
}


def by_name() -> dict[str, Any]:
    return {table.name: table for table in tables("huvudman")}


def test_every_table_that_outsiders_reach_has_a_rule() -> None:
    reached = {table for table, kinds in HUVUDMAN.items() if "ute" in kinds}
    assert reached - NOBODYS.keys() == {table for table, kinds in RULES.items() if "ute" in kinds}
    assert NOBODYS.keys() <= reached
    assert HUVUDMAN["outbox"]["ute"] == "I"
    assert {table: set(kinds) - set(HUVUDMAN[table]) for table, kinds in RULES.items()} == {
        table: set() for table in RULES
    }


def test_the_catalogue_has_the_rules_and_no_others(
    admin: psycopg.Connection, settings: Settings, every_scope: list[ScopeId]
) -> None:
    vaults = [one for one in every_scope if one.level == "huvudman"]
    assert len(vaults) > 2
    wanted, on = set(), set()
    for vault in vaults:
        roles = {"hm": vault.role(settings.prefix), "ute": vault.outsider_role(settings.prefix)}
        roles["gallring"] = vault.gallring_role(settings.prefix)
        for table, kinds in RULES.items():
            on.add((vault.schema, table, True, False))
            for kind, rules in kinds.items():
                wanted |= {
                    (vault.schema, table, (roles[kind],), "PERMISSIVE", rule.command) for rule in rules
                }
    schemas = [one.schema for one in vaults]
    found = admin.execute(
        "SELECT schemaname, tablename, roles::text[], permissive, cmd FROM pg_policies"
        " WHERE schemaname = ANY(%s)",
        [schemas],
    ).fetchall()
    assert {(a, b, tuple(c), d, e) for a, b, c, d, e in found} == wanted
    secured = admin.execute(
        "SELECT n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY(%s) AND c.relrowsecurity",
        [schemas],
    ).fetchall()
    assert set(secured) == on


# -- rows ----------------------------------------------------------------------------------------


@dataclass
class Person:
    """Somebody with everything that a vault can hold about a person, and the ids of it by table."""

    account: uuid.UUID
    author: uuid.UUID
    rows: dict[str, set[Any]]


@pytest.fixture
def two(admin: psycopg.Connection) -> Iterator[tuple[Person, Person]]:
    """Two people in one vault, each with rows in every table that has rules; taken away again."""
    with admin.transaction(force_rollback=True):
        yield _planted(admin), _planted(admin)


def _planted(admin: psycopg.Connection) -> Person:
    table, put = by_name(), {}

    def row(name: str, **fixed: Any) -> Any:
        values = plant(admin, table[name], SCHEMA, **fixed)
        put.setdefault(name, set()).add(values[next(iter(table[name].primary_key.columns)).name])
        return values

    human = row("participant")["id"]
    account = row("account", kind="deltagare", participant_id=human)["id"]
    author = row("account", kind="remittent")["id"]
    row("account_right", account_id=account)
    row("opened_with_reason", account_id=author, participant_id=human)
    referral = row(
        "referral", author_id=author, person_id=account, participant_id=human, state="oppen"
    )["id"]  # fmt: skip
    consent = row("consent", referral_id=referral, participant_id=human)["id"]
    evidence = row("consent_evidence", consent_id=consent)["id"]
    row("consent_evidence_blob", id=evidence, consent_id=consent)
    row("consent_key", consent_id=consent)
    row("consent_told", consent_id=consent)
    row("consent_signer", consent_id=consent)
    enrolment = row("enrolment", participant_id=human, referral_id=referral)["id"]
    row("plan", enrolment_id=enrolment)
    measurement = row("measurement", enrolment_id=enrolment)["id"]
    row("measurement_value", measurement_id=measurement)
    row("audit_event", subject_id=human, account_id=author, seq=next(_seqs))
    return Person(account, author, put)


ABOUT_PERSON = set(RULES) - {"account"}
OF_AUTHOR = {"referral", "consent", "consent_evidence", "consent_told", "consent_signer"}


@pytest.fixture
def seen(admin: psycopg.Connection, settings: Settings) -> Callable[[str, str, str], set[Any]]:
    """What a role sees of a table in the open transaction of the superuser: (kind, table, who acts)."""
    roles = {"hm": f"{settings.prefix}_{SCHEMA}", "ute": f"{settings.prefix}_{SCHEMA}_ute"}

    def ids(kind: str, name: str, who: str) -> set[Any]:
        key = next(iter(by_name()[name].primary_key.columns)).name
        admin.execute("SELECT set_config(%s, %s, true)", [ACCOUNT, who])
        admin.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(roles[kind])))
        asked = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(key), sql.Identifier(SCHEMA, name))
        try:
            return {one for (one,) in admin.execute(asked).fetchall()}
        finally:
            admin.execute("RESET ROLE")

    return ids


def test_somebody_sees_the_rows_about_oneself_and_no_others(
    two: tuple[Person, Person], seen: Callable[..., set[Any]]
) -> None:
    one, other = two
    for name in sorted(RULES):
        everything = one.rows[name] | other.rows[name]
        assert seen("hm", name, MACHINE) >= everything, name
        mine = seen("ute", name, str(one.account)) & everything
        if name == "account":
            # Names of authors stand on the pages; that somebody else is a participant does not.
            assert mine == {one.account, one.author, other.author}
        else:
            assert mine == one.rows[name], name
        assert seen("ute", name, str(one.author)) & everything == (
            {one.author, other.author}
            if name == "account"
            else (one.rows[name] if name in OF_AUTHOR else set())
        ), name


@pytest.mark.parametrize("who", ["", "x", MACHINE, str(uuid.UUID(int=7)), "' OR true --"])
def test_nobody_in_particular_sees_nothing(
    two: tuple[Person, Person], seen: Callable[..., set[Any]], who: str
) -> None:
    for name in sorted(ABOUT_PERSON):
        assert seen("ute", name, who) == set(), name
    everybody = set().union(*(one.rows["account"] for one in two))
    participants = {one.account for one in two}
    assert seen("ute", "account", who) & everybody == everybody - participants


# -- pages without their permission call ---------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A case: the author's and the person's accounts, and ids for the addresses."""

    author: Login
    person: Login
    ids: dict[str, uuid.UUID]


def a_case(app: Flask, people: People, browser: Browse, name: str) -> Place:
    """Somebody whose referral a paper samtycke opened."""
    number = fresh_number()
    _author, referral, _team = opened_on_paper(people, browser, number, name)
    row = stored(app, referral)
    with app.app_context(), scope(VAULT):
        consent = session().query(Consent).filter_by(referral_id=referral).one().id
    ids = {
        "referral_id": referral,
        "consent_id": consent,
        "activity_id": uuid.uuid4(),
        "enrolment_id": uuid.uuid4(),
    }
    written = Login(row["author_id"], "", "remittent", VAULT)
    return Place(written, people.participant(number), ids)


def outsiders_routes(app: Flask) -> list[tuple[str, str, dict[str, Any]]]:
    """Every route that outsiders may use and that names a thing: (endpoint, method, arguments)."""
    found = []
    for rule in app.url_map.iter_rules():
        declared = getattr(app.view_functions[rule.endpoint], "policy", None)
        if declared is None or not OUTSIDERS & set(declared.kinds) or not rule.arguments:
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            found.append((rule.endpoint, method, {name: None for name in rule.arguments}))
    return found


def test_without_its_permission_call_no_page_shows_or_changes_anothers_row(
    app: Flask, people: People, browser: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutation of walls 19: everything is let pass, and the row rules are all that is left."""
    theirs = a_case(app, people, browser, "Hemlig Kanariesson")
    mine = a_case(app, people, browser, "Test Testsson")
    before = stored(app, theirs.ids["referral_id"])
    own = browser(theirs.author)
    assert own.get(f"/remisser/{theirs.ids['referral_id']}").status_code == 200
    assert "Kanariesson" in own.page.words
    monkeypatch.setattr(policy, "decide", lambda *_asked: Decision.ALLOWED)
    asked, original = set(), policy.require
    for name, module in list(sys.modules.items()):
        if name.startswith("stegvis.") and getattr(module, "require", None) is original:
            monkeypatch.setattr(module, "require", lambda *_arguments: None)
            asked.add(name)
    assert {"stegvis.vault.referrals.service", "stegvis.vault.consent.service"} <= asked
    adapter, tried = app.url_map.bind("x"), 0
    for who in (mine.author, mine.person):
        visitor = browser(who)
        visitor.get("/remisser/ny" if who is mine.author else "/mina-sidor")
        token = visitor.token()
        for endpoint, method, names in outsiders_routes(app):
            values = {name: theirs.ids.get(name, "bankid") for name in names}
            path = adapter.build(endpoint, values, method=method)
            if method == "GET":
                answer = visitor.get(path)
            else:
                answer = visitor.post(path, {"csrf_token": token, "fragestallningar": "stulen", "svar": "ja"})
            assert answer.status_code in (302, 303, 404, 500), (endpoint, answer.status_code)
            assert "Kanariesson" not in answer.text, endpoint
            tried += 1
    assert tried >= 10
    assert stored(app, theirs.ids["referral_id"]) == before
