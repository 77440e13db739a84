"""A plugin's form on a page: what was typed comes back, faults name their question, answers read as words."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import stegvis_karnhuset
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.tenancy.scope import scopes
from stegvis.insats.definition import InsatsDefinition, load_insats
from stegvis.insats.forms import Form
from stegvis.plugin_host.service import definition_of
from stegvis.vault.forms import service as forms


@pytest.fixture
def referral_form(in_app: Flask) -> Iterator[tuple[InsatsDefinition, Form]]:
    """Kärnhuset's referral, in a request."""
    with in_app.test_request_context():
        definition = definition_of(scopes().directory.get("gavleborg").insats_by_id("karnhuset"))
        yield definition, definition.forms_for("remiss")[0]


def field(definition: InsatsDefinition, form: Form, typed: dict[str, list[str]], name: str) -> Any:
    """One field as it is shown, or None where it is not."""
    parsed = forms.read(definition, form, typed)
    shown = [one for section in forms.sections(definition, form, parsed) for one in section.fields]
    return next((one.field for one in shown if one.field.name == name), None)


def test_what_was_typed_comes_back_also_when_it_is_wrong(
    referral_form: tuple[InsatsDefinition, Form],
) -> None:
    typed = {"kalla": ["trisam"], "trisam_datum": ["i tisdags"], "ohalsa": ["ja"]}
    shown = field(*referral_form, typed, "trisam_datum")
    assert shown.value == "i tisdags" and shown.error
    assert field(*referral_form, typed, "ohalsa").value == "ja"


def test_a_field_is_shown_when_its_condition_holds(referral_form: tuple[InsatsDefinition, Form]) -> None:
    assert field(*referral_form, {}, "trisam_datum") is None
    assert field(*referral_form, {"kalla": ["annat"]}, "trisam_datum") is None
    assert field(*referral_form, {"kalla": ["trisam"]}, "trisam_datum").required


def test_answers_read_as_words(referral_form: tuple[InsatsDefinition, Form]) -> None:
    definition, form = referral_form
    typed = {"remittent": ["af"], "kalla": ["trisam"], "trisam_datum": ["2024-01-09"], "ohalsa": ["nej"]}
    parsed = forms.read(definition, form, typed)
    assert isinstance(parsed.answers["trisam_datum"], date)
    assert forms.answered(definition, form, parsed.answers) == [
        ("Vem remitterar?", "Arbetsförmedlingen"),
        ("Var har frågeställningarna tagits fram?", "I Trisam-teamet"),
        ("När träffades Trisam-teamet?", "9 jan 2024"),
        ("Har personen ohälsa?", "Nej"),
    ]


def test_each_fault_names_its_question(referral_form: tuple[InsatsDefinition, Form]) -> None:
    definition, form = referral_form
    parsed = forms.read(definition, form, {}, complete=True)
    assert forms.errors(form, parsed) == [
        ("f-remittent", "Vem remitterar? Välj ett svar."),
        ("f-kalla", "Var har frågeställningarna tagits fram? Välj ett svar."),
        ("f-fragestallningar", "Frågeställningar: Fyll i det här fältet."),
        ("f-samordnad_rehabilitering", "Behöver personen stöd från flera parter samtidigt? Välj ett svar."),
    ]


KARNHUSET = load_insats(Path(stegvis_karnhuset.__file__).parent)
ANSWER = st.fixed_dictionaries(
    {},
    optional={
        "remittent": st.sampled_from(["af", "fk", "region", "kommun"]),
        "kalla": st.sampled_from(["trisam", "annat"]),
        "ohalsa": st.sampled_from(["ja", "nej"]),
        "fragestallningar": st.text("abcåäö \n", min_size=1).filter(str.strip),
    },
)


@given(ANSWER)
def test_stored_answers_are_shown_as_they_were_typed(answers: dict[str, str]) -> None:
    definition, form = KARNHUSET, KARNHUSET.forms_for("remiss")[0]
    first = forms.read(definition, form, {name: [value] for name, value in answers.items()})
    again = forms.read(definition, form, forms.typed_again(first.answers))
    assert again.answers == first.answers and again.errors == first.errors
