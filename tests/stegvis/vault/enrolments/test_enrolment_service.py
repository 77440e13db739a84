"""Enrolling, ending and activities in a real vault: what is kept, what is refused, what a double click does."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.exceptions import NotFound

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import HANDLEDARE
from stegvis.vault.enrolments import queries, service
from stegvis.vault.enrolments.models import Activity, Enrolment
from stegvis.vault.enrolments.service import Baseline, EnrolmentFault, Exit
from stegvis.vault.participants import service as participants

BASELINE = Baseline(
    ("forsorjningsstod",),
    "ingen",
    "grundskola",
    "6_9_ar",
    {"form": "inskrivning", "version": 1, "answers": {}},
)


def test_enrolling_keeps_the_codes_and_who_is_handledare(vault: Any, handledare: uuid.UUID) -> None:
    referral = vault.accepted()
    with vault.acting(handledare):
        made = service.enrol("karnhuset", referral, handledare, BASELINE)
    with vault.acting(handledare):
        row = service.case(made)
        assert (row.forsorjning_before, row.sysselsattning_before) == (["forsorjningsstod"], "ingen")
        assert (row.utbildning, row.months_on_support) == ("grundskola", "6_9_ar")
        assert (row.started_on, row.handledare_id, row.referral_id) == (today(), handledare, referral)
        assert row.baseline == BASELINE.record
        assert referral in service.enrolled_referrals("karnhuset")


def test_a_second_click_gives_the_same_enrolment(vault: Any, handledare: uuid.UUID) -> None:
    referral = vault.accepted()
    made = set()
    for _ in range(2):
        with vault.acting(handledare):
            made.add(service.enrol("karnhuset", referral, handledare, BASELINE))
    assert len(made) == 1


def test_clicks_at_once_give_one_enrolment(vault: Any, handledare: uuid.UUID) -> None:
    referral = vault.accepted()
    together, made = threading.Barrier(4), []

    def click() -> None:
        with vault.acting(handledare):
            queries.by_referral(referral)
            together.wait(10)
            made.append(service.enrol("karnhuset", referral, handledare, BASELINE))

    threads = [threading.Thread(target=click) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(made) == 4
    assert len(set(made)) == 1
    with vault.acting(handledare):
        assert (
            session().scalar(
                sa.select(sa.func.count()).select_from(Enrolment).where(Enrolment.referral_id == referral)
            )
            == 1
        )


def test_a_click_that_looked_before_the_other_was_kept_gets_the_same(
    vault: Any, handledare: uuid.UUID
) -> None:
    referral, looked, kept = vault.accepted(), threading.Event(), threading.Event()
    made: list[uuid.UUID] = []

    def click() -> None:
        with vault.acting(handledare):
            made.append(service.enrol("karnhuset", referral, handledare, BASELINE))

    late = threading.Thread(target=click)

    def hold(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if threading.current_thread() is late and ".enrolment" in statement and not looked.is_set():
            looked.set()
            kept.wait(10)

    sa.event.listen(sa.Engine, "after_cursor_execute", hold)
    try:
        late.start()
        assert looked.wait(10)
        click()
        kept.set()
        late.join()
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", hold)
    assert len(made) == 2
    assert len(set(made)) == 1


def test_the_same_person_is_not_enrolled_twice_at_a_time(vault: Any, handledare: uuid.UUID) -> None:
    first = vault.enrolled(handledare)
    with vault.acting(handledare):
        person = participants.get(service.case(first).participant_id).number
    again = vault.accepted(number=person)
    with vault.acting(handledare), pytest.raises(EnrolmentFault, match="redan inskriven"):
        service.enrol("karnhuset", again, handledare, BASELINE)
    with vault.acting(handledare):
        service.end(first, Exit("studier"))
        assert service.enrol("karnhuset", again, handledare, BASELINE) != first


def test_nobody_outside_the_team_becomes_handledare(vault: Any, handledare: uuid.UUID) -> None:
    stranger, referral = vault.account(), vault.accepted()
    with vault.acting(handledare), pytest.raises(EnrolmentFault, match="inte med i insatsens team"):
        service.enrol("karnhuset", referral, stranger, BASELINE)


def test_nothing_is_dated_in_the_future(vault: Any, handledare: uuid.UUID) -> None:
    referral, enrolment = vault.accepted(), vault.enrolled(handledare)
    with vault.acting(handledare):
        tomorrow = today() + timedelta(days=1)
        with pytest.raises(EnrolmentFault, match="framtiden"):
            service.enrol("karnhuset", referral, handledare, BASELINE, on=tomorrow)
        with pytest.raises(EnrolmentFault, match="framtiden"):
            service.end(enrolment, Exit("studier"), on=tomorrow)


def refused(vault: Any, account: uuid.UUID, act: Any) -> list[tuple[str, str, Any]]:
    """The events of something that is answered with 404."""

    def tried() -> None:
        with vault.acting(account), pytest.raises(NotFound):
            act()

    found: list[tuple[str, str, Any]] = vault.new_events(account, tried)
    return found


def test_a_person_of_another_insats_is_404_and_one_refusal(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare)
    other = vault.account(HANDLEDARE, insats="annan_insats")
    for act in (service.open_person, service.end_page, service.activities_page, service.case):
        assert refused(vault, other, lambda act=act: act(enrolment)) == [("neka", "nekad", enrolment)]


def test_a_person_of_another_vault_is_404_and_one_refusal(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare)
    vault.scope, vault.insats = "kalmar_lan/kalmar", "krus"
    elsewhere = vault.account(HANDLEDARE)
    assert refused(vault, elsewhere, lambda: service.open_person(enrolment)) == [("neka", "nekad", enrolment)]


def test_the_caseload_of_another_insats_is_404(vault: Any) -> None:
    other = vault.account(HANDLEDARE, insats="annan_insats")
    for insats in ("karnhuset", "annan_insats", "finns_inte"):
        assert refused(vault, other, lambda insats=insats: service.people(insats)) == [
            ("neka", "nekad", None)
        ]


def test_a_referral_that_is_not_accepted_enrols_nobody(vault: Any, handledare: uuid.UUID) -> None:
    missing = uuid.uuid4()
    found = refused(vault, handledare, lambda: service.enrol("karnhuset", missing, handledare, BASELINE))
    assert found == [("neka", "nekad", missing)]


def test_the_avslut_keeps_codes_words_and_ends_activities(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare)
    with vault.acting(handledare):
        day = today()
        activity = service.start_activity(
            enrolment, "arbetstraning", "Testverkstaden", on=day - timedelta(days=3)
        )
    told = Exit(
        "tillsvidareanstallning",
        ("lon",),
        "arbete",
        "Gick bra.",
        {"form": "avslut", "version": 1, "answers": {}},
    )
    with vault.acting(handledare):
        service.end(enrolment, told, on=day)
    with vault.acting(handledare):
        service.end(enrolment, Exit("avbrott"))
    with vault.acting(handledare):
        row = service.case(enrolment)
        assert (row.ended_on, row.exit_code) == (day, "tillsvidareanstallning")
        assert (row.forsorjning_after, row.sysselsattning_after) == (["lon"], "arbete")
        assert (row.exit_words, row.exit_answers) == ("Gick bra.", dict(told.record))
        found = session().get(Activity, activity)
        assert found is not None
        assert (found.ended_on, found.where, found.area) == (day, "Testverkstaden", "jobbfokuserad")


def test_an_avslut_that_cannot_be_right_is_refused(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare, weeks=2)
    with vault.acting(handledare):
        with pytest.raises(EnrolmentFault, match="före inskrivningen"):
            service.end(enrolment, Exit("studier"), on=today() - timedelta(weeks=3))
        with pytest.raises(EnrolmentFault, match="orsaken finns inte"):
            service.end(enrolment, Exit("pahittad"))
        assert service.case(enrolment).ended_on is None


def test_activities_begin_once_and_end_once(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare)
    with vault.acting(handledare):
        first = service.start_activity(enrolment, "samtal", "Testrummet")
        assert service.start_activity(enrolment, "samtal", "Testrummet") == first
        assert service.start_activity(enrolment, "samtal", "Annat rum") != first
        with pytest.raises(EnrolmentFault, match="finns inte i insatsen"):
            service.start_activity(enrolment, "pahittad")
        with pytest.raises(EnrolmentFault, match="före inskrivningen"):
            service.start_activity(enrolment, "samtal", on=today() - timedelta(weeks=30))
        service.end_activity(enrolment, first)
        service.end_activity(enrolment, first, on=today() + timedelta(days=5))
        page = service.activities_page(enrolment)
        assert [(one.title, one.where, one.ended_on) for one in page.ended] == [
            ("Motiverande samtal och vägledning", "Testrummet", today())
        ]
        assert [one.where for one in page.going_on] == ["Annat rum"]


def test_an_activity_of_somebody_else_is_404(vault: Any, handledare: uuid.UUID) -> None:
    one, other = vault.enrolled(handledare), vault.enrolled(handledare)
    with vault.acting(handledare):
        activity = service.start_activity(one, "samtal")
    found = refused(vault, handledare, lambda: service.end_activity(other, activity))
    assert found == [("neka", "nekad", activity)]


def test_no_name_lies_in_the_clear(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare, "Klartext", "Kanariefågel")
    with vault.acting(handledare):
        service.end(enrolment, Exit("studier", words="Hemlig kanariefågel"))
    with vault.app.app_context(), scope(vault.scope):
        row = (
            session()
            .execute(sa.select(Enrolment.__table__).where(Enrolment.__table__.c.id == enrolment))
            .one()
        )
        assert "anarief" not in repr(tuple(row))
