"""A samtycke of another kind: a question of its own, a text and a row of its own; Gemensam kraft's konsultation."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from in_gemensam_kraft import INSATS, OSBY, Known
from in_insats import acting
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.vault.consent import service
from stegvis.vault.consent.ending import told_of
from stegvis.vault.consent.models import Consent
from stegvis.vault.referrals.models import Referral
from visiting import People, RunningEid, Visitor

Browse = Callable[..., Visitor]
ASKED = "Ja till att konsultationsteamet får höra om dig"


@pytest.fixture
def known(app: Flask, people: People, browser: Browse, eid: RunningEid) -> Known:
    return Known(app, people, browser)


def test_it_is_a_question_of_its_own_with_a_text_of_its_own(known: Known) -> None:
    other = known.asked()
    assert other != known.main
    assert known.states() == {"sekretessbrytande": "given", "konsultation": "fraga"}
    known.person.get("/mina-sidor")
    assert ASKED in known.person.page.words
    known.person.get(f"/mina-sidor/samtycken/{other}")
    words = known.person.page.words
    assert "Konsultationsteamet: de från kommunen" in words and "din handläggare där" not in words
    known.person.get("/mina-sidor/samtycken")
    assert f"Gemensam kraft: {ASKED}" in known.person.page.words
    known.team.get(f"{known.place}/{known.main}")
    assert list(known.team.page.forms("/fraga/konsultation")) == []


def test_a_no_to_it_changes_nothing_else(known: Known) -> None:
    known.person.get(f"/mina-sidor/samtycken/{known.asked()}")
    known.person.send("/nej")
    assert known.states() == {"sekretessbrytande": "given", "konsultation": "nekad"}
    with known.app.app_context(), scope(OSBY):
        assert session().get_one(Referral, known.referral).state == "antagen"


def test_taking_it_back_leaves_the_main_one(known: Known) -> None:
    other = known.asked()
    known.give(other)
    known.person.get(f"/mina-sidor/samtycken/{other}")
    assert "Ingen på insatsen läser remissen mer." not in known.person.page.words
    known.person.send("/ta-tillbaka")
    assert known.states() == {"sekretessbrytande": "given", "konsultation": "atertagen"}
    with acting_in(known):
        assert service.holds(INSATS, known.referral)
        assert [one.party for one in told_of(other)][1] == "Konsultationsteamet"


def test_without_the_main_one_the_other_ends_too(known: Known) -> None:
    other = known.asked()
    known.give(other)
    known.person.get(f"/mina-sidor/samtycken/{known.main}")
    known.person.send("/ta-tillbaka")
    assert known.states() == {"sekretessbrytande": "atertagen", "konsultation": "atertagen"}
    with acting_in(known):
        found = {one.consent_id for one in service.untold(INSATS)}
        assert {known.main, other} <= found


def test_only_the_main_one_opens_the_papers(known: Known) -> None:
    other = known.asked()
    known.give(other)
    with known.app.app_context(), scope(OSBY):
        session().get_one(Consent, known.main).valid_to = today() - timedelta(days=1)
    assert known.states() == {"sekretessbrytande": "utgangen", "konsultation": "given"}
    with acting_in(known):
        assert not service.holds(INSATS, known.referral)


def test_a_kind_that_the_insats_has_not_is_not_asked_for(known: Known) -> None:
    known.team.get(f"{known.place}/{known.main}")
    token = known.team.token()
    known.team.post(f"{known.place}/{known.main}/fraga/bild", {"csrf_token": token}, follow=True)
    assert "Insatsen har ingen text för samtycke än." in known.team.page.words
    assert known.states()["konsultation"] == "saknas"


def acting_in(known: Known):  # type: ignore[no-untyped-def]
    return acting(known.app, known.who)
