"""Somebody who is asked for a samtycke, for the tests of its pages."""

import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from stegvis.ground.tenancy.scope import scope, session
from stegvis.vault.consent.models import Consent, ConsentEvidence
from stegvis.vault.referrals.models import Referral
from visiting import VAULT, People, Visitor, fresh_number, refer

Browse = Callable[..., Visitor]


class Asked:
    """A sent referral and the person whom it asks, at the page of the samtycke."""

    def __init__(self, people: People, browser: Browse) -> None:
        self.app, self.number = people.app, fresh_number()
        self.remittent = people.remittent()
        self.author = browser(self.remittent)
        self.referral = refer(self.author, self.number)
        self.person = people.participant(self.number)
        self.visitor = browser(self.person)
        self.visitor.get("/mina-sidor")
        (self.path,) = self.visitor.page.links("/mina-sidor/samtycken/")
        self.path = "/" + self.path.split("/", 3)[3]
        self.consent = uuid.UUID(self.path.rsplit("/", 1)[1])
        self.visitor.get(self.path)

    def sign(self, number: str = "", **told: Any) -> None:
        """Sign at the e-ID; ends at the page that it leads to."""
        self.visitor.send("/signera/bankid")
        self.visitor.get(self.visitor.at_eid(number or self.number, **told), follow=True)

    def row(self, model: Any = Consent, **where: Any) -> dict[str, Any]:
        """A row as it lies in its table."""
        wanted = where or {"id": self.consent}
        with self.app.app_context(), scope(VAULT):
            asked = sa.select(model.__table__).filter_by(**wanted)
            return dict(session().execute(asked).mappings().one())

    def evidence(self) -> list[tuple[str, str]]:
        """The pieces of evidence of this samtycke: (verdict, reason), oldest first."""
        with self.app.app_context(), scope(VAULT):
            rows = session().execute(
                sa.select(ConsentEvidence.verdict, ConsentEvidence.reason)
                .where(ConsentEvidence.consent_id == self.consent)
                .order_by(ConsentEvidence.seq)
            )
            return [(row.verdict, row.reason) for row in rows]

    def states(self) -> tuple[str, str]:
        """The states of the samtycke and its referral."""
        return self.row()["state"], self.row(Referral, id=self.referral)["state"]
