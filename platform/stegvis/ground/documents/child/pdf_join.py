"""In the child: put pages after a PDF and attach files to it, as one more revision; its own bytes stay as they were.

The PDF comes from outside. It is read here, where there is neither key nor database, with limits on time and memory.
"""

import io
import json
from pathlib import Path
from typing import Any

import tzlocal
from pyhanko.pdf_utils import embed, generic, misc
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

BASE, PAGES, FILES = "base.pdf", "pages.pdf", "files.json"
# What a page may take over from the tree above it (ISO 32000-1, 7.7.3.4).
INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
MOST_PAGES = 2000
# pyHanko writes when the file was changed, and asks for the machine's zone: once, before the child is shut in.
tzlocal.get_localzone()


class Wrong(Exception):
    """The PDF cannot be read or written on; args[0] is a dict for standard error."""


def make(root: str, order: dict[str, Any]) -> bytes:
    """The joined file. Raises Wrong for a PDF that this cannot extend."""
    folder = Path(root)
    try:
        return _joined(folder)
    except (
        misc.PdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
    ) as error:
        raise Wrong({"code": "unreadable", "fault": type(error).__name__}) from None
    except NotImplementedError:
        raise Wrong({"code": "unreadable", "fault": "attachments"}) from None


def _joined(folder: Path) -> bytes:
    base = (folder / BASE).read_bytes()
    writer = IncrementalPdfFileWriter(io.BytesIO(base))
    if (folder / PAGES).exists():
        reader = PdfFileReader(io.BytesIO((folder / PAGES).read_bytes()))
        for page in _pages(reader.root["/Pages"], {}, 0):
            writer.insert_page(writer.import_object(page))
    for one in json.loads((folder / FILES).read_bytes()):
        content = embed.EmbeddedFileObject.from_file_data(
            writer, (folder / one["file"]).read_bytes(), mime_type=one["mime"]
        )
        embed.embed_file(
            writer,
            embed.FileSpec(
                one["name"],
                file_name=one["name"],
                embedded_data=content,
                description=one["what"],
                af_relationship=generic.pdf_name("/Supplement"),
            ),
        )
    _information(writer)
    out = io.BytesIO()
    writer.write(out)
    whole = out.getvalue()
    if not whole.startswith(base):
        raise ValueError("the first revision has changed")
    return whole


def _pages(node: Any, inherited: dict[str, Any], depth: int) -> list[Any]:
    """The pages of a tree in order, each with what it inherits and without the tree."""
    if depth > 20:
        raise ValueError("the tree of pages is too deep")
    own = inherited | {key: node.raw_get(key) for key in INHERITED if key in node}
    if node["/Type"] == "/Pages":
        found = [page for kid in node["/Kids"] for page in _pages(kid.get_object(), own, depth + 1)]
        if len(found) > MOST_PAGES:
            raise ValueError("too many pages")
        return found
    kept = {key: node.raw_get(key) for key in node if key not in ("/Parent", "/StructParents", "/Annots")}
    page = generic.DictionaryObject({generic.pdf_name(key): value for key, value in (own | kept).items()})
    page.container_ref = node.container_ref
    return [page]


def _information(writer: IncrementalPdfFileWriter) -> None:
    """A seal writes into the file's information: there must be one to write into."""
    if "/Info" not in writer.trailer:
        writer.set_info(writer.add_object(generic.DictionaryObject()))
