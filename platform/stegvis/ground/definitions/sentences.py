"""pydantic's and tomllib's faults said in Swedish, for somebody who writes definitions but no programs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

_KINDS = {
    "string_type": "en text inom citattecken",
    "int_type": "ett heltal utan citattecken",
    "int_from_float": "ett heltal utan decimaler",
    "float_type": "ett tal utan citattecken",
    "decimal_type": "ett tal utan citattecken",
    "is_instance_of": "ett tal",
    "bool_type": "true eller false, utan citattecken",
    "date_type": "ett datum, till exempel 2024-01-15, utan citattecken",
    "tuple_type": "en lista inom hakparenteser [ ]",
    "list_type": "en lista inom hakparenteser [ ]",
    "dict_type": "en tabell",
    "model_type": "en tabell med egna nycklar",
    "model_attributes_type": "en tabell med egna nycklar",
}

_SYNTAX = (
    ("Cannot overwrite a value", "Samma nyckel står två gånger."),
    ("Cannot declare", "Samma tabell står två gånger."),
    ("Cannot redefine", "Samma nyckel står två gånger."),
    ("Unterminated string", "En text saknar avslutande citattecken."),
    ("Illegal character", "En text saknar avslutande citattecken, eller innehåller ett otillåtet tecken."),
    ("Unclosed array", "En lista saknar avslutande hakparentes ]."),
    ("Unclosed inline table", "En tabell saknar avslutande klammer }."),
    ("Duplicate inline table key", "Samma nyckel står två gånger."),
    ("Invalid value", "Värdet går inte att läsa: texter ska stå inom citattecken."),
    ("Expected '=' after a key", "Efter nyckeln saknas ett likhetstecken."),
    ("Expected ']'", "En rubrik saknar avslutande hakparentes ]."),
    ("Expected newline or end of document", "Det står något efter värdet som inte hör dit."),
    ("Unescaped '\\'", "Ett omvänt snedstreck måste skrivas dubbelt."),
)


def sentence_for_syntax(message: str) -> str:
    """One sentence for a fault that tomllib found."""
    for start, sentence in _SYNTAX:
        if message.startswith(start):
            return sentence
    return "Raden går inte att läsa som TOML: kontrollera citattecken, likhetstecken och parenteser."


def sentence_for(detail: Mapping[str, Any], model: type[BaseModel]) -> str:
    """One sentence for a fault that pydantic found. `detail` is an item of `ValidationError.errors()`."""
    loc: tuple[str | int, ...] = tuple(detail["loc"])
    kind: str = detail["type"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    name = _name(loc)
    if kind == "missing":
        return f"{name} saknas."
    if kind == "extra_forbidden":
        return _unknown_key(loc, model)
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", detail["msg"]))
    if kind in _KINDS:
        return f"{name} ska vara {_KINDS[kind]}."
    return _limits(kind, context, name)


def _limits(kind: str, context: Mapping[str, Any], name: str) -> str:
    if kind in ("literal_error", "enum"):
        return f"{name} ska vara något av: {_quoted_choices(str(context.get('expected', '')))}."
    if kind == "string_too_short":
        return f"{name} får inte vara tom."
    if kind == "string_too_long":
        return f"{name} får ha högst {context['max_length']} tecken."
    if kind in ("too_short", "too_long"):
        bound, number = ("minst", "min_length") if kind == "too_short" else ("högst", "max_length")
        return f"{name} ska ha {bound} {context[number]} poster."
    bounds = {"greater_than_equal": "ge", "greater_than": "gt", "less_than_equal": "le", "less_than": "lt"}
    if kind in bounds:
        word = {"ge": "minst", "gt": "mer än", "le": "högst", "lt": "mindre än"}[bounds[kind]]
        return f"{name} ska vara {word} {context[bounds[kind]]}."
    return f"{name} har ett värde som inte går att använda här."


def _quoted_choices(expected: str) -> str:
    return ", ".join(f"”{choice}”" for choice in re.findall(r"'([^']*)'", expected))


def _name(loc: Sequence[str | int]) -> str:
    keys = [part for part in loc if isinstance(part, str) and part != "[key]"]
    index = next((part for part in reversed(loc) if isinstance(part, int)), None)
    if not keys:
        return "Filen"
    if isinstance(loc[-1], int):
        return f"Post {loc[-1] + 1} i ”{keys[-1]}”"
    if index is None:
        return f"”{keys[-1]}”"
    owner = next(loc[i - 1] for i in range(len(loc) - 1, 0, -1) if isinstance(loc[i], int))
    return f"”{keys[-1]}” (i ”{owner}” nummer {index + 1})"


def _unknown_key(loc: Sequence[str | int], model: type[BaseModel]) -> str:
    key = str(loc[-1])
    known = _known_keys(loc[:-1], model)
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    hint = f" Menade du ”{near[0]}”?" if near else ""
    return f"Nyckeln ”{key}” är okänd här.{hint}"


def _known_keys(loc: Sequence[str | int], model: type[BaseModel]) -> list[str]:
    """The keys of the model that stands at `loc`; unions and lists are looked through."""
    here: list[type[BaseModel]] = [model]
    for part in loc:
        if isinstance(part, int):
            continue
        inner = [m for owner in here for m in _models_in(_field_type(owner, str(part)))]
        here = inner or here
    return sorted({name for owner in here for name in _keys_of(owner)})


def _keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _field_type(model: type[BaseModel], key: str) -> Any:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return field.annotation
    return None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
