"""A receipt of a pushed request: what was asked is read from our own record of it, and a forged one is found."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pytest
from joserfc.jwk import ECKey

from stegvis.identity.eid import Evidence, receipt_bytes, verify_bytes
from stegvis.identity.eid.requests_out import sign
from stegvis.identity.eid.tokens import verify


@pytest.mark.parametrize(
    ("hints", "said"),
    [
        ("action:sign message:eA== nonVisibleData:{line}", "Begäran visade en annan text."),
        ("action:sign message:{text} nonVisibleData:eA==", "Begäran var bunden till ett annat dokument."),
        ("message:{text} nonVisibleData:{line}", "Begäran gällde något annat än kvittot säger."),
        (
            "action:sign message:{text} nonVisibleData:{line} sub:ssn:199001019836",
            "Begäran var inte riktad till den som skulle skriva under.",
        ),
        ("", "Begäran gällde något annat än kvittot säger."),
    ],
)
def test_a_pushed_request_for_something_else_is_found(
    evidences: dict[str, Evidence], signed_case: dict[str, Any], hints: str, said: str
) -> None:
    """Even by who signs the record of the request anew with a key of their own."""
    evidence = evidences["idura"]
    own = ECKey.generate_key("P-256", {"kid": "own"})
    claims = dict(verify(evidence.proof.request_object, evidence.proof.request_jwk).claims)
    parts = {"line": evidence.matter.binding_line, "text": evidence.matter.text}
    coded = {name: base64.b64encode(value.encode()).decode() for name, value in parts.items()}
    claims["pushed"] = claims["pushed"] | {"login_hint": hints.format(**coded)}
    changes = {
        "request_object": sign(own, "stegvis-pushed-request+jwt", claims),
        "request_jwk": own.as_dict(private=False),
    }
    forged = dataclasses.replace(evidence, proof=dataclasses.replace(evidence.proof, **changes))
    report = verify_bytes(receipt_bytes(forged), roots=[signed_case["ca"].root_pem])
    assert f"FEL  {said}" in report.lines
