"""A samtycke signed with the real test e-ID: read, signed, evidenced; and attacked."""

import hashlib
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from asked import Asked
from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import scope, session
from stegvis.vault.consent import service as consent
from stegvis.vault.consent.models import ConsentEvidence, EvidenceBlob
from stegvis.vault.referrals.models import Referral
from visiting import VAULT, People, RunningEid, Visitor, fresh_number

Browse = Callable[..., Visitor]


def test_the_page_says_what_the_yes_means(asked: Asked) -> None:
    headings = [one.text_content().strip() for one in asked.visitor.page.tree.xpath("//main//section/h2")]
    assert headings == [
        "Vilka får prata med varandra",
        "Vad de får prata om",
        "Varför",
        "Hur länge",
        "Du bestämmer",
    ]
    frozen = asked.visitor.page.tree.xpath("//pre[@lang='sv']")[0].text_content()
    stored = asked.row()
    assert hashlib.sha256(frozen.encode()).digest() == stored["text_sha256"]
    assert "Ansvarig för dina uppgifter: Nämnden för individ- och familjeomsorg" in frozen


def test_signing_opens_the_referral_with_evidence_that_holds(
    asked: Asked, browser: Browse, people: People
) -> None:
    asked.sign()
    assert "Tack. Ditt samtycke är underskrivet och gäller nu." in asked.visitor.page.words
    assert asked.states() == ("given", "oppen")
    assert asked.evidence() == [("giltig", "")]
    row = asked.row()
    with asked.app.app_context():
        assert (row["method"], row["valid_from"]) == ("eid", today())
    assert row["participant_id"] == asked.row(Referral, id=asked.referral)["participant_id"] is not None
    kept = asked.row(EvidenceBlob, consent_id=asked.consent)
    assert asked.number.encode() not in kept["blob"]
    team = browser(people.handledare())
    assert team.get(f"/insats/karnhuset/remisser/{asked.referral}").status_code == 200
    assert "Vilket stöd behövs från vilken part?" in team.page.words


def test_the_evidence_is_one_chain(app: Flask, people: People, browser: Browse, eid: RunningEid) -> None:
    for _ in range(2):
        Asked(people, browser).sign()
    with app.app_context(), scope(VAULT):
        rows = session().execute(sa.select(ConsentEvidence.__table__).order_by(ConsentEvidence.seq)).all()
        blobs = {row.id: row.blob for row in session().scalars(sa.select(EvidenceBlob))}
        found = consent.verify_evidence()
    previous = bytes(32)
    for count, row in enumerate(rows, 1):
        assert (row.seq, row.prev_hash) == (count, previous)
        assert row.digest == hashlib.sha256(blobs[row.id]).digest()
        previous = row.row_hash
    assert (found.ok, found.rows, found.fault) == (True, len(rows), "")
    assert len(rows) >= 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("signature-other-text", "signature_invalid"),
        ("signature-missing", "signature_missing"),
        ("invalid-sig", "token_signature_invalid"),
    ],
)
def test_a_forged_answer_is_kept_as_invalid_and_changes_nothing(
    asked: Asked, eid: RunningEid, fault: str, reason: str
) -> None:
    """Wrong in the signature, without one, and wrong in what carries it; every fault has its row elsewhere."""
    before = asked.row()
    referral = asked.row(Referral, id=asked.referral)
    eid.fault(fault)
    asked.sign()
    assert "inget har ändrats" in asked.visitor.page.words
    assert asked.visitor.answer is not None and asked.visitor.answer.request.path == asked.path
    assert asked.evidence() == [("ogiltig", reason)]
    assert asked.row() == before
    assert asked.row(Referral, id=asked.referral) == referral
    asked.sign()
    assert asked.states() == ("given", "oppen")
    assert asked.evidence() == [("ogiltig", reason), ("giltig", "")]


def test_somebody_else_at_the_e_id_cannot_sign(asked: Asked) -> None:
    asked.visitor.send("/signera/bankid")
    asked.visitor.get(asked.visitor.at_eid(fresh_number()), follow=True)
    assert "Du avbröt eller kunde inte legitimeras. Inget har ändrats." in asked.visitor.page.words
    assert (asked.states(), asked.evidence()) == (("fraga", "vantar_samtycke"), [])


def test_a_cancelled_signing_comes_back_with_a_sentence(asked: Asked) -> None:
    asked.sign(action="cancel")
    assert asked.visitor.answer is not None and asked.visitor.answer.request.path == asked.path
    assert "Du avbröt eller kunde inte legitimeras. Inget har ändrats." in asked.visitor.page.words
    assert (asked.states(), asked.evidence()) == (("fraga", "vantar_samtycke"), [])
    asked.sign()
    assert asked.states() == ("given", "oppen")


def test_signing_changes_nothing_about_who_is_logged_in(asked: Asked) -> None:
    before = asked.visitor.cookie
    asked.sign()
    assert asked.visitor.cookie == before
    assert asked.visitor.get("/mina-sidor").status_code == 200
    assert asked.visitor.get("/remisser").status_code == 404


def test_to_sign_what_is_signed_leads_back_with_a_sentence(asked: Asked) -> None:
    token = asked.visitor.token()
    asked.sign()
    answer = asked.visitor.post(f"{asked.path}/signera/bankid", {"csrf_token": token}, follow=True)
    assert (answer.status_code, answer.request.path) == (200, asked.path)
    assert "Samtycket är redan besvarat." in asked.visitor.page.words


def test_a_yes_that_comes_after_the_no_opens_nothing(asked: Asked) -> None:
    asked.visitor.send("/signera/bankid")
    back = asked.visitor.at_eid(asked.number)
    asked.visitor.get(asked.path)
    asked.visitor.send("/nej")
    asked.visitor.get(back)
    assert asked.states() == ("nekad", "nekad")
    assert asked.evidence() == []


def test_an_e_id_that_the_forbund_has_not_chosen_is_404(asked: Asked) -> None:
    token = asked.visitor.token()
    assert asked.visitor.post(f"{asked.path}/signera/annan", {"csrf_token": token}).status_code == 404


def test_an_e_id_that_does_not_answer_leads_back(asked: Asked, eid: RunningEid) -> None:
    eid.fault("token-500")
    asked.sign()
    assert "E-legitimationen svarar inte just nu." in asked.visitor.page.words
    assert (asked.states(), asked.evidence()) == (("fraga", "vantar_samtycke"), [])
