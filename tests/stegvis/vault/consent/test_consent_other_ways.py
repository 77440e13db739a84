"""A samtycke refused, taken back, given beside the author or on paper; and closed to everybody else."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import g

from asked import Asked
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.vault.consent import service
from stegvis.vault.consent.models import Consent
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.referrals import service as referrals
from stegvis.vault.referrals.models import Referral
from visiting import VAULT, People, RunningEid, Visitor, fresh_number, refer

Browse = Callable[..., Visitor]


# -- no, and taking back -------------------------------------------------------------------------


def test_a_no_after_a_yes_says_what_to_do(asked: Asked) -> None:
    token = asked.visitor.token()
    asked.sign()
    asked.visitor.post(f"{asked.path}/nej", {"csrf_token": token}, follow=True)
    assert "Du har redan sagt ja. Du kan ta tillbaka ditt samtycke i stället." in asked.visitor.page.words
    assert asked.states() == ("given", "oppen")


def test_taking_back_works_at_once_and_is_seen(asked: Asked, browser: Browse, people: People) -> None:
    asked.sign()
    asked.visitor.send("/ta-tillbaka")
    words = asked.visitor.page.words
    assert (
        "Du har tagit tillbaka ditt samtycke." in words
        and "Du tog tillbaka ditt samtycke 15 jan 2024" in words
    )
    assert asked.states() == ("atertagen", "atertagen")
    participant = asked.row()["participant_id"]
    with asked.app.app_context(), scope(VAULT):
        assert service.state_for(participant, "karnhuset").state == "atertagen"
        assert service.states("karnhuset")[participant].state == "atertagen"
    asked.author.get(f"/remisser/{asked.referral}")
    assert "Personen tog tillbaka sitt samtycke 15 jan 2024." in asked.author.page.words
    team = browser(people.handledare())
    assert team.get(f"/insats/karnhuset/remisser/{asked.referral}").status_code == 200
    assert "Personens samtycke gäller inte längre" in team.page.words
    assert "Testsson" not in team.page.words
    team.get("/insats/karnhuset/remisser")
    assert team.page.links(f"/remisser/{asked.referral}") == []
    asked.visitor.get("/mina-sidor")
    assert asked.visitor.page.links("/mina-sidor/samtycken/") == []


def test_taking_back_is_as_short_as_giving(asked: Asked) -> None:
    """From the first page: giving is a link and a button, and so is taking back."""
    asked.sign()
    asked.visitor.get("/mina-sidor")
    (link,) = asked.visitor.page.links("/mina-sidor/samtycken/")
    asked.visitor.get(link)
    assert len(list(asked.visitor.page.forms("/ta-tillbaka"))) == 1


def test_a_team_that_answers_after_the_taking_back_answers_nothing(
    asked: Asked, browser: Browse, people: People
) -> None:
    asked.sign()
    team = browser(people.handledare())
    team.get(f"/insats/karnhuset/remisser/{asked.referral}")
    asked.visitor.send("/ta-tillbaka")
    team.send("/svar", {"ord": "Hemliga ord"}, press=("svar", "ja"))
    assert team.answer is not None and team.answer.status_code == 422
    assert "Personen har just tagit tillbaka sitt samtycke" in team.page.words
    asked.author.get(f"/remisser/{asked.referral}")
    assert "Hemliga ord" not in asked.author.page.words
    assert asked.states() == ("atertagen", "atertagen")


def test_what_was_accepted_stays_accepted(asked: Asked, browser: Browse, people: People) -> None:
    asked.sign()
    team_member = people.handledare()
    team = browser(team_member)
    team.get(f"/insats/karnhuset/remisser/{asked.referral}")
    team.send("/svar", {"ord": ""}, press=("svar", "ja"))
    asked.visitor.get(asked.path)
    asked.visitor.send("/ta-tillbaka")
    assert asked.states() == ("atertagen", "antagen")
    # Nobody is enrolled on a samtycke that has been taken back.
    with asked.app.app_context(), scope(VAULT, account=team_member.account):
        g.actor = accounts.actor_of(team_member.account)
        baseline = enrolments.Baseline(("forsorjningsstod",), "arbetssokande", "gymnasium", "over_2_ar")
        with pytest.raises(enrolments.EnrolmentFault, match="tagit tillbaka"):
            enrolments.enrol("karnhuset", asked.referral, team_member.account, baseline)


def test_a_samtycke_that_has_run_out_says_so(asked: Asked) -> None:
    asked.sign()
    with asked.app.app_context(), scope(VAULT):
        row = session().get_one(Consent, asked.consent)
        row.valid_to = today() - timedelta(days=1)
        assert service.state_for(row.participant_id or uuid.UUID(int=0), "karnhuset").state == "utgangen"
    asked.visitor.get(asked.path)
    assert "Ditt samtycke gällde till 14 jan 2024." in asked.visitor.page.words
    assert "Du har sagt ja" not in asked.visitor.page.words


def test_nobody_reads_or_answers_anothers_samtycke(asked: Asked, people: People, browser: Browse) -> None:
    other = Asked(people, browser)
    token = other.visitor.token()
    for way in (asked, other):
        for path in ("", "/kvitto"):
            assert other.visitor.get(f"{asked.path}{path}").status_code == 404
        for path in ("/signera/bankid", "/nej", "/ta-tillbaka"):
            answer = other.visitor.post(f"{asked.path}{path}", {"csrf_token": token})
            assert answer.status_code == 404
        if way is asked:
            asked.sign()
    assert asked.states() == ("given", "oppen")
    stranger = browser(people.remittent())
    stranger.get("/remisser/ny")
    token = stranger.token()
    for path in (f"{asked.consent}/nej", f"{asked.consent}/signera/bankid"):
        answer = stranger.post(f"/remisser/{asked.referral}/samtycke/{path}", {"csrf_token": token})
        assert answer.status_code == 404


# -- beside the author ---------------------------------------------------------------------------


def test_signed_beside_the_author_it_opens_and_the_author_stays_logged_in(asked: Asked) -> None:
    author = asked.author
    author.get(f"/remisser/{asked.referral}/samtycke")
    before = author.cookie
    author.send("/signera/bankid")
    author.get(author.at_eid(asked.number), follow=True)
    assert author.answer is not None and author.answer.request.path == f"/remisser/{asked.referral}"
    assert "Personen har sagt ja och teamet läser remissen." in author.page.words
    assert author.cookie == before and author.get("/mina-sidor").status_code == 404
    assert (asked.states(), asked.evidence()) == (("given", "oppen"), [("giltig", "")])
    assert asked.visitor.get(f"{asked.path}/kvitto").status_code == 200


def test_the_author_cannot_sign_instead_of_the_person(asked: Asked) -> None:
    author = asked.author
    author.get(f"/remisser/{asked.referral}/samtycke")
    author.send("/signera/bankid")
    author.get(author.at_eid(asked.remittent.number), follow=True)
    assert "Inget har ändrats." in author.page.words
    assert (asked.states(), asked.evidence()) == (("fraga", "vantar_samtycke"), [])


def test_a_no_beside_the_author_destroys_the_referral(asked: Asked) -> None:
    author = asked.author
    author.get(f"/remisser/{asked.referral}/samtycke")
    author.send("/nej")
    assert "Personen sa nej till samtycket." in author.page.words
    assert asked.states() == ("nekad", "nekad")
    assert asked.row(Referral, id=asked.referral)["answers_sealed"] is None


# -- on paper ------------------------------------------------------------------------------------


def typed(number: str, **changes: str) -> dict[str, str]:
    """The form of a samtycke on paper, filled in."""
    return {"nummer": number, "datum": "2024-01-12", "plats": "I akten", "laest": "ja"} | changes


def test_paper_is_an_equal_path(asked: Asked, people: People, browser: Browse) -> None:
    team = browser(people.handledare())
    team.get("/insats/karnhuset/samtycke-pa-papper")
    team.send("/samtycke-pa-papper", typed(f"{asked.number[:8]}-{asked.number[8:]}"))
    assert team.answer is not None
    assert team.answer.request.path == f"/insats/karnhuset/remisser/{asked.referral}"
    assert (asked.states(), asked.evidence()) == (("given", "oppen"), [("giltig", "")])
    row = asked.row()
    assert (row["method"], str(row["valid_from"]), str(row["valid_to"])) == (
        "papper",
        "2024-01-12",
        "2026-01-12",
    )
    asked.visitor.get(asked.path)
    assert "Du skrev under på papper. Pappret finns hos insatsen." in asked.visitor.page.words
    assert asked.visitor.page.links("/kvitto") == []
    assert asked.visitor.get(f"{asked.path}/kvitto").status_code == 404
    asked.visitor.get(asked.path)
    asked.visitor.send("/ta-tillbaka")
    assert asked.states() == ("atertagen", "atertagen")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nummer": "20050920-1234"}, "f-nummer"),
        ({"nummer": "abc"}, "f-nummer"),
        ({"datum": "i går"}, "f-datum"),
        ({"datum": "2024-01-16"}, "f-nummer"),
        ({"datum": "2021-12-01"}, "f-nummer"),
        ({"plats": " "}, "f-plats"),
    ],
)
def test_a_faulty_paper_opens_nothing_and_keeps_what_was_typed(
    asked: Asked, people: People, browser: Browse, changes: dict[str, str], field: str
) -> None:
    team = browser(people.handledare())
    team.get("/insats/karnhuset/samtycke-pa-papper")
    sent = typed(asked.number, **changes)
    assert team.send("/samtycke-pa-papper", sent).status_code == 422
    links = team.page.tree.xpath("//*[@role='alert']//a/@href")
    assert [one.partition("#")[2] for one in links] == [field]
    form = team.page.form("/samtycke-pa-papper")
    assert {name: form.fields[name] for name in ("nummer", "datum", "plats")} == {
        name: sent[name] for name in ("nummer", "datum", "plats")
    }
    assert asked.states() == ("fraga", "vantar_samtycke")


def test_paper_for_nobody_who_waits_says_so(people: People, browser: Browse) -> None:
    team = browser(people.handledare())
    team.get("/insats/karnhuset/samtycke-pa-papper")
    team.send("/samtycke-pa-papper", typed(fresh_number()))
    assert "Det finns ingen remiss som väntar på den här personen." in team.page.words


def test_paper_registered_twice_at_once_is_one_samtycke(asked: Asked, people: People) -> None:
    team = people.handledare()
    together, made = threading.Barrier(2), []

    def click() -> None:
        with asked.app.test_request_context(), scope(VAULT, account=team.account):
            g.actor = accounts.actor_of(team.account)
            # Both have seen the referral wait before either has the lock.
            assert referrals.sent_about_number("karnhuset", asked.number) is not None
            session().get(Consent, asked.consent)
            together.wait(10)
            made.append(service.paper("karnhuset", asked.number, today(), "I akten"))

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(20)
    assert made == [asked.referral] * 2
    assert asked.evidence() == [("giltig", "")]


# -- the text ------------------------------------------------------------------------------------


def test_the_text_is_swedish_whatever_language_its_readers_choose(
    people: People, browser: Browse, eid: RunningEid
) -> None:
    number = fresh_number()
    author = browser(people.remittent())
    author.get("/remisser?sprak=en")
    refer(author, number)
    visitor = browser(people.participant(number))
    visitor.get("/mina-sidor?sprak=en")
    visitor.get(visitor.page.links("/mina-sidor/samtycken/")[0])
    page = visitor.page
    assert page.tree.get("lang") == "en"
    headings = [one.text_content().strip() for one in page.tree.xpath("//main//section/h2")]
    assert headings[0] == "Who may talk to each other"
    frozen = page.tree.xpath("//pre[@lang='sv']")[0].text_content()
    assert "Vilka får prata med varandra" in frozen
    assert frozen.strip().endswith(
        "Ansvarig för dina uppgifter: Nämnden för individ- och familjeomsorg i Sandvikens kommun"
    )


def test_the_audit_chain_holds_after_all_this(asked: Asked) -> None:
    asked.sign()
    with asked.app.app_context(), scope(VAULT):
        assert audit.verify().ok


def test_what_is_read_is_what_is_signed_also_after_an_upgrade(asked: Asked) -> None:
    """The question was frozen with an older text; reading it shows and freezes the text of today."""
    with asked.app.app_context(), scope(VAULT):
        row = session().get(Consent, asked.consent)
        assert row is not None
        row.text_version, row.text, row.text_sha256 = "karnhuset_samtycke:0", "En äldre text.\n", bytes(32)
    asked.visitor.get(asked.path)
    assert "En äldre text" not in asked.visitor.page.words
    asked.sign()
    with asked.app.app_context(), scope(VAULT):
        row = session().get(Consent, asked.consent)
        assert row is not None
        assert (row.state, row.text_version) == ("given", "karnhuset_samtycke:1")
        assert "En äldre text" not in row.text


def test_a_translation_from_a_file_is_read_and_the_swedish_text_is_signed(asked: Asked) -> None:
    asked.visitor.get(f"{asked.path}?text=ar")
    page = asked.visitor.page
    (block,) = page.tree.xpath("//div[@lang='ar']")
    assert block.get("dir") == "rtl" and "من يمكنه التحدث مع الآخر" in block.text_content()
    assert "Det är den svenska texten du skriver under. Översättningen är inte granskad." in page.words
    assert page.tree.xpath("//pre[@lang='sv']/@dir") == ["ltr"]
    assert page.tree.xpath("//nav[@id='text']//a/@hreflang") == ["sv", "en"]
    asked.sign()
    assert asked.states() == ("given", "oppen")
    with asked.app.app_context(), scope(VAULT):
        row = session().get_one(Consent, asked.consent)
        assert "Vilka får prata med varandra" in row.text and "التحدث" not in row.text
