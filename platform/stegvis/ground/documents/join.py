"""Put pages after a PDF that came from outside, and files beside it: in the child, which has no key."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stegvis.ground.documents.in_child import RenderError, Said, TemplateError, run_child
from stegvis.ground.documents.render import MEMORY_BYTES

SECONDS = 30


@dataclass(frozen=True)
class Beside:
    """A file that is attached: its name, media type, what it is in words, and the content."""

    name: str
    mime: str
    what: str
    content: bytes = field(repr=False)


def join_pdf(
    base: bytes,
    pages: bytes | None,
    files: Sequence[Beside],
    *,
    seconds: int = SECONDS,
) -> bytes:
    """`base` with the pages of another PDF after its own and files attached; it begins with the bytes of `base`.

    Raises TemplateError for a base that cannot be read or extended, RenderTimeout or RenderError.
    """
    with tempfile.TemporaryDirectory(prefix="stegvis-join-") as folder:
        root = Path(folder)
        (root / "base.pdf").write_bytes(base)
        if pages is not None:
            (root / "pages.pdf").write_bytes(pages)
        for nth, one in enumerate(files):
            (root / f"file-{nth}").write_bytes(one.content)
        listed = [
            {"file": f"file-{nth}", "name": one.name, "mime": one.mime, "what": one.what}
            for nth, one in enumerate(files)
        ]
        (root / "files.json").write_text(json.dumps(listed), "utf-8")
        try:
            whole = run_child(root, {"kind": "join"}, name="join", seconds=seconds, memory_bytes=MEMORY_BYTES)
        except Said as said:
            raise TemplateError(f"the PDF cannot be extended ({said.args[0].get('fault', '')})") from None
    if not whole.startswith(base):
        raise RenderError("the joined file does not begin with the original")
    return whole
