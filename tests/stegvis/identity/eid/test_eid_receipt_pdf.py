"""The receipt as a sealed document: what it says, what lies in it, and that no byte of it can be another."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stegvis.identity.eid import Evidence, Matter, Report, from_signing, receipt_bytes, receipt_pdf
from stegvis.identity.eid.receipt_file import Pinned, verify_content
from stegvis.identity.eid.receipt_pdf import NOT_SIGNED, attached, moment, render
from stegvis.identity.eid.seal import changed_place, read_time, seal
from stegvis.identity.eid.seal_checks import SealBroken, check_seal
from stegvis.identity.eid.seal_keys import SealKey, SealStore

OWNER = "Provnämnden för arbete och välfärd i Provköpings kommun, med ett långt namn"
IN_CERTIFICATE = OWNER.encode()[:64].decode()


@pytest.fixture(scope="module")
def evidence(evidences: dict[str, Evidence]) -> Evidence:
    """One of the Swedish profile; the other kind has a test of its own."""
    return evidences["sweden"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SealStore:
    return SealStore(tmp_path_factory.mktemp("home") / "seal")


@pytest.fixture(scope="module")
def key(store: SealStore) -> SealKey:
    return store.key("provforbund/provnamnd", OWNER)


@pytest.fixture(scope="module")
def known(store: SealStore, signed_case: dict[str, Any]) -> Pinned:
    return Pinned((signed_case["ca"].root_pem,), (store.root_pem(),))


@pytest.fixture(scope="module")
def bare(evidence: Evidence, key: SealKey) -> bytes:
    """The document before its seal."""
    return render(evidence, key)


@pytest.fixture(scope="module")
def document(bare: bytes, key: SealKey) -> bytes:
    return seal(bare, key, reason="Kvitto på samtycke")


def faults(report: Report) -> list[str]:
    return [line.removeprefix("FEL  ") for line in report.lines if line.startswith("FEL")]


def words(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_document_holds_with_all_that_lies_in_it(
    document: bytes, known: Pinned, evidence: Evidence
) -> None:
    report = verify_content(document, known)
    assert (report.ok, report.signed, report.receipt, report.test, faults(report)) == (
        True,
        True,
        True,
        True,
        [],
    )
    assert report.lines[0].startswith("OBS  TESTMILJÖ:")
    text = "\n".join(report.lines)
    for told in (
        "Stämpeln är hel: inte en byte i filen har ändrats",
        f"Stämpeln är gjord av {IN_CERTIFICATE}",
        "ingen utomstående har satt en tidsstämpel",
        "Underskriften håller: innehåll, certifikat mot roten och spärrkontroll.",
        "Bilagorna är de som beviset innehåller, byte för byte.",
        "Det som står på sidorna är det som står i beviset.",
    ):
        assert told in text
    assert evidence.signer.personnummer not in text


def test_a_receipt_of_the_other_kind_of_provider_holds_too(
    evidences: dict[str, Evidence], key: SealKey, known: Pinned
) -> None:
    report = verify_content(seal(render(evidences["idura"], key), key, reason="x"), known)
    assert (report.ok, report.signed, faults(report)) == (True, True, [])


def test_the_page_says_what_by_whom_when_and_how(document: bytes, evidence: Evidence) -> None:
    text = words(document)
    assert evidence.times.signed_at is not None
    for told in (
        *evidence.matter.text.split("\n"),
        "Test Testsson",
        "Underskrivet med e-legitimation",
        moment(evidence.times.signed_at),
        "Prov-BankID",
        "3 av 4",
        "Så tar du tillbaka ditt ja",
        "stegvis consent verify",
        "TESTMILJÖ",
        "ingen utomstående har satt en tidsstämpel",
        "1 januari 1990",
        "från den 15 januari 2024, tills du tar tillbaka det",
    ):
        assert told in text, told
    assert NOT_SIGNED not in text
    assert evidence.signer.personnummer not in text


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (
            datetime(2024, 1, 15, 9, 23, 11, tzinfo=UTC),
            "15 januari 2024 klockan 10.23.11 (svensk tid, UTC+01:00)",
        ),
        (datetime(2024, 7, 1, 22, 30, tzinfo=UTC), "2 juli 2024 klockan 00.30.00 (svensk tid, UTC+02:00)"),
    ],
)
def test_times_are_swedish_with_their_own_offset(at: datetime, said: str) -> None:
    assert moment(at) == said


def test_it_is_a_file_for_keeping_with_the_evidence_attached(document: bytes, evidence: Evidence) -> None:
    pdf = pikepdf.open(io.BytesIO(document))
    xmp = pdf.Root.Metadata.read_bytes().decode()
    assert re.search(r'pdfaid:part[=">]+3', xmp) and re.search(r'pdfaid:conformance[=">]+A', xmp)
    assert re.search(r'pdfuaid:part[=">]+1', xmp)
    assert "stegvis-kvitto:1" in xmp and "/Filter" not in pdf.Root.Metadata
    assert pdf.Root.MarkInfo.Marked == True  # noqa: E712 - a pikepdf object, not a bool
    assert str(pdf.Root.StructTreeRoot.Type) == "/StructTreeRoot" and str(pdf.Root.Lang) == "sv-SE"
    kinds = {str(item.S) for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/S" in item}
    assert {"/H1", "/P"} - kinds == set()
    found = {str(one.UF): one for one in pdf.Root.AF}
    assert {name: str(one.AFRelationship) for name, one in found.items()} == {
        "kvitto.json": "/Data",
        "texten.txt": "/Alternative",
        "underskrift.xml": "/Supplement",
        "sparrsvar.ocsp": "/Supplement",
    }
    assert {name: bytes(one.EF.F.read_bytes()) for name, one in found.items()} == {
        one.name: one.content for one in attached(evidence)
    }
    assert found["kvitto.json"].EF.F.read_bytes() == receipt_bytes(evidence)
    (field,) = pdf.Root.AcroForm.Fields
    assert int(field.F) & 0b100 and list(field.Rect) == [0, 0, 0, 0], "unseen, and prints (PDF/A-3, 6.3.2)"
    assert str(field.V.SubFilter) == "/ETSI.CAdES.detached"
    assert int(field.V.Reference[0].TransformParams.P) == 1, "no change is allowed"


def test_the_same_evidence_gives_the_same_document_before_the_seal(
    bare: bytes, evidence: Evidence, key: SealKey, document: bytes
) -> None:
    assert render(evidence, key) == bare
    assert document.startswith(bare), "the seal is put on, the document is not written anew"


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_any_other_byte_anywhere_breaks_the_seal(
    document: bytes, known: Pinned, key: SealKey, data: st.DataObject
) -> None:
    own = document.index(b"/Contents <")
    place = data.draw(st.integers(0, len(document) - 1) | st.integers(own, own + 2600))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != document[place]))
    kind = data.draw(st.sampled_from(["changed", "inserted", "removed"]))
    middle = {"changed": bytes([other]), "inserted": bytes([document[place], other]), "removed": b""}[kind]
    report = verify_content(document[:place] + middle + document[place + 1 :], known)
    assert (report.ok, len(faults(report))) == (False, 1)
    if document[:5] == b"%PDF-" and place > 4:
        assert faults(report)[0].startswith("Stämpeln")


def test_where_a_byte_was_changed_is_told(document: bytes, bare: bytes, known: Pinned) -> None:
    def told(place: int) -> str:
        changed = document[:place] + bytes([document[place] ^ 1]) + document[place + 1 :]
        return faults(verify_content(changed, known))[0]

    start = "Stämpeln är bruten: filen har ändrats efter att den stämplades, "
    assert told(5000) == f"{start}någonstans mellan byte 4097 och byte 5120."
    assert told(len(bare) - 1).endswith(f"och byte {len(bare)}.")
    assert told(document.index(b"/Contents <") + 300) == f"{start}i stämpelns egna uppgifter."
    assert told(len(document) - 3) == f"{start}i den del där stämpeln ligger, sist i filen."
    assert told(document.index(b"/StegvisBlock") + 40).endswith(
        "i den del där stämpeln ligger, sist i filen."
    )
    # Two places: from the first to the last.
    two = bytearray(document)
    two[100] ^= 1
    two[5000] ^= 1
    assert faults(verify_content(bytes(two), known)) == [f"{start}någonstans mellan byte 1 och byte 5120."]
    assert changed_place(document) is None


def test_what_is_added_after_the_seal_breaks_it(document: bytes, known: Pinned) -> None:
    for more in (b"\n", b"%more\n", b"x" * 5000):
        assert verify_content(document + more, known).ok is False
    reader = pypdf.PdfReader(io.BytesIO(document))
    writer = pypdf.PdfWriter(reader, incremental=True)
    writer.add_metadata({"/Title": "Ett annat kvitto"})
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(document[:1000]) and len(out.getvalue()) > len(document)
    report = verify_content(out.getvalue(), known)
    assert (report.ok, report.receipt) == (False, True)


def test_another_ca_is_refused_for_the_seal_and_for_the_signature(
    document: bytes, known: Pinned, tmp_path: Path
) -> None:
    foreign = SealStore(tmp_path / "seal")
    report = verify_content(document, Pinned(known.roots, (foreign.root_pem(),)))
    assert faults(report) == [
        f"Stämpeln säger att den är gjord av {IN_CERTIFICATE}, men certifikatet kommer inte från en rot som är "
        "godkänd här."
    ]
    report = verify_content(document, Pinned(known.seals, known.seals))
    assert faults(report) == ["Certifikatet kommer inte från en utfärdare som är godkänd här."]
    assert verify_content(document, Pinned(known.roots, ())).ok is False


def test_a_forger_with_an_own_seal_is_found(bare: bytes, known: Pinned, tmp_path: Path) -> None:
    """Whoever makes the seal anew has a whole seal, of the same name, from another root."""
    forger = SealStore(tmp_path / "seal").key("provforbund/provnamnd", OWNER)
    report = verify_content(seal(bare, forger, reason="Kvitto på samtycke"), known)
    assert (report.ok, "inte från en rot som är godkänd här" in faults(report)[0]) == (False, True)


def test_a_document_whose_pages_say_something_else_does_not_hold(
    evidence: Evidence, key: SealKey, known: Pinned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed by the right key, evidence and all, but with another text on the page: a fault of ours, or a fraud."""
    right = receipt_pdf._shown

    def shown(*told: Any) -> dict[str, Any]:
        return right(*told) | {"text": "Jag samtycker till allt."}

    monkeypatch.setattr(receipt_pdf, "_shown", shown)
    report = verify_content(seal(render(evidence, key), key, reason="x"), known)
    assert faults(report) == ["På sidorna står något annat än i beviset: texten."]


