"""Somebody whose samtycke opened a referral and who has been enrolled, with the handledare's browser."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import sqlalchemy as sa
from flask import Flask, g

from asked import Asked
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.accounts import service as accounts
from stegvis.vault.consent.models import Consent, ConsentTold
from stegvis.vault.enrolments import service as enrolments
from visiting import INSATS, VAULT, Login, People, Visitor

Browse = Callable[..., Visitor]


@contextmanager
def acting(app: Flask, who: Login) -> Iterator[None]:
    """The vault's scope with somebody of its staff who acts in it, as a request would open it."""
    with app.test_request_context(), scope(who.scope, account=who.account) as opened:
        g.actor = accounts.actor_of(who.account)
        opened.facts["role"] = who.kind
        yield


class InInsats(Asked):
    """Asked, signed with the test e-ID, accepted and enrolled; `team` is the browser of `handledare`."""

    def __init__(self, people: People, browser: Browse) -> None:
        super().__init__(people, browser)
        self.sign()
        self.handledare = people.handledare()
        self.team = browser(self.handledare)
        self.papers = f"/insats/{INSATS}/remisser/{self.referral}"
        self.place = f"/insats/{INSATS}/samtycken/{self.consent}"
        self.team.get(self.papers)
        self.team.send("/svar", press=("svar", "ja"))
        with acting(self.app, self.handledare):
            who = self.handledare.account
            self.enrolment: uuid.UUID = enrolments.enrol(INSATS, self.referral, who, enrolments.Baseline())
        self.page = f"/personer/{self.enrolment}"

    def take_back(self) -> None:
        """The person takes the samtycke back on the own pages."""
        self.visitor.get(self.path)
        self.visitor.send("/ta-tillbaka")

    def ends_in(self, days: int) -> None:
        """Let the samtycke run out in some days."""
        with self.app.app_context(), scope(VAULT):
            session().get_one(Consent, self.consent).valid_to = today() + timedelta(days=days)

    def asked_again(self) -> str:
        """The team asks once more; the path of the new question on the person's pages."""
        self.team.get(self.place)
        self.team.send("/fraga-igen")
        self.visitor.get("/mina-sidor")
        assert "Vill du att de fortsätter prata med varandra om dig?" in self.visitor.page.words
        (link, *_others) = self.visitor.page.links("/mina-sidor/samtycken/")
        return "/" + link.split("/", 3)[3]

    def told(self) -> list[tuple[str, str]]:
        """The parties of the samtycke that was taken back: (name, how it was told)."""
        with self.app.app_context(), scope(VAULT):
            asked = sa.select(ConsentTold).where(ConsentTold.consent_id == self.consent)
            return [(row.party, row.how) for row in session().scalars(asked.order_by(ConsentTold.position))]


def all_of(person: Asked) -> list[tuple[str, date | None]]:
    """Every samtycke of the person's referral: (state, last day), oldest first."""
    with person.app.app_context(), scope(VAULT):
        asked = sa.select(Consent).where(Consent.referral_id == person.referral)
        return [(row.state, row.valid_to) for row in session().scalars(asked.order_by(Consent.created_at))]
