"""Marks what a narrative tells that the tables hide: names, personal numbers, small numbers of persons, and
words of health, crime and addiction. It helps the one who sends; a person answers each mark. It knows no
Swedish grammar: it rather marks once too often, since an answered mark costs seconds and a missed one
cannot be called back.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

# The letters of Swedish words and of the names of people here. A word ends where no letter follows.
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_PERSONNUMMER = re.compile(
    r"(?<!\d)(?:18|19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]|[67][1-9]|8\d|9[01])"
    r"\s?[-+–−‐‑]?\s?(?:\d{4}|[A-Z]\d{3}|TF\d{2}|x{4}|\*{4})(?!\d)",
    re.IGNORECASE,
)
_SPACED_NUMBER = re.compile(
    r"(?<!\d)(?:18|19|20)\d{2}[-. /](?:0\d|1[0-2])[-. /](?:[0-3]\d|[6-9]\d)[-+–. /]{1,3}\d{4}(?!\d)"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÅÄÖÉ\d\"”])|\n+")
_COMPOUND_HEAD = 3  # letters that must stand before a marked part inside a compound ("ungdomsmissbruk")
_BETWEEN = 3  # words that may stand between a number and its persons ("tre av de äldre deltagarna")
_NUMBER = re.compile(r"(?<![\d.,%])\d{1,3}(?![\d]|[.,]\d|\s?%|\s?procent)")


class MarkKind(StrEnum):
    """What a mark is about."""

    NAME = "name"
    SMALL_NUMBER = "small_number"
    HEALTH = "health"
    CRIME = "crime"
    ADDICTION = "addiction"
    PERSONNUMMER = "personnummer"


@dataclass(frozen=True, order=True)
class Mark:
    """A place in the text (`start` up to `end`, in characters of the text as given), and the sentence
    around it."""

    start: int
    end: int
    kind: MarkKind
    sentence: str


@cache
def _words() -> dict[str, Any]:
    source = resources.files("stegvis.publishing").joinpath("marked_words.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def find_marks(
    text: str, names: Iterable[str], hidden_terms: Mapping[str, MarkKind], small_number_limit: int = 5
) -> list[Mark]:
    """Every mark in `text`, in order.

    `names`: full names of participants (each part and its genitive is looked for). `hidden_terms`: words
    for the codes that the table hides ("dömd för brott") and what they are about. Numbers of persons below
    `small_number_limit` are marked, as digits and as words.
    """
    found: set[tuple[int, int, MarkKind]] = set()
    lower, places = _folded(text)
    found.update((m.start(), m.end(), MarkKind.PERSONNUMMER) for m in _PERSONNUMMER.finditer(lower))
    found.update((m.start(), m.end(), MarkKind.PERSONNUMMER) for m in _SPACED_NUMBER.finditer(lower))
    found.update((a, b, MarkKind.NAME) for a, b in _names(lower, names))
    for kind in (MarkKind.HEALTH, MarkKind.CRIME, MarkKind.ADDICTION):
        found.update((a, b, kind) for a, b in _listed(lower, _words()[kind.value]))
    for term, kind in hidden_terms.items():
        found.update((a, b, kind) for a, b in _phrase(lower, term))
    found.update((a, b, MarkKind.SMALL_NUMBER) for a, b in _small_numbers(lower, small_number_limit))
    in_text = {(places[a][0], places[b - 1][1], kind) for a, b, kind in found}
    return sorted(Mark(a, b, kind, _sentence(text, a, b)) for a, b, kind in in_text)


def _folded(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text to search in: lower case, NFC, without invisible characters; and where each of its letters
    stands.

    A soft hyphen or zero-width space inside a word would otherwise hide it from every list.
    """
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        after = at + 1
        while after < len(text) and unicodedata.combining(text[after]):
            after += 1
        shown = "".join(c for c in text[at:after] if unicodedata.category(c) != "Cf")
        for letter in unicodedata.normalize("NFC", shown.lower()):
            letters.append(letter)
            places.append((at, after))
        at = after
    return "".join(letters), places


def _phrase(lower: str, phrase: str) -> Iterator[tuple[int, int]]:
    parts = [re.escape(part) for part in unicodedata.normalize("NFC", phrase).lower().split()]
    if parts:
        pattern = r"(?<![^\W\d_])" + r"\s+".join(parts) + r"[^\W\d_]*"
        yield from (m.span() for m in re.finditer(pattern, lower))


def _names(lower: str, names: Iterable[str]) -> Iterator[tuple[int, int]]:
    wanted = {
        part
        for name in names
        for whole in unicodedata.normalize("NFC", name).lower().split()
        for part in (whole, *whole.split("-"))
        if len(part) > 1
    }
    for word in _WORD.finditer(lower):
        base = word.group().replace("’", "'")
        stems = {
            base,
            base.removesuffix("s"),
            base.removesuffix("'s"),
            base.removesuffix("'"),
            *base.split("-"),
        }
        stems |= {part.removesuffix("s") for part in base.split("-")}
        if stems & wanted:
            yield word.span()


def _listed(lower: str, words: Mapping[str, list[str]]) -> Iterator[tuple[int, int]]:
    """Words of one list: by their beginning, as a later part of a compound, or whole with a noun's ending."""
    starts, wholes, not_these = words["start"], set(words["whole"]), tuple(words["not"])
    for phrase in (p for p in [*starts, *wholes] if " " in p):
        yield from _phrase(lower, phrase)
    endings = ("", "s", "et", "en", "n", "t", "ets", "ens", "er", "erna", "ar", "arna")
    for word in _WORD.finditer(lower):
        written = word.group()
        if written.startswith(not_these):
            continue
        begins = any(written.startswith(start) for start in starts)
        inside = any(written.find(start, _COMPOUND_HEAD) > 0 for start in starts if len(start) > 4)
        whole = any(written == stem + ending for stem in wholes for ending in endings)
        if begins or inside or whole:
            yield word.span()


def _small_numbers(lower: str, limit: int) -> Iterator[tuple[int, int]]:
    people = _words()["people"]
    below = [word for word, number in people["words"].items() if number < limit]
    starts, not_these = tuple(people["start"]), tuple(people["not"])
    after = re.compile(r"\s+(?:" + "|".join(map(re.escape, people["after"])) + r")(?![^\W\d_])")
    as_word = re.compile(r"(?<![^\W\d_])(?:" + "|".join(below) + r")(?![^\W\d_])")
    for match in [*as_word.finditer(lower), *_NUMBER.finditer(lower)]:
        if match.group().isdigit() and int(match.group()) >= limit:
            continue
        rest = re.split(r"[.!?;:\n]", lower[match.end() :], maxsplit=1)[0]
        reached = _persons_after(rest, starts, not_these)
        if reached is not None:
            yield match.start(), match.end() + reached
        elif after.match(rest) and match.group() not in ("inga", "endast"):
            yield match.span()


def _persons_after(rest: str, starts: tuple[str, ...], not_these: tuple[str, ...]) -> int | None:
    """Where the word for persons ends that the number before `rest` counts, if there is one close by."""
    for word in list(_WORD.finditer(rest))[: _BETWEEN + 1]:
        if re.search(r"\d", rest[: word.start()]):
            return None
        if word.group().startswith(starts) and not word.group().startswith(not_these):
            return word.end()
    return None


def _sentence(text: str, start: int, end: int) -> str:
    begin, finish = 0, len(text)
    for gap in _SENTENCE_END.finditer(text):
        if gap.end() <= start:
            begin = gap.end()
        elif gap.start() >= end:
            finish = gap.start()
            break
    return text[begin:finish].strip()
