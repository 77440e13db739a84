"""Every text for people stands in every catalogue, translated; and what runs is what is written there."""

import io
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from architecture.source import PLATFORM
from stegvis.ground.web.languages import LANGUAGES, SOURCE, TRANSLATIONS

CATALOGUES = [TRANSLATIONS / code / "LC_MESSAGES" / "messages.po" for code in ("en",)]
# A named value, a written-out per cent sign, or a stray one that would break the formatting.
PLACEHOLDER = re.compile(r"%(?:\(\w+\)[a-z]|%)?")

for_each = pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])


@cache
def source_texts() -> frozenset[str]:
    """Every text that the program marks for translation, as `pybabel extract` finds them."""
    with (PLATFORM / "babel.cfg").open(encoding="utf-8") as stream:
        methods, options = parse_mapping_cfg(stream)
    found = extract_from_dir(PLATFORM, methods, options, {**DEFAULT_KEYWORDS, "lazy_gettext": None})
    return frozenset(text if isinstance(text, str) else text[0] for _, _, text, _, _ in found)


@cache
def catalogue(path: Path) -> Catalog:
    """A catalogue as it is written."""
    with path.open("rb") as stream:
        return read_po(stream)


def translations(path: Path) -> dict[str, str]:
    """Text and translation of everything in a catalogue but its header."""
    return {str(entry.id): str(entry.string) for entry in catalogue(path) if entry.id}


@for_each
def test_it_holds_the_texts_of_the_source_and_no_others(path: Path) -> None:
    held = translations(path).keys()
    assert sorted(source_texts() - held) == [], "missing: platform/babel.cfg says how a catalogue is updated"
    assert sorted(held - source_texts()) == [], "no longer in the source"
    assert list(catalogue(path).obsolete) == []


@for_each
def test_every_text_is_translated(path: Path) -> None:
    assert [text for text, said in translations(path).items() if not said.strip()] == []
    assert [entry.id for entry in catalogue(path) if entry.id and entry.fuzzy] == []


@for_each
def test_the_values_in_a_text_are_those_of_the_source(path: Path) -> None:
    changed = [
        (text, said)
        for text, said in translations(path).items()
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(said))
    ]
    assert changed == []


@for_each
def test_what_runs_is_what_is_written(path: Path) -> None:
    made = io.BytesIO()
    write_mo(made, catalogue(path))
    assert made.getvalue() == path.with_suffix(".mo").read_bytes(), "run `pybabel compile`"


@for_each
def test_differences_stay_small(path: Path) -> None:
    """Sorted, without line numbers, without the day of the last run, without anybody's address."""
    texts = list(translations(path))
    assert texts == sorted(texts)
    assert [entry.id for entry in catalogue(path) if entry.locations] == []
    header = dict(catalogue(path).mime_headers)
    assert header["POT-Creation-Date"] == header["PO-Revision-Date"] == "2024-01-15 00:00+0000"
    assert "@" not in "".join(header.values())


def test_no_catalogue_is_left_out() -> None:
    assert sorted(TRANSLATIONS.glob("*/LC_MESSAGES/*.po")) == CATALOGUES
    codes = {path.parts[-3] for path in CATALOGUES}
    assert codes - (LANGUAGES.keys() - {SOURCE}) == set()
    assert {str(catalogue(path).locale) for path in CATALOGUES} == codes
