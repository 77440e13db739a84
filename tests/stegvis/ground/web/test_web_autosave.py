"""Of savings under way at once the newest of the page stands, whatever order they arrive in."""

from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.web import autosave

PAGE, OTHER = "0123456789abcdef", "fedcba9876543210"


def saved(arrivals):
    kept, shown = None, None
    for page, count in arrivals:
        typed = {autosave.FIELD: f"{page}.{count}", "text": (page, count)}
        if not autosave.overtaken(typed, kept):
            kept, shown = autosave.mark_of(typed), typed["text"]
    return shown


@given(st.lists(st.integers(0, 10**8), min_size=1), st.randoms())
def test_whatever_the_order_the_newest_of_a_page_stands(counts, order):
    arrived = list(counts)
    order.shuffle(arrived)
    assert saved([(PAGE, count) for count in arrived]) == (PAGE, max(counts))


def test_another_page_is_never_held_back_by_this_ones_count():
    assert saved([(PAGE, 500), (OTHER, 1)]) == (OTHER, 1)


def test_without_a_script_or_with_nonsense_every_saving_is_the_newest():
    for told in ({}, {autosave.FIELD: ""}, {autosave.FIELD: "i dag"}, {autosave.FIELD: f"{PAGE}.{'9' * 40}"}):
        assert autosave.mark_of(told) is None
        assert not autosave.overtaken(told, f"{PAGE}.7")


def test_a_new_page_has_a_mark_of_its_own():
    first, second = autosave.new_mark(), autosave.new_mark()
    assert first != second
    assert autosave.mark_of({autosave.FIELD: first}) == first
