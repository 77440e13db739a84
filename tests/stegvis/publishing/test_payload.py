"""The frozen payload takes what is declared and nothing else, and always has the same bytes."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from stegvis.publishing.payload import Payload, thaw

RAW = {
    "tenant": {"id": "gavleborg", "name": "Samordningsförbund Gävleborg"},
    "huvudman": {"id": "sandviken", "name": "Sandvikens kommun"},
    "insats": {"id": "karnhuset", "name": "Kärnhuset 2.0"},
    "kind": "kvartalsrapport",
    "period": {"first": date(2023, 10, 1), "last": date(2023, 12, 31)},
    "version": 1,
    "figures": [
        {"id": "since/ended", "label": "Avslutade", "period": 2, "since_start": 8},
        {
            "id": "group/annat",
            "label": "Annat",
            "period": {"hidden": "bara_sedan_start"},
            "since_start": {"hidden": "for_fa"},
        },
    ],
    "goals": [
        {"id": "volym", "label": "Deltagare", "target": 50, "outcome": Decimal("30.5"), "judgement": "risk"}
    ],
    "sections": [{"id": "aktiviteter", "number": "2.1", "heading": "Aktiviteter", "text": "Vi har börjat."}],
    "steering": {
        "form": "mejl",
        "on": date(2023, 12, 18),
        "present": ["Prov Provsson"],
        "text": "Inga synpunkter.",
    },
    "signer": {"name": "Test Testsson", "on": date(2024, 1, 11)},
    "policy": "standard",
    "ledger": "00000000-0000-4000-8000-000000000001",
}


def with_change(path, value):
    raw = copy.deepcopy(RAW)
    here = raw
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return raw


def test_the_bytes_are_canonical_and_thaw_to_the_same_payload():
    payload = Payload.model_validate(RAW)
    stored = payload.canonical()
    assert (
        json.dumps(json.loads(stored), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        == stored
    )
    assert json.loads(stored)["goals"][0]["outcome"] == "30.5"
    again = thaw(stored, payload.sha256())
    assert again == payload
    assert again.canonical() == stored


def test_the_order_of_keys_and_the_form_of_letters_do_not_matter():
    decomposed = with_change(["insats", "name"], "Ka\u0308rnhuset 2.0")
    turned = dict(reversed(decomposed.items()))
    assert Payload.model_validate(turned).sha256() == Payload.model_validate(RAW).sha256()


def test_changed_bytes_do_not_thaw():
    payload = Payload.model_validate(RAW)
    changed = payload.canonical().replace(b'"since_start":8', b'"since_start":9')
    with pytest.raises(ValueError, match="not the one that was sent"):
        thaw(changed, payload.sha256())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["names"], ["Test Testsson"]),
        (["figures", 0, "since_start"], True),
        (["figures", 0, "since_start"], 8.0),
        (["figures", 0, "since_start"], "8"),
        (["figures", 0, "since_start"], "Test"),
        (["figures", 0, "since_start"], [8]),
        (["figures", 0, "since_start"], Decimal("NaN")),
        (["figures", 0, "since_start"], {"hidden": "for_fa", "value": 3}),
        (["figures", 0, "since_start"], {"hidden": "3"}),
        (["figures", 0, "note"], "Test"),
        (["figures", 0, "id"], "Avslutade!"),
        (["goals", 0, "judgement"], "Anna klarade det"),
        (["sections", 0, "number"], "två"),
        (["sections", 0, "text"], "a\u202eb"),
        (["sections", 0, "text"], "a\x00b"),
        (["steering", "form"], "telefon"),
        (["policy"], "fri"),
        (["version"], 0),
        (["version"], True),
        (["schema_version"], 2),
        (["kind"], "brev"),
        (["period"], {"first": date(2024, 1, 2), "last": date(2024, 1, 1)}),
        (["ledger"], "../x"),
    ],
)
def test_what_is_not_declared_is_refused(path, value):
    with pytest.raises(ValidationError):
        Payload.model_validate(with_change(path, value))


def test_a_row_cannot_stand_twice():
    with pytest.raises(ValidationError, match="twice"):
        Payload.model_validate(with_change(["sections"], RAW["sections"] * 2))


def test_a_payload_cannot_be_changed():
    payload = Payload.model_validate(RAW)
    with pytest.raises(ValidationError):
        payload.version = 2
