"""Kärnhuset at the end of 2023 as the first report tells it: thirty made-up people, and those who report on them."""

import contextvars
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask, Response, g
from flask.testing import FlaskClient
from lxml import html
from psycopg import sql

import stegvis.forbund.reports.jobs
import stegvis.publishing.jobs  # noqa: F401  the handlers, as a worker has them
from stegvis.config import Settings
from stegvis.forbund.reports import service as received
from stegvis.ground.jobs import service as jobs
from stegvis.ground.jobs.models import OUTBOXES
from stegvis.ground.tenancy import ScopeId, scope
from stegvis.identity.access import rights
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts import sessions
from stegvis.insats.report import Period
from stegvis.local.installation import DEMO_DAY, set_day, superuser
from stegvis.local.servers import Servers
from stegvis.vault.enrolments.models import Activity, Enrolment
from stegvis.vault.measurements.models import Measurement, MeasurementValue
from stegvis.vault.participants import service as participants
from stegvis.vault.reporting import service

VAULT, FORBUND, PUBLISHING = "gavleborg/sandviken", "gavleborg", "gavleborg:publicering"
HOST = "gavleborg.localhost"
INSATS = "karnhuset"
Q4 = Period(date(2023, 10, 1), date(2023, 12, 31))
TODAY = DEMO_DAY
# Code, day of the avslut, försörjning after: eight who ended, two of them in the last quarter.
ENDED = (
    ("tillsvidareanstallning", date(2023, 3, 17), "lon"),
    ("lonesubventionerad_anstallning", date(2023, 5, 12), "lon_med_lonestod"),
    ("praktik_via_af", date(2023, 6, 9), "aktivitetsstod"),
    ("sjukersattning", date(2023, 8, 25), "sjukersattning"),
    ("avbrott", date(2023, 9, 1), "annan"),
    ("ater_till_remitterande_enhet", date(2023, 9, 15), "forsorjningsstod"),
    ("ater_till_remitterande_enhet", date(2023, 11, 3), "forsorjningsstod"),
    ("ater_till_remitterande_enhet", date(2023, 12, 31), "forsorjningsstod"),
)
EMPTIED = {
    "hm_gavleborg_sandviken": (
        "measurement_value", "measurement", "plan", "activity", "enrolment", "report_mark", "report_text",
        "sent_report", "report", "outbox",
    ),
    "pub_gavleborg": ("contribution", "ledger", "outbox"),
    "fb_gavleborg": ("received_report", "returned_report", "inbox", "handling", "arende", "outbox"),
}  # fmt: skip
OWN = {
    "total": 30,
    "enrolled": 22,
    "ended": 8,
    "ended_by_reason": {
        "tillsvidareanstallning": 1,
        "lonesubventionerad_anstallning": 1,
        "praktik_via_af": 1,
        "ater_till_remitterande_enhet": 3,
        "sjukersattning": 1,
        "avbrott": 1,
    },
    "with_forsorjningsstod_after": 3,
    "without_forsorjningsstod_after": 5,
    "target": 50,
}
RECEIVED_GROUPS = {
    "arbete_utan_lonestod": 1,
    "arbete_med_lonestod": 1,
    "vidare_till_af": 1,
    "ater_till_remittent": 3,
    "annat": 2,
}


def empty(admin: psycopg.Connection) -> None:
    """Take away every report and enrolment of the förbund, as the superuser."""
    for schema, tables in EMPTIED.items():
        for table in tables:
            admin.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(schema, table)))
    admin.commit()


def number(year: int, index: int) -> str:
    """A personal number of the test series: serial 980-999, with the right check digit."""
    digits = f"{year:04d}{index % 12 + 1:02d}{index % 28 + 1:02d}{980 + index % 20}"
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(digits[2:])]
    return digits + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def given_name(index: int) -> str:
    """A made-up name of letters alone, one for each index below 100."""
    letters = "abdefghjkl"
    return f"Prov{letters[index // 10]}{letters[index % 10]}o"


@dataclass(frozen=True)
class People:
    """Accounts that act: ids."""

    insatsledare: uuid.UUID
    handledare: uuid.UUID
    approver: uuid.UUID
    forbundschef: uuid.UUID


