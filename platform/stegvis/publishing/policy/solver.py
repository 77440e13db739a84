"""A small exact solver: which linear sums of unknown counts can a reader work out from what is published?

Unknowns are whole numbers, 0 or more; what is published are linear equations over them. A sum is *fixed*
when no two worlds that satisfy every equation differ in it. A world is searched by interval propagation and
branching. The search is bounded: a sum for which no second world was found in time counts as fixed, so an
error hides, never tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Terms = Mapping[int, int]
World = list[int]
CEILING = 100_000
STEPS = 400
TRIED_PER_UNKNOWN = 6


class NoWorld(Exception):
    """No counts at all satisfy the equations (published figures were corrected in between)."""


class _OutOfSteps(Exception):
    pass


class System:
    """Unknown counts and the equations that tie them."""

    def __init__(self) -> None:
        self._size = 0
        self._rows: list[tuple[tuple[tuple[int, int], ...], int]] = []

    def unknown(self) -> int:
        """A new unknown count; returns its number."""
        self._size += 1
        return self._size - 1

    def equal(self, terms: Terms | Iterable[int], total: int) -> None:
        """State that a sum of unknowns (or of coefficient x unknown) is `total`."""
        pairs = terms if isinstance(terms, Mapping) else dict.fromkeys(terms, 1)
        self._rows.append((tuple(sorted(pairs.items())), total))

    def fixed(self, sums: Mapping[object, Terms], known: World | None = None) -> dict[object, int]:
        """Those of `sums` that every world gives the same value, with that value. `known`: a world, if one
        is known.

        Raises NoWorld when there is none, or none was found in time.
        """
        first = known if known is not None else self._first()
        if any(_value(dict(terms), first) != total for terms, total in self._rows):
            raise NoWorld
        worlds = [first]
        result: dict[object, int] = {}
        for name, terms in sums.items():
            value = _value(terms, first)
            if any(_value(terms, world) != value for world in worlds):
                continue
            other = self._other(terms, value, first)
            if other is None:
                result[name] = value
            else:
                worlds.append(other)
        return result

    def may_be_zero(self, terms: Terms, known: World | None = None) -> bool:
        """Whether some world gives the sum the value 0 (coefficients must not be negative)."""
        try:
            return self._world(known, [(tuple(sorted(terms.items())), 0)]) is not None
        except _OutOfSteps:
            return False

    def _first(self) -> World:
        try:
            found = self._world(None)
        except _OutOfSteps:
            found = None
        if found is None:
            raise NoWorld
        return found

    def _other(self, terms: Terms, value: int, hint: World) -> World | None:
        """A world in which the sum is not `value`, or None. A further unknown carries the sum."""
        for low, high in ((value + 1, CEILING), (-CEILING, value - 1)):
            carried = {**terms, self._size: -1}
            try:
                nearest = low if low > value else high
                world = self._world([*hint, nearest], [(tuple(sorted(carried.items())), 0)], (low, high))
            except _OutOfSteps:
                continue
            if world is not None:
                return world
        return None

    def _world(
        self,
        hint: World | None,
        more: list[tuple[tuple[tuple[int, int], ...], int]] | None = None,
        carried: tuple[int, int] | None = None,
    ) -> World | None:
        low, high = [0] * self._size, [CEILING] * self._size
        if carried is not None:
            low.append(carried[0])
            high.append(carried[1])
        rows = self._rows + (more or [])
        of_unknown: list[list[int]] = [[] for _ in low]
        for number, (terms, _) in enumerate(rows):
            for unknown, _coefficient in terms:
                of_unknown[unknown].append(number)
        search = _Search(rows, of_unknown, hint)
        found = search.run(low, high, range(len(rows)))
        return None if found is None else found[: self._size]


class _Search:
    def __init__(
        self,
        rows: list[tuple[tuple[tuple[int, int], ...], int]],
        of_unknown: list[list[int]],
        hint: World | None,
    ) -> None:
        self.rows, self.of_unknown, self.hint, self.left = rows, of_unknown, hint, STEPS

    def run(self, low: World, high: World, dirty: Iterable[int]) -> World | None:
        self.left -= 1
        if self.left < 0:
            raise _OutOfSteps
        if not self._narrow(low, high, set(dirty)):
            return None
        open_ones = [i for i in range(len(low)) if low[i] < high[i]]
        if not open_ones:
            return low
        chosen = min(open_ones, key=lambda i: (high[i] - low[i], i))
        for value in self._candidates(chosen, low[chosen], high[chosen]):
            lower, upper = low.copy(), high.copy()
            lower[chosen] = upper[chosen] = value
            world = self.run(lower, upper, self.of_unknown[chosen])
            if world is not None:
                return world
        if high[chosen] - low[chosen] >= TRIED_PER_UNKNOWN:
            raise _OutOfSteps
        return None

    def _candidates(self, unknown: int, low: int, high: int) -> list[int]:
        start = low if self.hint is None else min(max(self.hint[unknown], low), high)
        near = [start]
        for step in range(1, TRIED_PER_UNKNOWN):
            near += [v for v in (start + step, start - step) if low <= v <= high]
        return near if high - low < TRIED_PER_UNKNOWN else [*near[: TRIED_PER_UNKNOWN - 2], low, high]

    def _narrow(self, low: World, high: World, dirty: set[int]) -> bool:
        """Tighten every interval until nothing moves; False when an interval becomes empty."""
        while dirty:
            terms, total = self.rows[dirty.pop()]
            least = sum(c * (low[i] if c > 0 else high[i]) for i, c in terms)
            most = sum(c * (high[i] if c > 0 else low[i]) for i, c in terms)
            if least > total or most < total:
                return False
            for i, c in terms:
                own_least, own_most = (c * low[i], c * high[i]) if c > 0 else (c * high[i], c * low[i])
                floor, roof = total - (most - own_most), total - (least - own_least)
                if c < 0:
                    floor, roof = roof, floor
                new_low = -((-floor) // c)
                new_high = roof // c
                if new_low > low[i] or new_high < high[i]:
                    low[i], high[i] = max(low[i], new_low), min(high[i], new_high)
                    if low[i] > high[i]:
                        return False
                    dirty.update(self.of_unknown[i])
                    # The sums of this row used the wider interval: look at it again.
                    least = sum(k * (low[j] if k > 0 else high[j]) for j, k in terms)
                    most = sum(k * (high[j] if k > 0 else low[j]) for j, k in terms)
        return True


def _value(terms: Terms, world: World) -> int:
    return sum(coefficient * world[i] for i, coefficient in terms.items())
