"""Wall 2: what a Word template may be. A plain .docx that fetches and runs nothing and swells no disk."""

from collections.abc import Callable

import pytest

from stegvis.ground.documents import WordTemplateRefused, check_word, render_word
from walls.word_files import changed, replaced, template

pytestmark = pytest.mark.walls

RELS = "word/_rels/document.xml.rels"
DOCUMENT = "word/document.xml"
TYPES = "[Content_Types].xml"


def related(kind: str, target: str, external: bool = True) -> bytes:
    mode = ' TargetMode="External"' if external else ""
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    one = f'<Relationship Id="rId99" Type="{base}/{kind}" Target="{target}"{mode}/></Relationships>'
    return replaced(template("Hej"), RELS, b"</Relationships>", one.encode())


def with_field(*pieces: str) -> bytes:
    runs = "".join(f"<w:r><w:instrText>{one}</w:instrText></w:r>" for one in pieces)
    return replaced(template("Hej"), DOCUMENT, b"<w:sectPr", f"<w:p>{runs}</w:p><w:sectPr".encode())


def with_entity(name: str, content: bytes) -> bytes:
    hostile = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    return hostile if name == "docProps/app.xml" else content


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"Hej", "not_docx"),
    "empty": (lambda: b"", "not_docx"),
    "another zip": (lambda: changed(template("a"), lambda _n, c: c)[:-40], "not_docx"),
    "a spreadsheet": (
        lambda: replaced(template("a"), TYPES, b"wordprocessingml.document.main", b"spreadsheetml.sheet.main"),
        "not_docx",
    ),
    "a name out of the folder": (lambda: changed(template("a"), lambda _n, c: c, **{"../x": b"a"}), "not_docx"),
    "entities": (lambda: changed(template("a"), with_entity), "not_docx"),
    "macros": (lambda: changed(template("a"), lambda _n, c: c, **{"word/vbaProject.bin": b"a"}), "macros"),
    "macros by type": (
        lambda: replaced(
            template("a"), TYPES, b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            b"application/vnd.ms-word.document.macroEnabled.main+xml",
        ),
        "macros",
    ),
    "a linked picture": (lambda: related("image", "https://exempel.se/spar.png"), "external"),
    "a template elsewhere": (lambda: related("attachedTemplate", "file:///C:/mallar/x.dotm"), "external"),
    "a link to a file": (lambda: related("hyperlink", "file:///etc/passwd"), "external"),
    "an embedded object": (lambda: related("oleObject", "embeddings/x.bin", external=False), "embedded"),
    "a part of HTML": (lambda: related("aFChunk", "x.html", external=False), "embedded"),
    "a field that includes": (lambda: with_field(' INCLUDETEXT "/etc/passwd" '), "external"),
    "a field in pieces": (lambda: with_field(" DD", "EAUTO cmd "), "external"),
    "a part that swells": (
        lambda: changed(template("a"), lambda _n, c: c, **{"word/media/a.png": bytes(17 * 1024**2)}), "too_large",
    ),
    "parts that swell together": (
        lambda: changed(template("a"), lambda _n, c: c, **{f"word/{n}.png": bytes(15 * 1024**2) for n in range(4)}),
        "too_large",
    ),
    "very many parts": (
        lambda: changed(template("a"), lambda _n, c: c, **{f"word/{n}.png": b"" for n in range(1001)}), "too_large",
    ),
    "too large a file": (lambda: template("a") + bytes(4 * 1024**2), "too_large"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_no_plain_word_document_is_refused(case: str) -> None:
    make, code = REFUSED[case]
    with pytest.raises(WordTemplateRefused) as refused:
        check_word(make())
    assert refused.value.code == code


def test_a_plain_template_is_taken_with_its_links_and_fields() -> None:
    for good in (
        template("{{ namn }}", "{% for r in rader %}{{ r }}{% endfor %}"),
        related("hyperlink", "https://exempel.se/"),
        with_field(" PAGE "),
    ):
        check_word(good)


def test_what_the_data_put_into_a_field_is_refused() -> None:
    with pytest.raises(WordTemplateRefused) as refused:
        render_word(with_field(" {{ namn }} "), {"namn": 'INCLUDETEXT "/etc/passwd"'})
    assert refused.value.code == "external"
