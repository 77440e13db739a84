"""Kärnhuset 2.0's made-up cases: who was enrolled, rated and ended when and how. Pure, always the same.

Together they give the figures of the real report for 2023-10-01 to 2023-12-31: 30 in all, 22 enrolled, 8
ended with its reasons, 3 of the 8 on försörjningsstöd afterwards, 5 in arbetsträning at the period's end.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from stegvis.insats.time_spans import TimeSpan
from stegvis.local.demo_people import KARNHUSET, TEST_PARTICIPANT, MadeUp, made_up

SEED = 20231231
LAST_DAY = date(2023, 12, 31)
QUARTER = TimeSpan(months=3)
INDICATORS = ("vardag", "halsa", "andra_manniskor", "riktning", "vagar", "tilltro")

Ratings = dict[tuple[str, str], int | None]


@dataclass(frozen=True)
class Ended:
    """How a case ended: the insats' code of avslut, and the platform's codes for what came after."""

    on: date
    code: str
    forsorjning: str
    sysselsattning: str


@dataclass(frozen=True)
class Going:
    """An activity; one without `until` goes on until the case ends."""

    kind: str
    where: str
    begins: date
    until: date | None = None


@dataclass(frozen=True)
class Case:
    """One person's way through the insats. `handledare` and `author` are places in the lists of staff."""

    person: MadeUp
    started_on: date
    handledare: int
    author: int
    baseline: dict[str, list[str]]
    rounds: tuple[tuple[date, Ratings], ...]
    activities: tuple[Going, ...]
    ended: Ended | None


# One line a case: the day it began. The last four began in the last quarter of 2023.
_STARTS = (
    date(2022, 10, 10), date(2022, 10, 17), date(2022, 10, 24), date(2022, 11, 7), date(2022, 11, 14),
    date(2022, 11, 28), date(2022, 12, 5), date(2023, 1, 16), date(2023, 1, 23), date(2023, 2, 6),
    date(2023, 2, 20), date(2023, 3, 6), date(2023, 3, 13), date(2023, 3, 27), date(2023, 4, 11),
    date(2023, 4, 24), date(2023, 5, 8), date(2023, 5, 15), date(2023, 5, 29), date(2023, 6, 12),
    date(2023, 6, 19), date(2023, 8, 14), date(2023, 8, 28), date(2023, 9, 11), date(2023, 9, 25),
    date(2023, 10, 9), date(2023, 10, 23), date(2023, 11, 13), date(2023, 12, 4),
)  # fmt: skip

# Place in _STARTS -> how it ended. Six ended before the last quarter, two in it.
_ENDED = {
    0: Ended(date(2023, 6, 30), "tillsvidareanstallning", "lon", "arbete"),
    1: Ended(date(2023, 8, 31), "lonesubventionerad_anstallning", "lon_med_lonestod", "arbete_med_lonestod"),
    2: Ended(date(2023, 3, 31), "ater_till_remitterande_enhet", "forsorjningsstod", "ingen"),
    4: Ended(date(2023, 9, 15), "sjukersattning", "sjukersattning", "ingen"),
    5: Ended(date(2023, 5, 31), "avbrott", "annan", "okand"),
    7: Ended(date(2023, 9, 29), "ater_till_remitterande_enhet", "forsorjningsstod", "kommunal_aktivitet"),
    9: Ended(date(2023, 11, 30), "praktik_via_af", "aktivitetsstod", "arbetsmarknadsatgard"),
    12: Ended(date(2023, 12, 15), "ater_till_remitterande_enhet", "forsorjningsstod", "sjukskriven"),
}
# Those in arbetsträning at the period's end, and where.
_TRAINING = {
    3: "Exempelköket", 8: "Påhittade trädgården", 11: "Prova Återbruk", 15: "Exempelköket", 18: "Testlagret",
}  # fmt: skip
# Those whose measurement is overdue in January 2024.
_OVERDUE = (6, 10, 15, 17)

