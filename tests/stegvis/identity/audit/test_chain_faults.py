"""Whatever is done to a chain of rows is named: the first row that it was done to, and what it was."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stegvis.identity.audit.chain import (
    ADDED,
    EDITED,
    GONE,
    REPLACED,
    START,
    SWAPPED,
    Fault,
    Link,
    digest,
    first_fault,
)

Chain = list[Link]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


def chain_of(contents: Sequence[tuple[str, ...]], prev: bytes = START, after: int = 0) -> Chain:
    """A chain as it is written, from contents."""
    rows: Chain = []
    for seq, content in enumerate(contents, after + 1):
        rows.append(Link(seq, prev, digest(prev, (str(seq), *content)), content))
        prev = rows[-1].hash
    return rows


def found(rows: Sequence[Link], whole: Chain) -> tuple[int, str] | None:
    """What is said of rows that are not (or are) the whole chain, whose head is the true one."""
    ordered = sorted(rows, key=lambda one: one.seq)
    fault = first_fault(lambda: iter(ordered), len(whole), whole[-1].hash)
    return (fault.row, fault.kind) if fault else None


chains = st.lists(st.tuples(texts, texts), min_size=1, max_size=12).map(chain_of)
longer = st.lists(st.tuples(texts, texts), min_size=2, max_size=12).map(chain_of)


@given(chains)
def test_a_chain_that_nobody_touched_holds(whole: Chain) -> None:
    assert found(whole, whole) is None


def test_an_empty_chain_holds() -> None:
    assert first_fault(lambda: iter([]), 0, START) is None


@given(chains, st.data())
def test_an_edited_row(whole: Chain, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    row = whole[place]
    flipped = bytes([row.hash[0] ^ 1]) + row.hash[1:]
    content = data.draw(st.tuples(texts, texts))
    assume(content != row.content)
    for bad in (replace(row, content=content), replace(row, hash=flipped), replace(row, prev=flipped)):
        assert found([*whole[:place], bad, *whole[place + 1 :]], whole) == (row.seq, EDITED)


@given(chains, st.data())
def test_rows_that_are_gone(whole: Chain, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(whole) - 1))
    last = data.draw(st.integers(first, len(whole) - 1))
    assert found(whole[:first] + whole[last + 1 :], whole) == (first + 1, GONE)


@given(longer, st.data())
def test_a_row_that_is_gone_under_new_numbers(whole: Chain, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 2))
    moved = [replace(one, seq=one.seq - 1) for one in whole[place + 1 :]]
    assert found(whole[:place] + moved, whole) == (place + 1, GONE)


@given(longer, st.data())
def test_two_rows_that_changed_places(whole: Chain, data: st.DataObject) -> None:
    one, other = sorted(
        data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=2, max_size=2, unique=True))
    )
    a, b = whole[one], whole[other]
    rest = [row for row in whole if row not in (a, b)]
    swapped = [replace(a, seq=b.seq), replace(b, seq=a.seq)]
    assert found(rest + swapped, whole) == (a.seq, SWAPPED)
    contents = [replace(a, content=b.content), replace(b, content=a.content)]
    if a.content != b.content:
        assert found(rest + contents, whole) == (a.seq, SWAPPED)
        assert found([*rest, b, contents[0]], whole) == (a.seq, EDITED), "copied, not swapped"


@given(chains, st.data())
def test_a_replaced_row(whole: Chain, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    row, content = whole[place], data.draw(st.tuples(texts, texts))
    assume(content != row.content)
    (bad,) = chain_of([content], row.prev, place)
    assert found([*whole[:place], bad, *whole[place + 1 :]], whole) == (row.seq, REPLACED)
    (loose,) = chain_of([content], digest(START, ("annat",)), place)
    assert found([*whole[:place], loose, *whole[place + 1 :]], whole) == (row.seq, REPLACED)


@given(chains, st.data())
def test_a_row_that_was_put_in(whole: Chain, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    before = whole[place - 1].hash if place else START
    (extra,) = chain_of([data.draw(st.tuples(texts, texts))], before, place)
    moved = [replace(one, seq=one.seq + 1) for one in whole[place:]]
    rows = [*whole[:place], extra, *moved]
    fault = first_fault(lambda: iter(rows), len(rows), whole[-1].hash)
    assert fault is not None and (fault.row, fault.kind) == (place + 1, ADDED)


@given(chains, texts)
def test_rows_outside_the_chain(whole: Chain, text: str) -> None:
    (extra,) = chain_of([(text, text)], whole[-1].hash, len(whole))
    assert found([*whole, extra], whole) == (len(whole) + 1, ADDED)
    assert found([replace(extra, seq=0), *whole], whole) == (0, ADDED)


@given(longer, st.data())
def test_a_chain_written_anew_holds_until_a_head_is_held_against_it(
    whole: Chain, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    contents = [one.content for one in whole]
    contents[place] = (*contents[place], "annat")
    anew = chain_of(contents)
    assert found(anew, anew) is None
    fault = first_fault(lambda: iter(anew), len(whole), whole[-1].hash)
    assert fault is not None and fault.kind == REPLACED


@pytest.mark.parametrize("after", [0, 3])
def test_it_can_go_on_from_a_row_that_is_known(after: int) -> None:
    whole = chain_of([(str(number),) for number in range(8)])
    rows = [*whole[:5], replace(whole[5], content=("annat",)), *whole[6:]]
    start = whole[after - 1].hash if after else START
    assert first_fault(lambda: iter(rows[after:]), 8, whole[-1].hash, after=after, prev=start) == Fault(
        6, EDITED, "rad 6 är ändrad"
    )
