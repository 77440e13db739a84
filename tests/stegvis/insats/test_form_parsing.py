"""Forms: what was typed is never lost, what is read is right, hidden fields open nothing."""

import json
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stegvis.ground.definitions import DefinitionError, load
from stegvis.insats.forms import Form, facts_from, from_json, parse, to_json, visible_fields

PATH = Path(__file__).parents[2] / "dummy_insats/stegvis_dummy/forms/remiss.toml"
FORM = load(PATH, Form)
LISTS = {"avslut": ("arbete", "avbrott")}
IDS = [field.id for field in FORM.field]
# A number of the series set aside for tests (serial 980-999), and the same as samordningsnummer (day + 60).
NUMBER, COORDINATION = "199001019802", "199001619809"
PLAUSIBLE = [
    "",
    " ",
    "ja",
    "nej",
    "norr",
    "soder",
    "af",
    "kommun",
    "3",
    "2,5",
    "-1",
    "2024-02-30",
    "2024-01-15",
    NUMBER,
]
RAW = st.dictionaries(
    st.one_of(st.sampled_from(IDS), st.text(max_size=5)),
    st.lists(st.one_of(st.sampled_from(PLAUSIBLE), st.text(max_size=8)), max_size=3),
)


def read(**typed: str) -> tuple[dict[str, object], dict[str, str]]:
    parsed = parse(FORM, {name: [value] for name, value in typed.items()}, lists=LISTS)
    return parsed.answers, parsed.errors


@given(RAW, st.booleans())
def test_nothing_typed_is_lost_and_nothing_invisible_is_read(raw, complete):
    parsed = parse(FORM, raw, complete=complete, lists=LISTS)
    assert parsed.typed == {name: tuple(values) for name, values in raw.items() if name in IDS}
    assert list(parsed.visible) == [field.id for field in visible_fields(FORM, parsed.answers)]
    assert set(parsed.answers) <= set(parsed.visible)
    assert set(parsed.answers).isdisjoint(parsed.errors)
    assert set(parsed.errors) <= set(parsed.visible)
    if complete:
        assert set(parsed.missing) <= set(parsed.errors)


@given(RAW)
def test_answers_survive_storage(raw):
    answers = parse(FORM, raw, lists=LISTS).answers
    assert from_json(FORM, json.loads(json.dumps(to_json(answers)))) == answers


@given(RAW)
def test_a_draft_never_asks_for_more(raw):
    draft, whole = parse(FORM, raw, lists=LISTS), parse(FORM, raw, complete=True, lists=LISTS)
    assert draft.answers == whole.answers
    assert set(whole.errors) - set(draft.errors) == set(draft.missing)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ({"personnummer": "19900101-9802"}, NUMBER),
        ({"personnummer": " 900101 9802 "}, NUMBER),
        ({"personnummer": "19900101\u20139802"}, NUMBER),
        ({"personnummer": "19900161-9809"}, COORDINATION),
        ({"namn": "  Test   Testsson\x00 "}, "Test   Testsson"),
        ({"varfor": "a\r\nb"}, "a\nb"),
        ({"manader_ute": "1 0"}, 10),
        ({"timmar": "2,5"}, Decimal("2.5")),
        ({"timmar": "2"}, Decimal(2)),
        ({"manad": "2024-03"}, date(2024, 3, 1)),
        ({"ort": "norr"}, "norr"),
        ({"hinder": "nej"}, False),
        ({"slut": "avbrott"}, "avbrott"),
    ],
)
def test_reading(typed, answer):
    answers, errors = read(**typed)
    assert (answers, errors) == ({next(iter(typed)): answer}, {})


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"personnummer": "19900101-9803"}, "Personnumret stämmer inte. Kontrollera siffrorna."),
        ({"personnummer": "12"}, "Skriv personnumret med tolv siffror, till exempel ÅÅÅÅMMDD-NNNN."),
        ({"namn": "x" * 41}, "Texten är 41 tecken. Korta den till högst 40."),
        ({"manader_ute": "2,5"}, "Skriv ett helt tal utan decimaler."),
        ({"manader_ute": "många"}, "Skriv ett tal med siffror."),
        ({"manader_ute": "1e9"}, "Skriv ett tal med siffror."),
        ({"manader_ute": "601"}, "Talet ska vara högst 600."),
        ({"timmar": "2,55"}, "Skriv högst 1 decimaler."),
        ({"timmar": "-1"}, "Talet ska vara minst 0."),
        ({"manad": "2024-13"}, "Skriv månaden som ÅÅÅÅ-MM, till exempel 2024-01."),
        ({"ort": "öster"}, "Välj ett av svaren i listan."),
        ({"hinder": "kanske"}, "Svara ja eller nej."),
        ({"slut": "okand"}, "Välj ett av svaren i listan."),
    ],
)
def test_faults_are_sentences(typed, sentence):
    answers, errors = read(**typed)
    assert (answers, errors) == ({}, {next(iter(typed)): sentence})


