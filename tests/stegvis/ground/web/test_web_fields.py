"""Fields are the same whether they come from WTForms or a dict; text from people is escaped everywhere."""

import pytest
from flask import Flask, render_template, render_template_string
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired

from stegvis.ground.web.fields import FormField, Option, as_field, form_errors
from stegvis.ground.web.frame import NavItem, Page


class Probe(Form):
    namn = StringField("Namn", [DataRequired("Skriv ett namn.")], description="För- och efternamn")
    val = RadioField("Val", choices=[SelectChoice("a", "Ett"), SelectChoice("b", "Två")])
    flera = SelectMultipleField("Flera", choices=[SelectChoice("1", "x"), SelectChoice("2", "y")])
    ja = BooleanField("Ja")


def test_wtforms_field() -> None:
    form = Probe(MultiDict({"namn": "", "val": "b", "flera": "2", "ja": "y"}))
    form.validate()
    assert as_field(form.namn) == FormField(
        id="namn",
        name="namn",
        label="Namn",
        hint="För- och efternamn",
        error="Skriv ett namn.",
        required=True,
    )
    assert as_field(form.val).options == (Option("a", "Ett"), Option("b", "Två", chosen=True))
    assert [option.chosen for option in as_field(form.flera).options] == [False, True]
    assert as_field(form.namn, label="Ditt namn").label == "Ditt namn"


def test_dict_field() -> None:
    field = as_field(
        {
            "name": "val",
            "label": "Val",
            "value": "b",
            "options": [("a", "Ett", "mer"), {"value": "b", "label": "Två"}, "c"],
        }
    )
    assert field.id == "val"
    assert field.options == (Option("a", "Ett", "mer"), Option("b", "Två", chosen=True), Option("c", "c"))


def test_unknown_key_is_refused() -> None:
    with pytest.raises(TypeError):
        as_field({"name": "a", "label": "A", "hjalp": "x"})


def test_errors_are_listed_in_order() -> None:
    fields = [{"name": "b", "error": "Två"}, {"name": "a"}, {"name": "c", "id": "id-c", "error": "Tre"}]
    assert form_errors(fields) == [("b", "Två"), ("id-c", "Tre")]


@pytest.mark.parametrize(
    "evil", ["<b>x</b>", '"><i>', "'\"<script>alert(1)</script>", "</textarea><u>", "]]><s>"]
)
def test_no_macro_lets_markup_through(web_app: Flask, evil: str) -> None:
    from stegvis.ground.web.charts import Measurement

    with web_app.test_request_context("/"):
        text = render_template("makron.html", x=evil, m=Measurement(evil, (1, 2, 3)))
    for piece in ("<b>", "<i>", "<script", "<u>", "<s>"):
        assert piece not in text


def test_hidden_cells_are_said_and_zero_is_zero(web_app: Flask) -> None:
    source = """{% from "web/macros/lists.html" import key_figures %}
        {{ key_figures("x", [{"label": "a", "period": none, "total": 0}]) }}"""
    with web_app.test_request_context("/"):
        text = render_template_string(source)
    assert text.count("redovisas inte (för få personer)") == 1
    assert ">0</td>" in text


@given(st.integers(7, 20))
def test_crowded_navigation_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="högst 6"):
        Page(nav=[NavItem(str(i), "#") for i in range(count)]).check()


def test_six_items_fit() -> None:
    page = Page(nav=[NavItem(str(i), "#") for i in range(6)])
    page.check()
    assert len(page.nav) == 6
