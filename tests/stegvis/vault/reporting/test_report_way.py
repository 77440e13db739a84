"""From the draft to the förbund's desk and back: what crosses, when, once, and never more."""

from datetime import date

import pytest
import sqlalchemy as sa
from report_world import (
    FORBUND,
    INSATS,
    PUBLISHING,
    Q4,
    RECEIVED_GROUPS,
    TEXTS,
    VAULT,
    People,
    acting,
    attest,
    give_back,
    given_name,
    newest,
    outbox,
    publish,
    send,
    work,
    write,
)

from stegvis.config import Settings
from stegvis.forbund.reports import service as received
from stegvis.forbund.reports.models import ReceivedReport, ReturnedReport
from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy import scope
from stegvis.ground.tenancy.scope import session
from stegvis.local.installation import set_day
from stegvis.publishing import service as publishing
from stegvis.publishing.models import Contribution, InboxItem, LedgerEntry
from stegvis.vault.enrolments.models import Enrolment
from stegvis.vault.reporting import service
from stegvis.vault.reporting.models import SentReport

Q1 = date(2024, 1, 1)


def test_what_the_forbund_receives(people: People) -> None:
    publish(people)
    assert newest() == {
        "status": "mottagen",
        "arende": "SFG 24-1",
        "handling": 1,
        "ended_by_group": RECEIVED_GROUPS,
    }


def test_returned_completed_and_registered_as_the_next_handling(people: People) -> None:
    publish(people)
    give_back(people, "Skriv mer om avvikelserna.")
    with acting(VAULT, people.insatsledare):
        draft = service.opened(INSATS, Q4.start)
        assert draft.state == "komplettering"
        assert draft.answer is not None
        assert (draft.answer.words, draft.answer.arende) == ("Skriv mer om avvikelserna.", "SFG 24-1")
    publish(people)
    assert newest() == {
        "status": "mottagen",
        "arende": "SFG 24-1",
        "handling": 2,
        "ended_by_group": RECEIVED_GROUPS,
    }
    with scope(FORBUND):
        kept = session().execute(sa.select(ReceivedReport.version, ReceivedReport.status)).all()
    assert sorted(map(tuple, kept)) == [(1, "ersatt"), (2, "mottagen")]


def test_jobs_may_run_twice(people: People) -> None:
    publish(people)
    with scope(PUBLISHING) as opened:
        contribution = opened.session.scalars(sa.select(Contribution.id)).one()
    with scope(FORBUND) as opened:
        inbox = opened.session.scalars(sa.select(InboxItem.id)).one()
    with scope(PUBLISHING):
        publishing.publish(contribution)
    with scope(FORBUND):
        received.register(inbox)
    assert [jobs.run(PUBLISHING, str(row)) for row in outbox(PUBLISHING)] == ["nothing"]
    with scope(PUBLISHING) as opened:
        counts = [
            opened.session.scalar(sa.select(sa.func.count()).select_from(one))
            for one in (LedgerEntry, InboxItem)
        ]
    assert counts == [1, 1]
    assert (newest()["handling"], len(outbox(FORBUND))) == (1, 1)


def test_a_second_click_changes_nothing(people: People) -> None:
    write(people)
    report_id = send(people)
    assert send(people) == report_id
    attest(people, report_id)
    with acting(VAULT, people.approver):
        service.attest(report_id, "something else")
        assert session().scalar(sa.select(sa.func.count()).select_from(SentReport)) == 1
    assert len(outbox(PUBLISHING)) == 1
    work()
    give_back(people, "Komplettera.")
    give_back(people, "En gång till.")
    with scope(FORBUND):
        assert list(session().scalars(sa.select(ReturnedReport.words))) == ["Komplettera."]


def test_an_unfinished_report_is_not_sent_and_keeps_what_was_typed(people: People) -> None:
    write(people, {"bedomning": {"text": ""}})
    with acting(VAULT, people.insatsledare), pytest.raises(service.ReportFault):
        service.send(INSATS, Q4.start)
    with acting(VAULT, people.insatsledare):
        seen = service.review(INSATS, Q4.start)
        assert [anchor for anchor, _sentence in seen.missing] == ["avsnitt-bedomning"]
        section = seen.draft.section("aktiviteter")
        assert section is not None and section.text == TEXTS["aktiviteter"]["text"]


def test_a_flag_must_be_answered(people: People) -> None:
    unanswered = TEXTS["avvikelser"] | {"fraga_ekonomi": ""}
    write(people, {"avvikelser": unanswered})
    with acting(VAULT, people.insatsledare):
        view = service.opened(INSATS, Q4.start).section("avvikelser")
        assert view is not None
        assert (sorted(view.flags), view.ready) == (["aktiviteter", "ekonomi"], False)


