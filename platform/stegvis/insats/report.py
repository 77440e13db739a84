"""Report templates: how often, which sections with which prompts, which figures stand beside each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import Field, model_validator

from stegvis.ground.definitions import Definition, Identifier, Line, Text
from stegvis.insats.figures import FIGURES
from stegvis.insats.time_spans import TimeSpan

Cadence = Literal["quarter", "half_year", "year", "at_end"]
SectionKind = Literal["heading", "facts", "figures", "narrative", "goals", "deviations", "steering", "signer"]
_MONTHS = {"quarter": 3, "half_year": 6, "year": 12}


class FigureParams(Definition):
    """What an own figure needs to know."""

    activity: Identifier | None = None


class Figure(Definition):
    """A figure of the template's own:

    A source of the platform with params, or one that the plugin's hook counts.
    """

    id: Identifier
    title: Line
    source: Identifier
    params: FigureParams = FigureParams()

    @model_validator(mode="after")
    def _source_exists(self) -> Figure:
        if self.source != "plugin" and self.source not in FIGURES:
            raise ValueError(
                f"Källan ”{self.source}” finns inte. Skriv ”plugin” om insatsens egen kod räknar."
            )
        needs = FIGURES[self.source].needs if self.source != "plugin" else ()
        for name in needs:
            if getattr(self.params, name) is None:
                raise ValueError(f"Siffran ”{self.id}” behöver ”{name}” i ”params”.")
        return self


class Question(Definition):
    """A question that a section asks on its own, and what the platform looks at to flag it."""

    id: Identifier
    text: Line
    fed_by: Literal["money", "milestones", "volume_against_time", "measurements_overdue"]


class ReportSection(Definition):
    """One heading of the report. `kind` says what stands there; `prompt` is what the writer is asked."""

    id: Identifier
    number: str = Field(pattern=r"^\d+(\.\d+)?$")
    heading: Line
    prompt: Text | None = None
    kind: SectionKind
    figures: tuple[Identifier, ...] = ()
    question: tuple[Question, ...] = ()
    required: bool = False


class ReportTemplate(Definition):
    """The whole of one report/*.toml."""

    id: Identifier
    version: int = Field(ge=1)
    title: Line
    subtitle: Line | None = None
    cadence: Cadence
    purpose: Text
    note: Text | None = None
    figure: tuple[Figure, ...] = ()
    section: tuple[ReportSection, ...] = Field(min_length=1)
    source: Line | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> ReportTemplate:
        _unique("avsnitten", [section.id for section in self.section])
        _unique("avsnittens nummer", [section.number for section in self.section])
        own = [figure.id for figure in self.figure]
        _unique("siffrorna", own)
        for name in own:
            if name in FIGURES:
                raise ValueError(f"Siffran ”{name}” har samma id som en av plattformens: välj ett annat.")
        for section in self.section:
            for name in section.figures:
                if name not in FIGURES and name not in own:
                    raise ValueError(f"Avsnitt {section.number} använder siffran ”{name}”, som inte finns.")
            if section.kind in ("narrative", "steering", "deviations") and section.prompt is None:
                raise ValueError(f"Avsnitt {section.number} skrivs av någon och behöver en ”prompt”.")
        return self

    def own_figures(self) -> frozenset[str]:
        """Ids of figures that the plugin's hook counts."""
        return frozenset(figure.id for figure in self.figure if figure.source == "plugin")


def _unique(what: str, ids: Sequence[str]) -> None:
    for one in ids:
        if ids.count(one) > 1:
            raise ValueError(f"Samma id står två gånger bland {what}: ”{one}”.")


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """First and last day, both included."""

    start: date
    end: date


def periods(cadence: Cadence, start: date, end: date) -> tuple[Period, ...]:
    """The periods of an insats that runs from `start` to `end` (both included), oldest first.

    Periods follow the calendar (quarter from January, April, ...); the first and last are cut to the insats.
    """
    if cadence == "at_end":
        return (Period(start, end),)
    return tuple(_cut(cadence, start, end))


def _cut(cadence: Cadence, start: date, end: date) -> Iterator[Period]:
    length = _MONTHS[cadence]
    first = date(start.year, (start.month - 1) // length * length + 1, 1)
    while first <= end:
        following = TimeSpan(months=length).after(first)
        yield Period(max(first, start), min(following - timedelta(days=1), end))
        first = following
