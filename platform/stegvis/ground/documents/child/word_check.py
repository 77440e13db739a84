"""In the child: what a Word template may be. A plain .docx, of a decent size, that fetches and runs nothing."""

import io
import re
import zipfile
import zlib
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

LARGEST_PART = 16 * 1024**2
LARGEST = 48 * 1024**2
MOST_PARTS = 1000
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MACROS = re.compile(r"vbaProject|vbaData|macroEnabled", re.IGNORECASE)
EMBEDDED = ("oleobject", "package", "control", "afchunk", "subdocument", "frame", "activexcontrolbinary")
LINKS = ("http", "https", "mailto")
FETCHING = re.compile(
    r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|INCLUDE|IMPORT|LINK|RD|MACROBUTTON|DATABASE)\b"
)


class Wrong(Exception):
    """What is wrong with a template: `{"code": ...}`, for which the parent has a sentence."""


def check(raw: bytes) -> None:
    """Raise Wrong for what is no plain Word document, or more than one."""
    parts = _unpacked(raw)
    if any(MACROS.search(name) for name in parts):
        raise Wrong({"code": "macros"})
    trees = {name: _parsed(content) for name, content in parts.items() if name.endswith((".xml", ".rels"))}
    types = trees.get("[Content_Types].xml")
    if types is None or "word/document.xml" not in trees:
        raise Wrong({"code": "not_docx"})
    declared = [str(one.get("ContentType")) for one in types.iter() if one.get("ContentType")]
    if any(MACROS.search(one) for one in declared):
        raise Wrong({"code": "macros"})
    if MAIN not in declared:
        raise Wrong({"code": "not_docx"})
    for name, tree in trees.items():
        if name.endswith(".rels"):
            _check_relations(tree)
        _check_fields(tree)


def _unpacked(raw: bytes) -> dict[str, bytes]:
    """The parts, read no further than they may be large: what a zip says of its sizes is not believed."""
    parts: dict[str, bytes] = {}
    left = LARGEST
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            if len(files) > MOST_PARTS:
                raise Wrong({"code": "too_large"})
            for one in files:
                strange = one.flag_bits & 1 or one.compress_type not in (
                    zipfile.ZIP_STORED,
                    zipfile.ZIP_DEFLATED,
                )
                if (
                    strange
                    or one.filename in parts
                    or ".." in one.filename
                    or one.filename.startswith(("/", "\\"))
                ):
                    raise Wrong({"code": "not_docx"})
                with archive.open(one) as stream:
                    content = stream.read(min(LARGEST_PART, left) + 1)
                left -= len(content)
                if left < 0 or len(content) > LARGEST_PART:
                    raise Wrong({"code": "too_large"})
                parts[one.filename] = content
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError):
        raise Wrong({"code": "not_docx"}) from None
    return parts


def _parsed(content: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise Wrong({"code": "not_docx"}) from None
    info: Any = tree.getroottree().docinfo
    if info.doctype:
        raise Wrong({"code": "not_docx"})
    return tree


def _check_relations(tree: Any) -> None:
    """Nothing is fetched from elsewhere when the document is opened. An ordinary link waits for a click."""
    for one in tree.iter():
        if not isinstance(one.tag, str) or not one.tag.endswith("}Relationship"):
            continue
        kind = str(one.get("Type")).rsplit("/", 1)[-1].lower()
        if one.get("TargetMode", "").lower() == "external":
            if kind != "hyperlink" or urlsplit(str(one.get("Target"))).scheme.lower() not in LINKS:
                raise Wrong({"code": "external"})
        elif kind in EMBEDDED:
            raise Wrong({"code": "embedded"})


def _check_fields(tree: Any) -> None:
    """No field that fetches or runs something; its instruction may lie in pieces, so the pieces are joined."""
    pieces = "".join(one.text or "" for one in tree.iter(f"{WORD}instrText"))
    whole = [str(one.get(f"{WORD}instr")) for one in tree.iter(f"{WORD}fldSimple")]
    if any(FETCHING.search(one.upper()) for one in (pieces, *whole)):
        raise Wrong({"code": "external"})
