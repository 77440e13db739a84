"""Icons as inline SVG: FKUI's where they are free of other licences, the rest drawn here in like weight."""

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup

HERE = Path(__file__).parent
FOLDERS = (HERE / "vendor" / "icons", HERE / "icons")


@cache
def shapes() -> dict[str, tuple[str, str]]:
    """All icons: name to (viewBox, inner shapes). Raises ValueError for a file that is not one plain svg."""
    found = {}
    for folder in FOLDERS:
        for path in sorted(folder.glob("*.svg")):
            text = path.read_text("utf-8")
            match = re.search(r'<svg[^>]*viewBox="([^"]+)"[^>]*>(.*)</svg>', text, re.DOTALL)
            if match is None or "style" in match[2] or "script" in match[2]:
                raise ValueError(f"Inte en enkel svg: {path}")
            found[path.stem] = (match[1], match[2].strip())
    return found


def icon(name: str, label: str = "", extra: str = "") -> Markup:
    """Return the icon `name`; with `label` it is read aloud, without it decorates. KeyError if unknown."""
    box, inner = shapes()[name]
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon f-icon-{} {}" focusable="false" viewBox="{}" {}>{}</svg>').format(
        name,
        extra,
        box,
        spoken,
        Markup(inner),  # noqa: S704 - our own files, checked above
    )