def test_a_document_whose_files_are_others_does_not_hold(
    evidence: Evidence, key: SealKey, known: Pinned, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = receipt_pdf.attached

    def changed(record: Evidence) -> list[Any]:
        return [dataclasses.replace(one, content=one.content + b" ") for one in right(record)[1:2]]

    monkeypatch.setattr(receipt_pdf, "attached", lambda record: [*right(record)[:1], *changed(record)])
    report = verify_content(seal(render(evidence, key), key, reason="x"), known)
    assert faults(report) == [
        "Bilagorna är andra än beviset säger: sparrsvar.ocsp, texten.txt, underskrift.xml."
    ]


def test_a_sealed_file_that_is_no_receipt(document: bytes, known: Pinned) -> None:
    empty = pypdf.PdfWriter()
    empty.add_blank_page(100, 100)
    out = io.BytesIO()
    empty.write(out)
    for data in (out.getvalue(), b"%PDF-1.7\n", b"%PDF-1.7\n" + b"x" * 9_000_000):
        report = verify_content(data, known)
        assert (report.ok, report.receipt, len(faults(report))) == (False, False, 1)
        assert report.lines[-1] == "Filen är inget kvitto."


def test_an_approval_is_called_what_it_is(
    live: Any, crafted_matter: Callable[..., Matter], key: SealKey, known: Pinned
) -> None:
    live.provider = dataclasses.replace(live.provider, sign="none")
    record = from_signing(live.visit("sign"), crafted_matter(), provider=live.provider)
    document = seal(render(record, key), key, reason="x")
    text = words(document)
    assert text.count(NOT_SIGNED) == 2
    assert "Underskrivet" not in text and "skrev under" not in text
    assert "Det finns ingen underskrift." in text
    report = verify_content(document, known)
    assert (report.ok, report.signed, faults(report)) == (True, False, [])
    assert "OBS  Godkänt efter inloggning, inte underskrivet." in report.lines
    assert set(pypdf.PdfReader(io.BytesIO(document)).attachments) == {"kvitto.json", "texten.txt"}


def test_a_long_text_over_pages_is_still_the_text(evidence: Evidence, key: SealKey, known: Pinned) -> None:
    """What cannot be signed here is only shown: the pages of a text of many pages are read as one."""
    text = "\n".join(
        f'- Rad {at}: affärsförfrågan, fiffel & "citat" <b> #x *y* flyttar.' for at in range(120)
    )
    long = dataclasses.replace(evidence, matter=dataclasses.replace(evidence.matter, text=text))
    report = verify_content(seal(render(long, key), key, reason="x"), known)
    assert [line for line in report.lines if "sidorna" in line] == [
        "OK   Det som står på sidorna är det som står i beviset."
    ]
    assert report.ok is False, "the text is not what was signed"


@pytest.mark.parametrize("text", ["", "D:2024", "D:20240115102311", "D:20241315102311Z", "x" * 50])
def test_a_time_of_another_form_is_none(text: str) -> None:
    assert read_time(text) is None


def test_a_time_of_a_pdf() -> None:
    assert read_time("D:20240115102311+01'00'") == datetime(2024, 1, 15, 9, 23, 11, tzinfo=UTC)


def test_a_broken_seal_is_raised_with_a_sentence(document: bytes) -> None:
    with pytest.raises(SealBroken, match=r"^Stämpeln är bruten"):
        check_seal(document[:-1], [])


def test_a_coordination_number_is_born_on_a_real_day(evidence: Evidence, key: SealKey) -> None:
    signer = dataclasses.replace(evidence.signer, personnummer="199001619803", is_coordination_number=True)
    changed = dataclasses.replace(
        evidence,
        signer=signer,
        matter=dataclasses.replace(evidence.matter, valid_from=None, valid_to=date(2025, 1, 14)),
    )
    text = words(render(changed, key))
    assert "1 januari 1990" in text
    assert "från det att du sa ja till den 14 januari 2025" in text


def test_who_signs_for_somebody_says_by_what_right_and_with_which_interpreter(
    evidence: Evidence, key: SealKey
) -> None:
    changed = dataclasses.replace(
        evidence.matter, signer_role="god_man", signer_ground="Beslut 12/2024", interpreter="auktoriserad:so"
    )
    text = words(render(dataclasses.replace(evidence, matter=changed), key))
    for told in (
        "Det här sa Test Testsson ja till",
        "god man",
        "Beslut 12/2024",
        "auktoriserad tolk, somaliska",
    ):
        assert told in text, told
    plain = words(render(evidence, key))
    assert "Det här sa du ja till" in plain and "Med stöd av" not in plain and "Tolk" not in plain
