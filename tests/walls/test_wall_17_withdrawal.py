"""Wall 17: a withdrawal wins. Papers are read in the statement that asks for the samtycke, wherever it comes."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g

from referral_rows import opened_on_paper, stored
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.accounts import service as accounts
from stegvis.vault.consent import service as consent
from stegvis.vault.consent.models import Consent
from stegvis.vault.enrolments import service as enrolments
from visiting import VAULT, Login, People, Visitor, fresh_number

pytestmark = pytest.mark.walls
Browse = Callable[..., Visitor]
NAME = "Kanarie Fågelsson"
# The statement that reads papers and samtycke together.
PAPERS = "answers_sealed"


class Case:
    """A referral that a samtycke on paper opened, with the team's browser and a way to take the samtycke back."""

    def __init__(self, app: Flask, people: People, browser: Browse) -> None:
        number = fresh_number()
        self.app, self.browser = app, browser
        _author, self.referral, self.team = opened_on_paper(people, browser, number, NAME)
        self.path = f"/insats/karnhuset/remisser/{self.referral}"
        self.person = people.participant(number)
        with app.app_context(), scope(VAULT):
            asked = sa.select(Consent.id).where(Consent.referral_id == self.referral)
            self.consent = session().scalars(asked).one()

    def withdraw(self) -> None:
        """Take the samtycke back, in a transaction of its own, as the person's page does."""
        with (
            self.app.test_request_context(),
            scope(VAULT, account=self.person.account, outsider=True) as opened,
        ):
            g.actor = accounts.actor_of(self.person.account)
            opened.facts["role"] = "deltagare"
            consent.withdraw(self.consent)


@pytest.fixture
def case(app: Flask, people: People, browser: Browse) -> Case:
    return Case(app, people, browser)


@contextmanager
def interrupted(at: int, by: Callable[[], None]) -> Iterator[list[str]]:
    """Let `by` happen, whole, just before this thread's statement number `at`; gives the statements sent."""
    here, sent = threading.get_ident(), []

    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if threading.get_ident() != here:
            return
        if len(sent) == at:
            other = threading.Thread(target=by)
            other.start()
            other.join(20)
            assert not other.is_alive()
        sent.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", before)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", before)


def reading(statements: list[str]) -> int:
    """The place of the statement that reads the papers; there is exactly one."""
    (place,) = [at for at, one in enumerate(statements) if PAPERS in one and one.startswith("SELECT")]
    return place


def test_nothing_is_shown_that_was_read_after_the_withdrawal(
    app: Flask, people: People, browser: Browse
) -> None:
    first = Case(app, people, browser)
    with interrupted(-1, lambda: None) as statements:
        assert first.team.get(first.path).status_code == 200
    assert "Fågelsson" in first.team.page.words
    papers = reading(statements)
    # Whoever holds the chain's head makes the withdrawal wait for the commit: after it there is no race.
    last = next(at for at, one in enumerate(statements) if "FOR UPDATE" in one)
    assert 0 < papers < last
    shown = []
    for at in range(last):
        case = Case(app, people, browser)
        with interrupted(at, case.withdraw):
            answer = case.team.get(case.path)
        assert stored(app, case.referral)["state"] == "atertagen"
        assert answer.status_code == 200
        shown.append("Fågelsson" in case.team.page.words)
    assert shown == [at > papers for at in range(last)]


def test_an_open_page_empties_itself(case: Case) -> None:
    watch = f"{case.path}/galler"
    assert case.team.get(case.path).status_code == 200
    assert f'hx-get="{watch}"' in case.team.answer.text and "every 30s" in case.team.answer.text  # type: ignore[union-attr]
    headers = {"HX-Request": "true"}
    assert (case.team.get(watch, headers).status_code, case.team.get(watch, headers).text) == (204, "")
    case.withdraw()
    answer = case.team.get(watch, headers)
    assert (answer.text, answer.headers["HX-Refresh"]) == ("", "true")
    case.team.get(case.path)
    assert "Fågelsson" not in case.team.page.words
    assert "Personens samtycke gäller inte längre" in case.team.page.words


