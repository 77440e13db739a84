"""A text to sign as BankID shows it when it is written in its simple Markdown: headings, lists, bold, rules.

Nothing else is Markdown here, and everything is escaped before it becomes part of a page.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_HEADING = re.compile(r"(#{1,3}) +(\S.*)")
_ITEM = re.compile(r"[-*•] +(\S.*)")
_RULE = re.compile(r"(?:-{3,}|\*{3,})\s*")
_BOLD = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")


def rendered(text: str) -> Markup:
    """The text as HTML; its headings begin at the third level, under the page's own."""
    parts: list[str] = []
    items: list[str] = []
    lines: list[str] = []

    def flush() -> None:
        if items:
            parts.append(f"<ul>{''.join(items)}</ul>")
        if lines:
            parts.append(f"<p>{'<br>'.join(lines)}</p>")
        items.clear()
        lines.clear()

    for line in text.splitlines():
        if item := _ITEM.fullmatch(line):
            if lines:
                flush()
            items.append(f"<li>{_words(item[1])}</li>")
            continue
        if items or not line.strip():
            flush()
        if heading := _HEADING.fullmatch(line):
            flush()
            level = len(heading[1]) + 2
            parts.append(f"<h{level}>{_words(heading[2])}</h{level}>")
        elif _RULE.fullmatch(line):
            flush()
            parts.append("<hr>")
        elif line.strip():
            lines.append(_words(line))
    flush()
    return Markup("".join(parts))  # noqa: S704 - every word went through escape


def _words(line: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", str(escape(line)))
