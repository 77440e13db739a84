"""The frozen report: exactly what crosses, and nothing that is not declared here.

A report that is sent becomes these bytes: canonical JSON (keys sorted, NFC, no spaces) with its SHA-256.
Page, PDF, Word, Excel and open data are all made from them, on the förbund's side.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from stegvis.publishing.policy import Reason

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufff0-\uffff\u202a-\u202e\u2066-\u2069]")


def _plain(text: str) -> str:
    """NFC, line ends as \\n; refuses control and direction-override characters, which print as something
    else."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if _CONTROL.search(text):
        raise ValueError("the text holds a control character")
    return text


def _number(value: object) -> object:
    """A whole number or a Decimal, or a decimal's text as canonical JSON writes it; never bool, float or
    free text."""
    if isinstance(value, bool | float):
        raise ValueError("a figure is a whole number or a Decimal")
    if isinstance(value, str):
        if not re.fullmatch(r"-?\d+\.\d+", value):
            raise ValueError("a figure is a whole number or a Decimal")
        return Decimal(value)
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("a figure is finite")
    return value


Line = Annotated[str, AfterValidator(_plain), Field(max_length=300)]
Text = Annotated[str, AfterValidator(_plain), Field(max_length=60_000)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Number = Annotated[int | Decimal, BeforeValidator(_number)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class HiddenCell(_Frozen):
    """A cell that does not cross. Which number stood there is nowhere in the payload."""

    hidden: Reason = Field(strict=False)


Cell = Number | HiddenCell | None


class PartyName(_Frozen):
    """An id and the name that people read."""

    id: Id
    name: Line


class Days(_Frozen):
    """First and last day of the period, both included."""

    first: date = Field(strict=False)
    last: date = Field(strict=False)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("the period ends before it begins")
        return self


class FigureRow(_Frozen):
    """One row of *perioden | sedan start*. None: the figure has no such side. `stands_from`: it stands as
    of that day."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_/]{0,120}$")]
    label: Line
    period: Cell
    since_start: Cell
    unit: Literal["personer", "procent", "kronor", "dagar", "antal"] = "personer"
    indent: Literal[0, 1] = 0
    stands_from: date | None = Field(default=None, strict=False)


class GoalRow(_Frozen):
    """A goal: what was promised, where it stands. `judgement` is one of the platform's words, not free
    text."""

    id: Id
    label: Line
    target: Number | None
    outcome: Cell
    denominator: Cell = None
    unit: Literal["personer", "procent", "kronor", "dagar", "antal"] = "personer"
    judgement: Literal["uppfyllt", "pa_vag", "risk", "gar_inte_att_mata_an"] | None = None


class Section(_Frozen):
    """A part of the narrative under its numbered heading."""

    id: Id
    number: Annotated[str, Field(pattern=r"^\d+(\.\d+)*$")]
    heading: Line
    text: Text


class SteeringWords(_Frozen):
    """What the styrgrupp said, recorded by the insatsledare. `present` are functions or names of
    officials."""

    form: Literal["mote", "mejl"]
    on: date = Field(strict=False)
    present: tuple[Line, ...] = Field(strict=False)
    text: Text


class Signer(_Frozen):
    """Uppgiftslämnare: who answers for the figures, and the day."""

    name: Line
    on: date = Field(strict=False)


class Payload(_Frozen):
    """The report as it crosses. Refuses unknown fields, bool, float and any value of another kind than
    declared."""

    schema_version: Literal[1] = 1
    tenant: PartyName
    huvudman: PartyName
    insats: PartyName
    kind: Literal["kvartalsrapport", "delrapport", "halvarsrapport", "arsrapport", "slutrapport"]
    period: Days
    version: Annotated[int, Field(ge=1)]
    figures: tuple[FigureRow, ...] = Field(strict=False)
    goals: tuple[GoalRow, ...] = Field(default=(), strict=False)
    sections: tuple[Section, ...] = Field(default=(), strict=False)
    steering: SteeringWords | None = None
    signer: Signer
    policy: Literal["standard", "strikt"]
    ledger: Annotated[str, Field(pattern=r"^[0-9a-f-]{8,64}$")]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for rows in (self.figures, self.goals, self.sections):
            ids = [row.id for row in rows]
            if len(ids) != len(set(ids)):
                raise ValueError("a row stands twice")
        return self

    def canonical(self) -> bytes:
        """Canonical JSON: keys sorted, NFC, no spaces, UTF-8; a Decimal as text, so that no digit is lost."""
        return json.dumps(
            self.model_dump(mode="json"),
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
            allow_nan=False,
        ).encode()

    def sha256(self) -> str:
        """Hex SHA-256 of the canonical JSON: the payload's name in the ledger, the diarium and on the last
        page."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def data(self) -> dict[str, Any]:
        """The payload as plain JSON values, for rendering."""
        data: dict[str, Any] = json.loads(self.canonical())
        return data


def thaw(canonical: bytes, sha256: str) -> Payload:
    """Read a stored payload back. Raises ValueError when the bytes are not those that were frozen."""
    if hashlib.sha256(canonical).hexdigest() != sha256:
        raise ValueError("the stored report is not the one that was sent")
    return Payload.model_validate_json(canonical, strict=False)
