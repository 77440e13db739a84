"""process.toml as a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from stegvis.ground.definitions import Definition, Identifier, Line, Text
from stegvis.insats.process.avslut import AvslutCode
from stegvis.insats.texts import LocalText
from stegvis.insats.time_spans import Span

# The moments that the platform itself knows; a rule may also start at an event of the plugin's own.
MOMENTS: tuple[str, ...] = ("referred", "accepted", "enrolled", "ended")
What = Literal[
    "measurement", "plan", "meeting", "follow_up", "record_study", "survey", "report_back", "decision"
]
ActivityArea = Literal["jobbfokuserad", "kompetenshojande", "social", "halsorelaterad"]


class Step(Definition):
    """One step on the way, in the order of the file."""

    id: Identifier
    title: LocalText
    text: LocalText
    who: tuple[Identifier, ...] = Field(min_length=1)
    form: Identifier | None = None
    source: Line | None = None


class DueRule(Definition):
    """What falls due when: once after a moment, or again and again until another moment."""

    id: Identifier
    title: LocalText
    what: What
    starts: Identifier = "enrolled"
    after: Span | None = None
    every: Span | None = None
    grace: Span | None = None
    until: Identifier | None = None
    done_by: Identifier
    instrument: Identifier | None = None
    form: Identifier | None = None
    who: tuple[Identifier, ...] = ("handledare",)
    source: Line | None = None

    @model_validator(mode="after")
    def _has_a_time(self) -> DueRule:
        if self.after is None and self.every is None:
            raise ValueError(f"”{self.id}” behöver ”after” (en gång) eller ”every” (återkommande).")
        if self.every is not None and not self.every:
            raise ValueError(f"”every” i ”{self.id}” måste vara längre än noll.")
        return self


class Limit(Definition):
    """How long somebody may stay. Soft: a talk is due. Hard: nothing may be booked after it."""

    id: Identifier
    kind: Literal["soft", "hard"]
    starts: Identifier = "enrolled"
    after: Span
    text: LocalText
    # What the person may be after a soft limit and counted neither as enrolled nor as ended.
    then: Literal["nothing", "passive_contact"] = "nothing"
    source: Line | None = None


class Milestone(Definition):
    """Something that the organisation is to have done; carries the organisational goals."""

    id: Identifier
    title: LocalText
    due: date | None = None
    evidence: Text
    source: Line | None = None


class Activity(Definition):
    """A kind of activity in a person's plan."""

    id: Identifier
    title: LocalText
    area: ActivityArea
    form: Identifier | None = None


class Process(Definition):
    """The whole of process.toml. Steps and avslut may be missing only where no persons are registered."""

    roles: dict[Identifier, LocalText] = Field(default_factory=dict)
    step: tuple[Step, ...] = ()
    due: tuple[DueRule, ...] = ()
    limit: tuple[Limit, ...] = ()
    avslut: tuple[AvslutCode, ...] = ()
    milestone: tuple[Milestone, ...] = ()
    activity: tuple[Activity, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Process:
        _unique("stegen", [item.id for item in self.step])
        _unique("det som förfaller (due)", [item.id for item in self.due])
        _unique("gränserna (limit)", [item.id for item in self.limit])
        _unique("avslutskoderna", [item.code for item in self.avslut])
        _unique("milstolparna", [item.id for item in self.milestone])
        _unique("aktiviteterna", [item.id for item in self.activity])
        moments = {*MOMENTS, *(rule.done_by for rule in self.due)}
        for rule in self.due:
            _known_moments(rule.id, [rule.starts, rule.until], moments)
        for limit in self.limit:
            _known_moments(limit.id, [limit.starts], moments)
        named = [(step.id, step.who) for step in self.step] + [(rule.id, rule.who) for rule in self.due]
        for owner, who in named:
            for role in who:
                if role not in self.roles:
                    raise ValueError(f"”{owner}” nämner rollen ”{role}”, som inte finns i ”roles”.")
        return self


def _unique(what: str, ids: Sequence[str]) -> None:
    for one in ids:
        if ids.count(one) > 1:
            raise ValueError(f"Samma id står två gånger bland {what}: ”{one}”.")


def _known_moments(owner: str, names: Sequence[str | None], moments: set[str]) -> None:
    for name in names:
        if name is not None and name not in moments:
            raise ValueError(
                f"”{owner}” räknar från ”{name}”, som varken är en händelse i plattformen eller en ”done_by”."
            )
