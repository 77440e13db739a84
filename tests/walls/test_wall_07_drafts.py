"""Wall 7: a draft is its author's until the samtycke is valid; PostgreSQL says so too, and time destroys it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg import sql

from referral_rows import opened_on_paper, stored
from stegvis.app import load_jobs
from stegvis.config import Settings
from stegvis.ground.day import today
from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.row_rules import ACCOUNT, MACHINE
from stegvis.ground.tenancy.scope import scope, session
from stegvis.ground.tenancy.shell import short_login
from stegvis.vault.referrals import ending
from stegvis.vault.referrals.models import Referral
from visiting import ANSWERS, VAULT, Login, People, Visitor, draft, fresh_number, refer, run_jobs
from walls.conftest import Role

pytestmark = pytest.mark.walls
Browse = Callable[..., Visitor]
CANARY = "Kanariefågeln sjunger bara för sin författare"
SCHEMA = "hm_gavleborg_sandviken"
COUNT = sql.SQL("SELECT count(*) FROM {} WHERE id = %s").format(sql.Identifier(SCHEMA, "referral"))


@pytest.fixture
def sent(app: Flask, people: People, browser: Browse) -> tuple[Login, Login, uuid.UUID]:
    """A referral with a canary in it that waits for the yes: its author, the person, its id."""
    number, author = fresh_number(), people.remittent()
    visitor = browser(author)
    referral = draft(visitor, number)
    typed = ANSWERS | {"fragestallningar": CANARY, "csrf_token": visitor.token()}
    assert visitor.post(f"/remisser/{referral}/spara", typed).status_code == 303
    visitor.get(f"/remisser/{referral}/kontroll")
    assert CANARY in visitor.page.words
    visitor.send("/skicka", {"samtycke": "egen"})
    return author, people.participant(number), referral


@pytest.fixture
def seen_by(as_role: Role, settings: Settings) -> Callable[[uuid.UUID, str, str], int]:
    """How many rows of a referral somebody sees in PostgreSQL itself: (referral, role's ending, who acts)."""

    def count(referral: uuid.UUID, ending: str, who: str) -> int:
        with as_role("hm", f"{settings.prefix}_{SCHEMA}{ending}") as connection:
            connection.execute("SELECT set_config(%s, %s, true)", [ACCOUNT, who])
            found = connection.execute(COUNT, [referral]).fetchone()
            assert found is not None
            return int(found[0])

    return count


def test_postgresql_shows_a_draft_to_its_author_and_the_person_alone(
    sent: tuple[Login, Login, uuid.UUID], people: People, seen_by: Callable[..., int]
) -> None:
    author, person, referral = sent
    others = [people.handledare(), people.remittent(), people.account("deltagare")]
    for role in ("", "_ute"):
        assert seen_by(referral, role, str(author.account)) == 1
        assert seen_by(referral, role, str(person.account)) == 1
        assert [seen_by(referral, role, str(one.account)) for one in others] == [0, 0, 0]
        assert [seen_by(referral, role, one) for one in ("", "x", str(uuid.uuid4()))] == [0, 0, 0]
    assert seen_by(referral, "", MACHINE) == 1
    assert seen_by(referral, "_ute", MACHINE) == 0


def test_the_operators_shell_sees_no_draft(
    sent: tuple[Login, Login, uuid.UUID], settings: Settings, people: People, browser: Browse
) -> None:
    _author, _person, waiting = sent
    opened = opened_by_team(people, browser)
    database = settings.database
    with (
        short_login(settings, ScopeId.parse(VAULT)) as one,
        psycopg.connect(
            host=database.host, port=database.port, dbname=database.name, user=one.name,
            password=one.password, options=f"-c role={one.role}",
        ) as shell,
    ):  # fmt: skip
        assert [shell.execute(COUNT, [referral]).fetchone() for referral in (waiting, opened)] == [(0,), (1,)]


def opened_by_team(people: People, browser: Browse) -> uuid.UUID:
    """A referral that a samtycke on paper has opened."""
    return opened_on_paper(people, browser, fresh_number())[1]


def test_a_team_that_forgets_to_ask_still_reads_no_draft(
    app: Flask, people: People, browser: Browse, sent: tuple[Login, Login, uuid.UUID]
) -> None:
    """The rows that the vault's own role gets without any condition: no draft is among them."""
    author, person, referral = sent
    opened = opened_by_team(people, browser)

    @contextmanager
    def acting(who: Login | None) -> Iterator[set[uuid.UUID]]:
        with app.app_context(), scope(VAULT, account=who.account if who else None):
            yield set(session().scalars(sa.select(Referral.id)))

    wanted = {referral, opened}
    for who, seen in (
        (people.handledare(), {opened}),
        (author, wanted),
        (person, wanted),
        (None, wanted),
    ):
        with acting(who) as rows:
            assert rows & wanted == seen


def test_the_transaction_that_stores_the_yes_opens_it(
    app: Flask, people: People, browser: Browse, sent: tuple[Login, Login, uuid.UUID]
) -> None:
    _author, person, referral = sent
    team = browser(people.handledare())
    path = f"/insats/karnhuset/remisser/{referral}"
    assert team.get(path).status_code == 404 and CANARY not in team.page.words
    team.get("/insats/karnhuset/samtycke-pa-papper")
    typed = {"nummer": person.number, "datum": "2024-01-15", "plats": "I akten", "laest": "ja"}
    team.send("/samtycke-pa-papper", typed)
    assert team.get(path).status_code == 200 and CANARY in team.page.words


def test_a_number_that_nobody_waits_for_opens_nothing(people: People, browser: Browse) -> None:
    team = browser(people.handledare())
    team.get("/insats/karnhuset/samtycke-pa-papper")
    typed = {"nummer": fresh_number(), "datum": "2024-01-15", "plats": "I akten", "laest": "ja"}
    assert team.send("/samtycke-pa-papper", typed).status_code == 422
    assert "ingen remiss som väntar på den här personen" in team.page.words


def test_nobody_writes_a_referral_in_anothers_name(
    app: Flask, people: People, as_role: Role, settings: Settings, sent: tuple[Login, Login, uuid.UUID]
) -> None:
    author, _person, referral = sent
    thief = people.remittent()
    take = sql.SQL("UPDATE {} SET state = 'avbojd' WHERE id = %s").format(sql.Identifier(SCHEMA, "referral"))
    forge = sql.SQL(
        "INSERT INTO {} (id, insats, form_version, state, author_id, created_on, saved_at)"
        " VALUES (gen_random_uuid(), 'karnhuset', '1', 'utkast', %s, '2024-01-15', now())"
    ).format(sql.Identifier(SCHEMA, "referral"))
    for role in ("", "_ute"):
        with as_role("hm", f"{settings.prefix}_{SCHEMA}{role}") as connection:
            connection.execute("SELECT set_config(%s, %s, true)", [ACCOUNT, str(thief.account)])
            assert connection.execute(take, [referral]).rowcount == 0
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                connection.execute(forge, [author.account])
    assert stored(app, referral)["state"] == "vantar_samtycke"


# -- time ----------------------------------------------------------------------------------------


def aged(app: Flask, referral: uuid.UUID, days: int) -> None:
    """Let a referral have rested for so many days, by the business day and by the clock."""
    with app.app_context(), scope(VAULT):
        row = session().get_one(Referral, referral)
        row.created_on, row.saved_at = today() - timedelta(days), now() - timedelta(days)
        if row.sent_on is not None:
            row.sent_on = today() - timedelta(days)


def test_what_nobody_answers_is_destroyed_in_time(
    app: Flask, people: People, browser: Browse, sent: tuple[Login, Login, uuid.UUID]
) -> None:
    author, person, unanswered = sent
    visitor = browser(author)
    forgotten, touched = draft(visitor, fresh_number()), draft(visitor, fresh_number())
    run_jobs(app, "stang_tomt_konto")
    for one, days in ((unanswered, 31), (forgotten, 31), (touched, 30)):
        aged(app, one, days)
    with app.app_context():
        with scope(VAULT):
            assert ending.destroy_unused(today()) == 2
        with scope(VAULT):
            assert ending.destroy_unused(today()) == 0
    run_jobs(app, "stang_tomt_konto")
    kept = {"id", "insats", "form_version", "state", "author_id", "created_on", "saved_at", "decided_on"}
    for one, more in ((unanswered, {"sent_on"}), (forgotten, set())):
        row = stored(app, one)
        assert {name for name, value in row.items() if value is not None} == kept | more
        assert row["state"] == "utgangen"
    assert stored(app, touched)["state"] == "utkast"
    visitor.get(f"/remisser/{unanswered}")
    assert "Personen svarade inte i tid. Allt du skrev är borttaget." in visitor.page.words
    assert CANARY not in visitor.page.words
    assert browser(person).get("/mina-sidor").status_code == 303


def test_somebody_who_still_writes_keeps_the_draft(app: Flask, people: People, browser: Browse) -> None:
    referral = draft(browser(people.remittent()), fresh_number())
    aged(app, referral, 31)
    with app.app_context(), scope(VAULT):
        session().get_one(Referral, referral).saved_at = now()
    with app.app_context(), scope(VAULT):
        ending.destroy_unused(today())
    assert stored(app, referral)["state"] == "utkast"


def test_every_vault_does_it_once_a_day(
    app: Flask, people: People, browser: Browse, admin: psycopg.Connection
) -> None:
    referral = refer(browser(people.remittent()), fresh_number())
    aged(app, referral, 31)
    load_jobs()
    # The day begins anew, whatever another test has let a worker do.
    jobs._begun.clear()
    forget = sql.SQL("DELETE FROM {} WHERE kind = 'rensa_utkast'").format(sql.Identifier(SCHEMA, "outbox"))
    admin.execute(forget)
    with app.app_context():
        for _again in range(2):
            jobs.sweep("huvudman")
    assert run_jobs(app, "rensa_utkast") == 1
    assert stored(app, referral)["state"] == "utgangen"
    assert run_jobs(app, "rensa_utkast") == 0
