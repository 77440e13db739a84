"""A samtycke taken back, by the person or by way of staff: what rested on it follows in the same transaction."""

import uuid
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from asked import Asked
from in_insats import InInsats, acting
from stegvis.ground.tenancy import DatabaseFault
from stegvis.ground.tenancy.scope import scope, session
from stegvis.vault.consent import service, texts
from stegvis.vault.consent.models import ConsentTold
from stegvis.vault.referrals import service as referrals
from visiting import VAULT, Login, People, RunningEid, Visitor

Browse = Callable[..., Visitor]
PARTIES = [
    "Nämnden för individ- och familjeomsorg i Sandvikens kommun",
    "Kommunens arbetslivsförvaltning",
    "Arbetsförmedlingen",
    "Försäkringskassan",
    "Region Gävleborg",
]


def test_before_it_is_taken_back_the_page_says_what_stops_and_what_stays(person: InInsats) -> None:
    person.visitor.get(person.path)
    (asked,) = person.visitor.page.tree.xpath("//form[contains(@action, '/ta-tillbaka')]")
    words = " ".join(asked.text_content().split())
    assert "Det här slutar De får inte prata med varandra om dig." in words
    assert "Det här finns kvar Det som redan är sagt går inte att göra osagt." in words
    assert asked.xpath(".//input[not(@type='hidden')]") == []


def test_taking_back_acts_on_everything_that_rested_on_it(person: InInsats, app: Flask) -> None:
    assert "Vilket stöd behövs" in person.team.get(person.papers).text
    person.take_back()
    assert "Vilket stöd behövs" not in person.team.get(person.papers).text
    assert person.told() == [(party, "") for party in PARTIES]
    page = person.team.get("/idag").text
    assert "Berätta för parterna att samtycket är tillbakataget" in page and person.place in page
    person.author.get(f"/remisser/{person.referral}")
    words = person.author.page.words
    assert "Personen tog tillbaka sitt samtycke 15 jan 2024. Prata inte längre med" in words
    person.author.get("/remisser")
    assert "Samtycket är tillbakataget" in person.author.page.words
    for party in PARTIES:
        assert party in person.visitor.page.words


def test_what_the_team_has_written_itself_stays_readable(person: InInsats) -> None:
    person.take_back()
    for part in ("", "/plan", "/matningar", "/aktiviteter"):
        assert person.team.get(person.page + part).status_code == 200
        assert "Test Testsson" in person.team.page.words


def test_the_parties_are_those_of_the_text_that_was_signed(
    person: InInsats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "party_names", lambda *_: ("Någon annan",))
    person.take_back()
    assert [party for party, _how in person.told()] == PARTIES


def test_a_withdrawal_that_fails_halfway_changes_nothing(
    person: InInsats, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    def fails(_referral: uuid.UUID) -> None:
        raise RuntimeError("the last step of the withdrawal")

    monkeypatch.setattr(referrals, "close", fails)
    with pytest.raises(RuntimeError), acting(app, person.handledare):
        service.withdraw_by_staff("karnhuset", person.consent, "")
    assert (person.states()[0], person.told()) == ("given", [])
    assert "Vilket stöd behövs" in person.team.get(person.papers).text


def test_each_party_is_ticked_off_with_how_and_when(person: InInsats) -> None:
    person.take_back()
    person.team.get(person.place)
    person.team.send("/parter", {"part": ["1"], "hur": "telefon", "dag": "2024-01-15"})
    assert "Sparat. 4 parter är kvar." in person.team.page.words
    assert "Kommunens arbetslivsförvaltning: 15 jan 2024, per telefon" in person.team.page.words
    person.team.send("/parter", {"part": ["3"], "hur": "inget_delat"})
    person.team.send("/parter", {"part": ["0", "2", "4"], "hur": "brev"})
    assert "Alla parter vet nu att samtycket är tillbakataget." in person.team.page.words
    assert [how for _party, how in person.told()] == ["brev", "telefon", "brev", "inget_delat", "brev"]
    assert person.place not in person.team.get("/idag").text
    person.visitor.get(person.path)
    assert "Region Gävleborg: vet det sedan 15 jan 2024" in person.visitor.page.words
    assert "Försäkringskassan: behöver inte få veta, inget hade delats" in person.visitor.page.words


def test_a_faulty_tick_keeps_what_was_typed_and_saves_nothing(person: InInsats) -> None:
    person.take_back()
    person.team.get(person.place)
    token = person.team.token()
    right = {"part": "1", "hur": "brev", "dag": "2024-01-15"}
    for wrong, field in (
        ({"part": ""}, "f-part"),
        ({"part": "7"}, "f-part"),
        ({"hur": "duva"}, "f-hur"),
        ({"dag": "2024-01-14"}, "f-dag"),
        ({"dag": "2024-01-16"}, "f-dag"),
        ({"dag": "i går"}, "f-dag"),
    ):
        sent = right | wrong
        answer = person.team.post(f"{person.place}/parter", sent | {"csrf_token": token})
        assert answer.status_code == 422
        links = person.team.page.tree.xpath("//*[@role='alert']//a/@href")
        assert [one.partition("#")[2] for one in links] == [field]
        form = person.team.page.form("/parter")
        assert (form.fields["dag"], form.fields["hur"]) == (sent["dag"], sent["hur"].replace("duva", ""))
    assert {how for _party, how in person.told()} == {""}


def test_staff_registers_a_withdrawal_by_word_of_mouth(person: InInsats) -> None:
    person.team.get(person.place)
    person.team.send("/atertagande", {"hur": "Ringde mig i dag."})
    words = person.team.page.words
    assert "registrerat av Prov Handledare" in words and "Ringde mig i dag." in words
    row = person.row()
    assert (row["state"], row["withdrawn_by"], row["withdrawn_on"]) == (
        "atertagen",
        person.handledare.account,
        date(2024, 1, 15),
    )
    assert b"Ringde" not in row["withdrawn_note_sealed"]
    person.visitor.get(person.path)
    assert "Du tog tillbaka ditt samtycke 15 jan 2024." in person.visitor.page.words


def test_nobody_but_the_person_makes_the_list_of_parties(person: InInsats, app: Flask) -> None:
    """The referral's author sees the samtycke, and may still not write beside it."""

    def write(who: Login) -> None:
        with app.app_context(), scope(VAULT, account=who.account, outsider=True):
            session().add(ConsentTold(consent_id=person.consent, position=9, party="X"))
            session().flush()

    with pytest.raises(DatabaseFault):
        write(person.remittent)
    write(person.person)
    assert person.told() == [("X", "")]
    with acting(app, person.handledare):
        assert person.consent not in {one.consent_id for one in service.untold("karnhuset")}


def test_a_task_goes_to_the_handledare_and_without_one_to_the_team(
    person: InInsats, people: People, browser: Browse, eid: RunningEid
) -> None:
    colleague = browser(people.handledare())
    person.take_back()
    assert person.place not in colleague.get("/idag").text
    waiting = Asked(people, browser)
    waiting.sign()
    waiting.visitor.send("/ta-tillbaka")
    assert f"/insats/karnhuset/samtycken/{waiting.consent}" in colleague.get("/idag").text
