"""Signing by several through the pages, with the real test e-ID: links, who it is, rules, evidence, paper."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from psycopg import sql

from agreed import FORBUND, Collected, a_pdf
from stegvis.cli import verify_chains
from stegvis.config import Settings
from stegvis.forbund.agreements import service
from stegvis.forbund.agreements.models import AgreementFile, AgreementSignature, AgreementSigner
from stegvis.ground.tenancy.errors import Refused
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.audit import service as audit
from stegvis.identity.eid.receipt import verify_bytes
from stegvis.local.installation import superuser
from stegvis.local.servers import Servers
from visiting import RunningEid, fresh_number

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
SCAN = {"datum": "2024-01-12", "plats": "Arkivet, pärm 3"}


def test_two_together_and_one_of_another_party_make_it_complete(collected: Collected) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    collected.add("Prova Provsson", "Provkommunens socialnämnd")
    collected.add("Exempel Exempelsson", "Övningsmyndigheten", grund="beslut", grund_text="2024-01-10 § 4")
    collected.send()
    assert set(collected.links) == {"Test Testsson", "Prova Provsson", "Exempel Exempelsson"}
    for nth, name in enumerate(("Exempel Exempelsson", "Test Testsson")):
        visitor = collected.sign(name)
        assert "Tack. Din underskrift är sparad." in visitor.page.words
        assert f"{nth + 1} av 3 underskrifter" in collected.words()
    assert collected.row()["state"] == "collecting", "two together: one of them is not enough"
    collected.sign("Prova Provsson")
    assert collected.row()["state"] == "complete"
    assert collected.evidence() == [("eid", "giltig", "", 1)] * 3
    with collected.app.app_context(), scope(FORBUND):
        assert service.verify_signatures().ok


def test_what_is_signed_says_what_for_whom_and_on_what_ground(collected: Collected) -> None:
    collected.add("Exempel Exempelsson", "Övningsmyndigheten", grund="beslut", grund_text="2024-01-10 § 4")
    collected.send()
    visitor = collected.sign("Exempel Exempelsson")
    (link,) = visitor.page.links("/skriv-under/kvitto")
    told = visitor.get(urlsplit(link).path).data
    content = json.loads(told)["content"]
    text = content["matter"]["text"]
    for words in (
        "Jag skriver under överenskommelsen ”Provöverenskommelsen”.",
        "Dokument: Avtal.pdf, version 1",
        "Jag skriver under för: Övningsmyndigheten",
        "Med stöd av: beslut, 2024-01-10 § 4",
        "Titel: Chef",
    ):
        assert words in text
    (attached,) = content["matter"]["attachments"]
    visitor.get("/skriv-under")
    assert visitor.get("/skriv-under/dokument").data == collected.pdf
    with collected.app.app_context(), scope(FORBUND):
        kept = (
            session()
            .scalars(sa.select(AgreementFile.sha256).where(AgreementFile.agreement_id == collected.id))
            .one()
        )
    assert attached == {"name": "Avtal.pdf", "mime": "application/pdf", "sha256": kept.hex()}
    root = (Path(collected.app.config["STEGVIS"].home) / "eid" / "test-root.pem").read_bytes()
    assert verify_bytes(told, roots=[root]).ok
    staff = collected.staff
    staff.get(collected.path)
    (own,) = staff.page.links("/kvitto")
    assert staff.get(urlsplit(own).path).data == told, "the staff's copy is the same"


def test_before_the_eid_the_link_tells_nothing_of_document_or_signer(collected: Collected) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    collected.send()
    visitor = collected.at_link("Test Testsson")
    assert visitor.answer is not None and visitor.answer.request.path == "/skriv-under"
    for secret in ("Testsson", "Provkommunens", "Provöverenskommelsen", "Avtal.pdf"):
        assert secret not in visitor.answer.text
    assert visitor.get("/skriv-under/dokument").status_code == 404
    assert visitor.get("/skriv-under/kvitto").status_code == 404
    visitor.get("/skriv-under")
    token = visitor.token()
    assert visitor.post("/skriv-under/signera/bankid", {"csrf_token": token}).status_code == 404


def test_another_person_with_the_link_reads_and_signs_nothing(collected: Collected) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    collected.send()
    other = collected.known("Test Testsson", number=fresh_number())
    assert "Länken är skriven till någon annan" in other.page.words
    assert "Provöverenskommelsen" not in other.page.words
    right = collected.known("Test Testsson")
    assert "Provöverenskommelsen" in right.page.words
    # Known as the right one, and then another person's e-ID at the signing itself.
    collected.sign("Test Testsson", right, number=fresh_number())
    assert "Provöverenskommelsen" in right.page.words
    assert collected.row()["state"] == "collecting"
    assert [one[:2] for one in collected.evidence()] in ([], [("eid", "ogiltig")])


def test_signing_logs_nobody_in_and_out(collected: Collected) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd", number=collected.who.number)
    collected.send()
    visitor = collected.known("Test Testsson", number=collected.who.number)
    before = visitor.cookie
    collected.sign("Test Testsson", visitor)
    assert visitor.get("/overenskommelser").status_code == 303, (
        "the number has an account, and is not logged in"
    )
    assert visitor.cookie == before
    staff = collected.staff
    assert staff.get("/overenskommelser").status_code == 200


def test_a_link_that_opens_nothing_is_the_same_page_whatever_was_wrong(collected: Collected) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    collected.add("Prova Provsson", "Övningsmyndigheten")
    collected.send()
    old = collected.links["Test Testsson"]
    collected.remind("Test Testsson")
    assert collected.links["Test Testsson"] != old
    assert "påmind 15 jan 2024" in collected.words()
    answers = {}
    for name, path in (("unknown", "/skriv-under/" + "x" * 32), ("replaced", old), ("none", "/skriv-under")):
        visitor = collected.browse()
        answer = visitor.get(path)
        answers[name] = (answer.status_code, answer.text.replace(path, ""))
    assert len(set(answers.values())) == 1
    assert answers["unknown"][0] == 404
    elsewhere = collected.browse(None, "kalmar-lan.localhost")
    assert elsewhere.get(collected.links["Test Testsson"]).status_code == 404
    with collected.app.app_context(), scope(FORBUND):
        session().execute(sa.update(AgreementSigner).values(token_ends_at=sa.func.now()))
    assert collected.browse().get(collected.links["Test Testsson"]).status_code == 404


def test_another_document_voids_what_was_collected_and_what_is_under_way(collected: Collected) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    collected.add("Prova Provsson", "Övningsmyndigheten")
    collected.send()
    collected.sign("Test Testsson")
    under_way = collected.known("Prova Provsson")
    under_way.send("/signera/bankid")
    back = under_way.at_eid(collected.people["Prova Provsson"])
    collected.staff.get(collected.path)
    collected.upload(f"{collected.path}/dokument", a_pdf("Ett annat avtal"), "Annat.pdf")
    assert "Underskrifter av det förra räknas inte" in collected.staff.page.words
    assert (collected.row()["state"], collected.row()["version"]) == ("draft", 2)
    under_way.get(back, follow=True)
    assert collected.evidence() == [("eid", "giltig", "", 1), ("eid", "ogiltig", "raknas_inte", 1)]
    assert collected.browse().get(collected.links["Test Testsson"]).status_code == 404
    collected.send()
    assert "0 av 2 underskrifter" in collected.words()
    collected.sign("Test Testsson")
    collected.sign("Prova Provsson")
    assert collected.row()["state"] == "complete"
    assert [one[3] for one in collected.evidence()] == [1, 1, 2, 2]


def test_one_person_is_not_two_signers(collected: Collected) -> None:
    number = fresh_number()
    collected.add("Test Testsson", "Provkommunens socialnämnd", number=number)
    collected.add("Test Andersson", "Övningsmyndigheten", number=number)
    assert "Samma person står redan med" in collected.staff.page.words
    assert "Andersson" in collected.staff.page.tree.xpath("//input[@name='namn']/@value")[0], (
        "nothing is lost"
    )
    assert "Övningsmyndigheten" not in collected.words()


def test_one_party_on_paper_completes_what_others_signed_with_eid(collected: Collected) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    collected.staff.get(collected.path)
    typed = {"namn": "Sjunde Papperssson", "organisation": "Övningsmyndigheten", "papper": "y"}
    collected.staff.send("/undertecknare/ny", typed | {"grund": "arbetsordning"})
    collected.send()
    assert set(collected.links) == {"Test Testsson"}, "who signs on paper gets no link"
    collected.sign("Test Testsson")
    staff = collected.staff
    staff.get(collected.path)
    (link,) = staff.page.links("/papper")
    path = urlsplit(link).path
    staff.get(path)
    collected.upload(path, b"GIF89a", "papper.gif", **SCAN)
    assert staff.answer is not None and staff.answer.status_code == 422
    assert "PDF, JPEG eller PNG" in staff.page.words
    collected.upload(path, PNG, "papper.png", **SCAN)
    assert "Underskriften på papper är registrerad" in staff.page.words
    assert collected.row()["state"] == "complete"
    assert collected.evidence() == [("eid", "giltig", "", 1), ("papper", "giltig", "", 1)]
    (scanned,) = staff.page.links("/skannat")
    assert staff.get(urlsplit(scanned).path).data == PNG


def test_enough_of_a_party_is_enough_and_the_others_are_told(collected: Collected) -> None:
    for name in ("Test Testsson", "Prova Provsson", "Tredje Testsson"):
        collected.add(name, "Provkommunens socialnämnd")
    collected.add("Exempel Exempelsson", "Övningsmyndigheten")
    collected.staff.get(collected.path)
    collected.staff.send("/krav", {"antal": "1"})
    assert "1 av 3 skriver under" in collected.words()
    collected.send()
    late = collected.known("Prova Provsson")
    collected.sign("Tredje Testsson")
    late.get("/skriv-under")
    assert "Din underskrift behövs inte längre" in late.page.words
    assert list(late.page.forms("/signera/")) == []
    collected.sign("Exempel Exempelsson")
    assert collected.row()["state"] == "complete"


def test_what_is_void_takes_no_signature(collected: Collected) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    collected.send()
    collected.staff.get(collected.path)
    collected.staff.send("/makulera", {"skal": "x"})
    assert "Skriv varför dokumentet makuleras" in collected.staff.page.words
    collected.staff.send("/makulera", {"skal": "Insatsen blir inte av."})
    assert "Insatsen blir inte av." in collected.words()
    assert collected.browse().get(collected.links["Test Testsson"]).status_code == 404


def test_a_signature_that_does_not_hold_is_kept_and_does_not_count(
    collected: Collected, eid: RunningEid
) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    collected.send()
    visitor = collected.known("Test Testsson")
    eid.fault("signature-other-text")
    collected.sign("Test Testsson", visitor)
    assert "gick inte att lita på" in visitor.page.words
    assert [one[:2] for one in collected.evidence()] == [("eid", "ogiltig")]
    assert "1 försök som inte stämde" in collected.words()
    eid.fault(None)
    collected.sign("Test Testsson", visitor, action="cancel")
    assert len(collected.evidence()) == 1, "who changes their mind leaves nothing"
    collected.sign("Test Testsson", visitor)
    assert collected.row()["state"] == "complete"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04 a Word file", "Välj en PDF"),
        (b"", "Välj en PDF"),
        (b"%PDF-1.7 cut short", "inte hel"),
        (b"%PDF-1.7 /Encrypt 1 0 R\n%%EOF", "lösenord"),
        (b"%PDF-1.7 /OpenAction << /S /JavaScript /JS (x) >>\n%%EOF", "skript"),
        (b"%PDF-1.7" + b"0" * (3 * 1024 * 1024) + b"%%EOF", "större än 3 MB"),
    ],
)
def test_another_file_than_a_quiet_pdf_is_refused_and_nothing_is_lost(
    collected: Collected, content: bytes, sentence: str
) -> None:
    collected.staff.get("/overenskommelser/ny")
    collected.upload("/overenskommelser/ny", content, slag="ansokan", titel="En ansökan")
    assert collected.staff.answer is not None and collected.staff.answer.status_code == 422
    assert sentence in collected.staff.page.words
    assert collected.staff.page.tree.xpath("//input[@name='titel']/@value") == ["En ansökan"]


def test_names_numbers_and_files_lie_sealed(collected: Collected) -> None:
    collected.add("Kanarie Testsson", "Kanarieparten")
    collected.send()
    collected.sign("Kanarie Testsson")
    number = collected.people["Kanarie Testsson"]
    told = []
    with collected.app.app_context(), scope(FORBUND):
        for table in AgreementSigner.metadata.sorted_tables:
            if table.name.startswith("agreement"):
                told += [repr(tuple(row)) for row in session().execute(sa.select(table))]
    everything = "".join(told)
    assert len(told) > 4 and str(collected.id) in everything
    assert "Kanarie" not in everything and number not in everything and "%PDF" not in everything
    assert base64.b64encode(number.encode()).decode() not in everything
    with collected.app.app_context(), scope(FORBUND):
        event, _head = audit.tables()
        events = [repr(tuple(row)) for row in session().execute(sa.select(event.__table__))]
    assert not [one for one in events if "Kanarie" in one or number in one]


def test_nobody_changes_a_signature_and_what_is_changed_past_the_grants_is_found(
    collected: Collected, settings: Settings, running: Servers
) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    collected.send()
    collected.sign("Test Testsson")
    change = sa.update(AgreementSignature).where(AgreementSignature.agreement_id == collected.id)
    with collected.app.app_context(), pytest.raises(Refused), scope(FORBUND):
        session().execute(change.values(reason="x"))
    table = sql.Identifier("fb_gavleborg", "agreement_signature")
    whose = [collected.id]
    with superuser(running.postgres, settings.database.name) as admin:
        for column in ("reason", "signed_at", "record_sealed"):
            name = sql.Identifier(column)
            kept = admin.execute(
                sql.SQL("SELECT {} FROM {} WHERE agreement_id = %s").format(name, table), whose
            ).fetchone()
            assert kept is not None
            changed = {"reason": "x", "signed_at": datetime(2024, 1, 1, tzinfo=UTC)}.get(column)
            if column == "record_sealed":
                changed = resealed(collected)
            put = sql.SQL("UPDATE {} SET {} = %s WHERE agreement_id = %s").format(table, name)
            admin.execute(put, [changed, *whose])
            admin.commit()
            with collected.app.app_context():
                assert not verify_chains(ScopeId.parse(FORBUND))[service.CHAIN].ok, column
            admin.execute(put, [kept[0], *whose])
            admin.commit()
    with collected.app.app_context(), scope(FORBUND):
        assert service.verify_signatures().ok


def resealed(collected: Collected) -> bytes:
    """The record of the only signature with another name in it, sealed as the service would."""
    with collected.app.app_context(), scope(FORBUND):
        row = (
            session()
            .scalars(sa.select(AgreementSignature).where(AgreementSignature.agreement_id == collected.id))
            .one()
        )
        told = json.dumps(row.record).replace("Testsson", "Andersson")
        row.record = json.loads(told)
        made: bytes = row.record_sealed
        session().expunge(row)
        return made