def test_an_open_page_empties_itself_when_the_right_is_gone(
    case: Case, app: Flask, people: People, browser: Browse
) -> None:
    who = people.handledare()
    visitor, headers = browser(who), {"HX-Request": "true"}
    assert visitor.get(f"{case.path}/galler", headers).status_code == 204
    with app.app_context(), scope(VAULT):
        accounts._take_all_rights(who.account)
    answer = visitor.get(f"{case.path}/galler", headers)
    assert (answer.status_code, answer.text, answer.headers["HX-Refresh"]) == (404, "", "true")


def test_an_open_page_does_not_keep_its_session_awake(case: Case) -> None:
    def seen() -> Any:
        cookie = f"__Host-stegvis={case.team.cookie}"
        with case.app.test_request_context("/", headers={"Cookie": cookie}) as asked:
            kept = case.app.session_interface.open_session(case.app, asked.request)
            assert kept is not None
            return kept["login"]["seen"]

    import time_machine

    from stegvis.ground.tenancy.models import now

    before = seen()
    with time_machine.travel(now().timestamp() + 120, tick=False):
        assert case.team.get(f"{case.path}/galler", {"HX-Request": "true"}).status_code == 204
        assert seen() == before
        assert case.team.get(case.path).status_code == 200
        assert seen() > before


def test_no_answer_is_kept_by_a_browser(case: Case) -> None:
    assert case.team.get(case.path).headers["Cache-Control"] == "no-store"


def test_papers_end_with_the_last_day_of_the_samtycke(case: Case) -> None:
    with case.app.app_context(), scope(VAULT):
        row = session().get_one(Consent, case.consent)
        row.valid_to = today()
    assert "Fågelsson" in case.team.get(case.path).text
    with case.app.app_context(), scope(VAULT):
        session().get_one(Consent, case.consent).valid_to = today().replace(day=1)
    assert "Fågelsson" not in case.team.get(case.path).text


def test_an_answer_that_comes_after_the_withdrawal_changes_nothing(case: Case) -> None:
    case.team.get(case.path)
    token = case.team.token()
    case.withdraw()
    answer = case.team.post(f"{case.path}/svar", {"csrf_token": token, "svar": "ja", "ord": ""})
    assert answer.status_code == 422
    assert "Personen har just tagit tillbaka sitt samtycke" in case.team.page.words
    assert "Fågelsson" not in case.team.page.words
    assert stored(case.app, case.referral)["state"] == "atertagen"


# -- enrolling -----------------------------------------------------------------------------------


def accepted(case: Case) -> None:
    case.team.get(case.path)
    assert case.team.send("/svar", press=("svar", "ja"), follow=False).status_code == 303


def enrol(case: Case, who: Login) -> uuid.UUID:
    with case.app.test_request_context(), scope(VAULT, account=who.account) as opened:
        g.actor = accounts.actor_of(who.account)
        opened.facts["role"] = "personal"
        return enrolments.enrol("karnhuset", case.referral, who.account, enrolments.Baseline())


def test_nobody_is_enrolled_after_the_withdrawal(case: Case, people: People) -> None:
    accepted(case)
    case.withdraw()
    with pytest.raises(enrolments.EnrolmentFault, match="tagit tillbaka sitt samtycke"):
        enrol(case, people.handledare())


def test_a_withdrawal_waits_for_an_enrolment_that_has_asked(case: Case, people: People) -> None:
    """Between the look at the samtycke and the commit nobody takes it back: first one, then the other."""
    accepted(case)
    who, order, together = people.handledare(), [], threading.Event()

    def withdraw() -> None:
        together.wait(10)
        case.withdraw()
        order.append("withdrawn")

    other = threading.Thread(target=withdraw)
    other.start()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO") and "enrolment" in statement:
            together.set()
            other.join(1)
            order.append("enrolling")

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert enrol(case, who)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    other.join(20)
    assert order == ["enrolling", "withdrawn"]
