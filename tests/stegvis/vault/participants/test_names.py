"""Names in the form in which they are searched for: the same person, however the keyboard wrote it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.vault.participants.names import LONGEST, SHORTEST, beginnings, in_order, prefixes, words

LETTERS = st.characters(categories=["Lu", "Ll"], include_characters="åäöÅÄÖéèüæøßİ")
NAMES = st.lists(st.text(LETTERS, min_size=1, max_size=30), min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Öberg", {"}b", "}be", "}ber", "}berg"}),
        ("Åsa", {"{s", "{sa"}),
        ("Anna-Karin", {"an", "ann", "anna", "ka", "kar", "kari", "karin"}),
        ("von Test", {"vo", "von", "te", "tes", "test"}),
        ("Amélie", {"am", "ame", "amel", "ameli", "amelie"}),
        ("O'Prov", {"pr", "pro", "prov"}),
        ("Šæø", {"s|", "s|}"}),
        ("İlk", {"il", "ilk"}),
        ("X", set()),
        ("", set()),
    ],
)
def test_beginnings_of_names(name: str, found: set[str]) -> None:
    assert prefixes(name) == found


@given(NAMES, st.data())
def test_every_beginning_of_every_word_finds_the_name(name: str, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(name.split()))
    typed = word[: data.draw(st.integers(1, len(word)))]
    asked = beginnings(typed)
    assert asked <= prefixes(name)
    assert bool(asked) is (len(words(typed)[0]) >= SHORTEST)


@given(NAMES)
def test_how_it_was_written_does_not_matter(name: str) -> None:
    """Composed or in parts, in capitals or not, with other spaces or hyphens between."""
    wanted = prefixes(name)
    assert prefixes(unicodedata.normalize("NFD", name)) == wanted
    assert prefixes(name.replace(" ", "  -\t")) == wanted
    assert prefixes(name.lower()) == wanted
    assert beginnings(name) <= wanted


@given(NAMES)
def test_nothing_else_is_found(name: str) -> None:
    for one in prefixes(name):
        assert SHORTEST <= len(one) <= LONGEST
        assert any(word.startswith(one) for word in words(name))


@given(st.text())
def test_any_text_can_be_typed(typed: str) -> None:
    assert all(SHORTEST <= len(one) <= LONGEST for one in beginnings(typed))


@given(st.text(alphabet="abåäöé", min_size=2), st.text(alphabet="abåäöé", min_size=2))
def test_swedish_letters_are_letters_of_their_own(one: str, other: str) -> None:
    """Only é is e: å, ä and ö are never taken for a and o, or for each other."""
    same = one.replace("é", "e") == other.replace("é", "e")
    assert (in_order(one) == in_order(other)) is same
