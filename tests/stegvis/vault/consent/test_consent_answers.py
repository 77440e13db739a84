"""Answers that staff registers: by word of mouth, a no, on paper with a scan; and an interpreter with any yes."""

import hashlib
import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from asked import Asked
from in_insats import InInsats, all_of
from referral_rows import opened_on_paper, stored
from stegvis.ground.tenancy.scope import scope, session
from stegvis.vault.consent import keeping
from stegvis.vault.consent.models import Consent, ConsentScan
from stegvis.vault.consent.registering import LARGEST_SCAN
from visiting import VAULT, People, Visitor, fresh_number

Browse = Callable[..., Visitor]
PDF = b"%PDF-1.7 kanarie-i-skanningen\n%%EOF\n"


@pytest.fixture
def team(people: People, browser: Browse) -> Visitor:
    return browser(people.handledare())


def oral(number: str, **changes: str) -> dict[str, str]:
    told = {
        "nummer": number,
        "datum": "2024-01-12",
        "hord_av": "Prov Handledare",
        "varfor": "Kan inte skriva.",
    }
    return told | changes


# -- by word of mouth, and a no --------------------------------------------------------------------


def test_a_yes_by_word_of_mouth_is_marked_everywhere(asked: Asked, team: Visitor) -> None:
    team.get("/insats/karnhuset/samtycke-muntligt")
    team.send("/samtycke-muntligt", oral(asked.number, tolk="annan", tolksprak="so"))
    assert team.answer is not None
    assert team.answer.request.path == f"/insats/karnhuset/remisser/{asked.referral}"
    assert asked.states() == ("given", "oppen")
    with asked.app.app_context(), scope(VAULT):
        kept = keeping.all_valid(asked.consent)[0]
        row = session().get_one(Consent, asked.consent)
        assert (row.method, row.heard_by, row.paper_note) == (
            "muntligt",
            "Prov Handledare",
            "Kan inte skriva.",
        )
        assert (row.interpreter, row.interpreter_language) == ("annan", "so")
    assert kept["satt"] == "muntligt" and kept["hord_av"] == "Prov Handledare"
    assert (kept["varfor"], kept["tolk"], kept["text"]) == ("Kan inte skriva.", "annan:so", row_text(asked))
    team.get(f"/insats/karnhuset/samtycken/{asked.consent}")
    words = team.page.words
    assert "HurMuntligt" in words and "Hördes avProv Handledare" in words
    assert "Tolkannan tolk, somaliska" in words and "Registrerat avProv Handledare" in words
    asked.visitor.get(asked.path)
    words = asked.visitor.page.words
    assert "Muntligt Du sa ja muntligt 12 jan 2024. Prov Handledare hörde det." in words
    assert "Tolk: annan tolk, somaliska" in words
    assert asked.visitor.get(f"{asked.path}/kvitto").status_code == 404


def row_text(asked: Asked) -> str:
    with asked.app.app_context(), scope(VAULT):
        return str(session().get_one(Consent, asked.consent).text)


def test_a_faulty_word_of_mouth_opens_nothing_and_keeps_what_was_typed(asked: Asked, team: Visitor) -> None:
    for wrong, field in (
        ({"nummer": "abc"}, "f-nummer"),
        ({"datum": "2024-01-16"}, "f-nummer"),
        ({"datum": ""}, "f-datum"),
        ({"hord_av": " "}, "f-hord_av"),
        ({"varfor": ""}, "f-varfor"),
        ({"tolk": "annan"}, "f-tolksprak"),
    ):
        team.get("/insats/karnhuset/samtycke-muntligt")
        sent = oral(asked.number, **wrong)
        assert team.send("/samtycke-muntligt", sent).status_code == 422
        links = team.page.tree.xpath("//*[@role='alert']//a/@href")
        assert [one.partition("#")[2] for one in links] == [field]
        form = team.page.form("/samtycke-muntligt")
        assert {name: form.fields[name] for name in sent} == sent
    assert asked.states() == ("fraga", "vantar_samtycke")


def test_staff_registers_a_no_and_everything_goes(asked: Asked, team: Visitor, app: Flask) -> None:
    team.get("/insats/karnhuset/samtycke-nej")
    team.send("/samtycke-nej", {"nummer": fresh_number()})
    assert "Det finns ingen remiss som väntar på den här personen." in team.page.words
    team.send("/samtycke-nej", {"nummer": asked.number})
    assert "Remissen är borttagen, och den som skrev den får veta det." in team.page.words
    assert asked.states() == ("nekad", "nekad")
    assert stored(app, asked.referral)["answers_sealed"] is None
    asked.author.get(f"/remisser/{asked.referral}")
    assert "Personen sa nej till samtycket." in asked.author.page.words


def test_a_question_that_was_asked_again_is_answered_on_paper(person: InInsats) -> None:
    person.ends_in(-1)
    person.asked_again()
    person.team.get("/insats/karnhuset/samtycke-pa-papper")
    sent = {"nummer": person.number, "datum": "2024-01-15", "plats": "I akten", "laest": "ja"}
    person.team.send("/samtycke-pa-papper", sent)
    assert [state for state, _day in all_of(person)] == ["given", "given"]
    assert "Vilket stöd behövs" in person.team.page.words


def test_a_question_that_was_asked_again_is_signed_beside_the_team(person: InInsats) -> None:
    path = person.asked_again()
    place = f"/insats/karnhuset/samtycken/{path.rsplit('/', 1)[1]}"
    person.team.get(place)
    person.team.get(person.team.page.links("/har")[0].removeprefix(person.team.base))
    person.team.send("/signera/bankid")
    person.team.get(person.team.at_eid(person.number), follow=True)
    assert person.team.answer is not None and person.team.answer.request.path == place
    assert [state for state, _day in all_of(person)] == ["given", "given"]


