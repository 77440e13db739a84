"""What a huvudman hands over for publishing: counts, plans for goals, and words; never a row about a person.

It leaves the vault when the report is attested and is read by the publishing worker alone, which decides with
the disclosure policy what of it crosses.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stegvis.publishing.payload import Days, Id, Line, PartyName, Section, Signer, SteeringWords
from stegvis.publishing.policy import Code, Counts, Figure, Period, Sided

Count = Annotated[int, Field(ge=0)]
KINDS = ("kvartalsrapport", "delrapport", "halvarsrapport", "arsrapport", "slutrapport")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SidedCounts(_Frozen):
    """Persons per measure: in the period, and since the start."""

    period: dict[Id, Count]
    since: dict[Id, Count]

    def sided(self) -> Sided:
        """The same as the policy wants it."""
        return Sided(self.period, self.since)


class CodeCount(_Frozen):
    """Leavers since the start with one code of avslut, and what was declared of the code."""

    id: Id
    count: Count
    group: Id | None = None
    sensitive: bool | None = None


class FigureCount(_Frozen):
    """Any other figure since the start, in persons. With `rest_label` those left over get a row of their own."""

    id: Id
    label: Line
    numerator: Count
    denominator: Count
    rest_label: Line | None = None
    of_leavers: bool = False
    in_table: bool = True


class GoalPlan(_Frozen):
    """A goal as it was promised. `source` says which published figure its outcome is read from.

    total: everybody who has taken part · women: the share of women among them · figure: the figure with the
    goal's id · none: cannot be measured yet.
    """

    id: Id
    label: Line
    target: Count | None
    unit: Literal["personer", "procent", "antal"] = "personer"
    source: Literal["total", "women", "figure", "none"]
    tolerance: Count | None = None


class ReportContent(_Frozen):
    """One report of one huvudman, whole. `time_share` is per cent of the insats' time that has passed."""

    schema_version: Literal[1] = 1
    tenant: PartyName
    huvudman: PartyName
    insats: PartyName
    kind: Literal["kvartalsrapport", "delrapport", "halvarsrapport", "arsrapport", "slutrapport"]
    period: Days
    version: Annotated[int, Field(ge=1)]
    final: bool = False
    time_share: Annotated[int, Field(ge=0, le=100)] | None = None
    totals: SidedCounts
    by_gender: dict[Id, SidedCounts] = {}
    codes: tuple[CodeCount, ...] = Field(default=(), strict=False)
    figures: tuple[FigureCount, ...] = Field(default=(), strict=False)
    goals: tuple[GoalPlan, ...] = Field(default=(), strict=False)
    sections: tuple[Section, ...] = Field(default=(), strict=False)
    steering: SteeringWords | None = None
    signer: Signer
    policy: Literal["standard", "strikt"]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        self.counts()
        return self

    def counts(self) -> Counts:
        """The figures as the policy wants them; raises CountsError (a ValueError) when they cannot be right."""
        return Counts(
            period=Period(self.period.first, self.period.last),
            totals=self.totals.sided(),
            by_gender={gender: sides.sided() for gender, sides in self.by_gender.items()},
            codes=tuple(Code(one.id, one.count, one.group, one.sensitive) for one in self.codes),
            figures=tuple(
                Figure(one.id, one.numerator, one.denominator, of_leavers=one.of_leavers)
                for one in self.figures
            ),
            final=self.final,
        )

    def canonical(self) -> bytes:
        """Canonical JSON: keys sorted, no spaces, UTF-8."""
        content = self.model_dump(mode="json")
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    def sha256(self) -> str:
        """Hex SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.canonical()).hexdigest()


def thaw_content(canonical: bytes, sha256: str) -> ReportContent:
    """Read stored content back. Raises ValueError when the bytes are not those that were attested."""
    if hashlib.sha256(canonical).hexdigest() != sha256:
        raise ValueError("the stored content is not the one that was attested")
    return ReportContent.model_validate_json(canonical, strict=False)


def due_on(period_end: date) -> date:
    """The day a report is to be in: the last day of the month after its period.

    No source states a day (the report of the seed came within two weeks); one month is the platform's own.
    """
    month = period_end.year * 12 + period_end.month + 1
    following = date(month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
