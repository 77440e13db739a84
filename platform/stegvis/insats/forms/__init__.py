"""Forms as data: definition, which fields show, and reading what somebody typed."""

from stegvis.insats.forms.answers import Answer, Answers, facts_from, from_json, to_json
from stegvis.insats.forms.definition import Field, Form, Option, Section
from stegvis.insats.forms.parsing import ParsedForm, parse
from stegvis.insats.forms.visibility import visible_fields

__all__ = [
    "Answer",
    "Answers",
    "Field",
    "Form",
    "Option",
    "ParsedForm",
    "Section",
    "facts_from",
    "from_json",
    "parse",
    "to_json",
    "visible_fields",
]