def test_hidden_fields_are_not_read_and_come_back_as_typed():
    raw = {"manader_ute": ["0"], "manader_sjuk": ["4"], "sedan": ["2023-01-01"]}
    hidden = parse(FORM, raw, lists=LISTS)
    assert (hidden.answers, hidden.typed["sedan"]) == ({"manader_ute": 0}, ("2023-01-01",))
    shown = parse(FORM, {**raw, "manader_ute": ["1"]}, lists=LISTS)
    assert shown.answers == {"manader_ute": 1, "manader_sjuk": 4, "sedan": date(2023, 1, 1)}


def test_complete_asks_for_what_shows():
    raw = {"manader_ute": ["1"], "manader_sjuk": ["4"]}
    assert parse(FORM, raw, complete=True, lists=LISTS).errors == {
        "personnummer": "Fyll i det här fältet.",
        "varfor": "Fyll i det här fältet.",
        "sedan": "Skriv ett datum.",
    }


def test_a_scale_shows_on_either_ground():
    by_yes = parse(FORM, {"hinder": ["ja"], "hur_latt": ["5"]}, lists=LISTS)
    by_two = parse(FORM, {"ort": ["soder"], "parter": ["af", "fk", "af"], "hur_latt": ["6"]}, lists=LISTS)
    assert by_yes.answers["hur_latt"] == 5
    assert by_two.answers["parter"] == ("af", "fk")
    assert by_two.errors == {"hur_latt": "Välj ett steg på skalan."}


def test_facts_count_lines_that_say_something():
    answers = parse(FORM, {"varfor": ["ett\n\n två \n"], "manader_ute": ["7"]}, lists=LISTS).answers
    facts = facts_from(FORM, answers)
    assert facts == {
        "antal_fragestallningar": 2,
        "manader_ute": 7,
        "manader_sjuk": None,
        "ort": None,
        "hinder": None,
    }


def tuples(value):
    """Lists as tuples, as the loader gives them."""
    if isinstance(value, dict):
        return {key: tuples(item) for key, item in value.items()}
    return tuple(tuples(item) for item in value) if isinstance(value, list) else value


def sentences_after(change) -> list[str]:
    """The sentences that a changed copy of the form gives."""
    data = tomllib.loads(PATH.read_text(encoding="utf-8"))
    change({field["id"]: field for field in data["field"]})
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(tuples(data))
    return [str(error["ctx"]["error"]) for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda f: f["ort"].update(visible_when={"field": "borta", "op": "answered"}),
            "Villkoret i fältet ”ort” frågar efter ”borta”, som inte finns i formuläret.",
        ),
        (
            lambda f: f["manader_ute"].update(visible_when={"field": "sedan", "op": "answered"}),
            "Villkoren går i ring: manader_ute → sedan → manader_sjuk → manader_ute.",
        ),
        (
            lambda f: f["namn"].update(visible_when={"field": "hinder", "op": "equals", "value": "ja"}),
            "Villkoret i fältet ”namn” ska jämföra ”hinder” med true eller false.",
        ),
        (
            lambda f: f["namn"].update(visible_when={"field": "ort", "op": "equals", "value": "vast"}),
            "Villkoret i fältet ”namn” nämner ”vast”, som inte är ett val i ”ort”.",
        ),
        (
            lambda f: f["namn"].update(visible_when={"field": "ort", "op": "at_least", "value": 3}),
            "Villkoret i fältet ”namn” jämför storlek på ”ort”, som inte är tal eller datum.",
        ),
        (
            lambda f: f["namn"].update(section="nej"),
            "Fältet ”namn” hör till avsnittet ”nej”, som inte finns.",
        ),
        (lambda f: f["namn"].update(id="ort"), "Samma id står två gånger bland fält: ”ort”."),
    ],
)
def test_a_form_that_does_not_hang_together_is_refused(change, sentence):
    assert sentences_after(change) == [sentence]


def test_conditions_in_a_file_have_their_line(tmp_path):
    path = tmp_path / "remiss.toml"
    text = PATH.read_text(encoding="utf-8").replace('op = "answered" }', 'op = "svarad" }')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(path, Form)
    row = next(n for n, line in enumerate(text.splitlines(), start=1) if "svarad" in line)
    assert [fault.line for fault in caught.value.faults] == [row]
