"""Finds sentences in a report that tell what its tables hide, over all that a person has written in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stegvis.insats.codes import AVSLUT_GROUP_LABELS
from stegvis.insats.definition import InsatsDefinition
from stegvis.publishing.content import ReportContent
from stegvis.publishing.marks import MarkKind, find_marks
from stegvis.vault.reporting import queries

# A word of a code that the tables hide, also where it is no word of health, crime or addiction ("avbrott").
HIDDEN_CODE = "hidden_code"
# Words of the published table itself tell nothing that it hides ("annat").
_TOLD = frozenset(AVSLUT_GROUP_LABELS.values())


@dataclass(frozen=True)
class Found:
    """One sentence that has to be answered, where it stands, and what is told in it."""

    section: str
    heading: str
    sentence: str
    kinds: tuple[str, ...]


def find(content: ReportContent, definition: InsatsDefinition) -> list[Found]:
    """Every marked sentence once, in the order of the report."""
    names = queries.names()
    terms = [
        code.label.sv
        for code in definition.process.avslut
        if code.counts and code.sensitivity != "open" and code.label.sv not in _TOLD
    ]
    kinds: dict[tuple[str, str, str], set[str]] = {}
    for section, heading, text in _texts(content):
        for sentence, kind in _marked(text, names, terms):
            kinds.setdefault((section, heading, sentence), set()).add(kind)
    return [Found(*where, tuple(sorted(told))) for where, told in kinds.items()]


def _marked(text: str, names: Iterable[str], terms: Iterable[str]) -> Iterator[tuple[str, str]]:
    plain = find_marks(text, names, {})
    seen = {(mark.start, mark.end) for mark in plain}
    yield from ((mark.sentence, str(mark.kind)) for mark in plain)
    # The words of hidden codes have no kind of their own there: what only they find is one of them.
    for mark in find_marks(text, (), dict.fromkeys(terms, MarkKind.HEALTH)):
        if (mark.start, mark.end) not in seen:
            yield mark.sentence, HIDDEN_CODE


def _texts(content: ReportContent) -> Iterator[tuple[str, str, str]]:
    for section in content.sections:
        if section.text:
            yield section.id, f"{section.number} {section.heading}", section.text
    # Whatever the template calls the steering group: its words and the lines of who was there cross too.
    if content.steering:
        place = next(
            (one for one in content.sections if one.id.startswith("styrgrupp")), content.sections[-1]
        )
        for text in (content.steering.text, *content.steering.present):
            yield place.id, f"{place.number} {place.heading}", text
