"""Of two savings under way at once the one that was typed later stands, whatever order they arrive in."""

from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.web import autosave


@given(st.lists(st.integers(0, 10**14), min_size=1), st.randoms())
def test_whatever_the_order_the_newest_stands(moments, order):
    arrived = list(moments)
    order.shuffle(arrived)
    kept, shown = None, None
    for moment in arrived:
        typed = {autosave.FIELD: str(moment), "text": f"skrivet {moment}"}
        if not autosave.overtaken(typed, kept):
            kept, shown = autosave.typed_at(typed), typed["text"]
    assert shown == f"skrivet {max(moments)}"


def test_without_a_script_every_saving_is_the_newest():
    for told in ({}, {autosave.FIELD: ""}, {autosave.FIELD: "i dag"}, {autosave.FIELD: "9" * 40}):
        assert autosave.typed_at(told) is None
        assert not autosave.overtaken(told, 1_700_000_000_000)
