"""What the tests of the vault share: made-up people in a real vault, and a browser that is logged in."""

import contextlib
import random
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response, g
from werkzeug.test import TestResponse

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts import sessions
from stegvis.identity.audit.models import VaultAuditEvent
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.participants import service as participants
from stegvis.vault.referrals.models import Referral

HOST = "gavleborg.localhost"
SCOPE = "gavleborg/sandviken"
_given: set[str] = set()


def luhn(nine: str) -> str:
    """The control digit of nine digits (SKV 704)."""
    doubled = "".join(str(int(digit) * (2 - at % 2)) for at, digit in enumerate(nine))
    return str(-sum(map(int, doubled)) % 10)


def made_up_number(*, coordination: bool = False, born: date | None = None) -> str:
    """A number from the series that is set aside for tests (serials 980-999), never the same twice."""
    while True:
        day = born or date(1940, 1, 1) + timedelta(days=random.randrange(24_000))
        days = f"{day.day + 60:02}" if coordination else f"{day:%d}"
        nine = f"{day:%y%m}{days}{random.randrange(980, 1000)}"
        number = f"{day:%Y}"[:2] + nine + luhn(nine)
        if number not in _given:
            _given.add(number)
            return number


@dataclass
class Vault:
    """One vault with one insats, and ways to fill it with made-up people."""

    app: Flask
    scope: str = SCOPE
    insats: str = "karnhuset"
    host: str = HOST

    def account(
        self, *rights: str, kind: str = "personal", insats: str | None = None, name: str = ""
    ) -> uuid.UUID:
        """A new account of the vault."""
        with self.app.app_context(), scope(self.scope):
            return accounts.open_account(
                made_up_number(),
                name or f"Exempel Exempelsson {len(_given)}",
                kind,
                rights=rights,
                insats=self.insats if insats is None else insats,
            )

    @contextlib.contextmanager
    def acting(self, account: uuid.UUID) -> Iterator[None]:
        """The vault's scope, opened for an account as the policy opens it."""
        with self.app.test_request_context(), scope(self.scope, account=account) as opened:
            actor = accounts.actor_of(account)
            assert actor is not None
            g.actor = actor
            opened.facts["role"] = actor.kind
            yield

    def accepted(self, given: str = "Test", family: str = "Testsson", number: str = "") -> uuid.UUID:
        """A referral that the team has accepted; returns its id."""
        with self.app.app_context(), scope(self.scope):
            author = accounts.open_account(made_up_number(), "Prov Remittent", "remittent")
            number = number or made_up_number()
            person = participants.ensure(number, given, family)
            row = Referral(
                insats=self.insats,
                form_version="1",
                state="antagen",
                author_id=author,
                participant_id=person.id,
                number=number,
                given_name=given,
                family_name=family,
                answers={},
                created_on=today(),
                opened_on=today(),
                decided_on=today(),
            )
            session().add(row)
            session().flush()
            return row.id

    def enrolled(
        self, handledare: uuid.UUID, given: str = "Test", family: str = "Testsson", weeks: int = 20
    ) -> uuid.UUID:
        """Somebody who was enrolled some weeks ago; returns the enrolment's id."""
        referral = self.accepted(given, family)
        with self.acting(handledare):
            day = today() - timedelta(weeks=weeks)
            return enrolments.enrol(self.insats, referral, handledare, enrolments.Baseline(), on=day)

    def events(self, account: uuid.UUID) -> list[tuple[str, str, Any]]:
        """What an account has left in the audit trail: (action, outcome, subject), oldest first."""
        with self.app.app_context(), scope(self.scope):
            rows = session().scalars(
                sa.select(VaultAuditEvent)
                .where(VaultAuditEvent.account_id == account)
                .order_by(VaultAuditEvent.seq)
            )
            return [(row.action, row.outcome, row.subject_id) for row in rows]

    def new_events(self, account: uuid.UUID, act: Callable[[], Any]) -> list[tuple[str, str, Any]]:
        """What an account leaves in the audit trail by doing something."""
        before = len(self.events(account))
        act()
        return self.events(account)[before:]


class Browser:
    """A browser that is logged in as one account, on the förbund's host."""

    def __init__(self, app: Flask, vault: Vault, account: uuid.UUID) -> None:
        self.client = app.test_client()
        kept = sessions.BrowserSession()
        answer = Response()
        with app.app_context():
            sessions.begin_login(kept, vault.scope, str(account), "test")
            app.session_interface.save_session(app, kept, answer)  # type: ignore[arg-type]
        cookie = re.search(rf"{sessions.COOKIE}=([^;]+)", answer.headers["Set-Cookie"])
        assert cookie is not None
        self.client.set_cookie(sessions.COOKIE, cookie[1], domain=vault.host, secure=True)
        self.base = f"https://{vault.host}"
        self.token = ""

    def get(self, path: str) -> TestResponse:
        """Open a page; remembers the token of its forms."""
        answer = self.client.get(path, base_url=self.base)
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        self.token = found[1] if found else self.token
        return answer

    def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        """Send a form as a browser does, with the token of the page that was opened last."""
        return self.client.post(
            path,
            data={"csrf_token": self.token, **(data or {})},
            base_url=self.base,
            headers={"Referer": self.base + path, **headers},
        )


@pytest.fixture
def vault(app: Flask) -> Vault:
    """The vault of Kärnhuset's huvudman."""
    return Vault(app)


@pytest.fixture
def handledare(vault: Vault) -> uuid.UUID:
    """A new handledare of the insats."""
    return vault.account(HANDLEDARE, name="Prov Handledare")


@pytest.fixture
def insatsledare(vault: Vault) -> uuid.UUID:
    """A new insatsledare of the insats."""
    return vault.account(INSATSLEDARE, name="Prov Ledare")


@pytest.fixture
def browse(app: Flask, vault: Vault) -> Callable[[uuid.UUID], Browser]:
    """Log in as an account."""
    return lambda account: Browser(app, vault, account)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every statement that is sent to PostgreSQL, as it is sent."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(sa.Engine, "before_cursor_execute", note)
