"""Reads what somebody typed into a form: answers, one sentence per fault, and everything as it was typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from decimal import Decimal, InvalidOperation

from flask_babel import gettext as _
from personnummer import personnummer

from stegvis.insats.forms.answers import Answer
from stegvis.insats.forms.definition import Field, Form
from stegvis.insats.forms.visibility import visible_fields

_LONGEST = {"text": 300, "long_text": 10000}
_YES = frozenset({"ja", "true", "1", "on"})
_NO = frozenset({"nej", "false", "0"})
_EARLIEST, _LATEST = date(1900, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class ParsedForm:
    """`answers` holds what could be read and is visible, `errors` a sentence per field id, `typed` all
    that came in.

    `missing` names required visible fields without an answer, also for a draft, so that a page can say
    what is left.
    """

    answers: dict[str, Answer]
    errors: dict[str, str]
    typed: dict[str, tuple[str, ...]]
    missing: tuple[str, ...] = ()
    visible: tuple[str, ...] = dataclass_field(default=())

    @property
    def ok(self) -> bool:
        """No fault. A draft may be ok and still have `missing`."""
        return not self.errors


def parse(
    form: Form,
    raw: Mapping[str, Sequence[str]],
    *,
    complete: bool = False,
    lists: Mapping[str, Sequence[str]] | None = None,
) -> ParsedForm:
    """Reads typed values (as `request.form.lists()` gives them); never raises.

    `lists` gives the codes of the insats' own lists ("avslut", "aktivitet"). A draft may leave anything out;
    with `complete=True` a required visible field without an answer is an error. Answers and errors of fields
    that do not show are dropped; what was typed in them stays in `typed`.
    """
    read: dict[str, Answer] = {}
    faults: dict[str, str] = {}
    typed = {item.id: tuple(raw.get(item.id, ())) for item in form.field if item.id in raw}
    for item in form.field:
        values = [_clean(value, item) for value in typed.get(item.id, ())]
        values = [value for value in values if value]
        if not values:
            continue
        try:
            read[item.id] = _READERS[item.kind](item, values, _choices(item, lists or {}))
        except ValueError as error:
            faults[item.id] = str(error)
    shown = visible_fields(form, read)
    names = [item.id for item in shown]
    missing = tuple(
        item.id for item in shown if item.required and item.id not in read and item.id not in faults
    )
    errors = {name: faults[name] for name in names if name in faults}
    if complete:
        errors |= {item.id: _required_sentence(item) for item in shown if item.id in missing}
    ordered = {name: errors[name] for name in names if name in errors}
    return ParsedForm(
        {name: read[name] for name in names if name in read}, ordered, typed, missing, tuple(names)
    )


def _clean(value: str, item: Field) -> str:
    """NFC, one kind of line break, no control characters, no blanks around."""
    text = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n")
    keep = "\n\t" if item.kind == "long_text" else ""
    return "".join(c for c in text if c in keep or unicodedata.category(c) not in ("Cc", "Cs")).strip()


def _choices(item: Field, lists: Mapping[str, Sequence[str]]) -> frozenset[str]:
    if item.list is not None and item.list in lists:
        return frozenset(lists[item.list])
    return frozenset(option.value for option in item.choices())


def _required_sentence(item: Field) -> str:
    if item.kind in ("choice", "multi_choice", "scale", "yes_no"):
        return _("Välj ett svar.")
    if item.kind in ("date", "month"):
        return _("Skriv ett datum.")
    return _("Fyll i det här fältet.")


def _text(item: Field, values: Sequence[str], _known: frozenset[str]) -> Answer:
    longest = item.max_length or _LONGEST[item.kind]
    if len(values[0]) > longest:
        raise ValueError(
            _(
                "Texten är %(length)s tecken. Korta den till högst %(longest)s.",
                length=len(values[0]),
                longest=longest,
            )
        )
    return values[0]


def _number(item: Field, values: Sequence[str], _known: frozenset[str]) -> Answer:
    text = re.sub(r"[\s\u2212]", lambda m: "-" if m.group() == "\u2212" else "", values[0]).replace(",", ".")
    if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,10})?", text) is None:
        raise ValueError(_("Skriv ett tal med siffror."))
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(_("Skriv ett tal med siffror.")) from None
    if -number.as_tuple().exponent > item.decimals:  # type: ignore[operator]
        if item.decimals == 0:
            raise ValueError(_("Skriv ett helt tal utan decimaler."))
        raise ValueError(_("Skriv högst %(count)s decimaler.", count=item.decimals))
    _within(item, number)
    return number if item.decimals else int(number)


def _within(item: Field, number: Decimal) -> None:
    if item.min is not None and number < Decimal(str(item.min)):
        raise ValueError(_("Talet ska vara minst %(limit)s.", limit=item.min))
    if item.max is not None and number > Decimal(str(item.max)):
        raise ValueError(_("Talet ska vara högst %(limit)s.", limit=item.max))


def _date(_item: Field, values: Sequence[str], _known: frozenset[str]) -> Answer:
    found = re.fullmatch(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})", values[0])
    try:
        if found is None:
            raise ValueError
        day = date(*(int(part) for part in found.groups()))
    except ValueError:
        raise ValueError(_("Skriv datumet som ÅÅÅÅ-MM-DD, till exempel 2024-01-15.")) from None
    return _plausible(day)


def _month(_item: Field, values: Sequence[str], _known: frozenset[str]) -> Answer:
    found = re.fullmatch(r"([0-9]{4})-?([0-9]{2})", values[0])
    try:
        if found is None:
            raise ValueError
        first = date(int(found.group(1)), int(found.group(2)), 1)
    except ValueError:
        raise ValueError(_("Skriv månaden som ÅÅÅÅ-MM, till exempel 2024-01.")) from None
    return _plausible(first)


def _plausible(day: date) -> date:
    if not _EARLIEST <= day < _LATEST:
        raise ValueError(_("Året stämmer inte. Kontrollera datumet."))
    return day


def _choice(_item: Field, values: Sequence[str], known: frozenset[str]) -> Answer:
    if len(set(values)) > 1:
        raise ValueError(_("Välj bara ett svar."))
    if values[0] not in known:
        raise ValueError(_("Välj ett av svaren i listan."))
    return values[0]


def _multi_choice(_item: Field, values: Sequence[str], known: frozenset[str]) -> Answer:
    if not set(values) <= known:
        raise ValueError(_("Välj bland svaren i listan."))
    return tuple(dict.fromkeys(values))


def _yes_no(_item: Field, values: Sequence[str], _known: frozenset[str]) -> Answer:
    word = values[-1].lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(_("Svara ja eller nej."))


def _personnummer(_item: Field, values: Sequence[str], _known: frozenset[str]) -> Answer:
    """Twelve digits without a dash. Samordningsnummer are as good (this target group often has one)."""
    text = re.sub(r"[\s\u2010-\u2015\u2212]", lambda m: "" if m.group().isspace() else "-", values[0])
    if re.fullmatch(r"[0-9]{6}([0-9]{2})?[-+]?[0-9]{4}", text):
        try:
            return personnummer.parse(text).format(True)
        except personnummer.PersonnummerException:
            raise ValueError(_("Personnumret stämmer inte. Kontrollera siffrorna.")) from None
    raise ValueError(_("Skriv personnumret med tolv siffror, till exempel ÅÅÅÅMMDD-NNNN."))


def _scale(item: Field, values: Sequence[str], _known: frozenset[str]) -> Answer:
    if re.fullmatch(r"-?[0-9]{1,3}", values[0]) is None:
        raise ValueError(_("Välj ett steg på skalan."))
    step = int(values[0])
    if not int(item.min or 0) <= step <= int(item.max or 0):
        raise ValueError(_("Välj ett steg på skalan."))
    return step


_READERS = {
    "text": _text,
    "long_text": _text,
    "number": _number,
    "date": _date,
    "month": _month,
    "choice": _choice,
    "multi_choice": _multi_choice,
    "yes_no": _yes_no,
    "personnummer": _personnummer,
    "scale": _scale,
}
