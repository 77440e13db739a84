"""The walls around a report: nothing above before the attest, nobody in another's name, each worker alone."""

import contextvars
import json
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg import sql
from report_world import (
    EMPTIED,
    FORBUND,
    INSATS,
    PUBLISHING,
    Q4,
    RECEIVED_GROUPS,
    TEXTS,
    VAULT,
    People,
    acting,
    attest,
    give_back,
    newest,
    outbox,
    publish,
    send,
    work,
    write,
)
from werkzeug.exceptions import Forbidden, HTTPException, NotFound

from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.forbund.reports.models import ReceivedReport, ReturnedReport
from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.scope import session
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.local.installation import superuser
from stegvis.local.servers import Servers
from stegvis.publishing import service as publishing
from stegvis.publishing.models import Contribution, LedgerEntry
from stegvis.vault.reporting import service
from stegvis.vault.reporting.contents import content_of

Q1 = date(2024, 1, 1)


def everything_above(running: Servers, settings: Settings) -> str:
    """Every row of the förbund's and the publishing schema, as text."""
    found = []
    with superuser(running.postgres, settings.database.name) as admin:
        for schema in ("fb_gavleborg", "pub_gavleborg"):
            tables = admin.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]
            ).fetchall()
            for (table,) in tables:
                rows = sql.SQL("SELECT one::text FROM {} one").format(sql.Identifier(schema, table))
                found += [row[0] for row in admin.execute(rows)]
    return "\n".join(found)


def test_nothing_is_above_before_the_attest(people: People, running: Servers, settings: Settings) -> None:
    canary = "kanariebur"
    changes = {
        "aktiviteter": {"text": f"En deltagare dömdes för brott, {canary}."},
        "avvikelser": TEXTS["avvikelser"] | {"fraga_ekonomi": canary},
        "styrgruppen": TEXTS["styrgruppen"] | {"text": canary, "inga": ""},
    }
    write(people, changes)
    assert canary not in everything_above(running, settings)
    report_id = send(people)
    with acting(VAULT, people.approver):
        mark = service.to_attest(report_id).marks[0].id
    with acting(VAULT, people.approver):
        service.answer_mark(report_id, mark, "hemligt skäl")
    before = everything_above(running, settings)
    assert canary not in before
    attest(people, report_id)
    work()
    after = everything_above(running, settings)
    assert (canary in after, "hemligt skäl" in after, "arbetslaget som avses" in after) == (
        True,
        False,
        False,
    )
    assert "belopp saknas" not in after, "a flag's own sentence stays in the vault"


def test_the_inbox_has_no_sensitive_code(people: People, running: Servers, settings: Settings) -> None:
    publish(people)
    with superuser(running.postgres, settings.database.name) as admin:
        (payload,) = admin.execute("SELECT payload FROM fb_gavleborg.inbox").fetchone() or ("",)
    codes = ("sjukersattning", "avbrott", "felregistrering", "tillsvidareanstallning")
    assert [code for code in codes if code in payload.lower()] == []
    figures = {row["id"]: (row["period"], row["since_start"]) for row in json.loads(payload)["figures"]}
    assert {name: figures[name] for name in ("total", "enrolled", "new", "ended")} == {
        "total": (24, 30),
        "enrolled": (22, 22),
        "new": (4, 30),
        "ended": (2, 8),
    }
    assert figures["figure/utan_forsorjningsstod"] == (None, 5)
    assert figures["figure/utan_forsorjningsstod/rest"] == (None, 3)
    assert figures["figure/i_arbetstraning"] == (None, 5)
    assert figures["group/annat"] == ({"hidden": "bara_sedan_start"}, 2)


@pytest.mark.parametrize(("who", "answer"), [("handledare", Forbidden), ("approver", NotFound)])
def test_only_the_insatsledare_opens_the_editor(
    people: People, who: str, answer: type[HTTPException]
) -> None:
    with acting(VAULT, getattr(people, who)), pytest.raises(answer):
        service.opened(INSATS, Q4.start)
    with scope(VAULT):
        refused = sa.select(sa.func.count()).where(
            VaultAuditEvent.action == "neka", VaultAuditEvent.account_id == getattr(people, who)
        )
        assert (session().scalar(refused) or 0) >= 1


@pytest.mark.parametrize("who", ["handledare", "insatsledare"])
def test_only_who_may_approve_attests(people: People, who: str) -> None:
    write(people)
    report_id = send(people)
    with acting(VAULT, getattr(people, who)), pytest.raises(Forbidden):
        service.to_attest(report_id)
    with acting(VAULT, getattr(people, who)), pytest.raises(Forbidden):
        service.attest(report_id, "")


def test_another_huvudman_sees_nothing_of_it(people: People) -> None:
    publish(people)
    give_back(people, "Komplettera.")
    shared = (Contribution, LedgerEntry, ReceivedReport, ReturnedReport)
    with scope(VAULT):
        own = [session().scalar(sa.select(sa.func.count()).select_from(one)) for one in shared]
    with scope("gavleborg/af_gavle"):
        other = [session().scalar(sa.select(sa.func.count()).select_from(one)) for one in shared]
    assert (own, other) == ([1, 1, 1, 1], [0, 0, 0, 0])


def test_nobody_hands_over_in_anothers_name(people: People) -> None:
    write(people)
    with acting(VAULT, people.insatsledare):
        draft = service.opened(INSATS, Q4.start)
        content = content_of(draft, "Test Insatsledare", Q4.end)
    forged = content.model_copy(update={"huvudman": content.huvudman.model_copy(update={"id": "af_gavle"})})
    with pytest.raises(Exception, match=r"42501|row-level|InsufficientPrivilege|privilege"), scope(VAULT):
        publishing.hand_over(forged)
    with scope(VAULT):
        row = Contribution(
            huvudman="sandviken",
            insats=INSATS,
            period_from=Q4.start,
            period_to=Q4.end,
            version=1,
            content=forged.canonical().decode(),
            sha256=forged.sha256(),
        )
        session().add(row)
        session().flush()
        row_id = row.id
    with scope(PUBLISHING):
        publishing.publish(row_id)
        assert session().scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) == 0


def test_the_schemas_that_are_emptied_exist(running: Servers, settings: Settings, people: People) -> None:
    """The helper that cleans must not clean something else than it says."""
    with superuser(running.postgres, settings.database.name) as admin:
        there = {
            (schema, table)
            for schema, table in admin.execute("SELECT schemaname, tablename FROM pg_tables").fetchall()
        }
    assert {(schema, table) for schema, tables in EMPTIED.items() for table in tables} <= there


def test_each_worker_does_its_part_with_its_own_login_alone(people: People, settings: Settings) -> None:
    """The publishing worker's application has no way to a vault, the förbund's none to the publishing schema."""
    write(people)
    attest(people, send(people))
    jobs_of = {"publicering": PUBLISHING, "forbund": FORBUND}
    for level, where in jobs_of.items():
        waiting = [str(row) for row in outbox(where)]
        made = create_app(settings, levels=(level,))

        def work_alone(made: Flask = made, where: str = where, waiting: list[str] = waiting) -> list[str]:
            with made.app_context():
                done = [jobs.run(where, row) for row in waiting]
                for engine in db.engines.values():
                    engine.dispose()
                return done

        assert contextvars.Context().run(work_alone) == ["done"]
    assert newest()["ended_by_group"] == RECEIVED_GROUPS