_FORSORJNING = (
    ["forsorjningsstod"],
    ["forsorjningsstod"],
    ["forsorjningsstod", "sjukpenning"],
    ["aktivitetsersattning"],
)
_SYSSELSATTNING = ("ingen", "ingen", "arbetssokande", "kommunal_aktivitet", "sjukskriven")
_UTBILDNING = (
    "ej_grundskola",
    "grundskola",
    "grundskola",
    "gymnasium_ej_avslutat",
    "gymnasium",
    "eftergymnasial_kort",
)
_TID = ("1_2_ar", "3_5_ar", "3_5_ar", "6_9_ar", "10_ar_eller_mer")


def cases() -> tuple[Case, ...]:
    """The thirty cases, by the day they began; the last one is the participant whom the demo lets log in."""
    dice = random.Random(SEED)  # noqa: S311  made-up figures, the same every time
    made = [_case(dice, place, started_on) for place, started_on in enumerate(_STARTS)]
    return (*made, _test_participant(dice))


def _case(dice: random.Random, place: int, started_on: date) -> Case:
    ended = _ENDED.get(place)
    last = ended.on if ended else LAST_DAY
    days = [started_on]
    while (following := QUARTER.after(days[-1]) + timedelta(days=dice.randint(-2, 5))) <= last:
        days.append(following)
    if place in _OVERDUE:
        days = [day for day in days if day <= date(2023, 9, 20)]
    return Case(
        person=made_up(KARNHUSET + place),
        started_on=started_on,
        handledare=place % 3,
        author=place % 2,
        baseline=_baseline(dice),
        rounds=_rounds(dice, days),
        activities=_activities(place, started_on, ended),
        ended=ended,
    )


def _test_participant(dice: random.Random) -> Case:
    """The participant with two measurements to look at, the second clearly better."""
    first = dict.fromkeys((("deltagare", one) for one in INDICATORS), 2)
    second: Ratings = {
        **first,
        ("deltagare", "vardag"): 4,
        ("deltagare", "riktning"): 4,
        ("deltagare", "tilltro"): 3,
    }
    started_on = date(2023, 7, 3)
    return Case(
        person=made_up(TEST_PARTICIPANT, "Test Testsson"),
        started_on=started_on,
        handledare=0,
        author=0,
        baseline=_baseline(dice),
        rounds=((started_on, {**first}), (date(2023, 10, 4), second)),
        activities=(Going("studiebesok", "Prova Återbruk", date(2023, 9, 12), date(2023, 9, 12)),),
        ended=None,
    )


def _baseline(dice: random.Random) -> dict[str, list[str]]:
    """Answers to the form of inskrivning, as they would be typed."""
    return {
        "forsorjning_fore": list(dice.choice(_FORSORJNING)),
        "sysselsattning_fore": [dice.choice(_SYSSELSATTNING)],
        "utbildning": [dice.choice(_UTBILDNING)],
        "tid_med_offentlig_forsorjning": [dice.choice(_TID)],
    }


def _rounds(dice: random.Random, days: list[date]) -> tuple[tuple[date, Ratings], ...]:
    """Measurements that mostly rise a little each time; now and then a question is skipped."""
    steps = {one: dice.randint(1, 3) for one in INDICATORS}
    made = []
    for day in days:
        ratings: Ratings = {("deltagare", one): step for one, step in steps.items()}
        if dice.random() < 0.15:
            ratings["deltagare", dice.choice(INDICATORS)] = None
        made.append((day, ratings))
        steps = {
            one: min(5, max(1, step + dice.choices((-1, 0, 1), (2, 7, 8))[0])) for one, step in steps.items()
        }
    return tuple(made)


def _activities(place: int, started_on: date, ended: Ended | None) -> tuple[Going, ...]:
    found = []
    if place % 2 == 0 and place < 20:
        day = started_on + timedelta(days=35)
        found.append(Going("arbetsformagebedomning", "", day, day + timedelta(days=14)))
    if place in (0, 1, 9):
        assert ended is not None
        found.append(Going("arbetstraning", "Exempelköket", started_on + timedelta(days=70), ended.on))
    if place in _TRAINING:
        found.append(
            Going("arbetstraning", _TRAINING[place], date(2023, 10, 2) + timedelta(days=7 * (place % 4)))
        )
    if place % 5 == 2:
        found.append(Going("samtal", "", started_on + timedelta(days=21)))
    return tuple(found)