def staff() -> People:
    """The accounts; the same ones when they are there already."""
    with scope(VAULT):
        lead = accounts.open_account(
            number(1971, 1), "Test Insatsledare", "personal", rights=(rights.INSATSLEDARE,), insats=INSATS
        )
        hand = accounts.open_account(
            number(1972, 2), "Prov Handledare", "personal", rights=(rights.HANDLEDARE,), insats=INSATS
        )
        approver = accounts.open_account(
            number(1973, 3), "Exempel Ansvarig", "personal", rights=(rights.VAULT_ADMIN, rights.PUBLISH)
        )
    with scope(FORBUND):
        chief = accounts.open_account(
            number(1974, 4), "Test Chefsson", "kansli", rights=(rights.FORBUNDSCHEF,)
        )
    return People(lead, hand, approver, chief)


def enrol_thirty() -> None:
    """Thirty enrolments: eight ended as above, five of the others in arbetsträning, all measured but two."""
    with scope(VAULT) as opened:
        for index in range(30):
            person = participants.ensure(number(1960 + index, index), given_name(index), "Exempelsson")
            # Four of them begin in the last quarter.
            started = date(2022, 10, 10) + timedelta(
                days=11 * index if index < 26 else 370 + 9 * (index - 26)
            )
            row = Enrolment(
                insats=INSATS,
                participant_id=person.id,
                started_on=started,
                forsorjning_before=["forsorjningsstod"],
                sysselsattning_before="ingen",
                utbildning="grundskola",
                months_on_support="6_9_ar",
            )
            if index < len(ENDED):
                code, day, after = ENDED[index]
                row.exit_code, row.ended_on = code, day
                row.forsorjning_after, row.sysselsattning_after = [after], "annan"
            opened.session.add(row)
            opened.session.flush()
            if 10 <= index < 15:
                opened.session.add(
                    Activity(enrolment_id=row.id, kind="arbetstraning", started_on=date(2023, 11, 6))
                )
            if index >= 2:
                _measure(opened.session, row, started, 2)
            if 8 <= index < 20:
                _measure(opened.session, row, date(2023, 12, 20), 3 if index < 15 else 2)


def _measure(session: Any, row: Enrolment, day: date, step: int) -> None:
    from stegvis.ground.tenancy.scope import current
    from stegvis.plugin_host.service import definition_of

    instrument = definition_of(current().forbund.insats_by_id(INSATS)).instruments["steg_sex"]
    made = Measurement(
        enrolment_id=row.id,
        instrument=instrument.id,
        instrument_version=str(instrument.version),
        on_date=day,
        written_by=uuid.uuid4(),
    )
    session.add(made)
    session.flush()
    for one in instrument.asked_of("deltagare"):
        session.add(MeasurementValue(measurement_id=made.id, indicator=one.id, rater="deltagare", value=step))
    session.flush()


@contextmanager
def acting(where: str, account: uuid.UUID) -> Iterator[None]:
    """A scope with somebody who acts in it, as a request would open it."""
    with scope(where, account=account):
        g.actor = accounts.actor_of(account)
        try:
            yield
        finally:
            g.pop("actor")


@pytest.fixture
def people(in_app: Flask, running: Servers, settings: Settings) -> Iterator[People]:
    """Thirty enrolments and no report; the business day is the demo's."""
    with superuser(running.postgres, settings.database.name) as admin:
        empty(admin)
    set_day(settings, TODAY)
    made = staff()
    enrol_thirty()
    yield made
    set_day(settings, DEMO_DAY)


TEXTS = {
    "aktiviteter": {"text": "Handledarna har hållit sina samtal och arbetslaget har gått en utbildning."},
    "avvikelser": {
        "fraga_ekonomi": "Inga avvikelser.",
        "fraga_tidsplan": "Inga avvikelser.",
        "fraga_aktiviteter": "Mätningarna görs i januari.",
        "fraga_numerara_mal": "Inga avvikelser.",
    },
    "brukarmedverkan": {"text": "Deltagarna skriver sin plan tillsammans med handledaren."},
    "mal": {"text": "Utbildningen är klar. Resten fortsätter under våren."},
    "bedomning": {"text": "Det går bra när arbetslaget är fulltaligt."},
    "styrgruppen": {"satt": "mejl", "datum": "2024-01-10", "narvarande": "", "text": "", "inga": "y"},
}


