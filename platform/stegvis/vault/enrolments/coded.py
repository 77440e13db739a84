"""From the answers of a plugin's form to the coded columns: by the platform's lists, not by field names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from stegvis.ground.definitions import load
from stegvis.insats.definition import InsatsDefinition
from stegvis.insats.forms import Form, to_json
from stegvis.insats.forms.answers import Answer

UNKNOWN = "okand"
_FORMS = Path(__file__).parent / "forms"
# The list that a form must ask from to be the one that gives the codes.
_CODED_BY = {"inskrivning": "forsorjning", "avslut": "avslut"}


@dataclass(frozen=True)
class Baseline:
    """Where somebody stands at inskrivning: codes of stegvis.insats.codes, and all answers of the form.

    `record` is {"form", "version", "answers"} as JSON can hold it; empty when nothing but codes is known.
    """

    forsorjning: tuple[str, ...] = (UNKNOWN,)
    sysselsattning: str = UNKNOWN
    utbildning: str = UNKNOWN
    months_on_support: str = UNKNOWN
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Exit:
    """How an enrolment ended: the code of avslut, codes of what came after, own words, all answers."""

    code: str
    forsorjning: tuple[str, ...] = (UNKNOWN,)
    sysselsattning: str = UNKNOWN
    words: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)


def form_for(definition: InsatsDefinition, use: str) -> Form:
    """The plugin's form for "inskrivning" or "avslut" that asks for the codes, else the platform's own.

    A plugin may have other forms for the same moment, a survey at the avslut for one.
    """
    wanted = _CODED_BY[use]
    found = (form for form in definition.forms_for(use) if any(item.list == wanted for item in form.field))
    return next(found, None) or _own_form(use)


@cache
def _own_form(use: str) -> Form:
    return load(_FORMS / f"{use}.toml", Form)


def form_of_record(definition: InsatsDefinition, use: str, record: Mapping[str, Any]) -> Form:
    """The form that a stored record was answered in; the present one where the plugin has dropped it."""
    return definition.forms.get(str(record.get("form"))) or form_for(definition, use)


def record_of(form: Form, answers: Mapping[str, Answer], without: str = "") -> dict[str, Any]:
    """Answers as they are stored, with the form and the version that they were given to."""
    kept = {name: answer for name, answer in answers.items() if name != without}
    return {"form": form.id, "version": form.version, "answers": to_json(kept)}


def baseline_from(form: Form, answers: Mapping[str, Answer]) -> Baseline:
    """The baseline in a form's answers. What the form does not ask is "vet inte"."""
    coded = _by_list(form, answers)
    return Baseline(
        _codes(coded.get("forsorjning")),
        str(coded.get("sysselsattning", UNKNOWN)),
        str(coded.get("utbildning", UNKNOWN)),
        str(coded.get("tid_med_offentlig_forsorjning", UNKNOWN)),
        record_of(form, answers),
    )


def exit_from(form: Form, answers: Mapping[str, Answer]) -> Exit:
    """The avslut in a form's answers; its first long text is the own words. KeyError without a code."""
    coded = _by_list(form, answers)
    words = next((item.id for item in form.field if item.kind == "long_text"), "")
    return Exit(
        str(coded["avslut"]),
        _codes(coded.get("forsorjning")),
        str(coded.get("sysselsattning", UNKNOWN)),
        str(answers.get(words, "")),
        record_of(form, answers, without=words),
    )


def _by_list(form: Form, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The first answered field of each code list."""
    coded: dict[str, Answer] = {}
    for item in form.field:
        if item.list is not None and item.id in answers:
            coded.setdefault(item.list, answers[item.id])
    return coded


def _codes(answer: Answer | None) -> tuple[str, ...]:
    if answer is None:
        return (UNKNOWN,)
    return answer if isinstance(answer, tuple) else (str(answer),)
