"""Turns a plugin's form and what somebody typed into sections of fields that the form macros show.

Use: `parsed = read(definition, form, request.form)`, then `page = sections(definition, form, parsed)` and in
the template `{% from "vault_forms/fields.html" import form_sections %}{{ form_sections(page) }}`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _

from stegvis.ground.web import formats
from stegvis.ground.web.fields import FormField, as_options
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.forms import Field, Form, ParsedForm, parse, visible_fields
from stegvis.insats.forms.answers import Answers

PREFIX = "f-"


@dataclass(frozen=True)
class ShownField:
    """A field as the macros want it, with the macro's kind and, for scales, limits and the words at the ends."""

    kind: str
    field: FormField
    low: int = 1
    high: int = 5
    ends: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class ShownSection:
    """A heading (empty for fields without a section), its text and its fields."""

    title: str
    text: str
    fields: tuple[ShownField, ...]


def read(definition: InsatsDefinition, form: Form, typed: Any, *, complete: bool = False) -> ParsedForm:
    """Parse what came in (`request.form`, or a mapping of lists), with the insats' own code lists."""
    raw: Mapping[str, Sequence[str]] = dict(typed.lists()) if hasattr(typed, "lists") else typed
    return parse(form, raw, complete=complete, lists=definition.lists())


def typed_again(answers: Answers) -> dict[str, list[str]]:
    """Stored answers in the shape of typed values, so that a form can be shown filled in."""
    return {name: _as_typed(value) for name, value in answers.items()}


def sections(
    definition: InsatsDefinition,
    form: Form,
    parsed: ParsedForm,
    language: str = "sv",
    attrs: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[ShownSection, ...]:
    """The visible fields of a form in order, with what was typed and its faults.

    `attrs` gives HTML attributes (htmx) per field id.
    """
    shown = [
        (item.section, _shown(definition, item, parsed, language, dict((attrs or {}).get(item.id, {}))))
        for item in visible_fields(form, parsed.answers)
    ]
    titles = {section.id: section for section in form.section}
    result: list[ShownSection] = []
    for name in dict.fromkeys(owner for owner, _field in shown):
        section = titles.get(name) if name else None
        result.append(
            ShownSection(
                section.title.get(language) if section else "",
                section.text.get(language) if section and section.text else "",
                tuple(field for owner, field in shown if owner == name),
            )
        )
    return tuple(result)


def errors(form: Form, parsed: ParsedForm, language: str = "sv") -> list[tuple[str, str]]:
    """For the error summary: (id of the input, the question and what is wrong with its answer)."""
    labels = {item.id: item.label.get(language) for item in form.field}
    return [
        (PREFIX + name, f"{labels[name].rstrip('.:')}{'' if labels[name].endswith('?') else ':'} {sentence}")
        for name, sentence in parsed.errors.items()
    ]


def answered(
    definition: InsatsDefinition, form: Form, answers: Answers, language: str = "sv"
) -> list[tuple[str, str]]:
    """Labels and answers in words, for reading: [(label, answer)]."""
    return [
        (item.label.get(language), in_words(definition, item, answers[item.id], language))
        for item in visible_fields(form, answers)
        if item.id in answers
    ]


def in_words(definition: InsatsDefinition, item: Field, answer: Any, language: str = "sv") -> str:
    """One answer as a person reads it."""
    if isinstance(answer, bool):
        return _("Ja") if answer else _("Nej")
    if isinstance(answer, date):
        return formats.day(answer, language)
    if item.kind in ("choice", "multi_choice"):
        labels = dict(_choices(definition, item, language))
        values = answer if isinstance(answer, tuple | list) else (answer,)
        return ", ".join(labels.get(str(value), str(value)) for value in values)
    return str(answer)


def _shown(
    definition: InsatsDefinition, item: Field, parsed: ParsedForm, language: str, attrs: dict[str, Any]
) -> ShownField:
    many = item.kind == "multi_choice"
    known = tuple(_as_typed(parsed.answers[item.id])) if item.id in parsed.answers else ()
    typed = parsed.typed.get(item.id, known)
    value: Any = list(typed) if many else (typed[0] if typed else "")
    options = _choices(definition, item, language)
    if item.kind == "yes_no":
        options = [("ja", _("Ja")), ("nej", _("Nej"))]
        value = {"true": "ja", "false": "nej", "1": "ja", "0": "nej"}.get(value, value)
    if item.max_length:
        attrs.setdefault("maxlength", item.max_length)
    field = FormField(
        id=PREFIX + item.id,
        name=item.id,
        label=item.label.get(language),
        hint=item.hint.get(language) if item.hint else "",
        value=value,
        error=parsed.errors.get(item.id, ""),
        required=item.required,
        options=as_options(options, value) if options else (),
        attrs=attrs,
    )
    if item.kind == "scale":
        ends = (item.low.get(language) if item.low else "", item.high.get(language) if item.high else "")
        return ShownField(item.kind, field, int(item.min or 1), int(item.max or 5), ends)
    return ShownField(item.kind, field)


def _choices(definition: InsatsDefinition, item: Field, language: str) -> list[tuple[str, str]]:
    if item.kind not in ("choice", "multi_choice"):
        return []
    if item.list in ("avslut", "aktivitet"):
        return list(definition.list_labels(item.list).items())
    return [(option.value, option.label.get(language)) for option in item.choices()]


def _as_typed(value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["ja" if value else "nej"]
    if isinstance(value, tuple | list):
        return [str(one) for one in value]
    return [str(value)]
