"""The finished agreement: the original with its trail page, evidence and seal, and its check from the file alone."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pypdf
import pytest
from click.testing import CliRunner, Result

from agreed import FORBUND, Collected, a_pdf, a_trail
from stegvis.cli import cli
from stegvis.config import Settings
from stegvis.forbund.agreements import finishing, service
from stegvis.forbund.agreements.trail import read_trail_bytes
from stegvis.forbund.agreements.verifying import verify
from stegvis.ground.documents import Beside, join_pdf
from stegvis.ground.tenancy.scope import scope
from stegvis.identity.eid.receipt import Report
from stegvis.identity.eid.seal import seal as seal_pdf
from stegvis.identity.eid.seal_checks import check_seal
from stegvis.identity.eid.seal_keys import SealStore
from stegvis.local import agreement_group
from stegvis.local.servers import Servers
from visiting import run_jobs

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
SCAN = {"datum": "2024-01-12", "plats": "Arkivet, pärm 3"}


def finished(collected: Collected) -> bytes:
    """The finished file, as the staff downloads it."""
    assert run_jobs(collected.app, "satt_samman_overenskommelse", FORBUND) == 1
    collected.staff.get(collected.path)
    (link,) = collected.staff.page.links("/fardig")
    answer = collected.staff.get(urlsplit(link).path)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return bytes(answer.data)


def signed_by_both(collected: Collected) -> bytes:
    """Signed by one with e-ID and one on paper, and finished."""
    collected.add("Test Testsson", "Provkommunens socialnämnd", grund="beslut", grund_text="2024-01-10 § 4")
    collected.staff.get(collected.path)
    typed = {"namn": "Sjunde Papperssson", "organisation": "Övningsmyndigheten", "papper": "y"}
    collected.staff.send("/undertecknare/ny", typed | {"grund": "arbetsordning"})
    collected.send()
    collected.sign("Test Testsson")
    collected.staff.get(collected.path)
    (link,) = collected.staff.page.links("/papper")
    collected.staff.get(urlsplit(link).path)
    collected.upload(urlsplit(link).path, PNG, "papper.png", **SCAN)
    return finished(collected)


def test_the_finished_file_is_the_original_with_a_trail_page_evidence_and_a_seal(
    collected: Collected,
) -> None:
    made = signed_by_both(collected)
    assert made.startswith(collected.pdf), "the document that was signed, byte for byte"
    home = Path(collected.app.config["STEGVIS"].home)
    seal = check_seal(made, [(home / "seal" / "root.pem").read_bytes()])
    assert seal.trusted and "Gävleborg" in seal.organisation
    reader = pypdf.PdfReader(BytesIO(made))
    assert "Sida 1" in reader.pages[0].extract_text() and "Sida 2" in reader.pages[1].extract_text()
    trail = " ".join(" ".join(page.extract_text() for page in reader.pages[2:]).split())
    receipt = json.loads(reader.attachments["underskrift-1.json"][0])["content"]
    at = datetime.fromisoformat(receipt["times"]["signed_at"]).astimezone(ZoneInfo("Europe/Stockholm"))
    for words in (
        "Test Testsson", "Provkommunens socialnämnd", "Chef", "beslut, 2024-01-10 § 4", "decision, 2024-01-10 § 4",
        "signature with e-ID: BankID", "TESTMILJÖ.",
        f"{at:%Y-%m-%d %H:%M:%S} UTC{at:%z}"[:-2], receipt["matter"]["transaction_id"],
        "Sjunde Papperssson", "Övningsmyndigheten", "signature on paper", "2024-01-12", "Arkivet, pärm 3",
        "Prov Kanslist", f"De första {len(collected.pdf)} byten", f"first {len(collected.pdf)} bytes",
    ):  # fmt: skip
        assert words in trail, words
    digest = hashlib.sha256(collected.pdf).hexdigest()
    assert digest in trail.replace(" ", "")
    assert collected.people["Test Testsson"] not in trail, "the number stands in the evidence alone"
    assert set(reader.attachments) == {"overenskommelse.json", "underskrift-1.json", "papper-2.png"}
    assert bytes(reader.attachments["papper-2.png"][0]) == PNG
    summary = json.loads(reader.attachments["overenskommelse.json"][0])
    assert summary["dokument"] == {"namn": "Avtal.pdf", "sha256": digest, "byte": len(collected.pdf)}


def test_finishing_twice_changes_nothing(collected: Collected) -> None:
    made = signed_by_both(collected)
    with collected.app.app_context(), scope(FORBUND):
        finishing.finish(collected.id)
    collected.staff.get(f"{collected.path}/fardig")
    assert collected.staff.answer is not None and collected.staff.answer.data == made


def test_a_document_that_cannot_be_extended_is_attached_whole(collected: Collected) -> None:
    odd = b"%PDF-1.7\n% no pages that anybody can find\n%%EOF\n"
    collected.pdf = odd
    collected.staff.get(collected.path)
    collected.upload(f"{collected.path}/dokument", odd, "Udda.pdf")
    made = signed_by_both(collected)
    reader = pypdf.PdfReader(BytesIO(made))
    assert bytes(reader.attachments["Udda.pdf"][0]) == odd
    words = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "ligger som bilaga: Udda.pdf" in words
    assert checked(collected, made).ok


def checked(collected: Collected, made: bytes) -> Report:
    """The report of the offline check, with the roots of this run."""
    home = Path(collected.app.config["STEGVIS"].home)
    root, seal = (home / "eid" / "test-root.pem", home / "seal" / "root.pem")
    return verify(made, roots=[root.read_bytes()], seals=[seal.read_bytes()])


def test_the_finished_file_is_checked_offline_and_a_changed_one_fails(
    collected: Collected, tmp_path: Path
) -> None:
    made = signed_by_both(collected)
    report = checked(collected, made)
    assert report.ok, report.lines
    told = "\n".join(report.lines)
    for words in (
        "OK   Dokumentet är det som skrevs under: Avtal.pdf.",
        "OK   Underskrift 1, Test Testsson: beviset håller.",
        "OBS  Underskrift 2, Sjunde Papperssson: på papper 2024-01-12.",
        "OK   Övningsmyndigheten: 1 av 1 har skrivit under, och 1 behövs.",
    ):
        assert words in told
    home, file = Path(collected.app.config["STEGVIS"].home), tmp_path / "avtal.pdf"
    file.write_bytes(made)
    roots = ["--root", str(home / "eid" / "test-root.pem"), "--seal-root", str(home / "seal" / "root.pem")]
    assert CliRunner().invoke(cli, ["agreement", "verify", str(file), *roots]).exit_code == 0
    for place in (10, len(collected.pdf) // 2, len(collected.pdf) + 40, len(made) // 2, len(made) - 20):
        changed = bytearray(made)
        changed[place] ^= 1
        assert not checked(collected, bytes(changed)).ok, place
    other_root = ["--root", roots[1], "--seal-root", roots[1]]
    assert CliRunner().invoke(cli, ["agreement", "verify", str(file), *other_root]).exit_code == 1


def test_who_seals_a_file_with_less_than_it_says_is_found(collected: Collected, tmp_path: Path) -> None:
    """A file with a right seal, whose inside was put together by somebody else: each part is missed."""
    made = signed_by_both(collected)
    reader = pypdf.PdfReader(BytesIO(made))
    parts = {name: bytes(content[0]) for name, content in reader.attachments.items()}
    store = SealStore(Path(collected.app.config["STEGVIS"].home) / "seal")
    key = store.key(FORBUND, "Prov")

    def put(document: bytes, files: dict[str, bytes]) -> Report:
        beside = [Beside(name, "application/octet-stream", name, content) for name, content in files.items()]
        return checked(collected, seal_pdf(join_pdf(document, None, beside), key, reason="prov"))

    assert put(collected.pdf, parts).ok, "what is put together rightly holds"
    assert "inte det som skrevs under" in "".join(put(a_pdf("Ett annat"), parts).lines)
    assert "underskrift-1.json saknas" in "".join(
        put(collected.pdf, {name: one for name, one in parts.items() if name != "underskrift-1.json"}).lines
    )
    summary = json.loads(parts["overenskommelse.json"])
    summary["parter"][0]["behovs"] = 2
    few = put(collected.pdf, parts | {"overenskommelse.json": json.dumps(summary).encode()})
    assert "har skrivit under, men 2 behövs" in "".join(few.lines)
    summary["parter"][0]["behovs"] = 1
    summary["id"] = "00000000-0000-4000-8000-000000000000"
    moved = put(collected.pdf, parts | {"overenskommelse.json": json.dumps(summary).encode()})
    assert "Underskrift 1 gäller ett annat dokument" in "".join(moved.lines)


def test_signatures_of_another_service_count_and_the_file_says_what_they_are(
    collected: Collected,
    settings: Settings,
    running: Servers,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    collected.add("Test Testsson", "Provkommunens socialnämnd")
    for name in ("Prova Provsson", "Exempel Exempelsson"):
        collected.staff.get(collected.path)
        typed = {"namn": name, "organisation": f"Part {name}", "papper": "y", "grund": "arbetsordning"}
        collected.staff.send("/undertecknare/ny", typed)
    page = tmp_path / "spar.txt"
    page.write_text(a_trail("Prova Provsson", "Exempel Exempelsson"), "utf-8")

    @contextmanager
    def here(**_told: Any) -> Iterator[tuple[Settings, Servers]]:
        yield settings, running

    monkeypatch.setattr(agreement_group, "installation", here)
    where = ["--tenant", FORBUND, "--agreement", str(collected.id)]

    def read(*more: str) -> Result:
        return CliRunner().invoke(cli, ["agreement", "import-trail", str(page), *more])

    early = read(*where)
    assert (early.exit_code, "tar inte emot underskrifter nu" in early.output) == (2, True)
    assert collected.evidence() == [], "nothing is kept of what was refused"
    collected.send()
    assert read("--tenant", FORBUND).exit_code == 2
    done = read(*where)
    assert (done.exit_code, "2 underskrifter är inlästa, 1 saknas." in done.output) == (0, True)
    assert read(*where).exit_code == 2, "once"
    collected.sign("Test Testsson")
    assert [one[:2] for one in collected.evidence()] == [("spar", "giltig")] * 2 + [("eid", "giltig")]
    assert "underskriven enligt spår" in collected.words()
    made = finished(collected)
    reader = pypdf.PdfReader(BytesIO(made))
    words = " ".join(" ".join(one.extract_text() for one in reader.pages).split())
    for told in (
        "inte prövat här", "not verified here", "2021-01-10 09:05:41 UTC +02:00", "2021-01-10 08:05:41 UTC+01:00",
        "Förskjutningen +02:00 är fel",
    ):  # fmt: skip
        assert told in words, told
    assert bytes(reader.attachments["spar.txt"][0]) == page.read_bytes()
    report = checked(collected, made)
    assert report.ok, report.lines
    assert sum("enligt en annan tjänsts spår" in line for line in report.lines) == 2


def test_a_trail_that_names_somebody_else_is_refused_whole(collected: Collected) -> None:
    with pytest.raises(service.AgreementFault, match="hör inte till någon"):
        collected.add("Test Testsson", "Provkommunens socialnämnd")
        collected.send()
        content = a_trail("Test Testsson", "Någon Annansson").encode()
        with collected.app.app_context(), scope(FORBUND):
            service.import_trail(collected.id, read_trail_bytes(content), content)
    assert collected.evidence() == []