def write(people: People, changes: dict[str, dict[str, str]] | None = None, starts: date = Q4.start) -> None:
    """Write the whole report as the insatsledare."""
    for section, typed in (TEXTS | (changes or {})).items():
        with acting(VAULT, people.insatsledare):
            service.save_section(INSATS, starts, section, typed)


def send(people: People, starts: date = Q4.start) -> uuid.UUID:
    """Send it to be attested; returns the report's id."""
    with acting(VAULT, people.insatsledare):
        draft = service.send(INSATS, starts)
        assert draft.row is not None
        return draft.row.id


def attest(people: People, report_id: uuid.UUID) -> None:
    """Answer every mark and attest."""
    with acting(VAULT, people.approver):
        marks = [mark.id for mark in service.to_attest(report_id).marks]
    for mark in marks:
        with acting(VAULT, people.approver):
            service.answer_mark(report_id, mark, "Det är arbetslaget som avses.")
    with acting(VAULT, people.approver):
        service.attest(report_id, service.to_attest(report_id).seen)


def work() -> list[str]:
    """Run what waits at the publishing level, then at the förbund's: what each job answered."""
    answers = []
    for level in (PUBLISHING, FORBUND):
        for row_id in outbox(level):
            answers.append(jobs.run(level, str(row_id)))
    return answers


def outbox(where: str) -> list[uuid.UUID]:
    """Every outbox row of a scope, done or not, in order."""
    table = OUTBOXES[ScopeId.parse(where).level]
    with scope(where) as opened:
        return list(opened.session.scalars(sa.select(table.id).order_by(table.created_at)))


def publish(people: People) -> None:
    """The whole way, from an empty report to the förbund's desk."""
    write(people)
    attest(people, send(people))
    work()


def logged_in(app: Flask, where: str, account: uuid.UUID) -> FlaskClient:
    """A browser that is logged in as one account."""
    client = app.test_client()
    with app.test_request_context(base_url=f"http://{HOST}"):
        kept, answer = sessions.BrowserSession(), Response()
        sessions.begin_login(kept, where, str(account), "bankid")
        app.session_interface.save_session(app, kept, answer)
    token = answer.headers["Set-Cookie"].split(";")[0].removeprefix(f"{sessions.COOKIE}=")
    client.set_cookie(sessions.COOKIE, token, domain=HOST)
    return client


def fetch(client: FlaskClient, address: str, **how: Any) -> Any:
    """One request, outside the test's own application context: a request must not share its `g` with another."""
    return contextvars.Context().run(lambda: client.open(address, base_url=f"http://{HOST}", **how))


def page(client: FlaskClient, address: str, status: int = 200) -> Any:
    """A page as a tree; fails with the page's words on another status."""
    answer = fetch(client, address)
    assert answer.status_code == status, (address, answer.status_code, answer.text[:500])
    return html.fromstring(answer.text)


def post(client: FlaskClient, on: str, address: str, **fields: str) -> Any:
    """Post a form with the CSRF token of the page that it stands on."""
    token = page(client, on).xpath("//input[@name='csrf_token']/@value")[0]
    return fetch(client, address, method="POST", data={"csrf_token": token, **fields})


def words(tree: Any) -> str:
    """What a person reads of a page's main part."""
    return " ".join(tree.xpath("//main")[0].text_content().split())


def give_back(people: People, words: str) -> None:
    """Ask for completion of the newest report, as the förbundschef."""
    with acting(FORBUND, people.forbundschef):
        newest = received.newest_of_each([INSATS])[INSATS, "sandviken"]
        received.give_back(newest.row.id, words)


def newest() -> dict[str, object]:
    """The newest received report, as the command line tells it."""
    with scope(FORBUND):
        return received.newest(INSATS)
