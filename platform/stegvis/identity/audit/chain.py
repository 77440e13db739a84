"""A chain of rows, pure: how a row is hashed, and the first fault of a chain told by its kind.

Each row's hash is over its number, its content and the hash of the row before. Whoever changes, deletes or
moves a row leaves a mark at that row; whoever computes the whole chain anew does not, which only a head that
was handed out before can show (walls 18).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

START = bytes(32)

# The kinds of fault.
EDITED, GONE, SWAPPED = "andrad", "saknas", "bytt"
REPLACED, ADDED, REWRITTEN = "ersatt", "tillagd", "omskriven"


@dataclass(frozen=True)
class Link:
    """One row as it lies in its table: its number and hashes, and its content as texts."""

    seq: int
    prev: bytes
    hash: bytes
    content: tuple[str, ...]

    def right(self, seq: int, prev: bytes) -> bytes:
        """The hash that the content would have at a place."""
        return digest(prev, (str(seq), *self.content))

    @property
    def whole(self) -> bool:
        """Whether content, number, hash and the hash before belong together."""
        return self.right(self.seq, self.prev) == self.hash


@dataclass(frozen=True)
class Fault:
    """The first row that does not hold: its number, the kind of fault, and a Swedish sentence."""

    row: int
    kind: str
    sentence: str


Rows = Callable[[], Iterable[Link]]


def digest(prev: bytes, fields: Iterable[str]) -> bytes:
    """The hash over length-prefixed fields, so that no two contents give the same bytes."""
    found = hashlib.sha256(prev)
    for text in fields:
        raw = text.encode()
        found.update(len(raw).to_bytes(4) + raw)
    return found.digest()


def first_fault(rows: Rows, seq: int, head: bytes, *, after: int = 0, prev: bytes = START) -> Fault | None:
    """The first fault of the chain whose head says `seq` rows and the hash `head`; None when it holds.

    `rows` gives the rows in order of their numbers, anew at each call. `after` and `prev` name a row that is
    known to be right, from which to go on.
    """
    last: Link | None = None
    count, previous = after, prev
    for row in rows():
        if row.seq <= count or count == seq:
            where = "före kedjans början" if row.seq <= count else "efter kedjans slut"
            return Fault(row.seq, ADDED, f"rad {row.seq} är tillagd {where}")
        count += 1
        if row.seq != count:
            return Fault(count, GONE, f"rad {count} saknas: nästa rad har nummer {row.seq}")
        if row.prev != previous or not row.whole:
            return _told(row, last, previous, list(rows()), head)
        last, previous = row, row.hash
    if count < seq:
        missing = f"rad {seq}" if count + 1 == seq else f"rad {count + 1} till {seq}"
        return Fault(count + 1, GONE, f"{missing} saknas i kedjans slut")
    replaced = f"rad {seq} är ersatt: kedjans huvud bygger på en annan rad"
    return Fault(seq, REPLACED, replaced) if previous != head else None


def _told(row: Link, last: Link | None, previous: bytes, everything: Sequence[Link], head: bytes) -> Fault:
    """What happened at a row that is not whole, or does not follow the one before it."""
    by_place = {one.seq: one for one in everything}
    after = by_place.get(row.seq + 1)
    if row.whole:
        # It follows another row than the one that lies before it: one of the two was put there.
        followed = (after.prev if after is not None else head) == row.hash
        bad = last if last is not None and followed else row
        return Fault(bad.seq, REPLACED, f"rad {bad.seq} är ersatt: raden efter bygger på en annan rad")
    home = _home(row, everything)
    if home is not None:
        return _moved(row, home, last, by_place, everything)
    if after is not None and _home(after, everything) == row.seq:
        return _put_in(row)
    return Fault(row.seq, EDITED, f"rad {row.seq} är ändrad")


def _moved(
    row: Link, home: int, last: Link | None, by_place: Mapping[int, Link], everything: Sequence[Link]
) -> Fault:
    """What happened where a row lies that was written for another place."""
    there = by_place.get(home)
    back = _home(there, everything) if there is not None else None
    if back == row.seq:
        return Fault(row.seq, SWAPPED, f"rad {row.seq} har bytt plats med rad {home}")
    if home < row.seq and last is not None:
        return _put_in(last)
    # Where all rows after have moved, the next one moved as far.
    if there is None or (back is not None and back - home == home - row.seq):
        return Fault(row.seq, GONE, f"rad {row.seq} saknas: raderna efter den har fått nya nummer")
    return Fault(row.seq, REPLACED, f"rad {row.seq} är ersatt: här ligger rad {home}")


def _put_in(row: Link) -> Fault:
    return Fault(row.seq, ADDED, f"rad {row.seq} är tillagd: raderna efter den har fått nya nummer")


def _home(row: Link, everything: Sequence[Link]) -> int | None:
    """The other place that a row was written for; None when it fits nowhere, or lies where it should.

    Moved whole it carries its own hashes; where contents have changed places, the hashes have stayed.
    """
    if row.whole:
        return None
    by_hash = {one.hash: one.seq for one in everything}
    likely = by_hash.get(row.prev, 0) + 1
    last = max(one.seq for one in everything) + 1
    for seq in (likely, *range(1, last + 1)):
        if seq != row.seq and row.right(seq, row.prev) == row.hash:
            return seq
    for one in everything:
        if one.content != row.content and row.right(one.seq, one.prev) == one.hash:
            return one.seq
    return None
