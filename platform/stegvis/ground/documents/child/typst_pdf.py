"""In the child: a PDF from the Typst template and the JSON file in its folder."""

import os
from typing import Any

import typst


class Wrong(Exception):
    """The template does not compile; what Typst says of it."""


def make(root: str, order: dict[str, Any]) -> bytes:
    """Compile `order["main"]`. Nothing outside `root` can be read: Typst itself sees to that."""
    try:
        pdf: bytes = typst.compile(
            os.path.join(root, order["main"]),
            root=root,
            font_paths=typst.Fonts(include_system_fonts=False),
            pdf_standards=order["pdf_standards"],
            timestamp=order["timestamp"],
            package_path=os.path.join(root, "packages"),
            package_cache_path=os.path.join(root, "packages"),
        )
    except typst.TypstError as error:
        raise Wrong({"message": error.message, "trace": error.trace, "hints": error.hints}) from None
    return pdf
