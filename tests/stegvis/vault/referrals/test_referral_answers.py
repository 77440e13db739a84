"""A referral after the answer: destroyed at a no, read and answered by the team after a yes."""

from collections.abc import Callable

from flask import Flask

from referral_rows import events, opened_on_paper, stored
from stegvis.ground.tenancy.scope import current, scope, session
from stegvis.identity.access.rights import HANDLEDARE
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts.models import VaultAccount
from stegvis.vault.referrals import service
from stegvis.vault.referrals.models import Referral
from visiting import VAULT, People, RunningEid, Visitor, fresh_number, refer, run_jobs

Browse = Callable[..., Visitor]


# -- the no --------------------------------------------------------------------------------------


def test_a_no_destroys_everything_and_the_author_is_told(
    app: Flask, people: People, browser: Browse, eid: RunningEid
) -> None:
    run_jobs(app, "stang_tomt_konto")
    number = fresh_number()
    author = browser(people.remittent())
    referral = refer(author, number, "Dold Doldsson")
    person = people.participant(number)
    visitor = browser(person)
    visitor.get("/mina-sidor")
    visitor.get(visitor.page.links("/mina-sidor/samtycken/")[0])
    visitor.send("/nej")
    assert "Du sa nej. Remissen är borttagen" in visitor.page.words
    author.get(f"/remisser/{referral}")
    assert "Personen sa nej till samtycket. Allt du skrev är borttaget." in author.page.words
    assert "Doldsson" not in author.page.words
    assert run_jobs(app, "stang_tomt_konto") == 1
    row = stored(app, referral)
    assert {name for name, value in row.items() if value is not None} == {
        "id", "insats", "form_version", "state", "author_id", "created_on", "saved_at", "sent_on", "decided_on",
    }  # fmt: skip
    assert row["state"] == "nekad"
    author.get("/remisser")
    assert "Personen sa nej" in author.page.words and "Uppgifterna är borttagna" in author.page.words
    assert visitor.get("/mina-sidor").status_code == 303
    with app.app_context(), scope(VAULT):
        assert accounts.accounts_of_number(number) == []
        left = session().get_one(VaultAccount, person.account)
        assert left.name == "" and left.number_hash not in current().keys.search_hashes(number)


def test_somebody_who_said_no_can_be_asked_again_later(
    app: Flask, people: People, browser: Browse, eid: RunningEid
) -> None:
    number = fresh_number()
    author = browser(people.remittent())
    refer(author, number)
    visitor = browser(people.participant(number))
    visitor.get("/mina-sidor")
    visitor.get(visitor.page.links("/mina-sidor/samtycken/")[0])
    visitor.send("/nej")
    run_jobs(app, "stang_tomt_konto")
    refer(author, number)
    again = browser(people.participant(number))
    again.get("/mina-sidor")
    assert len(again.page.links("/mina-sidor/samtycken/")) == 1


def test_a_no_leaves_the_account_that_another_referral_needs(
    app: Flask, people: People, browser: Browse, eid: RunningEid
) -> None:
    number = fresh_number()
    refer(browser(people.remittent()), number)
    refer(browser(people.remittent()), number)
    person = people.participant(number)
    visitor = browser(person)
    visitor.get("/mina-sidor/samtycken")
    links = visitor.page.links("/mina-sidor/samtycken/")
    assert len(links) == 2
    visitor.get(links[0])
    visitor.send("/nej")
    run_jobs(app, "stang_tomt_konto")
    visitor.get("/mina-sidor")
    assert visitor.page.links("/mina-sidor/samtycken/") == [links[1]]


# -- the team's answer ---------------------------------------------------------------------------


def test_the_team_reads_and_answers_and_the_author_is_told(
    app: Flask, people: People, browser: Browse
) -> None:
    author, referral, team = opened_on_paper(people, browser, fresh_number())
    assert "Vilket stöd behövs från vilken part?" in team.page.words
    team.send("/svar", {"ord": "Välkommen hit."}, press=("svar", "ja"))
    assert team.answer is not None
    assert team.answer.request.path == f"/insats/karnhuset/inskrivning/{referral}"
    author.get(f"/remisser/{referral}")
    assert "Teamet har tagit emot personen." in author.page.words
    assert "Välkommen hit." in author.page.words


def test_a_no_from_the_team_needs_words(app: Flask, people: People, browser: Browse) -> None:
    author, referral, team = opened_on_paper(people, browser, fresh_number())
    team.send("/svar", {"ord": " "}, press=("svar", "nej"))
    assert team.answer is not None and team.answer.status_code == 422
    assert stored(app, referral)["state"] == "oppen"
    team.send("/svar", {"ord": "Pröva hälsocentralen först."}, press=("svar", "nej"))
    assert stored(app, referral)["state"] == "avbojd"
    author.get(f"/remisser/{referral}")
    assert "Pröva hälsocentralen först." in author.page.words


def test_an_answer_without_a_choice_decides_nothing(app: Flask, people: People, browser: Browse) -> None:
    _author, referral, team = opened_on_paper(people, browser, fresh_number())
    team.send("/svar", {"ord": "Ett ord för mycket"})
    assert team.answer is not None and team.answer.status_code == 422
    assert "Ett ord för mycket" in team.page.form("/svar").fields["ord"]
    assert stored(app, referral)["state"] == "oppen"


def test_two_in_the_team_cannot_answer_differently(app: Flask, people: People, browser: Browse) -> None:
    _author, referral, team = opened_on_paper(people, browser, fresh_number())
    colleague = browser(people.handledare())
    colleague.get(f"/insats/karnhuset/remisser/{referral}")
    team.send("/svar", {"ord": "Nej tyvärr."}, press=("svar", "nej"))
    colleague.send("/svar", {"ord": "Välkommen."}, press=("svar", "ja"))
    assert colleague.answer is not None and colleague.answer.status_code == 422
    assert "Remissen är redan besvarad." in colleague.page.words
    assert stored(app, referral)["state"] == "avbojd"


def test_the_teams_reading_is_about_the_participant(app: Flask, people: People, browser: Browse) -> None:
    _author, referral, _team = opened_on_paper(people, browser, fresh_number())
    who = people.handledare()
    browser(who).get(f"/insats/karnhuset/remisser/{referral}")
    assert events(app, who, "las") == [("participant", stored(app, referral)["participant_id"])]


def test_lists_run_the_same_statements_with_one_row_as_with_fifty(
    app: Flask, people: People, browser: Browse, statements: list[str]
) -> None:
    """For the author's list and the team's: one row, then fifty more, on a warm process."""
    author = people.account("personal", HANDLEDARE)
    visitor = browser(author)

    def rows(count: int, state: str) -> None:
        with app.app_context(), scope(VAULT):
            for _ in range(count):
                row = Referral(
                    insats="karnhuset", form_version="1", state=state, author_id=author.account,
                    number=fresh_number(), given_name="Test", family_name="Testsson", answers={},
                    created_on=service.today(), opened_on=service.today(),
                )  # fmt: skip
                session().add(row)

    rows(1, "avbojd")
    counts: dict[str, list[int]] = {"/remisser": [], "/insats/karnhuset/remisser": []}
    for path, seen in counts.items():
        visitor.get(path)
        for _ in range(2):
            statements.clear()
            visitor.get(path)
            seen.append(len(statements))
    rows(50, "avbojd")
    for path, seen in counts.items():
        statements.clear()
        visitor.get(path)
        seen.append(len(statements))
    assert all(len(set(seen)) == 1 for seen in counts.values()), counts
