"""Marks find what a sentence tells and a table hides, on sentences of our own."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.publishing.marks import Mark, MarkKind, find_marks

NAMES = ["Anna Test Testsson", "Prov-Lisa Provsson", "Åsa Exempel", "Hans Ek"]
HIDDEN = {"avbröt av personliga skäl": MarkKind.HEALTH, "flyttad till annan ort": MarkKind.CRIME}


def kinds(text):
    return {mark.kind.value for mark in find_marks(text, NAMES, HIDDEN)}


def marked(text, kind):
    return [text[m.start : m.end] for m in find_marks(text, NAMES, HIDDEN) if m.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Under kvartalet dömdes en av deltagarna till fängelse.", "crime"),
        ("Hen sitter häktad sedan i mars.", "crime"),
        ("Avslutet beror på ett nytt brott.", "crime"),
        ("Ett par lever med fotboja.", "crime"),
        ("Någon har varit i kontakt med kriminalvården.", "crime"),
        ("Domen kom i november.", "crime"),
        ("En psykos gjorde att planen fick vila.", "health"),
        ("Flera har långvariga depressioner.", "health"),
        ("Sjukersättningen beviljades i oktober.", "health"),
        ("Den som väntar på adhd-utredning får stöd.", "health"),
        ("Någon blev inlagd på avdelningen.", "health"),
        ("En ungdomspsykiatrisk kontakt finns.", "health"),
        ("Personen är sjuk igen.", "health"),
        ("Det handlar om blandmissbruk.", "addiction"),
        ("Ett återfall försenade praktiken.", "addiction"),
        ("Alkoholproblemen tog överhanden.", "addiction"),
        ("Hen är nykter sedan ett år.", "addiction"),
        ("Tre personer har fått arbete.", "small_number"),
        ("Det gäller 2 kvinnor.", "small_number"),
        ("En av de avslutade fick arbete.", "small_number"),
        ("Två har flyttat.", "small_number"),
        ("Fyra äldre manliga deltagare är kvar.", "small_number"),
        ("Endast en ung man är inskriven.", "small_number"),
        ("Ingen av deltagarna är kvar.", "small_number"),
        ("Annas plan är klar.", "name"),
        ("Vi har träffat ANNA.", "name"),
        ("Lisa börjar på måndag.", "name"),
        ("Åsas mentor är ny.", "name"),
        ("Hans' handledare är nöjd.", "name"),
        ("Planen för 19850312-9809 är klar.", "personnummer"),
        ("Planen för 850312-9809 är klar.", "personnummer"),
        ("Planen för 198503129809 är klar.", "personnummer"),
        ("Planen för 850312+9809 är klar.", "personnummer"),
        ("Planen för 8503729809 är klar.", "personnummer"),
        ("Planen för 1985-03-12-9809 är klar.", "personnummer"),
        ("Planen för 850312–9809 är klar.", "personnummer"),
        ("Planen för 1985 03 12 9809 är klar.", "personnummer"),
        ("En person flyttad till annan ort under hösten.", "crime"),
    ],
)
def test_what_a_table_hides_is_marked(text, kind):
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Fem av deltagarna går vidare i höst.",
        "Tjugotvå deltagare är inskrivna.",
        "Arbetet har gått bra och bedömningarna fortsätter.",
        "Inga avvikelser under perioden.",
        "Handledarna har haft tre personalmöten.",
        "Vi har köpt 2 datorer och 12,5 procent av budgeten är kvar.",
        "Ett avbrott i utbildningen berodde på lokalerna.",
        "Diarienummer 2023/8 kom in 2024-01-13.",
        "Under en månad var lokalen stängd.",
        "Verksamheten är avgiftsfri.",
    ],
)
def test_ordinary_sentences_are_left_alone(text):
    assert kinds(text) == set()


def test_a_mark_says_where_and_in_which_sentence():
    text = "Allt går bra. Annas praktik har börjat! Det är roligt."
    assert find_marks(text, NAMES, {}) == [Mark(14, 19, MarkKind.NAME, "Annas praktik har börjat!")]


def test_small_numbers_follow_the_limit_and_reach_the_persons():
    text = "Tre av de äldre deltagarna och sju kvinnor är kvar."
    assert marked(text, MarkKind.SMALL_NUMBER) == ["Tre av de äldre deltagarna"]
    found = find_marks(text, [], {}, small_number_limit=8)
    assert [text[m.start : m.end] for m in found] == ["Tre av de äldre deltagarna", "sju kvinnor"]


def test_hidden_terms_are_found_with_endings_and_line_breaks():
    text = "Personen avbröt av\npersonliga skälen."
    assert marked(text, MarkKind.HEALTH) == ["avbröt av\npersonliga skälen"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_in_either_form_are_found(form):
    text = unicodedata.normalize(form, "Åsas återfall i mars och hennes ångest.")
    assert kinds(text) == {"name", "addiction", "health"}
    assert marked(text, MarkKind.NAME) == [unicodedata.normalize(form, "Åsas")]


@pytest.mark.parametrize("joiner", ["\u00ad", "\u200b", "\u2060"])
def test_an_invisible_character_hides_nothing(joiner):
    assert kinds(f"Det rör miss{joiner}bruk.") == {"addiction"}
    assert kinds(f"An{joiner}nas plan.") == {"name"}


@given(st.text(max_size=200))
def test_any_text_gives_marks_inside_it_in_order(text):
    found = find_marks(text, NAMES, HIDDEN)
    assert found == sorted(found)
    assert all(0 <= m.start < m.end <= len(text) for m in found)
