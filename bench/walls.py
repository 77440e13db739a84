"""What the walls cost: a login that asks 13 vaults, and the caseload with and without each of them.

    ./run bench walls

Everything runs in one process with Flask's own client, so that the differences are the walls' and not the
network's. "Without" is made here and nowhere else: the check that is taken away is replaced by one that does
nothing. The ways of one round are asked in turn, so that a machine that gets busier slows all of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
import structlog
from flask import Flask, Response, g

from bench.__main__ import machine
from bench.generated import Generated, generated
from stegvis.app import create_app
from stegvis.ground.keys import Sealed
from stegvis.ground.tenancy import ScopeId, scope
from stegvis.ground.tenancy.models import db
from stegvis.ground.tenancy.scope import Scopes, scopes
from stegvis.identity.access import policy
from stegvis.identity.access.decide import Decision
from stegvis.identity.access.rights import HANDLEDARE
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts import sessions
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import routes as eid
from stegvis.plugin_host.service import definition_of
from stegvis.vault.enrolments.models import Enrolment
from stegvis.vault.measurements.models import Measurement, MeasurementValue
from stegvis.vault.participants import service as participants

VAULTS, PEOPLE = 13, 50
VAULT, INSATS, HOST = ScopeId("f01", "n01"), "karnhuset", "f01.localhost"
LOGIN_MILLISECONDS, KEPT = 40.0, 0.70
NAME = "Test Testsson"


def number(index: int) -> str:
    """A personal number of the series that is set aside for tests, with its check digit."""
    born = date(1970, 1, 1) + timedelta(days=index)
    eleven = f"{born:%Y%m%d}{980 + index % 20}"
    doubled = [int(digit) * (2 - at % 2) for at, digit in enumerate(eleven[2:])]
    return eleven + str(-sum(one // 10 + one % 10 for one in doubled) % 10)


# -- a login -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Login:
    """Milliseconds (median) of looking a number up, beside opening as many scopes that ask nothing.

    `own` is this process's own share: on a machine that does other things, time passes besides.
    """

    scopes: int
    looked_up: float
    own: float
    opened: float
    round_trip: float


def login(app: Flask, rounds: int) -> Login:
    """Look up somebody who has an account in three of the vaults."""
    asked = number(2000)
    places = [one for one in scopes().directory.get("f01").scopes() if not one.publishing]
    for place in places[1:4]:
        with scope(place):
            accounts.open_account(asked, NAME, "personal")
    with app.test_request_context("/", base_url=f"http://{HOST}"):
        g.forbund = scopes().directory.get("f01")
        assert len(eid._accounts(asked)) == 3
        looked_up = timed(rounds, lambda: eid._accounts(asked))
        own = timed(rounds, lambda: eid._accounts(asked), time.process_time)
        opened = timed(rounds, lambda: [opening(place) for place in places])
    with db.engines["huvudman"].connect() as connection:
        round_trip = timed(rounds, lambda: connection.scalar(sa.select(1)))
    return Login(len(places), looked_up, own, opened, round_trip)


def opening(place: ScopeId) -> None:
    """Open a scope and ask nothing of it but its role."""
    with scope(place) as opened:
        opened.session.connection()


def timed(rounds: int, call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """The median of so many calls, in milliseconds, after a few that do not count."""
    times = []
    for at in range(rounds + 10):
        began = clock()
        call()
        if at >= 10:
            times.append((clock() - began) * 1000)
    return statistics.median(times)


# -- the caseload ------------------------------------------------------------------------------------


def fill(app: Flask) -> uuid.UUID:
    """Fifty people in the vault's insats, measured twice; returns the account of their handledare."""
    with scope(VAULT) as opened:
        worker = accounts.open_account(
            number(1000), "Prov Handledare", "personal", rights=(HANDLEDARE,), insats=INSATS
        )
        instruments = definition_of(opened.forbund.insats_by_id(INSATS)).instruments
        instrument = next(iter(instruments.values()))
        for index in range(PEOPLE):
            person = participants.ensure(number(index), f"Prov{chr(97 + index % 26)}", "Provsson")
            row = Enrolment(
                insats=INSATS, participant_id=person.id, handledare_id=worker, started_on=date(2023, 3, 1),
                forsorjning_before=["forsorjningsstod"], sysselsattning_before="ingen",
                utbildning="grundskola", months_on_support="6_9_ar",
            )  # fmt: skip
            opened.session.add(row)
            opened.session.flush()
            for day in (date(2023, 3, 8), date(2023, 9, 8)):
                made = Measurement(
                    enrolment_id=row.id, instrument=instrument.id, on_date=day, written_by=worker,
                    instrument_version=str(instrument.version),
                )  # fmt: skip
                opened.session.add(made)
                opened.session.flush()
                opened.session.add_all(
                    MeasurementValue(measurement_id=made.id, indicator=one.id, rater="deltagare", value=2)
                    for one in instrument.asked_of("deltagare")
                )
    return worker


def browser(app: Flask, account: uuid.UUID) -> Callable[[], None]:
    """A logged-in handledare's request for the caseload."""
    kept, answer = sessions.BrowserSession(), Response()
    sessions.begin_login(kept, str(VAULT), str(account), "bankid")
    app.session_interface.save_session(app, kept, answer)
    client = app.test_client()
    token = answer.headers["Set-Cookie"].split(";")[0].removeprefix(f"{sessions.COOKIE}=")
    client.set_cookie(sessions.COOKIE, token, domain=HOST)

    def fetch() -> None:
        told = client.get(f"/insats/{INSATS}/personer", base_url=f"http://{HOST}")
        assert told.status_code == 200, told.status_code
        assert told.text.count('href="/personer/') >= PEOPLE or told.text.count("/personer/") >= PEOPLE

    return fetch


