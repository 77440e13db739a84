"""Documents: made in a bare child process, hostile input is text, and the report is a PDF for reading and
for keeping."""

from __future__ import annotations

import io
import zlib
from datetime import UTC, datetime

import pikepdf
import pypdf
import pytest
from report_data import HEADINGS, seed_like

from stegvis.ground.documents import (
    Attachment,
    RenderError,
    RenderTimeout,
    TemplateError,
    render_report,
    render_typst,
)

MADE = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
HOSTILE = (
    '#read("../x") {{7*7}} ${7*7} = Rubrik *fet* \\ @ref <etikett> `kod` #panic() $x^2$ #eval("1+1") // borta'
)


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def template(folder, text):
    (folder / "x.typ").write_text(
        '#set document(title: [x])\n#set text(lang: "sv")\n' + text, encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def report() -> bytes:
    return render_report(seed_like(), made=MADE)


def test_the_report_is_one_file_for_reading_aloud_and_for_keeping(report):
    pdf = pikepdf.open(io.BytesIO(report))
    xmp = pdf.Root.Metadata.read_bytes().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp
    assert "Kvartalsrapport för Kärnhuset 2.0, 1\u00a0okt\u00a02023 – 31\u00a0dec\u00a02023" in xmp
    assert "/Filter" not in pdf.Root.Metadata
    assert pdf.Root.MarkInfo.Marked == True  # noqa: E712 - a pikepdf object, not a bool
    assert str(pdf.Root.StructTreeRoot.Type) == "/StructTreeRoot"
    assert str(pdf.Root.Lang) == "sv-SE"
    assert pdf.Root.ViewerPreferences.DisplayDocTitle == True  # noqa: E712


def test_the_report_holds_every_heading_and_the_hidden_cells_in_words(report):
    text = words(report)
    for _, number, heading in HEADINGS:
        assert f"{number} {heading}" in text
    assert "redovisas inte (för få personer)" in text
    assert "Arbete utan lönestöd redovisas bara sedan start 1" in text
    assert "Utan försörjningsstöd efter avslut – 5 av 8" in text
    assert "Behandlad via mejl" in text
    assert "Sida 1 av 2" in text


def test_no_section_loses_its_text_whatever_its_number():
    data = seed_like({})
    names = ["uppgifter", "deltagare", "mal", "avvikelser", "uppgiftslamnare"]
    data["payload"]["sections"] = [
        {
            "id": name,
            "number": str(at),
            "heading": f"Rubrik {at}",
            "text": f"Berättelse om {name}." * (at > 1),
        }
        for at, name in enumerate(names, 1)
    ]
    text = words(render_report(data, made=MADE))
    for name in names[1:]:
        assert f"Berättelse om {name}." in text


def test_headings_and_tables_are_tagged(report):
    pdf = pikepdf.open(io.BytesIO(report))
    kinds = {str(item.S) for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/S" in item}
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/P"} - kinds == set()


def test_fonts_are_those_of_the_renderer_and_embedded(report):
    pdf = pikepdf.open(io.BytesIO(report))
    fonts = [
        o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"
    ]
    names = {str(font.FontName).split("+")[-1] for font in fonts}
    assert {name.split("-")[0] for name in names} == {"LibertinusSerif", "DejaVuSansMono"}
    assert all("/FontFile3" in font or "/FontFile2" in font for font in fonts)


def test_the_same_report_gives_the_same_bytes(report):
    assert render_report(seed_like(), made=MADE) == report


def test_hostile_narrative_is_printed_letter_by_letter():
    hostile = seed_like(dict.fromkeys([id_ for id_, _, _ in HEADINGS], HOSTILE))
    hostile["payload"]["signer"]["name"] = HOSTILE
    hostile["payload"]["figures"][0]["label"] = HOSTILE
    hostile["payload"]["insats"]["name"] = HOSTILE
    hostile["dnr"] = HOSTILE
    text = words(render_report(hostile, made=MADE)).replace("- ", "")
    for part in ['#read("../x")', "{{7*7}}", "*fet*", "<etikett>", "#panic()", "// borta", '#eval("1+1")']:
        assert text.count(part) >= 8, part
    assert "49" not in text


def test_long_narrative_and_none_both_render():
    long = "\n\n".join("Handledarna beskriver arbetsmarknadsanknytningen utförligt. " * 40 for _ in range(30))
    pages = pypdf.PdfReader(io.BytesIO(render_report(seed_like({"aktiviteter": long}), made=MADE))).pages
    assert len(pages) > 10
    assert f"Sida {len(pages)} av {len(pages)}" in pages[-1].extract_text()
    bare = seed_like({})
    bare["payload"] |= {"figures": [], "goals": [], "steering": None}
    bare |= {"dnr": None, "handling": None, "received": None, "sha256": None}
    assert words(render_report(bare, made=MADE)).count("Inget har skrivits under rubriken.") == 6


def test_very_long_words_and_many_rows_stay_on_the_page():
    data = seed_like({"aktiviteter": "a" * 400})
    data["payload"]["figures"] *= 12
    data["payload"]["figures"][0]["label"] = (
        "Ett mycket långt namn på en siffra som går över flera rader " * 3
    )
    text = words(render_report(data, made=MADE))
    assert text.count("Antal personer, om inget annat sägs") > 2  # the head repeats on each page


def test_a_canary_in_the_environment_reaches_no_document(monkeypatch, tmp_path):
    monkeypatch.setenv("STEGVIS_CANARY", "kanariefagel-93811")
    folder = template(tmp_path, "#repr(sys.inputs) #repr(sys.version)")
    for pdf in (render_report(seed_like(), made=MADE), render_typst(folder, "x.typ", {}, made=MADE)):
        assert b"kanariefagel" not in pdf
        for stream in pikepdf.open(io.BytesIO(pdf)).objects:
            if isinstance(stream, pikepdf.Stream):
                assert b"kanariefagel" not in stream.read_bytes()
        assert "kanariefagel" not in words(pdf)


def test_the_child_starts_with_an_empty_environment(monkeypatch, tmp_path):
    import subprocess

    from stegvis.ground.documents import in_child

    seen = {}
    real = subprocess.run

    def watched(command, **options):
        seen.update(options, command=command)
        return real(command, **options)

    monkeypatch.setattr(in_child.subprocess, "run", watched)
    render_typst(template(tmp_path, "Hej"), "x.typ", {}, made=MADE)
    assert seen["env"] == {}
    assert "-I" in seen["command"]


@pytest.mark.parametrize("path", ["../secret.txt", "/../secret.txt", "/etc/passwd", "link.txt"])
def test_a_template_reads_nothing_outside_its_folder(tmp_path, path):
    (tmp_path / "secret.txt").write_text("hemligt-5512")
    folder = tmp_path / "mall"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(TemplateError) as caught:
        render_typst(template(folder, f'#read("{path}")'), "x.typ", {}, made=MADE)
    assert "hemligt" not in str(caught.value)


def test_a_template_fetches_no_package(tmp_path):
    with pytest.raises(TemplateError, match="package"):
        render_typst(template(tmp_path, '#import "@preview/cetz:0.3.0": canvas'), "x.typ", {}, made=MADE)


def test_a_broken_template_gives_one_sentence(tmp_path):
    with pytest.raises(TemplateError) as caught:
        render_typst(template(tmp_path, "#let a = ("), "x.typ", {}, made=MADE)
    assert str(caught.value) == "x.typ: unclosed delimiter"
    with pytest.raises(TemplateError, match=r"there is no template y\.typ"):
        render_typst(tmp_path, "y.typ", {}, made=MADE)


def test_a_template_that_never_ends_is_stopped(tmp_path):
    loops = "#for a in range(9000) { for b in range(9000) { for c in range(9000) { let d = a * b * c } } }"
    with pytest.raises(RenderTimeout):
        render_typst(template(tmp_path, loops), "x.typ", {}, made=MADE, seconds=1)


def test_a_template_that_eats_memory_is_stopped(tmp_path):
    folder = template(tmp_path, '#let s = "a" * 1000000\n#for i in range(30) { s = s + s }\n#s.len()')
    with pytest.raises(RenderError) as caught:
        render_typst(folder, "x.typ", {}, made=MADE, seconds=10)
    assert len(str(caught.value)) < 400


def test_attachments_lie_in_the_file_under_an_a3_standard(tmp_path):
    folder = template(
        tmp_path,
        '#pdf.attach("bevis.json", relationship: "source", mime-type: "text/plain", description: "B")\nHej',
    )
    attached = [Attachment("bevis.json", b'{"a":1}')]
    pdf = render_typst(folder, "x.typ", {}, made=MADE, pdf_standards=("a-3a",), attachments=attached)
    read = pypdf.PdfReader(io.BytesIO(pdf))
    assert read.attachments == {"bevis.json": [b'{"a":1}']}
    with pytest.raises(RenderError, match="name of its own"):
        render_typst(folder, "x.typ", {}, made=MADE, attachments=[Attachment("../x", b"")])


def test_data_that_cannot_be_rendered_is_refused_before_a_child_starts(tmp_path):
    with pytest.raises(RenderError, match="bytes"):
        render_typst(tmp_path, "x.typ", {"a": "x" * (9 * 1024**2)}, made=MADE)
    with pytest.raises(ValueError, match="time zone"):
        render_typst(tmp_path, "x.typ", {}, made=datetime(2024, 1, 15))
    assert zlib.crc32(render_report(seed_like(), made=MADE)) != zlib.crc32(
        render_report(seed_like({}), made=MADE)
    )
