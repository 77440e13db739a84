"""An attacker who reads every release and tries every world: nothing here knows the policy's own solver.

A world gives each leaver of each quarter a code and a gender. The attacker keeps the worlds that agree with
every visible cell of every release, and asks of each secret how many values it takes in them. One value: it
is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations_with_replacement

from insats_in_time import CODES, GENDERS, quarter

from stegvis.publishing.policy import ANNAT, OPEN_GROUPS, Code, Release, crossing_group

GROUP = {code: crossing_group(Code(code, 0, group, sensitive)) for code, (group, sensitive) in CODES.items()}
GROUPS = (*OPEN_GROUPS, ANNAT)
Kind = tuple[str, str]  # code, gender
KINDS: list[Kind] = [(code, gender) for code in CODES for gender in GENDERS]
NAMES = (*GROUPS, *GENDERS)
State = tuple[int, ...]
Fact = tuple[tuple[str, ...], int]
Secret = tuple[str, frozenset[int], Callable[[Kind], bool], int]


def _told(releases: Sequence[Release], now: int) -> tuple[list[Fact], list[Fact]]:
    """What the cells of this quarter's releases say: of this quarter, and since the start."""
    here: list[Fact] = []
    since: list[Fact] = []
    for release in (r for r in releases if r.period == quarter(now)):
        for cell, number in release.cells.items():
            side, measure, *rest = cell.split("/")
            moved = {"ended": "kon", "group": "utfall"}.get(measure)
            if measure == "ended" and not rest:
                (here if side == "period" else since).append((GENDERS, number))
            elif moved is not None and release.tables.get(moved) == release.period.last:
                (here if side == "period" else since).append((tuple(rest), number))
    return here, since


def values(releases: Sequence[Release], sizes: Sequence[int], secret: Secret) -> set[int]:
    """Every value of a secret in the worlds that agree with the releases. Empty: no world agrees."""
    _, when, whom, _ = secret
    states: set[tuple[State, int]] = {((0,) * len(NAMES), 0)}
    for now, size in enumerate(sizes):
        here, since = _told(releases, now)
        possible = {
            (vector, sum(map(whom, leavers)) if now in when else 0)
            for leavers in combinations_with_replacement(KINDS, size)
            if _agrees(vector := _vector(leavers), here)
        }
        states = {
            (after, value + more)
            for vector, more in possible
            for state, value in states
            if _agrees(after := tuple(map(int.__add__, state, vector)), since)
        }
    return {value for _, value in states}


@cache
def _vector(leavers: tuple[Kind, ...]) -> State:
    counted = Counter(GROUP[code] for code, _ in leavers) + Counter(gender for _, gender in leavers)
    return tuple(counted[name] for name in NAMES)


def _agrees(state: State, facts: list[Fact]) -> bool:
    return all(sum(state[NAMES.index(name)] for name in names) == number for names, number in facts)


def secrets(truth: Sequence[Sequence[Kind]], *, few_leavers: bool = True) -> Iterator[Secret]:
    """Everything that `standard` protects, over every run of quarters: (name, quarters, whom, true value)."""
    for first in range(len(truth)):
        for last in range(first, len(truth)):
            when = frozenset(range(first, last + 1))
            here = [leaver for q in when for leaver in truth[q]]
            for code, (_, sensitive) in CODES.items():
                if sensitive:
                    yield _secret(f"code {code} {first}-{last}", when, lambda k, c=code: k[0] == c, here)
            for group in GROUPS:
                size = sum(GROUP[code] == group for code, _ in here)
                if few_leavers and 0 < len(here) < 5:
                    yield _secret(
                        f"few {group} {first}-{last}", when, lambda k, g=group: GROUP[k[0]] == g, here
                    )
                for gender in GENDERS:
                    whom: Callable[[Kind], bool] = lambda k, g=group, s=gender: GROUP[k[0]] == g and k[1] == s  # noqa: E731
                    mine = sum(map(whom, here))
                    if mine and (mine < 5 or size < 5):
                        yield _secret(f"gender {group} {gender} {first}-{last}", when, whom, here)


def _secret(name: str, when: frozenset[int], whom: Callable[[Kind], bool], here: list[Kind]) -> Secret:
    return name, when, whom, sum(map(whom, here))


def leaks(
    releases: Sequence[Release], truth: Sequence[Sequence[Kind]], *, few_leavers: bool = True
) -> list[str]:
    """The protected facts that the releases tell: those that are true and the same in every world."""
    found = []
    sizes = [len(quarter_) for quarter_ in truth]
    for secret in secrets(truth, few_leavers=few_leavers):
        name, _, _, true_value = secret
        if true_value > 0 and values(releases, sizes, secret) == {true_value}:
            found.append(name)
    return found