def test_a_running_period_is_not_sent(people: People) -> None:
    write(people, starts=Q1)
    with acting(VAULT, people.insatsledare), pytest.raises(service.ReportFault):
        service.send(INSATS, Q1)


def test_no_attest_before_every_mark_is_answered_nor_of_other_figures(people: People) -> None:
    write(
        people,
        {"aktiviteter": {"text": f"Två deltagare har fått sjukersättning. {given_name(3)}s plan är klar."}},
    )
    report_id = send(people)
    with acting(VAULT, people.approver):
        one = service.to_attest(report_id)
        assert [sorted(mark.kind.split(",")) for mark in one.marks if "Två" in (mark.sentence or "")] == [
            ["health", "small_number"]
        ]
        assert [mark.kind for mark in one.marks if given_name(3) in (mark.sentence or "")] == ["name"]
        marks = [mark.id for mark in one.marks]
    with acting(VAULT, people.approver), pytest.raises(service.ReportFault):
        service.attest(report_id, one.seen)
    for mark in marks:
        with acting(VAULT, people.approver):
            service.answer_mark(report_id, mark, "Genomläst.")
    with acting(VAULT, people.approver), pytest.raises(service.ReportFault):
        service.attest(report_id, "0" * 64)
    assert outbox(PUBLISHING) == []


def test_asked_back_by_the_approver(people: People) -> None:
    write(people)
    report_id = send(people)
    with acting(VAULT, people.approver):
        service.ask_back(report_id, "Skriv om 2.1.")
    with acting(VAULT, people.insatsledare):
        draft = service.opened(INSATS, Q4.start)
        assert draft.row is not None
        assert (draft.state, draft.row.returned_words, draft.version) == ("utkast", "Skriv om 2.1.", 1)
    attest(people, send(people))
    work()
    assert newest()["handling"] == 1


def test_a_sent_report_is_not_written_on(people: People) -> None:
    write(people)
    send(people)
    write(people, {"aktiviteter": {"text": "Något annat."}})
    with acting(VAULT, people.insatsledare):
        section = service.opened(INSATS, Q4.start).section("aktiviteter")
        assert section is not None and section.text == TEXTS["aktiviteter"]["text"]


def test_one_leaver_more_in_the_next_quarter_moves_no_group(people: People, settings: Settings) -> None:
    publish(people)
    with scope(VAULT):
        row = (
            session()
            .scalars(
                sa.select(Enrolment)
                .where(Enrolment.ended_on.is_(None))
                .order_by(Enrolment.started_on)
                .limit(1)
            )
            .one()
        )
        row.ended_on, row.exit_code = date(2024, 2, 2), "studier"
        row.forsorjning_after, row.sysselsattning_after = ["studiemedel"], "studier"
    set_day(settings, date(2024, 4, 15))
    write(people, starts=Q1)
    attest(people, send(people, Q1))
    work()
    with scope(FORBUND):
        payload = received.newest_of_each([INSATS])[INSATS, "sandviken"].payload
    figures = {row.id: (row.since_start, row.stands_from) for row in payload.figures}
    assert figures["ended"] == (9, None)
    assert figures["group/studier"] == (0, Q4.end)
    assert newest() == {
        "status": "mottagen",
        "arende": "SFG 24-1",
        "handling": 2,
        "ended_by_group": RECEIVED_GROUPS,
    }


def test_a_text_with_unseen_characters_is_not_sent(people: People) -> None:
    write(people, {"bedomning": {"text": "Det går bra.\u202e"}})
    with acting(VAULT, people.insatsledare):
        seen = service.review(INSATS, Q4.start)
        assert (seen.payload, len(seen.missing)) == (None, 1)
    with acting(VAULT, people.insatsledare), pytest.raises(service.ReportFault):
        service.send(INSATS, Q4.start)


def test_sent_again_without_a_change_is_the_next_version(people: People) -> None:
    publish(people)
    give_back(people, "Komplettera.")
    attest(people, send(people))
    work()
    assert (newest()["status"], newest()["handling"]) == ("mottagen", 2)


def test_words_of_hidden_codes_are_marked_and_words_of_the_table_are_not(people: People) -> None:
    write(people, {"bedomning": {"text": "Sommaren var annat än lätt. Ett avbrott kom oväntat."}})
    with acting(VAULT, people.insatsledare):
        marks = service.review(INSATS, Q4.start).marks
    assert [(one.sentence, one.kinds) for one in marks] == [("Ett avbrott kom oväntat.", ("hidden_code",))]
