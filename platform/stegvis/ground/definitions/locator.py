"""Where in a TOML file each key and array item stands: neither tomllib nor pydantic knows.

The scanner walks the text once and trusts tomllib to have accepted it already: it only keeps apart
strings, comments, arrays, inline tables and headers (TOML 1.0). Paths are tuples of keys and list
indices, as in pydantic's `loc`: ("goal", 0, "target").
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

KeyPath = tuple[str | int, ...]

_BARE_END = frozenset(" \t=.]}\"'#\n\r,")


class Locator:
    """Lines of all key paths of a TOML text that tomllib has accepted."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        _Scanner(text, self.lines).scan()

    def line(self, path: Sequence[str | int]) -> int:
        """The line (from 1) of the path, or of the nearest thing around it that stands in the file."""
        full = tuple(path)
        for length in range(len(full), 0, -1):
            if full[:length] in self.lines:
                return self.lines[full[:length]]
        return 1


class _Scanner:
    def __init__(self, text: str, lines: dict[KeyPath, int]) -> None:
        # tomllib reads \r\n as \n; so must the line count.
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.row = 1
        self.lines = lines
        self.table_counts: dict[KeyPath, int] = {}

    def scan(self) -> None:
        table: KeyPath = ()
        while True:
            self._skip(newlines=True)
            if self.at >= len(self.text):
                return
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _advance(self, count: int = 1) -> None:
        self.row += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def _skip(self, *, newlines: bool) -> None:
        blank = " \t\n\r" if newlines else " \t"
        while self.at < len(self.text):
            if self._peek() in blank:
                self._advance()
            elif self._peek() == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def _note(self, path: KeyPath, row: int) -> None:
        self.lines.setdefault(path, row)

    def _note_all(self, start: KeyPath, keys: Sequence[str], row: int) -> KeyPath:
        """Notes every step of a dotted key; a step that is an array of tables means its last item."""
        path = start
        for key in keys:
            path = (*path, key)
            self._note(path, row)
            if path in self.table_counts:
                path = (*path, self.table_counts[path] - 1)
        return path

    def _header(self) -> KeyPath:
        row = self.row
        is_array = self.text.startswith("[[", self.at)
        self._advance(2 if is_array else 1)
        keys = self._keys()
        self._skip(newlines=False)
        self._advance(2 if is_array else 1)
        if not is_array:
            return self._note_all((), keys, row)
        array = (*self._note_all((), keys[:-1], row), keys[-1])
        self._note(array, row)
        index = self.table_counts.get(array, 0)
        self.table_counts[array] = index + 1
        self._note((*array, index), row)
        return (*array, index)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(newlines=False)
            keys.append(self._key())
            self._skip(newlines=False)
            if self._peek() != ".":
                return keys
            self._advance()

    def _key(self) -> str:
        start = self.at
        if self._peek() in "\"'":
            self._string()
            quoted = self.text[start : self.at]
            return str(tomllib.loads(f"k={quoted}")["k"])
        while self.at < len(self.text) and self._peek() not in _BARE_END:
            self.at += 1
        return self.text[start : self.at]

    def _pair(self, table: KeyPath) -> None:
        row = self.row
        path = self._note_all(table, self._keys(), row)
        self._skip(newlines=False)
        self._advance()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip(newlines=False)
        first = self._peek()
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self._peek() not in ",]}#\n":
                self.at += 1

    def _array(self, path: KeyPath) -> None:
        self._advance()
        index = 0
        while True:
            self._skip(newlines=True)
            if self._peek() == "]":
                self._advance()
                return
            if self._peek() == ",":
                self._advance()
                continue
            self._note((*path, index), self.row)
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._advance()
        while True:
            self._skip(newlines=True)
            if self._peek() == "}":
                self._advance()
                return
            if self._peek() == ",":
                self._advance()
                continue
            self._pair(path)

    def _string(self) -> None:
        quote = self._peek()
        triple = quote * 3
        if not self.text.startswith(triple, self.at):
            self._advance()
            while self._peek() != quote:
                self._advance(2 if quote == '"' and self._peek() == "\\" else 1)
            self._advance()
            return
        self._advance(3)
        while not self.text.startswith(triple, self.at):
            self._advance(2 if quote == '"' and self._peek() == "\\" else 1)
        self._advance(3)
        # Up to two quotation marks may belong to the text itself, right before the closing three.
        while self._peek() == quote:
            self._advance()
