"""Visiting the application as a person does: pages, forms, cookies, and logging in with or without the e-ID.

`Visitor` is one browser at one förbund's host. `logged_in` puts a session into the broker as the login page
does (fast); `log_in` walks the real test e-ID (slow, and the truth).
"""

import re
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import requests
import sqlalchemy as sa
from flask import Flask, Response
from werkzeug.test import TestResponse

from stegvis.app import load_jobs
from stegvis.ground.jobs import service as jobs
from stegvis.ground.jobs.models import OUTBOXES
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.policy import OUTSIDERS
from stegvis.identity.access.rights import HANDLEDARE, REFER
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts import sessions
from stegvis.local.visitor import Page, Typed, fill
from testlegitimation.people import luhn_digit
from testlegitimation.walk import Action, walk

HOST = "gavleborg.localhost"
VAULT = "gavleborg/sandviken"
INSATS = "karnhuset"
ANSWERS: dict[str, str | list[str]] = {
    "remittent": "af",
    "kalla": "trisam",
    "trisam_datum": "2024-01-09",
    "fragestallningar": "Vilket stöd behövs från vilken part?\nHur mycket orkar personen?",
    "samordnad_rehabilitering": "ja",
    "forsorjningsstod_lange": "ja",
    "ohalsa": "nej",
}


def _numbers() -> Iterator[str]:
    """Numbers of people who are 18 on the installation's day, of the series set aside for tests."""
    for days in range(110):
        born = date(2005, 9, 20) + timedelta(days=days)
        for serial in range(980, 1000):
            eleven = f"{born:%Y%m%d}{serial}"
            yield eleven + str(luhn_digit(eleven[2:]))


_unused = _numbers()


def fresh_number() -> str:
    """A made-up personal number that this run has not used."""
    return next(_unused)


@dataclass(frozen=True)
class Login:
    """An account to log in as."""

    account: uuid.UUID
    number: str
    kind: str
    scope: str


@dataclass
class People:
    """Opens accounts of made-up people."""

    app: Flask

    def account(
        self,
        kind: str,
        *rights: str,
        scope_id: str = VAULT,
        insats: str = INSATS,
        number: str = "",
        name: str = "Prov Provsson",
    ) -> Login:
        number = number or fresh_number()
        with self.app.app_context(), scope(scope_id):
            made = accounts.open_account(number, name, kind, rights=rights, insats=insats if rights else "")
        return Login(made, number, kind, scope_id)

    def remittent(self) -> Login:
        """Somebody at another authority who may refer to the insats."""
        return self.account("remittent", REFER, name="Prov Remittent")

    def handledare(self) -> Login:
        """Somebody of the insats' team."""
        return self.account("personal", HANDLEDARE, name="Prov Handledare")

    def participant(self, number: str) -> Login:
        """The account of a person whom a sent referral made known."""
        with self.app.app_context(), scope(VAULT):
            ((found, kind, _organisation),) = accounts.accounts_of_number(number)
        return Login(found, number, kind, VAULT)


@dataclass
class RunningEid:
    """The running test e-ID."""

    process: subprocess.Popen[str]
    issuer: str
    http: requests.Session = field(default_factory=requests.Session)

    def fault(self, name: str | None) -> None:
        """Let the next visit go wrong in this way."""
        answer = self.http.post(f"{self.issuer}/__fel", json={"fault": name}, timeout=10)
        assert answer.status_code == 200, answer.text


