"""The frozen text, the manifest and the binding line: one form, always the same bytes, nothing that deceives
the eye.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.identity.eid.binding import (
    BindingError,
    BindingLine,
    FrozenText,
    Manifest,
    binding_line,
    canonical_json,
    canonical_text,
    fingerprint,
    freeze_manifest,
    freeze_text,
    read_binding_line,
    text_sha256,
)

SHOWN = st.text(
    st.one_of(
        st.sampled_from("\n\t\råäöÅ\u030ae\u0301 "),
        st.characters(
            exclude_categories=("Cc", "Cs"),
            exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
        ),
    ),
    max_size=300,
)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
SCOPE_ID = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(SHOWN)
def test_canonical_text_is_its_own_canonical_form(text: str) -> None:
    once = canonical_text(text)
    assert canonical_text(once) == once
    assert once == unicodedata.normalize("NFC", once)
    assert once.count("\r") == 0


@given(SHOWN)
def test_how_lines_end_and_letters_are_composed_changes_nothing(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    forms = {
        lines,
        lines.replace("\n", "\r\n"),
        lines.replace("\n", "\r"),
        unicodedata.normalize("NFD", lines),
    }
    assert {canonical_text(form) for form in forms} == {canonical_text(text)}


@given(SHOWN)
def test_the_hash_is_of_the_bytes_that_are_shown(text: str) -> None:
    frozen = freeze_text(text)
    assert (
        frozen.sha256 == hashlib.sha256(frozen.text.encode("utf-8")).hexdigest() == text_sha256(frozen.text)
    )


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x7f", "\x85", "\u202e", "\u2067", "\ud800"])
def test_signs_that_cannot_be_shown_truthfully_are_refused(sign: str) -> None:
    with pytest.raises(BindingError, match=f"U\\+{ord(sign):04X}"):
        canonical_text(f"Jag samtycker{sign} till")


def test_a_text_that_no_e_id_shows_in_full_is_refused() -> None:
    assert len(canonical_text("a" * 30_000)) == 30_000
    with pytest.raises(BindingError, match="för lång"):
        canonical_text("a" * 30_001)


def test_a_text_that_is_not_canonical_has_no_hash() -> None:
    with pytest.raises(BindingError):
        text_sha256("rad\r\nrad")


@given(PLAIN)
def test_canonical_json_reads_back_and_has_one_form(content: Any) -> None:
    data = canonical_json(content)
    assert json.loads(data) == content
    assert canonical_json(json.loads(data)) == data


@given(st.dictionaries(st.text("abcåäö", max_size=4), st.integers(), max_size=6))
def test_the_order_of_keys_does_not_matter(content: dict[str, int]) -> None:
    assert freeze_manifest(content) == freeze_manifest(dict(reversed(content.items())))


@pytest.mark.parametrize(
    "content", [{"andel": 0.5}, {"a": [1, {"b": float("nan")}]}, {1: "a"}, {"a": b"b"}, {"a": "\ud800"}]
)
def test_what_has_no_one_form_is_refused(content: Any) -> None:
    with pytest.raises(BindingError):
        canonical_json(content)


@given(SCOPE_ID, st.none() | SCOPE_ID, st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True), HEX, HEX)
def test_a_line_reads_back(forbund: str, huvudman: str | None, txn: str, doc: str, text: str) -> None:
    tenant = f"{forbund}/{huvudman}" if huvudman else forbund
    line = binding_line(tenant=tenant, txn=txn, manifest=Manifest("", doc), text=FrozenText("", text))
    assert read_binding_line(line) == BindingLine(tenant, txn, doc, text)
    assert str(read_binding_line(line)) == line


@given(HEX, st.data())
def test_no_other_line_reads_as_one(digest: str, data: st.DataObject) -> None:
    line = binding_line(tenant="a/b", txn="t", manifest=Manifest("", digest), text=FrozenText("", digest))
    place = data.draw(st.integers(0, len(line)))
    other = line[:place] + data.draw(st.sampled_from(["\n", ";", " ", "A", "é"])) + line[place:]
    with contextlib.suppress(BindingError):
        # Only a letter more in the transaction's id can give a line again, and then another one.
        assert str(read_binding_line(other)) == other != line


@pytest.mark.parametrize(
    "told", [{"tenant": "a;txn=x"}, {"tenant": "a/b/c"}, {"tenant": ""}, {"txn": "x;doc="}, {"txn": ""}]
)
def test_a_part_cannot_break_out_of_its_place(told: dict[str, str]) -> None:
    right = {"tenant": "a", "txn": "t"}
    with pytest.raises(BindingError):
        binding_line(**(right | told), manifest=freeze_manifest({}), text=freeze_text("x"))


def test_the_line_as_it_is_signed() -> None:
    line = binding_line(
        tenant="prov/namnd",
        txn="t-1",
        manifest=freeze_manifest({"b": 1, "a": "å"}),
        text=freeze_text("Hej\r\n"),
    )
    doc = hashlib.sha256('{"a":"å","b":1}'.encode()).hexdigest()
    text = hashlib.sha256(b"Hej\n").hexdigest()
    assert line == f"stegvis-sign:v1;tenant=prov/namnd;txn=t-1;doc=sha256:{doc};text=sha256:{text}"
    assert fingerprint(doc) == f"{doc[:4]} {doc[4:8]} {doc[8:12]} {doc[12:16]}"
