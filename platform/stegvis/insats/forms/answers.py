"""Answers: the types they have in memory, the JSON they are stored as, the facts that they give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from stegvis.insats.conditions import Fact
from stegvis.insats.forms.definition import Form

# number: int or Decimal · date and month (its first day): date · multi_choice: tuple of values · yes_no: bool
Answer = str | int | Decimal | bool | date | tuple[str, ...]
Answers = Mapping[str, Answer]


def to_json(answers: Answers) -> dict[str, Any]:
    """Answers as JSON can hold them: dates as ISO text, decimals as text, lists as lists."""
    return {name: _plain(answer) for name, answer in answers.items()}


def from_json(form: Form, data: Mapping[str, Any]) -> dict[str, Answer]:
    """The way back. Fields that this version of the form no longer has are left out."""
    fields = form.by_id()
    return {name: _answer(fields[name].kind, value) for name, value in data.items() if name in fields}


def facts_from(form: Form, answers: Answers) -> dict[str, Fact]:
    """What the answers say about the target group: one fact per field that declares one."""
    facts: dict[str, Fact] = {}
    for field in form.field:
        if field.fact is None:
            continue
        answer = answers.get(field.id)
        if field.fact_as == "line_count" and answer is not None:
            facts[field.fact] = len([line for line in str(answer).splitlines() if line.strip()])
        else:
            facts[field.fact] = answer
    return facts


def _plain(answer: Answer) -> Any:
    if isinstance(answer, date):
        return answer.isoformat()
    if isinstance(answer, Decimal):
        return str(answer)
    return list(answer) if isinstance(answer, tuple) else answer


def _answer(kind: str, value: Any) -> Answer:
    if kind in ("date", "month"):
        return date.fromisoformat(value)
    if kind == "multi_choice":
        return tuple(value)
    return Decimal(value) if kind == "number" and isinstance(value, str) else value
