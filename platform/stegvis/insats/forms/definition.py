"""A form as a plugin writes it: fields with kind, purpose, retention and conditions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field as Limits
from pydantic import model_validator

from stegvis.ground.definitions import Definition, Identifier, Text
from stegvis.insats.codes import LISTS
from stegvis.insats.conditions import Condition, fields_of, leaves
from stegvis.insats.texts import Language, LocalText

Kind = Literal[
    "text",
    "long_text",
    "number",
    "date",
    "month",
    "choice",
    "multi_choice",
    "yes_no",
    "personnummer",
    "scale",
]
# Where in a person's way the form is filled in; the rooms of the platform pick it by this word.
Use = Literal["remiss", "inskrivning", "plan", "uppfoljning", "aktivitet", "avslut", "efter_avslut", "annat"]
# "avslut" and "aktivitet" are lists of the insats itself (process.toml), the rest are the platform's.
ListName = Literal[
    "forsorjning",
    "sysselsattning",
    "utbildning",
    "tid_med_offentlig_forsorjning",
    "kon",
    "parter",
    "avslut",
    "aktivitet",
]
_CHOICES = frozenset({"choice", "multi_choice"})
_LENGTHS = frozenset({"text", "long_text"})
_ORDERED = frozenset({"number", "scale", "date", "month"})


class Option(Definition):
    """One choice: the value is stored, the label shown."""

    value: Identifier
    label: LocalText


class Section(Definition):
    """A heading over several fields."""

    id: Identifier
    title: LocalText
    text: LocalText | None = None


class Field(Definition):
    """One question.

    `purpose` and `retention` make up the controller's register of what is collected and why.
    """

    id: Identifier
    kind: Kind
    label: LocalText
    hint: LocalText | None = None
    section: Identifier | None = None
    required: bool = False
    sensitive: bool = False
    purpose: Text
    retention: Text
    options: tuple[Option, ...] = ()
    list: ListName | None = None
    min: int | float | None = None
    max: int | float | None = None
    decimals: int = Limits(default=0, ge=0, le=4)
    max_length: int | None = Limits(default=None, ge=1, le=20000)
    low: LocalText | None = None
    high: LocalText | None = None
    visible_when: Condition | None = None
    fact: Identifier | None = None
    fact_as: Literal["value", "line_count"] = "value"

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Field:
        _check_choices(self)
        _check_limits(self)
        if self.kind == "scale" and (self.low is None or self.high is None):
            raise ValueError(f"Skalan ”{self.id}” behöver ord i båda ändar: ”low” och ”high”.")
        if self.kind != "scale" and (self.low is not None or self.high is not None):
            raise ValueError(f"”low” och ”high” hör bara till fält av slaget ”scale” (fältet ”{self.id}”).")
        if self.fact is None and self.fact_as != "value":
            raise ValueError(f"Fältet ”{self.id}” har ”fact_as” men ingen ”fact”.")
        if self.fact_as == "line_count" and self.kind != "long_text":
            raise ValueError(f"”line_count” räknar rader och hör till ”long_text” (fältet ”{self.id}”).")
        return self

    def choices(self) -> tuple[Option, ...]:
        """The field's own options, or those of the platform's list.

        Lists of the insats are given at parsing.
        """
        if self.list is None or self.list not in LISTS:
            return self.options
        return tuple(
            Option.model_construct(value=item.code, label=LocalText(sv=item.label))
            for item in LISTS[self.list]
        )


def _check_choices(field: Field) -> None:
    if field.kind in _CHOICES:
        if bool(field.options) is (field.list is not None):
            raise ValueError(f"Fältet ”{field.id}” behöver antingen ”options” eller ”list”.")
        values = [option.value for option in field.options]
        if len(set(values)) != len(values):
            raise ValueError(f"Fältet ”{field.id}” har samma ”value” två gånger.")
    elif field.options or field.list is not None:
        raise ValueError(f"”options” och ”list” hör bara till val (fältet ”{field.id}”).")


def _check_limits(field: Field) -> None:
    if field.kind == "scale" and (not isinstance(field.min, int) or not isinstance(field.max, int)):
        raise ValueError(f"Skalan ”{field.id}” behöver hela tal i ”min” och ”max”.")
    if field.kind not in ("number", "scale") and (field.min is not None or field.max is not None):
        raise ValueError(f"”min” och ”max” hör bara till tal och skalor (fältet ”{field.id}”).")
    if field.min is not None and field.max is not None and field.min > field.max:
        raise ValueError(f"”min” är större än ”max” i fältet ”{field.id}”.")
    if field.decimals and field.kind != "number":
        raise ValueError(f"”decimals” hör bara till tal (fältet ”{field.id}”).")
    if field.max_length is not None and field.kind not in _LENGTHS:
        raise ValueError(f"”max_length” hör bara till text (fältet ”{field.id}”).")


class Form(Definition):
    """One form in one version. An answer always remembers which version it was given to."""

    id: Identifier
    version: int = Limits(ge=1)
    use: Use
    title: LocalText
    intro: LocalText | None = None
    # "deltagare": read or answered by the person, and so promised in every language of the plugin.
    audience: Literal["personal", "remittent", "deltagare"] = "personal"
    languages: tuple[Language, ...] = ("sv",)
    section: tuple[Section, ...] = ()
    field: tuple[Field, ...] = Limits(min_length=1)

    @model_validator(mode="after")
    def _hangs_together(self) -> Form:
        _unique("fält", [field.id for field in self.field])
        _unique("avsnitt", [section.id for section in self.section])
        sections = {section.id for section in self.section}
        for field in self.field:
            if field.section is not None and field.section not in sections:
                raise ValueError(f"Fältet ”{field.id}” hör till avsnittet ”{field.section}”, som inte finns.")
            _check_condition(self, field)
        self.in_dependency_order()
        return self

    def by_id(self) -> dict[str, Field]:
        """Fields by id."""
        return {field.id: field for field in self.field}

    def in_dependency_order(self) -> tuple[Field, ...]:
        """Fields so that each comes after those that its condition asks for. Raises ValueError on a cycle."""
        fields, done, order = self.by_id(), set[str](), list[Field]()

        def visit(field: Field, trail: tuple[str, ...]) -> None:
            if field.id in done:
                return
            if field.id in trail:
                ring = " → ".join((*trail[trail.index(field.id) :], field.id))
                raise ValueError(f"Villkoren går i ring: {ring}.")
            for name in sorted(fields_of(field.visible_when)) if field.visible_when else ():
                visit(fields[name], (*trail, field.id))
            done.add(field.id)
            order.append(field)

        for field in self.field:
            visit(field, ())
        return tuple(order)


def _unique(what: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"Samma id står två gånger bland {what}: ”{one}”.")
        seen.add(one)


def _check_condition(form: Form, field: Field) -> None:
    if field.visible_when is None:
        return
    fields = form.by_id()
    for leaf in leaves(field.visible_when):
        name = leaf.field or ""
        asked = fields.get(name)
        if asked is None:
            raise ValueError(
                f"Villkoret i fältet ”{field.id}” frågar efter ”{name}”, som inte finns i formuläret."
            )
        if leaf.op in ("at_least", "at_most") and asked.kind not in _ORDERED:
            raise ValueError(
                f"Villkoret i fältet ”{field.id}” jämför storlek på ”{name}”, som inte är tal eller datum."
            )
        _check_asked_value(field, asked, leaf)


def _check_asked_value(field: Field, asked: Field, leaf: Condition) -> None:
    if leaf.value is None:
        return
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    if asked.kind == "yes_no" and not all(isinstance(value, bool) for value in values):
        raise ValueError(f"Villkoret i fältet ”{field.id}” ska jämföra ”{asked.id}” med true eller false.")
    known = {option.value for option in asked.choices()}
    if asked.kind in _CHOICES and known:
        for value in values:
            if value not in known:
                raise ValueError(
                    f"Villkoret i fältet ”{field.id}” nämner ”{value}”, som inte är ett val i ”{asked.id}”."
                )
