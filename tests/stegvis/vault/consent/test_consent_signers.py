"""A samtycke that several must sign: guardians, god man; each with the own e-ID, or on paper; one ends it for all."""

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from asked import Asked
from stegvis.ground.tenancy.scope import scope, session
from stegvis.vault.consent import keeping
from stegvis.vault.consent.models import Consent, ConsentSigner
from visiting import VAULT, People, Visitor, draft, fresh_number

Browse = Callable[..., Visitor]


def whole(eleven: str) -> str:
    from testlegitimation.people import luhn_digit

    return eleven + str(luhn_digit(eleven[2:]))


FIRST, SECOND, THIRD = (whole(f"19700101{serial}") for serial in (980, 981, 982))


def guardian(asked: Asked, number: str, name: str, role: str = "vardnadshavare", ground: str = "") -> None:
    """The referral's author says that somebody must sign."""
    asked.author.get(f"/remisser/{asked.referral}/undertecknare")
    sent = {"roll": role, "nummer": number, "namn": name, "grund": ground}
    asked.author.send(f"/undertecknare/{asked.consent}/ny", sent)


def signers(asked: Asked) -> dict[str, tuple[str, str]]:
    """Those who must sign: name -> (role, state)."""
    with asked.app.app_context(), scope(VAULT):
        rows = session().scalars(sa.select(ConsentSigner).where(ConsentSigner.consent_id == asked.consent))
        return {row.name: (row.role, row.state) for row in rows if row.name}


def beside(asked: Asked, name: str, number: str) -> None:
    """Somebody signs on the author's screen."""
    with asked.app.app_context(), scope(VAULT):
        rows = session().scalars(sa.select(ConsentSigner).where(ConsentSigner.consent_id == asked.consent))
        (signer,) = [row.id for row in rows if row.name == name]
    asked.author.get(f"/remisser/{asked.referral}/samtycke")
    asked.author.send("/signera/bankid", press=("undertecknare", str(signer)))
    asked.author.get(asked.author.at_eid(number), follow=True)


@pytest.fixture
def child(asked: Asked) -> Asked:
    """Somebody whose two guardians must sign too."""
    guardian(asked, FIRST, "Exempel Mamma")
    guardian(asked, SECOND, "Exempel Pappa")
    return asked


def test_it_is_given_when_all_have_signed(child: Asked, people: People, browser: Browse) -> None:
    assert signers(child) == {
        "Test Testsson": ("personen", "vantar"),
        "Exempel Mamma": ("vardnadshavare", "vantar"),
        "Exempel Pappa": ("vardnadshavare", "vantar"),
    }
    child.visitor.get(child.path)
    child.sign()
    assert "Samtycket gäller när alla har skrivit under." in child.visitor.page.words
    assert child.states() == ("fraga", "vantar_samtycke")
    child.visitor.get("/mina-sidor")
    assert "Samtycket väntar på att fler ska skriva under." in child.visitor.page.words
    team = browser(people.handledare())
    assert team.get(f"/insats/karnhuset/remisser/{child.referral}").status_code == 404
    beside(child, "Exempel Mamma", FIRST)
    assert child.states() == ("fraga", "vantar_samtycke")
    assert child.author.answer is not None
    assert child.author.answer.request.path == f"/remisser/{child.referral}/samtycke"
    beside(child, "Exempel Pappa", SECOND)
    assert child.states() == ("given", "oppen")
    assert child.evidence() == [("giltig", "")] * 3
    with child.app.app_context(), scope(VAULT):
        kept = [one["matter"]["signer_role"] for one in keeping.all_valid(child.consent)]
    assert kept == ["self", "vardnadshavare", "vardnadshavare"]
    child.visitor.get(child.path)
    assert "Exempel Pappa vårdnadshavare Underskrivet" in child.visitor.page.words
    assert '"signer_role": "self"' in child.visitor.get(f"{child.path}/kvitto?som=data").text


def test_each_signs_with_the_own_e_id_and_nobody_elses(child: Asked) -> None:
    beside(child, "Exempel Mamma", SECOND)
    assert "Inget har ändrats." in child.author.page.words
    assert (signers(child)["Exempel Mamma"][1], child.evidence()) == ("vantar", [])
    beside(child, "Exempel Mamma", FIRST)
    assert signers(child)["Exempel Mamma"][1] == "signerat"
    assert child.author.page.tree.xpath("//button[@name='undertecknare']/@value") != []
    assert "Exempel Mamma skriver under" not in child.author.page.words