class Visitor:
    """One browser at one host, with the page that it shows."""

    def __init__(self, app: Flask, host: str = HOST) -> None:
        self.app, self.host = app, host
        self.base = f"http://{host}"
        self.client = app.test_client()
        self.answer: TestResponse | None = None

    @property
    def page(self) -> Page:
        """The page that is shown."""
        assert self.answer is not None
        return Page(SimpleNamespace(url=self.answer.request.url, text=self.answer.text))  # type: ignore[arg-type]

    @property
    def cookie(self) -> str:
        """The value of the session's cookie, or an empty string."""
        found = self.client.get_cookie(sessions.COOKIE, domain=self.host)
        return found.value if found is not None else ""

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.client.set_cookie(sessions.COOKIE, value, domain=self.host, secure=True)

    def get(self, path: str, headers: dict[str, str] | None = None, *, follow: bool = False) -> TestResponse:
        """Open an address of this host."""
        self.answer = self.client.get(path, base_url=self.base, headers=headers, follow_redirects=follow)
        return self.answer

    def send(
        self,
        part: str,
        typed: Typed | None = None,
        press: tuple[str, str] | None = None,
        headers: dict[str, str] | None = None,
        *,
        follow: bool = True,
    ) -> TestResponse:
        """Fill in and send the form of the shown page whose action contains `part`."""
        form = self.page.form(part)
        for name, value in (typed or {}).items():
            fill(form, name, value)
        fields = [*form.form_values(), *([press] if press else [])]
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value or "")
        return self.post(urlsplit(form.action or "").path, data, headers, follow=follow)

    def post(
        self, path: str, data: Any, headers: dict[str, str] | None = None, *, follow: bool = False
    ) -> TestResponse:
        """Send fields as they are."""
        self.answer = self.client.post(
            path, data=data, base_url=self.base, headers=headers, follow_redirects=follow
        )
        return self.answer

    def token(self) -> str:
        """The token of the shown page's forms."""
        return str(self.page.tree.xpath("//input[@name='csrf_token']/@value")[0])

    def logged_in(self, who: Login) -> "Visitor":
        """Begin a session as the login page does."""
        kept, answer = sessions.BrowserSession(), Response()
        sessions.begin_login(kept, who.scope, str(who.account), "bankid", outsider=who.kind in OUTSIDERS)
        self.app.session_interface.save_session(self.app, kept, answer)
        found = re.search(rf"{sessions.COOKIE}=([^;]+)", answer.headers["Set-Cookie"])
        assert found is not None
        self.cookie = found[1]
        return self

    def at_eid(self, number: str, action: Action = "ok") -> str:
        """From the shown page that leads to the e-ID, through it: the address that it sends back to."""
        assert self.answer is not None and self.answer.status_code == 200, self.page.said()
        shown = SimpleNamespace(url=self.answer.request.url, text=self.answer.text, status_code=200)
        with requests.Session() as http:
            back = walk(http, shown, number, action)  # type: ignore[arg-type]
        assert back.startswith(f"{self.base}/legitimera/"), back
        return back.removeprefix(self.base)

    def log_in(self, number: str, onward: str = "", action: Action = "ok") -> TestResponse:
        """Log in with the real test e-ID; ends at the page that it leads to."""
        self.get("/logga-in" + (f"?vidare={onward}" if onward else ""))
        self.send("/logga-in/")
        return self.get(self.at_eid(number, action), follow=True)


def refer(visitor: Visitor, number: str, name: str = "Test Testsson", way: str = "egen") -> uuid.UUID:
    """Write and send a referral, page by page; returns its id."""
    referral = draft(visitor, number, name)
    assert (
        visitor.post(f"/remisser/{referral}/spara", ANSWERS | {"csrf_token": visitor.token()}).status_code
        == 303
    )
    visitor.get(f"/remisser/{referral}/kontroll")
    assert visitor.send("/skicka", {"samtycke": way}).status_code == 200
    return referral


def draft(visitor: Visitor, number: str, name: str = "Test Testsson") -> uuid.UUID:
    """Begin a draft; returns its id and leaves its page shown."""
    given, family = name.split(" ")
    visitor.get("/remisser/ny")
    visitor.send("/remisser/ny", {"insats": INSATS, "nummer": number, "fornamn": given, "efternamn": family})
    assert visitor.answer is not None
    return uuid.UUID(urlsplit(visitor.answer.request.url).path.rsplit("/", 1)[1])


def run_jobs(app: Flask, kind: str, scope_id: str = VAULT) -> int:
    """Do what lies in the outbox of one kind, as a worker does; returns how many there were."""
    load_jobs()
    with app.app_context():
        with scope(scope_id) as opened:
            table = OUTBOXES[opened.id.level]
            rows = list(
                session().scalars(sa.select(table.id).where(table.kind == kind, table.done_at.is_(None)))
            )
        for row in rows:
            jobs.run(scope_id, str(row))
    return len(rows)
