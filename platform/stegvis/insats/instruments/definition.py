"""An instrument as a plugin writes it (instruments/*.toml)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from stegvis.ground.definitions import Definition, Identifier, Line
from stegvis.insats.texts import LocalText
from stegvis.insats.time_spans import Span

Rater = Literal["deltagare", "handledare"]


class Scale(Definition):
    """Whole steps, with words at both ends that stand unless an indicator has its own."""

    min: int
    max: int
    low: LocalText
    high: LocalText

    @model_validator(mode="after")
    def _in_order(self) -> Scale:
        if not self.min < self.max:
            raise ValueError("Skalans ”min” ska vara mindre än dess ”max”.")
        if self.max - self.min > 20:
            raise ValueError("En skala kan ha högst 21 steg.")
        return self


class Indicator(Definition):
    """One thing that is rated, by whom, and how the question is put."""

    id: Identifier
    title: LocalText
    question: LocalText
    # The same thing asked of the handledare, where the words must differ ("Jag tror att personen …").
    question_handledare: LocalText | None = None
    low: LocalText | None = None
    high: LocalText | None = None
    raters: tuple[Rater, ...] = Field(default=("deltagare",), min_length=1)


class ChangeRule(Definition):
    """When somebody has taken a step: the mean over indicators rated both times has moved by `step` or more.

    "At least one indicator up" is met by chance; a mean over at least `min_indicators` is not (design 4).
    """

    rule: Literal["mean_step"]
    step: float = Field(gt=0)
    min_indicators: int = Field(ge=1)
    text: LocalText


class Instrument(Definition):
    """One instrument in one version. Measurements remember the version; versions are never compared."""

    id: Identifier
    version: int = Field(ge=1)
    title: LocalText
    intro: LocalText
    minutes: int = Field(ge=1, le=60)
    scale: Scale
    every: Span
    grace: Span
    change: ChangeRule
    indicator: tuple[Indicator, ...] = Field(min_length=3)
    source: Line | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> Instrument:
        ids = [item.id for item in self.indicator]
        for one in ids:
            if ids.count(one) > 1:
                raise ValueError(f"Samma id står två gånger bland indikatorerna: ”{one}”.")
        for rater in self.raters:
            if len(self.asked_of(rater)) < self.change.min_indicators:
                raise ValueError(
                    f"”min_indicators” är {self.change.min_indicators}, men {rater} skattar bara "
                    f"{len(self.asked_of(rater))} indikatorer."
                )
        return self

    @property
    def raters(self) -> tuple[Rater, ...]:
        """Everybody who rates something, the participant first."""
        named = {rater for item in self.indicator for rater in item.raters}
        order: tuple[Rater, ...] = ("deltagare", "handledare")
        return tuple(rater for rater in order if rater in named)

    def asked_of(self, rater: str) -> tuple[Indicator, ...]:
        """The indicators that this rater rates, in the order of the file."""
        return tuple(item for item in self.indicator if rater in item.raters)

    def question(self, indicator: Indicator, rater: str, language: str = "sv") -> str:
        """The question as it is put to this rater."""
        own = indicator.question_handledare if rater == "handledare" else None
        return (own or indicator.question).get(language)

    def ends(self, indicator: Indicator, language: str = "sv") -> tuple[str, str]:
        """The words at the low and the high end of the scale for one indicator."""
        low, high = indicator.low or self.scale.low, indicator.high or self.scale.high
        return low.get(language), high.get(language)
