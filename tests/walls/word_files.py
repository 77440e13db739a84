"""Word documents for the tests of wall 2: made, read, and changed part by part."""

import io
import zipfile
from collections.abc import Callable

import docx


def template(*paragraphs: str) -> bytes:
    """A .docx with these paragraphs, the first of them in the header and the title too."""
    made, out = docx.Document(), io.BytesIO()
    for one in paragraphs:
        made.add_paragraph(one)
    made.sections[0].header.paragraphs[0].text = paragraphs[0]
    made.core_properties.title = paragraphs[0]
    made.save(out)
    return out.getvalue()


def words(document: bytes) -> list[str]:
    """The paragraphs of a .docx."""
    return [one.text for one in docx.Document(io.BytesIO(document)).paragraphs]


def changed(document: bytes, change: Callable[[str, bytes], bytes], **more: bytes) -> bytes:
    """The same .docx with other bytes in some parts, and more parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            new.writestr(one, change(one, old.read(one)))
        for name, content in more.items():
            new.writestr(name, content)
    return out.getvalue()


def replaced(document: bytes, part: str, old: bytes, new: bytes) -> bytes:
    def change(name: str, content: bytes) -> bytes:
        assert name != part or old in content
        return content.replace(old, new) if name == part else content

    return changed(document, change)