def test_the_person_alone_cannot_give_it_and_signs_once(child: Asked) -> None:
    child.visitor.get(child.path)
    token = child.visitor.token()
    child.sign()
    assert list(child.visitor.page.forms("/signera/")) == []
    child.visitor.post(f"{child.path}/signera/bankid", {"csrf_token": token}, follow=True)
    assert "Den personen har redan skrivit under." in child.visitor.page.words
    assert (child.states()[0], child.evidence()) == ("fraga", [("giltig", "")])


def test_the_person_cannot_sign_as_somebody_else(child: Asked) -> None:
    with child.app.app_context(), scope(VAULT):
        rows = session().scalars(sa.select(ConsentSigner).where(ConsentSigner.consent_id == child.consent))
        (mother,) = [row.id for row in rows if row.name == "Exempel Mamma"]
    child.visitor.get(child.path)
    child.visitor.send("/signera/bankid", press=("undertecknare", str(mother)))
    child.visitor.get(child.visitor.at_eid(child.number), follow=True)
    found = signers(child)
    assert (found["Test Testsson"][1], found["Exempel Mamma"][1]) == ("signerat", "vantar")


def test_one_guardian_ends_it_for_all(child: Asked, people: People, browser: Browse) -> None:
    child.sign()
    beside(child, "Exempel Mamma", FIRST)
    beside(child, "Exempel Pappa", SECOND)
    team = browser(people.handledare())
    team.get(f"/insats/karnhuset/samtycken/{child.consent}")
    (father,) = [
        one.get("value")
        for one in team.page.tree.xpath("//input[@name='vem']")
        if "Pappa" in team.page.tree.xpath(f"//label[@for='{one.get('id')}']")[0].text_content()
    ]
    team.send("/atertagande", {"vem": father, "hur": "Ringde."})
    assert child.states() == ("atertagen", "atertagen")
    assert signers(child)["Exempel Pappa"][1] == "atertaget"
    child.visitor.get(child.path)
    assert "Exempel Pappa vårdnadshavare Tog tillbaka" in child.visitor.page.words


