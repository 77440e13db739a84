"""One shape for every form field, whether it comes from WTForms or from a plain dict."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wtforms import Field as WTField


@dataclass(frozen=True)
class Option:
    """One choice: `details` is a second, smaller line under the label."""

    value: str
    label: str
    details: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class FormField:
    """What a field macro needs. `value` is a string, or the chosen values of a group of checkboxes.

    `error` is one sentence or "". A field that is not `required` says "(valfritt)" unless `plain`.
    `attrs` are further HTML attributes of the input (hx-post, maxlength, autocomplete ...).
    """

    id: str
    name: str
    label: str = ""
    hint: str = ""
    value: Any = ""
    error: str = ""
    required: bool = True
    plain: bool = False
    options: tuple[Option, ...] = ()
    attrs: Mapping[str, Any] | None = None

    @property
    def described_by(self) -> str:
        """Ids of hint and error, for aria-describedby on groups."""
        return " ".join([f"{self.id}-tips"] * bool(self.hint) + [f"{self.id}-fel"] * bool(self.error))


def as_options(given: Iterable[Any], value: Any) -> tuple[Option, ...]:
    """Read options: Option, (value, label), (value, label, details), a mapping, or a plain string."""
    chosen = {str(item) for item in value} if isinstance(value, list | tuple | set) else {str(value)}
    made = []
    for item in given:
        if isinstance(item, Option):
            made.append(item)
            continue
        if isinstance(item, Mapping):
            parts = [item["value"], item["label"], item.get("details", "")]
        else:
            parts = [item, item] if isinstance(item, str) else list(item)
        name, label, *details = [str(part) for part in parts]
        made.append(Option(name, label, details[0] if details else "", name in chosen))
    return tuple(made)


def from_wtforms(field: WTField) -> FormField:
    """Read a WTForms field: its first error, `description` as hint, required where a validator says so."""
    data = field.data
    if not isinstance(data, list | tuple | set) and hasattr(field, "_value"):
        # What was typed, also where it could not be read as a date or a number.
        data = field._value()
    options: tuple[Option, ...] = ()
    if hasattr(field, "iter_choices"):
        options = tuple(
            Option(str(one.value), str(one.label), chosen=one.selected) for one in field.iter_choices()
        )
    return FormField(
        id=field.id,
        name=field.name,
        label=str(field.label.text),
        hint=str(field.description or ""),
        value="" if data is None else data,
        error=str(field.errors[0]) if field.errors else "",
        required=bool(field.flags.required),
        options=options,
    )


def as_field(given: FormField | WTField | Mapping[str, Any], **changes: Any) -> FormField:
    """Return the FormField of `given`; keyword arguments that are not None win.

    A mapping needs `name` and `label`; `id` is the name unless said. Raises TypeError for an unknown key.
    """
    if isinstance(given, FormField):
        made = given
    elif isinstance(given, WTField):
        made = from_wtforms(given)
    else:
        made = FormField(**{"id": given["name"], **given})
    made = replace(made, **{key: value for key, value in changes.items() if value is not None})
    if made.options and not all(isinstance(option, Option) for option in made.options):
        made = replace(made, options=as_options(made.options, made.value))
    return made


def form_errors(fields: Iterable[FormField | WTField | Mapping[str, Any]]) -> list[tuple[str, str]]:
    """List (id, sentence) of every field with an error, in the order of the form: for the error summary."""
    return [(field.id, field.error) for field in map(as_field, fields) if field.error]