@contextmanager
def without_permission(app: Flask, made: Generated) -> Iterator[None]:
    """Everybody may everything: account and rights are not read, no policy and no second check is asked."""
    with scope(VAULT):
        known = accounts.actor_of(ACTING["account"])
    with (
        patch.object(accounts, "actor_of", lambda _account: known),
        patch.object(policy, "decide_entrance", lambda *_: Decision.ALLOWED),
        patch.object(policy, "decide", lambda *_: Decision.ALLOWED),
    ):
        yield


@contextmanager
def without_audit(app: Flask, made: Generated) -> Iterator[None]:
    """Nothing is written down."""
    with patch.object(audit, "record", lambda *_, **__: None):
        yield


@contextmanager
def without_decryption(app: Flask, made: Generated) -> Iterator[None]:
    """Every sealed text reads the same, and nothing is opened."""

    def read(one: Sealed, row: Any, owner: type | None = None) -> Any:
        return one if row is None else NAME

    with patch.object(Sealed, "__get__", read):
        yield


@contextmanager
def without_walls(app: Flask, made: Generated) -> Iterator[None]:
    """No role is taken and no row rule holds: the superuser's own connection, which is past them all."""
    server = made.running.postgres
    url = sa.URL.create(
        "postgresql+psycopg", username=server.superuser, password=server.password,
        host=str(server.socket_dir), port=server.port, database=made.settings.database.name,
    )  # fmt: skip
    engine = sa.create_engine(url, pool_pre_ping=True, connect_args={"options": "-c search_path="})
    placed = engine.execution_options(schema_translate_map=VAULT.translation())
    # The session of the same class, without what begins each transaction.
    with patch.object(Scopes, "open_session", lambda *_, **__: sa.orm.Session(placed)):
        yield
    engine.dispose()


Way = Callable[[Flask, Generated], Any]
WAYS: dict[str, tuple[Way, ...]] = {
    "allt på": (),
    "utan behörighet": (without_permission,),
    "utan roll och radskydd": (without_walls,),
    "utan dekryptering": (without_decryption,),
    "utan spårning": (without_audit,),
    "utan alltihop": (without_permission, without_walls, without_decryption, without_audit),
}
ACTING: dict[str, uuid.UUID] = {}


def caseload(app: Flask, made: Generated, rounds: int) -> dict[str, float]:
    """Milliseconds (median) of the caseload each way, asked in turn."""
    ACTING["account"] = fill(app)
    fetch = browser(app, ACTING["account"])
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    for at in range(rounds + 5):
        for way, taken in WAYS.items():
            with ExitStack() as stack:
                for one in taken:
                    stack.enter_context(one(app, made))
                fetch()  # the first after a change may have to connect
                began = time.perf_counter()
                fetch()
                took = (time.perf_counter() - began) * 1000
            if at >= 5:
                times[way].append(took)
    return {way: statistics.median(found) for way, found in times.items()}


def told(one: Login, found: dict[str, float]) -> str:
    """The lines that are printed."""
    on, off = found["allt på"], found["utan alltihop"]
    lines = [
        f"Inloggning: {one.scopes - 1} valv och förbundet frågas på {one.looked_up:.1f} ms"
        f" ({one.looked_up / one.scopes:.2f} ms var), varav {one.own:.1f} ms är den egna processens arbete."
        f" Gränsen är {LOGIN_MILLISECONDS:.0f} ms.",
        f"  lika många scope som inget frågar: {one.opened:.1f} ms; en fråga till databasen:"
        f" {one.round_trip:.3f} ms; inloggningen är {one.looked_up / one.round_trip:.0f} sådana",
        "",
        f"{f'Personlistan, {PEOPLE} personer':36} {'median':>9} {'per sekund':>11} {'skyddet kostar':>15}",
    ]
    for way, took in found.items():
        cost = f"{on - took:8.2f} ms" if way != "allt på" else ""
        lines.append(f"{way:36} {took:6.2f} ms {1000 / took:11.0f} {cost:>15}")
    lines += ["", f"Med allt på går {off / on:.0%} så många frågor i sekunden. Gränsen är {KEPT:.0%}."]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run and print; 0 when both hold."""
    parser = argparse.ArgumentParser(prog="./run bench walls", description="Vad väggarna kostar.")
    parser.add_argument("--rounds", type=int, default=60, help="frågor av varje slag (60)")
    asked = parser.parse_args(arguments)
    with generated(1, VAULTS) as made, Path(os.devnull).open("w") as nowhere:
        app = create_app(made.settings)
        # The lines of the log are made as always, and read by nobody.
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(nowhere))
        with app.app_context():
            one = login(app, asked.rounds)
        # The client's requests need a context of their own.
        with app.app_context():
            found = caseload(app, made, asked.rounds)
            for engine in db.engines.values():
                engine.dispose()
    print(f"{machine()}; belastning {os.getloadavg()[0]:.1f}")  # noqa: T201
    print(told(one, found))  # noqa: T201
    holds = one.looked_up < LOGIN_MILLISECONDS and found["utan alltihop"] / found["allt på"] >= KEPT
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
