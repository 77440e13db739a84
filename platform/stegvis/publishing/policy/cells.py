"""What the disclosure policy takes and gives: counts of an insats, the ledger of releases, the decision.

Cell ids are paths: `period/new`, `since/ended`, `since/ended/kvinna`, `since/group/studier`,
`since/figure/<id>/numerator`, `since/figure/<id>/split/<label>/denominator`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

FEWEST = 5
MEASURES = ("total", "enrolled", "new", "ended", "waiting", "places")
OPEN_GROUPS = (
    "arbete_utan_lonestod",
    "arbete_med_lonestod",
    "studier",
    "vidare_till_af",
    "ater_till_remittent",
)
ANNAT = "annat"
GROUPS = (*OPEN_GROUPS, ANNAT)
# Parts of code ids that no plugin can declare as open: health, addiction, crime, protected identity, death,
# custody.
FLOOR = (
    "sjuk",
    "psyk",
    "halsa",
    "diagnos",
    "vard",
    "aktivitetsersattning",
    "missbruk",
    "beroende",
    "domd",
    "dom_",
    "brott",
    "hakt",
    "fangels",
    "anstalt",
    "kriminal",
    "skyddad",
    "sekretess",
    "avliden",
    "dod",
    "doed",
    "lvm",
    "lvu",
)

OUTCOMES = "utfall"
GENDER = "kon"
Day = date  # `Release` has a field of that name


class CountsError(ValueError):
    """The counts contradict themselves (for instance: the codes do not add up to those who ended)."""


class Reason(StrEnum):
    """Why a cell does not cross; `sentence` is what the reader sees instead of a number."""

    FEW = "for_fa"
    DERIVABLE = "kan_harledas"
    SINCE_START_ONLY = "bara_sedan_start"
    ONCE_A_YEAR = "en_gang_per_ar"

    @property
    def sentence(self) -> str:
        """The words on the page (Swedish, the source language; `redovisas inte` is never 0 or blank)."""
        return {
            Reason.FEW: "redovisas inte (för få personer)",
            Reason.DERIVABLE: "redovisas inte (för få personer)",
            Reason.SINCE_START_ONLY: "redovisas bara sedan start",
            Reason.ONCE_A_YEAR: "redovisas en gång per år",
        }[self]


@dataclass(frozen=True)
class Hidden:
    """A cell that does not cross, and why."""

    reason: Reason


@dataclass(frozen=True, order=True)
class Period:
    """The days that a report covers, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise CountsError(f"the period ends {self.last} before it begins {self.first}")


@dataclass(frozen=True)
class Sided:
    """Whole numbers of persons per measure (`MEASURES`): in the period, and since the start."""

    period: Mapping[str, int]
    since: Mapping[str, int]


@dataclass(frozen=True)
class Code:
    """A code of avslut: its count since the start, and what plugin and huvudman declared of it.

    `group` and `sensitive` are None when undeclared, and undeclared counts as sensitive.
    """

    id: str
    count: int
    group: str | None = None
    sensitive: bool | None = None

    @property
    def is_sensitive(self) -> bool:
        """Whether the code may never be told from others: declared so, undeclared, or on the floor list."""
        return self.sensitive is not False or any(part in self.id.lower() for part in FLOOR)


def crossing_group(code: Code) -> str:
    """The group in which a code crosses: its open group, or `annat` when sensitive, undeclared or unknown."""
    if code.is_sensitive or code.group not in OPEN_GROUPS:
        return ANNAT
    return code.group


@dataclass(frozen=True)
class Figure:
    """Any other figure since the start: numerator of denominator, in persons, with splits by gender, age or
    site.

    `of_codes`: the numerator counts leavers with these codes (then it moves with the outcome table).
    `of_leavers`: it tells how it went for those who ended (försörjning after, follow-ups).
    """

    id: str
    numerator: int
    denominator: int
    split: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    of_codes: frozenset[str] | None = None
    of_leavers: bool = False


@dataclass(frozen=True)
class Counts:
    """One insats at a period's end, already summed over its huvudmän.

    `codes` lists every declared code, also those with nobody: a reader knows the list. `final` is the last
    report.
    """

    period: Period
    totals: Sided
    by_gender: Mapping[str, Sided] = field(default_factory=dict)
    codes: tuple[Code, ...] = ()
    figures: tuple[Figure, ...] = ()
    final: bool = False

    def __post_init__(self) -> None:
        numbers = [*self.totals.period.values(), *self.totals.since.values()]
        numbers += [
            n for side in self.by_gender.values() for n in (*side.period.values(), *side.since.values())
        ]
        numbers += [code.count for code in self.codes]
        numbers += [n for f in self.figures for n in (f.numerator, f.denominator)]
        numbers += [n for f in self.figures for pair in f.split.values() for n in pair]
        if any(type(n) is not int or n < 0 for n in numbers):
            raise CountsError("every count is a whole number, 0 or more")
        if self.codes and sum(code.count for code in self.codes) != self.totals.since.get("ended", 0):
            raise CountsError("the codes of avslut do not add up to those who ended since the start")
        unknown = (set(self.totals.period) | set(self.totals.since)) - set(MEASURES)
        if unknown:
            raise CountsError(f"undeclared measure: {', '.join(sorted(unknown))}")
        for ids in ([code.id for code in self.codes], [figure.id for figure in self.figures]):
            if len(ids) != len(set(ids)):
                raise CountsError("a code or figure stands twice")
        self._check_sums()

    def _check_sums(self) -> None:
        for side in ("period", "since"):
            totals: Mapping[str, int] = getattr(self.totals, side)
            for measure, total in totals.items():
                parts = [getattr(s, side).get(measure) for s in self.by_gender.values()]
                if parts and None not in parts and sum(parts) != total:
                    raise CountsError(f"the genders of {side}/{measure} do not add up to its total")
        if any(f.numerator > f.denominator for f in self.figures):
            raise CountsError("a figure has a numerator above its denominator")


@dataclass(frozen=True)
class Release:
    """What crossed once, in whatever format: the visible cells, and from which period's end each table
    stands.

    `basis` is the leavers that the decision rested on (`period/…` and `since/…`, total and by gender). It
    never crosses: it lies in the ledger so that the next decision can count from here.
    """

    date: date
    period: Period
    cells: Mapping[str, int]
    tables: Mapping[str, Day] = field(default_factory=dict)
    basis: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("cells", "tables", "basis"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


Ledger = tuple[Release, ...]


@dataclass(frozen=True)
class Decision:
    """What crosses now. `kept_tables`: table -> end of the former period from which it stands. `released`:
    for the ledger."""

    cells: Mapping[str, int | Hidden]
    kept_tables: Mapping[str, date]
    released: Release


def leavers(counts: Counts) -> dict[str, int]:
    """The leavers of `counts` as a ledger's basis: `period/ended`, `since/ended`, and each by gender."""
    basis: dict[str, int] = {}
    for side in ("period", "since"):
        basis[f"{side}/ended"] = getattr(counts.totals, side).get("ended", 0)
        for gender, sided in counts.by_gender.items():
            basis[f"{side}/ended/{gender}"] = getattr(sided, side).get("ended", 0)
    return basis