def test_a_changed_text_voids_what_was_collected(child: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    beside(child, "Exempel Mamma", FIRST)
    with child.app.app_context(), scope(VAULT):
        row = session().get_one(Consent, child.consent)
        row.text, row.text_sha256 = "En äldre text.\n", bytes(32)
    child.visitor.get(child.path)
    assert {state for _role, state in signers(child).values()} == {"vantar"}
    child.visitor.send("/signera/bankid")
    back = child.visitor.at_eid(child.number)
    with child.app.app_context(), scope(VAULT):
        row = session().get_one(Consent, child.consent)
        row.text = "En nyare text.\n"
    child.visitor.get(back, follow=True)
    assert "Texten ändrades medan du skrev under" in child.visitor.page.words
    assert {state for _role, state in signers(child).values()} == {"vantar"}


def test_a_forvaltare_signs_instead_of_the_person(asked: Asked) -> None:
    guardian(
        asked, THIRD, "Exempel Förvaltare", "forvaltare", "Tingsrättens beslut 2023-02-01, sörja för person."
    )
    asked.author.get(f"/remisser/{asked.referral}/undertecknare")
    (form,) = [
        one
        for one in asked.author.page.forms("/ta-bort")
        if "Test Testsson" in one.getparent().text_content()
    ]
    asked.author.post(form.action, dict(form.form_values()), follow=True)
    assert signers(asked) == {
        "Test Testsson": ("personen", "struken"),
        "Exempel Förvaltare": ("forvaltare", "vantar"),
    }
    asked.visitor.get(asked.path)
    assert list(asked.visitor.page.forms("/signera/")) == []
    assert "Du behöver inte skriva under något mer." in asked.visitor.page.words
    beside(asked, "Exempel Förvaltare", THIRD)
    assert asked.states() == ("given", "oppen")
    with asked.app.app_context(), scope(VAULT):
        matter = keeping.all_valid(asked.consent)[0]["matter"]
    assert (matter["signer_role"], matter["signer_ground"]) == (
        "forvaltare",
        "Tingsrättens beslut 2023-02-01, sörja för person.",
    )
    asked.visitor.get(asked.path)
    asked.visitor.send("/ta-tillbaka")
    assert asked.states() == ("atertagen", "atertagen")


def test_the_person_signs_alone_again_when_the_last_one_is_taken_away(asked: Asked) -> None:
    guardian(asked, FIRST, "Exempel Mamma")
    asked.author.get(f"/remisser/{asked.referral}/undertecknare")
    (form,) = [
        one for one in asked.author.page.forms("/ta-bort") if "Mamma" in one.getparent().text_content()
    ]
    asked.author.post(form.action, dict(form.form_values()), follow=True)
    asked.visitor.get(asked.path)
    asked.sign()
    assert asked.states() == ("given", "oppen")


def test_a_faulty_signer_is_not_added_and_what_was_typed_stays(asked: Asked) -> None:
    right = {"roll": "god_man", "nummer": THIRD, "namn": "Exempel Godeman", "grund": "Beslut 2023."}
    asked.author.get(f"/remisser/{asked.referral}/undertecknare")
    token = asked.author.token()
    for wrong, field in (
        ({"roll": "granne"}, "f-roll"),
        ({"nummer": "abc"}, "f-nummer"),
        ({"nummer": asked.number}, "f-nummer"),
        ({"nummer": whole("20100101980")}, "f-nummer"),
        ({"namn": " "}, "f-namn"),
        ({"grund": ""}, "f-grund"),
    ):
        path = f"/remisser/{asked.referral}/undertecknare/{asked.consent}/ny"
        assert asked.author.post(path, right | wrong | {"csrf_token": token}).status_code == 422
        links = asked.author.page.tree.xpath("//*[@role='alert']//a/@href")
        assert [one.partition("#")[2] for one in links] == [field]
        assert asked.author.page.form(path).fields["namn"] == (right | wrong)["namn"]
    assert signers(asked) == {}
    asked.author.post(path, right | {"csrf_token": token}, follow=True)
    asked.author.post(path, right | {"csrf_token": token}, follow=True)
    assert "Den personen finns redan med." in asked.author.page.words
    assert len(signers(asked)) == 2


def test_paper_says_how_many_must_have_signed_and_names_nobody(
    child: Asked, people: People, browser: Browse
) -> None:
    beside(child, "Exempel Mamma", FIRST)
    team = browser(people.handledare())
    team.get("/insats/karnhuset/samtycke-pa-papper")
    sent = {"nummer": child.number, "datum": "2024-01-12", "plats": "I akten", "laest": "ja"}
    assert team.send("/samtycke-pa-papper", sent).status_code == 422
    assert "De här ska skriva under: vårdnadshavare, personen själv." in team.page.words
    assert "Pappa" not in team.answer.text  # type: ignore[union-attr]
    team.send("/samtycke-pa-papper", {"alla": ["ja"]})
    assert child.states() == ("given", "oppen")
    with child.app.app_context(), scope(VAULT):
        rows = session().scalars(sa.select(ConsentSigner).where(ConsentSigner.consent_id == child.consent))
        assert {row.name: row.method for row in rows} == {
            "Test Testsson": "papper",
            "Exempel Mamma": "eid",
            "Exempel Pappa": "papper",
        }


@pytest.mark.parametrize("way", ["nej", "tid"])
def test_who_was_to_sign_is_forgotten_with_the_referral(child: Asked, app: Flask, way: str) -> None:
    assert len(signers(child)) == 3
    if way == "nej":
        child.visitor.get(child.path)
        child.visitor.send("/nej")
    else:
        from stegvis.vault.consent.jobs import forget_signers
        from stegvis.vault.referrals import ending
        from stegvis.vault.referrals.models import Referral

        with app.app_context(), scope(VAULT):
            forget_signers({})
        assert len(signers(child)) == 3
        with app.app_context(), scope(VAULT):
            ending.erase(session().get_one(Referral, child.referral), "utgangen", "ingen_svarade")
        with app.app_context(), scope(VAULT):
            forget_signers({})
    with app.app_context(), scope(VAULT):
        rows = session().execute(
            sa.select(ConsentSigner.__table__).where(ConsentSigner.consent_id == child.consent)
        )
        kept = [(row.name_sealed, row.number_sealed, row.ground_sealed) for row in rows]
    assert kept == [(None, None, None)] * 3


def test_nobody_else_says_who_must_sign(child: Asked, people: People, browser: Browse) -> None:
    other = browser(people.remittent())
    assert other.get(f"/remisser/{child.referral}/undertecknare").status_code == 404
    own = draft(other, fresh_number())
    token = other.token()
    place = f"/remisser/{own}/undertecknare/{child.consent}"
    sent = {"roll": "god_man", "nummer": THIRD, "namn": "Exempel X", "grund": "X", "csrf_token": token}
    assert other.post(f"{place}/ny", sent).status_code == 404
    struck = {"csrf_token": token, "undertecknare": str(uuid.uuid4())}
    assert other.post(f"{place}/ta-bort", struck).status_code == 404
    assert len(signers(child)) == 3
