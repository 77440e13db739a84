"""Receipts through the versions of the record: old ones hold, new ones say more, unknown ones are not guessed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from stegvis.identity.eid import BrowserFacts, Evidence, receipt_bytes, verify_bytes
from stegvis.identity.eid.evidence import from_json, to_json
from stegvis.identity.eid.evidence_form import leave_out

# Made by the first version of the record, and never written since. Nobody can make another: its CA is gone.
KEPT = Path(__file__).with_name("kept")
FIRST = (KEPT / "kvitto-1.json").read_bytes()
ROOT = (KEPT / "kvitto-1-root.pem").read_bytes()
# What eid.md 3.2 wants kept of each signature, and where it lies in the record.
WANTED = {
    "what": "tenant case_id subject_id signer_role kind template_id template_version language text manifest_json "
    "parties data_categories purpose valid_from legal_ground controller transaction_id binding_line",
    "who": "personnummer expected_personnummer name iss sub client_id provider_id provider_title authn_provider acr "
    "level auth_time txn device_ip",
    "raw": "signature signature_format ocsp id_token id_token_jwk userinfo userinfo_jwk request_object request_jwk "
    "claim_names state_sha256 nonce_sha256",
    "when": "started_at completed_at signed_at",
    "found": "verified_at software certificate shown_relying_party checks",
    "checks": "text_sha256 manifest_sha256 expected_signer_match ocsp_status chain",
}


def faults(data: bytes, root: bytes) -> list[str]:
    lines = verify_bytes(data, roots=[root]).lines
    return [line.removeprefix("FEL  ") for line in lines if line.startswith("FEL")]


def test_a_receipt_of_the_first_version_still_holds() -> None:
    report = verify_bytes(FIRST, roots=[ROOT])
    assert (report.ok, report.signed, faults(FIRST, ROOT)) == (True, True, [])
    record = from_json(json.loads(FIRST)["content"])
    assert (record.version, record.verification_result.checks) == (1, None)
    assert receipt_bytes(record) == FIRST, "it is written as it was, byte for byte"


def test_the_first_version_has_no_member_of_a_later_one() -> None:
    changed = json.loads(FIRST)
    changed["content"]["version"] = 1
    assert verify_bytes(json.dumps(changed).encode(), roots=[ROOT]).ok is False
    record = dataclasses.replace(from_json(json.loads(FIRST)["content"]), version=2)
    assert faults(receipt_bytes(record), ROOT) == [
        "Kvittot säger att tjänsten fann något annat än det som finns nu."
    ]


def test_a_record_has_all_that_is_wanted(evidence: Evidence, signed_case: dict[str, Any]) -> None:
    plain = to_json(evidence)
    assert plain["version"] == 2
    parts = {
        "what": plain["matter"],
        "who": plain["signer"],
        "raw": plain["proof"],
        "when": plain["times"],
        "found": plain["verification_result"],
        "checks": plain["verification_result"]["checks"],
    }
    empty = [
        f"{part}.{name}" for part, names in WANTED.items() for name in names.split() if not parts[part][name]
    ]
    assert empty == []
    assert set(plain["signer"]["browser"]) == {"ip", "user_agent", "device_sha256"}
    assert faults(receipt_bytes(evidence), signed_case["ca"].root_pem) == []


@pytest.mark.parametrize(
    "change",
    [
        {"text_sha256": "0" * 64},
        {"manifest_sha256": "0" * 64},
        {"ocsp_status": None},
        {"chain": ("0" * 64,)},
    ],
)
def test_what_the_service_found_is_found_again(
    evidence: Evidence, signed_case: dict[str, Any], change: dict[str, Any]
) -> None:
    kept = evidence.verification_result
    assert kept.checks is not None
    result = dataclasses.replace(kept, checks=dataclasses.replace(kept.checks, **change))
    forged = receipt_bytes(dataclasses.replace(evidence, verification_result=result))
    assert faults(forged, signed_case["ca"].root_pem) == [
        "Kvittot säger att tjänsten fann något annat än det som finns nu."
    ]


@pytest.mark.parametrize("version", [0, 3, "2", None])
def test_a_version_that_is_not_known_is_not_guessed(evidence: Evidence, version: object) -> None:
    changed = json.loads(receipt_bytes(evidence))
    changed["content"]["version"] = version
    told = faults(json.dumps(changed).encode(), ROOT)
    assert told == ["Kvittots innehåll har fel form: content.version."]


def test_only_what_came_later_is_left_out() -> None:
    facts = BrowserFacts()
    plain = dataclasses.asdict(facts)
    leave_out(facts, plain)
    assert plain == {"ip": None, "user_agent": None, "device_sha256": None}
