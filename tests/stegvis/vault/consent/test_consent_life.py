"""A samtycke through its life: reminded of, asked for again, and cut by the avslut; and which of several counts."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from asked import Asked
from in_insats import InInsats, acting, all_of
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import HANDLEDARE
from stegvis.vault.consent import service, standing
from stegvis.vault.consent.models import Consent
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.referrals.models import Referral
from visiting import VAULT, People, RunningEid, Visitor

Browse = Callable[..., Visitor]


# -- asked for again -----------------------------------------------------------------------------


def test_both_are_reminded_before_it_runs_out(person: InInsats) -> None:
    person.ends_in(31)
    assert person.place not in person.team.get("/idag").text
    person.visitor.get("/mina-sidor")
    assert "Det går snart ut." not in person.visitor.page.words
    person.ends_in(4)
    assert person.place in person.team.get("/idag").text
    assert "samtycket gäller till 19 jan 2024" in person.team.page.words
    person.visitor.get("/mina-sidor")
    assert "Det gäller till 19 jan 2024. Det går snart ut." in person.visitor.page.words
    person.asked_again()
    assert "Det går snart ut." not in person.visitor.page.words
    person.ends_in(-1)
    person.team.get("/idag")
    assert "samtycket gick ut 14 jan 2024" in person.team.page.words
    person.visitor.get("/mina-sidor")
    assert "Ditt ja gick ut 14 jan 2024." in person.visitor.page.words


def test_a_new_yes_opens_the_papers_again_and_the_old_record_stays(person: InInsats) -> None:
    person.ends_in(-1)
    before = person.row()
    assert "Vilket stöd behövs" not in person.team.get(person.papers).text
    path = person.asked_again()
    assert person.team.get("/idag").text.count("frågan väntar på svar") == 1
    person.visitor.get(path)
    assert "Ditt förra ja gäller inte längre." in person.visitor.page.words
    person.sign()
    assert "Vilket stöd behövs" in person.team.get(person.papers).text
    assert all_of(person) == [("given", date(2024, 1, 14)), ("given", date(2026, 1, 15))]
    assert person.row() == before
    assert person.evidence() == [("giltig", "")]
    assert person.place not in person.team.get("/idag").text
    person.team.get(person.page)
    assert "gäller till 15 jan 2026, underskrivet med e-legitimation" in person.team.page.words


def test_a_no_to_a_new_question_leaves_the_old_yes_to_its_end(person: InInsats) -> None:
    person.visitor.get(person.asked_again())
    assert "Du har sagt ja förut, och det gäller till 15 jan 2026." in person.visitor.page.words
    person.visitor.send("/nej")
    assert "Det du sa ja till förut gäller" in person.visitor.page.words
    assert all_of(person) == [("given", date(2026, 1, 15)), ("nekad", None)]
    assert person.states()[1] == "antagen"
    assert "Vilket stöd behövs" in person.team.get(person.papers).text


def test_taking_back_ends_every_yes_and_the_question_that_waits(person: InInsats) -> None:
    person.visitor.get(person.asked_again())
    person.sign()
    asked_again_path = person.asked_again()
    person.take_back()
    assert [state for state, _day in all_of(person)] == ["atertagen", "atertagen", "struken"]
    assert person.visitor.get(asked_again_path).status_code == 404
    assert "Vilket stöd behövs" not in person.team.get(person.papers).text


def test_to_ask_twice_is_one_question_and_a_struck_one_is_gone(person: InInsats) -> None:
    path = person.asked_again()
    person.team.post(f"{person.place}/fraga-igen", {"csrf_token": person.team.token()}, follow=True)
    assert [state for state, _day in all_of(person)] == ["given", "fraga"]
    person.team.get(f"/insats/karnhuset/samtycken/{path.rsplit('/', 1)[1]}")
    person.team.send("/stryk")
    assert person.visitor.get(path).status_code == 404
    assert [state for state, _day in all_of(person)] == ["given", "struken"]


def test_who_has_taken_back_can_be_asked_and_say_yes_again(person: InInsats) -> None:
    person.take_back()
    person.visitor.get(person.asked_again())
    person.sign()
    assert [state for state, _day in all_of(person)] == ["atertagen", "given"]
    assert "Vilket stöd behövs" in person.team.get(person.papers).text


def test_a_referral_that_was_closed_is_not_asked_about_again(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    asked = Asked(people, browser)
    asked.sign()
    asked.visitor.send("/ta-tillbaka")
    team = browser(people.handledare())
    team.get(f"/insats/karnhuset/samtycken/{asked.consent}")
    assert list(team.page.forms("/fraga-igen")) == []
    path = f"/insats/karnhuset/samtycken/{asked.consent}/fraga-igen"
    team.post(path, {"csrf_token": team.token()}, follow=True)
    assert "Remissen är stängd" in team.page.words
    assert [state for state, _day in all_of(asked)] == ["atertagen"]


def test_the_team_does_not_see_a_samtycke_before_the_first_yes(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    asked = Asked(people, browser)
    path = f"/insats/karnhuset/samtycken/{asked.consent}"
    team = browser(people.handledare())
    assert team.get(path).status_code == 404
    asked.sign()
    assert team.get(path).status_code == 200
    other = browser(people.account("personal", HANDLEDARE, insats="annan"))
    assert other.get(path).status_code == 404


def test_samtycken_of_two_insatser_do_not_know_of_each_other(person: InInsats, app: Flask) -> None:
    human = person.row()["participant_id"]
    with app.app_context(), scope(VAULT):
        referral = Referral(
            insats="annan", form_version="1", state="antagen", author_id=person.remittent.account,
            participant_id=human, number=person.number, given_name="Test", family_name="Testsson", answers={},
            created_on=today(), opened_on=today(), decided_on=today(),
        )  # fmt: skip
        session().add(referral)
        session().flush()
        beside = Consent(
            insats="annan", referral_id=referral.id, participant_id=human, kind="sekretessbrytande",
            state="given", method="papper", text_version="1", text="Ja", text_sha256=b"",
            valid_from=today(), valid_to=today(),
        )  # fmt: skip
        session().add(beside)
        session().flush()
        other = beside.id
    person.take_back()
    with app.app_context(), scope(VAULT):
        assert service.state_for(human, "karnhuset").state == "atertagen"
        assert service.state_for(human, "annan").state == "given"
        # No page knows this insats: nobody meets it afterwards.
        session().get_one(Consent, other).state = "struken"


# -- the avslut ----------------------------------------------------------------------------------


def end(person: InInsats, app: Flask, on: date) -> None:
    with acting(app, person.handledare):
        enrolments.end(person.enrolment, enrolments.Exit("tillsvidareanstallning"), on)


def test_it_reaches_past_the_avslut_as_far_as_the_text_says(
    person: InInsats, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    end(person, app, date(2024, 1, 15))
    assert all_of(person) == [("given", date(2024, 8, 15))]
    human = person.row()["participant_id"]
    for day, state in (
        (date(2024, 7, 15), "given"),
        (date(2024, 8, 15), "given"),
        (date(2024, 8, 16), "utgangen"),
    ):
        monkeypatch.setattr(standing, "today", lambda day=day: day)
        with app.app_context(), scope(VAULT):
            assert service.state_for(human, "karnhuset").state == state
    person.visitor.get("/mina-sidor/samtycken")
    assert "15 aug 2024" in person.visitor.page.words


def test_an_avslut_never_makes_it_longer(person: InInsats, app: Flask) -> None:
    person.ends_in(20)
    end(person, app, date(2024, 1, 15))
    assert all_of(person) == [("given", date(2024, 2, 4))]


def test_a_new_yes_after_the_avslut_reaches_as_far_and_no_further(person: InInsats, app: Flask) -> None:
    person.ends_in(20)
    end(person, app, date(2024, 1, 15))
    person.visitor.get(person.asked_again())
    person.sign()
    assert all_of(person) == [("given", date(2024, 2, 4)), ("given", date(2024, 8, 15))]


# -- which one counts ----------------------------------------------------------------------------

DAY = date(2024, 1, 15)
kept = st.builds(
    SimpleNamespace,
    id=st.uuids(),
    state=st.sampled_from(["fraga", "given", "nekad", "atertagen", "struken"]),
    method=st.just("eid"),
    valid_to=st.dates(DAY - timedelta(days=5), DAY + timedelta(days=5)),
    withdrawn_on=st.none(),
    created_at=st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 15), timezones=st.just(UTC)),
)


@given(st.lists(kept, max_size=6))
def test_a_yes_that_holds_is_the_one_that_counts_and_nothing_else_ever_is_one(rows: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(standing, "today", lambda: DAY)
        found = standing.that_counts(rows)
    holding = [row for row in rows if row.state == "given" and row.valid_to >= DAY]
    assert (found.state == "given") == bool(holding)
    if holding:
        assert found.valid_to == max(row.valid_to for row in holding)
    assert found.asked == any(row.state == "fraga" for row in rows) or found.state == "fraga"
    assert (found.state == "saknas") == all(row.state == "struken" for row in rows)
