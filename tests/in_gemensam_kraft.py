"""Somebody in Gemensam kraft, whose insats asks for two kinds of samtycke; with browsers of person and team."""

import uuid
from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import HANDLEDARE
from stegvis.identity.accounts import service as accounts
from stegvis.vault.consent import standing, texts
from stegvis.vault.consent.models import Consent
from stegvis.vault.participants import service as participants
from stegvis.vault.referrals.models import Referral
from visiting import Login, People, Visitor, fresh_number

Browse = Callable[..., Visitor]
OSBY, INSATS, HOST = "skane_nordost/osby", "gemensam_kraft", "skane-nordost.localhost"


class Known:
    """Somebody in Gemensam kraft whose main samtycke holds, with the browsers of the person and the team."""

    def __init__(self, app: Flask, people: People, browser: Browse) -> None:
        self.app, number = app, fresh_number()
        team = people.account("personal", HANDLEDARE, scope_id=OSBY, insats=INSATS, name="Prov Handledare")
        with app.app_context(), scope(OSBY):
            human = participants.ensure(number, "Test", "Testsson")
            person = accounts.open_account(number, human.name, "deltagare")
            accounts.join_participant(number, human.id)
            referral = Referral(
                insats=INSATS, form_version="1", state="antagen", author_id=team.account, person_id=person,
                participant_id=human.id, number=number, given_name="Test", family_name="Testsson", answers={},
                created_on=today(), opened_on=today(), decided_on=today(),
            )  # fmt: skip
            session().add(referral)
            session().flush()
            main = Consent(
                insats=INSATS, referral_id=referral.id, participant_id=human.id, state="given", method="papper",
                kind="sekretessbrytande", valid_from=today(), valid_to=today() + timedelta(days=300), signed_at=now(),
            )  # fmt: skip
            texts.freeze(main)
            session().add(main)
            session().flush()
            self.human, self.main, self.referral = human.id, main.id, referral.id
        self.who = team
        self.team = browser(team, HOST)
        self.person = browser(Login(person, number, "deltagare", OSBY), HOST)
        self.place = f"/insats/{INSATS}/samtycken"

    def asked(self) -> uuid.UUID:
        """The team asks for the other kind."""
        self.team.get(f"{self.place}/{self.main}")
        self.team.send("/fraga/konsultation")
        assert self.team.answer is not None
        return uuid.UUID(self.team.answer.request.path.rsplit("/", 1)[1])

    def states(self) -> dict[str, str]:
        with self.app.app_context(), scope(OSBY):
            kinds = ("sekretessbrytande", "konsultation")
            return {kind: standing.state_for(self.human, INSATS, kind=kind).state for kind in kinds}

    def give(self, consent_id: uuid.UUID) -> None:
        with self.app.app_context(), scope(OSBY):
            row = session().get_one(Consent, consent_id)
            row.state, row.method = "given", "eid"
            row.valid_from, row.valid_to = today(), today() + timedelta(days=300)
