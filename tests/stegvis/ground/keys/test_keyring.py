"""Key rings: what is sealed opens in its own place alone; versions live side by side; files are never

overwritten.
"""

import secrets
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.keys import KeyFault, KeyRing, KeyStore, new_data_keys
from stegvis.ground.keys.keyring import PURPOSES, LiveRing

KEYS = {
    (purpose, version): bytes([number]) * 32
    for number, (purpose, version) in enumerate(
        [(purpose, version) for purpose in PURPOSES for version in (1, 2)]
    )
}
RING = KeyRing("prov/ett", "hm_prov_ett", KEYS)
ROW = uuid.UUID(int=7)
places = st.fixed_dictionaries(
    {"table": st.sampled_from(["a", "b"]), "column": st.sampled_from(["x", "y"]), "row": st.uuids()}
)


@given(st.binary(), places, places)
def test_a_sealed_value_opens_in_its_place_alone(clear: bytes, here: dict, there: dict) -> None:
    sealed = RING.seal(clear, **here)
    assert RING.open(sealed, **here) == clear
    if there != here:
        with pytest.raises(KeyFault):
            RING.open(sealed, **there)
    for other in (KeyRing("prov/ett", "hm_prov_tva", KEYS), KeyRing("prov/ett", "hm_prov_ett", {})):
        with pytest.raises(KeyFault):
            other.open(sealed, **here)


@given(st.binary(min_size=1), st.data())
def test_a_changed_or_shortened_value_does_not_open(clear: bytes, data: st.DataObject) -> None:
    sealed = RING.seal(clear, table="a", column="x", row=ROW)
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:place] + bytes([sealed[place] ^ data.draw(st.integers(1, 255))]) + sealed[place + 1 :]
    for broken in (changed, sealed[:place]):
        with pytest.raises(KeyFault):
            RING.open(broken, table="a", column="x", row=ROW)
    blob = RING.seal_blob(clear, "session")
    for broken in (blob[:place], blob[:-1] + bytes([blob[-1] ^ 1])):
        with pytest.raises(KeyFault):
            RING.open_blob(broken, "session")
    with pytest.raises(KeyFault):
        RING.open_blob(blob, "annat")


def test_two_seals_of_one_text_differ() -> None:
    sealed = {RING.seal(b"Test Testsson", table="a", column="x", row=ROW) for _ in range(20)}
    assert len(sealed) == 20


def test_the_newest_key_seals_and_old_ones_still_open() -> None:
    old = KeyRing("prov/ett", "hm_prov_ett", {key: one for key, one in KEYS.items() if key[1] == 1})
    sealed = old.seal(b"text", table="a", column="x", row=ROW)
    assert RING.open(sealed, table="a", column="x", row=ROW) == b"text"
    with pytest.raises(KeyFault):
        old.open(RING.seal(b"text", table="a", column="x", row=ROW), table="a", column="x", row=ROW)
    assert RING.search_hashes("198001011234") == [
        RING.search_hash("198001011234"),
        old.search_hash("198001011234"),
    ]


@given(st.text(), st.text())
def test_search_hashes_are_equal_for_equal_texts_only(one: str, other: str) -> None:
    assert (RING.search_hash(one) == RING.search_hash(other)) == (one == other)


def test_data_keys_are_wrapped_for_their_scope_and_purpose(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys")
    for scope in ("prov/ett", "prov/tva"):
        store.create(scope)
    rows = new_data_keys(store, "prov/ett")
    assert [(purpose, version) for purpose, version, _ in rows] == [(purpose, 1) for purpose in PURPOSES]
    ring = store.ring("prov/ett", "hm_prov_ett", rows)
    assert ring.open(ring.seal(b"a", table="t", column="c", row=ROW), table="t", column="c", row=ROW) == b"a"
    swapped = [(rows[0][0], 1, rows[1][2])]
    for scope, wrapped in (("prov/tva", rows), ("prov/ett", swapped), ("prov/ett", [("field", 1, b"kort")])):
        with pytest.raises(KeyFault):
            store.ring(scope, "hm", wrapped)


def test_a_key_file_is_never_written_over(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys")
    store.create("prov")
    before = store.path("prov").read_bytes()
    with pytest.raises(KeyFault) as fault:
        store.create("prov")
    assert str(fault.value) == "prov har redan en nyckelfil: den skrivs aldrig över."
    assert store.path("prov").read_bytes() == before


@given(st.binary(max_size=60))
def test_whatever_a_key_file_holds_is_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    store = KeyStore(tmp_path_factory.getbasetemp())
    store.path("prov").write_bytes(content)
    with pytest.raises(KeyFault) as fault:
        store.ring("prov", "fb_prov", [("field", 1, secrets.token_bytes(60))])
    assert str(fault.value).startswith("Nyckelfilen för prov ")


def test_a_ring_does_not_show_its_keys() -> None:
    assert repr(RING) == "<KeyRing of prov/ett>"


def older_ring(newer: KeyRing) -> KeyRing:
    """A ring as a process read it before keys were changed; `newer` is what it finds when it reads again."""
    keys = {(purpose, version): key for (purpose, version), key in KEYS.items() if version == 1}
    return KeyRing("prov/ett", "hm_prov_ett", keys, generation=newer.generation - 2, renew=lambda: newer)


def test_an_unknown_version_is_read_again_once() -> None:
    asked: list[int] = []
    newer = KeyRing("prov/ett", "hm_prov_ett", KEYS, generation=2)

    def renew() -> KeyRing:
        asked.append(1)
        return newer

    old = KeyRing("prov/ett", "hm_prov_ett", {("field", 1): KEYS["field", 1]}, renew=renew)
    place = {"table": "a", "column": "x", "row": ROW}
    assert old.open(newer.seal(b"ny", **place), **place) == b"ny"
    assert len(asked) == 1
    with pytest.raises(KeyFault):
        old.open(b"\x00\x63" + bytes(40), **place)
    assert len(asked) == 2


def test_a_scope_writes_with_the_newest_keys_from_its_first_write() -> None:
    newer = KeyRing("prov/ett", "hm_prov_ett", KEYS, generation=2)
    now, place = [0], {"table": "a", "column": "x", "row": ROW}
    live = LiveRing(older_ring(newer), lambda: now[0])
    assert live.seal(b"a", **place)[:2] == b"\x00\x01"
    assert live.search_hashes("x") == newer.search_hashes("x")[1:]
    now[0] = 2
    assert live.seal(b"a", **place)[:2] == b"\x00\x01", "one transaction asks once"
    live.begin()
    assert live.seal(b"a", **place)[:2] == b"\x00\x02"
    fresh = LiveRing(older_ring(newer), lambda: now[0])
    assert fresh.search_hashes("x") == newer.search_hashes("x"), "each hashing asks"