def test_a_no_beside_the_team_leaves_the_old_yes(person: InInsats) -> None:
    path = person.asked_again()
    person.team.get(f"/insats/karnhuset/samtycken/{path.rsplit('/', 1)[1]}/har")
    person.team.send("/nej")
    assert [state for state, _day in all_of(person)] == ["given", "nekad"]
    assert person.states()[1] == "antagen"


# -- an interpreter --------------------------------------------------------------------------------


def test_an_interpreter_stands_under_the_signature_and_in_the_evidence(asked: Asked) -> None:
    asked.visitor.send("/signera/bankid", {"tolk": "auktoriserad", "tolksprak": "ar"})
    asked.visitor.get(asked.visitor.at_eid(asked.number), follow=True)
    assert asked.states()[0] == "given"
    with asked.app.app_context(), scope(VAULT):
        matter = keeping.all_valid(asked.consent)[0]["matter"]
    assert matter["interpreter"] == "auktoriserad:ar"
    assert '"interpreter":"auktoriserad:ar"' in matter["manifest_json"]
    assert "Tolk: auktoriserad tolk, arabiska" in asked.visitor.page.words


def test_without_an_interpreter_nothing_is_said_of_one(asked: Asked) -> None:
    asked.sign()
    with asked.app.app_context(), scope(VAULT):
        assert "interpreter" not in keeping.all_valid(asked.consent)[0]["matter"]["manifest_json"]
    assert "Tolk:" not in asked.visitor.page.words


def test_an_interpreter_without_a_language_is_asked_about(asked: Asked) -> None:
    asked.visitor.send("/signera/bankid", {"tolk": "annan"})
    assert "Välj vilket språk tolken tolkade." in asked.visitor.page.words
    assert asked.visitor.page.form("/signera/").fields["tolk"] == "annan"
    token = asked.visitor.token()
    sent = {"csrf_token": token, "tolk": "trollkarl", "tolksprak": "xx"}
    asked.visitor.post(f"{asked.path}/signera/bankid", sent, follow=True)
    assert "Välj om tolken var auktoriserad." in asked.visitor.page.words
    assert (asked.states()[0], asked.evidence()) == ("fraga", [])


# -- the scanned paper -----------------------------------------------------------------------------


def attach(team: Visitor, place: str, content: bytes, name: str = "papper.pdf") -> None:
    team.get(place)
    data = {"csrf_token": team.token(), "fil": (io.BytesIO(content), name)}
    team.answer = team.client.post(
        f"{place}/papper",
        data=data,
        base_url=team.base,
        content_type="multipart/form-data",
        follow_redirects=True,
    )


@pytest.fixture
def on_paper(people: People, browser: Browse, app: Flask) -> tuple[str, Visitor]:
    """A samtycke on paper: (its place for the team, the team's browser)."""
    _author, referral, team = opened_on_paper(people, browser, fresh_number())
    with app.app_context(), scope(VAULT):
        found = session().scalars(sa.select(Consent.id).where(Consent.referral_id == referral)).one()
    return f"/insats/karnhuset/samtycken/{found}", team


def test_a_scan_is_kept_sealed_and_comes_back_as_it_was(on_paper: tuple[str, Visitor], app: Flask) -> None:
    place, team = on_paper
    attach(team, place, PDF, "../../hej.exe")
    assert "Pappret är sparat." in team.page.words
    with app.app_context(), scope(VAULT):
        asked = sa.select(ConsentScan.__table__).order_by(ConsentScan.created_at.desc()).limit(1)
        row = session().execute(asked).one()
    assert (row.kind, row.size) == ("pdf", len(PDF)) and b"kanarie" not in row.content_sealed
    (link,) = team.page.links("/fil")
    received = team.get(link.removeprefix(team.base))
    assert hashlib.sha256(received.data).digest() == hashlib.sha256(PDF).digest()
    headers = received.headers
    assert headers["Content-Disposition"] == f'attachment; filename="samtycke-{place.rsplit("/", 1)[1]}.pdf"'
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/pdf", "no-store")
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Välj en fil."),
        (b"<html><script>alert(1)</script>", "Filen är varken PDF, JPEG eller PNG."),
        (b" %PDF-1.7", "Filen är varken PDF, JPEG eller PNG."),
        (PDF + bytes(LARGEST_SCAN), "Filen är för stor."),
    ],
)
def test_another_file_is_refused_whatever_its_name_says(
    on_paper: tuple[str, Visitor], content: bytes, said: str, app: Flask
) -> None:
    place, team = on_paper
    attach(team, place, content)
    assert team.answer is not None and team.answer.status_code == 422
    assert said in team.page.words
    assert team.page.links("/fil") == []


def test_a_scan_is_only_for_the_team_of_its_own_samtycke(
    on_paper: tuple[str, Visitor], people: People, browser: Browse
) -> None:
    place, team = on_paper
    attach(team, place, b"\x89PNG\r\n\x1a\nkanarie")
    path = team.page.links("/fil")[0].removeprefix(team.base)
    assert team.get(path).headers["Content-Type"] == "image/png"
    _author, referral, _team = opened_on_paper(people, browser, fresh_number())
    with people.app.app_context(), scope(VAULT):
        other = session().scalars(sa.select(Consent.id).where(Consent.referral_id == referral)).one()
    assert team.get(path.replace(place.rsplit("/", 1)[1], str(other))).status_code == 404
    assert browser(people.account("personal", "handledare", insats="annan")).get(path).status_code == 404
    assert browser(people.remittent()).get(path).status_code == 404
