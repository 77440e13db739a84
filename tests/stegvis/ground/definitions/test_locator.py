"""The locator finds the line of every key, whatever stands in the strings around it."""

import json
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.definitions import Locator

# Text that looks like TOML itself, so that a scanner that does not know strings goes astray.
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    st.sampled_from(["[[x]]", "# nej", "a = 1", '"', "\\", "'''", "]", "}", "{ a = [", '\\"""', "[x.y]"]),
)
KEYS = st.one_of(
    st.text("abcdefghij_-0123", min_size=1, max_size=6),
    st.sampled_from(["a b", "å", "x.y", "[[z]]", "#", "'"]),
)
SCALARS = st.one_of(st.integers(-9, 9999), st.booleans(), TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
FLAT = st.dictionaries(KEYS, VALUES, max_size=4)


class Writer:
    """Writes TOML and notes the line of every path: the test's own independent account."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[tuple[str | int, ...], int] = {}

    @property
    def row(self) -> int:
        return self.text.count("\n") + 1

    def key(self, key: str) -> str:
        bare = key.isascii() and all(c.isalnum() or c in "_-" for c in key)
        return key if bare and self.draw(st.booleans()) else json.dumps(key, ensure_ascii=False)

    def gap(self) -> None:
        self.text += self.draw(st.sampled_from(["", "\n", "# [[inte]] a = 1\n", "   \n"]))

    def string(self, value: str) -> None:
        if "'''" not in value and not value.endswith("'") and self.draw(st.booleans()):
            self.text += f"'''\n{value}'''"
        elif self.draw(st.booleans()):
            self.text += '"""\n' + json.dumps(value, ensure_ascii=False)[1:-1] + '"""'
        else:
            self.text += json.dumps(value, ensure_ascii=False)

    def value(self, path: tuple[str | int, ...], value: object) -> None:
        if isinstance(value, str):
            self.string(value)
        elif isinstance(value, bool | int):
            self.text += json.dumps(value)
        elif isinstance(value, list):
            self.text += "["
            for index, item in enumerate(value):
                self.text += self.draw(st.sampled_from(["", "\n  ", " # ]\n"]))
                self.lines[*path, index] = self.row
                self.value((*path, index), item)
                self.text += ","
            self.text += self.draw(st.sampled_from(["]", "\n]"]))
        elif isinstance(value, dict):
            self.text += "{ "
            for number, (key, item) in enumerate(value.items()):
                self.text += ", " if number else ""
                self.lines[*path, key] = self.row
                self.text += f"{self.key(key)} = "
                self.value((*path, key), item)
            self.text += " }"

    def table(self, path: tuple[str | int, ...], content: dict[str, object]) -> None:
        for key, value in content.items():
            self.gap()
            self.lines[*path, key] = self.row
            self.text += f"{self.key(key)} = "
            self.value((*path, key), value)
            self.text += self.draw(st.sampled_from(["\n", "  # x = 2\n"]))


@given(st.data(), FLAT, st.dictionaries(KEYS, FLAT, max_size=2), st.lists(FLAT, max_size=3), FLAT)
def test_every_key_and_item_has_its_own_line(data, top, tables, rows, inner):
    writer = Writer(data.draw)
    writer.table((), top)
    for name, content in tables.items():
        if name in top or name == "rader":
            continue
        writer.gap()
        writer.lines[name,] = writer.row
        writer.text += f"[{writer.key(name)}]\n"
        writer.table((name,), content)
    if "rader" not in top:
        for index, content in enumerate(rows):
            writer.gap()
            writer.lines.setdefault(("rader",), writer.row)
            writer.lines["rader", index] = writer.row
            writer.text += "[[rader]]\n"
            writer.table(("rader", index), content)
            if "inre" not in content:
                writer.lines["rader", index, "inre"] = writer.row
                writer.text += "[rader . inre] # ]\n"
                writer.table(("rader", index, "inre"), inner)
    tomllib.loads(writer.text)  # what the test wrote is TOML
    assert Locator(writer.text).lines == writer.lines


def test_dotted_keys_and_windows_line_ends():
    text = 'a.b = 1\r\n[x.y]\r\n"c d".e = 2\r\n[[x.z]]\r\nf = 3\r\n[[x.z]]\r\nf.g = 4\r\n'
    tomllib.loads(text)
    assert Locator(text).lines == {
        ("a",): 1,
        ("a", "b"): 1,
        ("x",): 2,
        ("x", "y"): 2,
        ("x", "y", "c d"): 3,
        ("x", "y", "c d", "e"): 3,
        ("x", "z"): 4,
        ("x", "z", 0): 4,
        ("x", "z", 0, "f"): 5,
        ("x", "z", 1): 6,
        ("x", "z", 1, "f"): 7,
        ("x", "z", 1, "f", "g"): 7,
    }


def test_strings_that_end_in_their_own_quotation_marks():
    text = 'a = """x""""\nb = """y"""""\nc = \'\'\'z\'\'\'\'\nd = ""\ne = \'\'\nf = "\\\\"\ng = 1\n'
    assert list(tomllib.loads(text)) == list("abcdefg")
    assert Locator(text).lines == {(key,): row for row, key in enumerate("abcdefg", start=1)}


def test_the_nearest_thing_around_a_missing_key():
    locator = Locator("a = 1\n\n[[goal]]\nid = 1\n")
    assert locator.line(("goal", 0, "target")) == 3
    assert locator.line(("nothing",)) == 1
