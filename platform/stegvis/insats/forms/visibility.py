"""Which fields of a form show, given the answers so far."""

from __future__ import annotations

from stegvis.insats.conditions import holds
from stegvis.insats.forms.answers import Answer, Answers
from stegvis.insats.forms.definition import Field, Form


def visible_fields(form: Form, answers: Answers) -> tuple[Field, ...]:
    """The fields that show, in the form's own order.

    A hidden field counts as not answered for the conditions of others: what nobody sees opens nothing.
    """
    seen: dict[str, Answer] = {}
    shown: set[str] = set()
    for field in form.in_dependency_order():
        if field.visible_when is None or holds(field.visible_when, seen) is True:
            shown.add(field.id)
            if field.id in answers:
                seen[field.id] = answers[field.id]
    return tuple(field for field in form.field if field.id in shown)
