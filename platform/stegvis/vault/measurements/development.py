"""How measurements become a diagram, a table and one sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from flask_babel import gettext as _

from stegvis.ground.web.charts import Measurement as ChartRound
from stegvis.ground.web.formats import day as spoken_day
from stegvis.ground.web.formats import number
from stegvis.insats.instruments import Change, Instrument, compare


@dataclass(frozen=True)
class Occasion:
    """The ratings of one rater at one measurement; a skipped indicator is missing."""

    on_date: date
    together: bool
    steps: Mapping[str, int]


@dataclass(frozen=True)
class Row:
    """One measurement in the list: day, mean in words, answered of asked, rated together or alone."""

    on_date: date
    mean: str
    answered: int
    asked: int
    together: bool


@dataclass(frozen=True)
class Development:
    """What a page shows of one instrument and rater: the first and the newest measurement, and all in a list.

    `direction` is better, same or worse, or None when it cannot be told; `change` says it in words with n.
    """

    instrument: str
    title: str
    rater: str
    axes: tuple[str, ...]
    rounds: tuple[ChartRound, ...]
    low: int
    high: int
    direction: str | None
    change: str
    rule: str
    rows: tuple[Row, ...]


def development(
    instrument: Instrument, rater: str, occasions: Sequence[Occasion], language: str = "sv"
) -> Development:
    """The development over occasions in order of time (at least one), all with this instrument's version."""
    asked = instrument.asked_of(rater)
    shown = [occasions[0], occasions[-1]] if len(occasions) > 1 else [occasions[0]]
    change = compare(instrument, shown[0].steps, shown[-1].steps, rater) if len(shown) > 1 else None
    return Development(
        instrument.id,
        instrument.title.get(language),
        rater,
        tuple(one.title.get(language) for one in asked),
        tuple(
            ChartRound(spoken_day(one.on_date, language), tuple(one.steps.get(axis.id) for axis in asked))
            for one in shown
        ),
        instrument.scale.min,
        instrument.scale.max,
        change.direction if change else None,
        change_in_words(change, language),
        instrument.change.text.get(language),
        tuple(_row(one, len(asked)) for one in reversed(occasions)),
    )


def change_in_words(change: Change | None, language: str = "sv") -> str:
    """One sentence with n: "Bättre: medelvärdet har gått från 2,3 till 3,0 (6 frågor ...)."."""
    if change is None:
        return _("En mätning än så länge. Efter nästa går det att se vad som har ändrats.")
    if change.direction is None or change.mean_first is None or change.mean_last is None:
        return _(
            "Det går inte att säga vad som har ändrats: bara %(count)s frågor är besvarade båda gångerna.",
            count=change.compared,
        )
    word = {"better": _("Bättre"), "same": _("Oförändrat"), "worse": _("Sämre")}[change.direction]
    return _(
        "%(word)s: medelvärdet har gått från %(first)s till %(last)s"
        " (%(count)s frågor besvarade båda gångerna).",
        word=word,
        first=_spoken(change.mean_first, language),
        last=_spoken(change.mean_last, language),
        count=change.compared,
    )


def _row(one: Occasion, asked: int) -> Row:
    mean = Fraction(sum(one.steps.values()), len(one.steps)) if one.steps else None
    return Row(one.on_date, "" if mean is None else _spoken(mean), len(one.steps), asked, one.together)


def _spoken(mean: Fraction, language: str = "sv") -> str:
    return number(Decimal(mean.numerator) / Decimal(mean.denominator), 1, language)
