"""The receipt: it holds years later with nothing but the file and the root; every changed byte is told."""

from __future__ import annotations

import dataclasses
import json
import random
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from stegvis.identity.eid import (
    BindingError,
    BrowserFacts,
    Evidence,
    Matter,
    Report,
    from_signing,
    receipt_bytes,
    verify_bytes,
    verify_receipt,
    write_receipt,
)
from stegvis.identity.eid.evidence import from_json, to_json
from stegvis.identity.eid.tokens import verify
from testlegitimation.ca import TestCA
from testlegitimation.people import luhn_digit

both = pytest.mark.parametrize("kind", ["sweden", "idura"])


@pytest.fixture(scope="session")
def roots(signed_case: dict[str, Any]) -> list[bytes]:
    return [signed_case["ca"].root_pem]


def faults(report: Report) -> list[str]:
    return [line.removeprefix("FEL  ") for line in report.lines if line.startswith("FEL")]


def forged(evidence: Evidence, part: str, **changes: Any) -> bytes:
    """A receipt in which something was changed and every checksum computed anew, as a forger would."""
    changed = dataclasses.replace(getattr(evidence, part), **changes)
    return receipt_bytes(dataclasses.replace(evidence, **{part: changed}))


@both
def test_a_receipt_holds_and_says_what_it_covers(
    evidence: Evidence, roots: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "kvitto.json"
    write_receipt(evidence, path)
    report = verify_receipt(path, roots=roots)
    assert (report.ok, report.signed, faults(report)) == (True, True, [])
    kinds = [line.split()[0] for line in report.lines]
    assert (kinds.count("OK"), kinds.count("OBS"), report.lines[-1]) == (
        14,
        4,
        "Kvittot håller: allt ovan stämmer.",
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@both
def test_the_record_reads_back(evidence: Evidence) -> None:
    assert from_json(to_json(evidence)) == evidence
    assert json.loads(json.dumps(to_json(evidence))) == to_json(evidence)
    assert receipt_bytes(from_json(to_json(evidence))) == receipt_bytes(evidence)


def test_another_root_is_refused(evidence: Evidence, tmp_path: Path) -> None:
    other = TestCA.load_or_create(tmp_path / "other").root_pem
    report = verify_bytes(receipt_bytes(evidence), roots=[other])
    assert report.ok is False
    assert "Certifikatet kommer inte från en utfärdare som är godkänd här." in faults(report)


def test_many_changed_bytes_are_each_told(evidence: Evidence, roots: list[bytes]) -> None:
    data = receipt_bytes(evidence)
    places = random.Random(7).sample(range(len(data)), 150)
    for place in [0, 1, len(data) - 1, *places]:
        changed = data[:place] + bytes([data[place] ^ (1 << (place % 7))]) + data[place + 1 :]
        report = verify_bytes(changed, roots=roots)
        assert (report.ok, faults(report) != []) == (False, True), f"byte {place} went unnoticed"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_other_byte_anywhere_is_told(evidence: Evidence, roots: list[bytes], data: st.DataObject) -> None:
    right = receipt_bytes(evidence)
    place = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != right[place]))
    kind = data.draw(st.sampled_from(["changed", "inserted", "removed"]))
    middle = {"changed": bytes([other]), "inserted": bytes([right[place], other]), "removed": b""}[kind]
    assert verify_bytes(right[:place] + middle + right[place + 1 :], roots=roots).ok is False


def test_a_changed_value_is_told_by_its_name(evidence: Evidence, roots: list[bytes]) -> None:
    content = json.loads(receipt_bytes(evidence))
    for part, members in content["content"].items():
        if not isinstance(members, dict):
            continue
        for name, value in members.items():
            if isinstance(value, str) and name not in ("started_at", "completed_at", "signed_at"):
                changed = json.loads(receipt_bytes(evidence))
                changed["content"][part][name] = value[:-1] + ("0" if value[-1:] != "0" else "1")
                told = " ".join(faults(verify_bytes(_written(changed), roots=roots)))
                assert f"{part}.{name}" in told, f"{part}.{name} is not named"


def _written(receipt: dict[str, Any]) -> bytes:
    return (json.dumps(receipt, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def test_where_the_layout_was_changed_is_told(evidence: Evidence, roots: list[bytes]) -> None:
    data = receipt_bytes(evidence)
    place = data.index(b'\n "content"') + 1
    report = verify_bytes(data[:place] + b" " + data[place:], roots=roots)
    assert faults(report) == [f"Filens uppställning är ändrad från byte {place + 2}."]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Filen går inte att läsa: fel på rad 1, tecken 1."),
        (b"{\n x", "Filen går inte att läsa: fel på rad 2, tecken 2."),
        (b"ab\xff", "Filen går inte att läsa som text: fel vid byte 3."),
        (b"[]", "Filen är inte ett kvitto av formen stegvis-kvitto:1 (uppgiften format)."),
        (b'{"format":"stegvis-kvitto:1"}', "Kvittot saknar en del eller har en del för mycket: checksums."),
        (b"[" * 100_000, "Filen går inte att läsa: den har en form som inget kvitto har."),
        (b" " * 9_000_000, "Filen är för stor för att vara ett kvitto."),
    ],
)
def test_what_is_no_receipt(data: bytes, said: str) -> None:
    report = verify_bytes(data, roots=[])
    assert (report.ok, faults(report)) == (False, [said])


def test_content_of_another_form_is_told_by_place_without_its_value(
    evidence: Evidence, roots: list[bytes]
) -> None:
    changed = json.loads(receipt_bytes(evidence))
    changed["content"]["signer"]["auth_time"] = "hemligt"
    told = faults(verify_bytes(_written(changed), roots=roots))
    assert told == ["Kvittots innehåll har fel form: content.signer.auth_time."]


# What a forger changes with every checksum computed anew, and the check that finds it.
FORGERIES: list[tuple[str, str, Callable[[Any], dict[str, Any]], str]] = [
    (
        "text",
        "matter",
        lambda e: {"text": "Jag samtycker till allt."},
        "Texten i kvittot är inte den som skrevs under.",
    ),
    (
        "manifest",
        "matter",
        lambda e: {"manifest_json": "{}"},
        "Dokumentet i kvittot är inte det som skrevs under.",
    ),
    (
        "tenant",
        "matter",
        lambda e: {"tenant": "annat"},
        "Underskriften hör till en annan organisation än kvittot säger.",
    ),
    (
        "transaction",
        "matter",
        lambda e: {"transaction_id": "annan"},
        "Underskriften hör till ett annat tillfälle än kvittot säger.",
    ),
    (
        "line",
        "matter",
        lambda e: {"binding_line": e.matter.binding_line.replace("prov;", "x;")},
        "Underskriften hör till ett annat dokument eller ett annat tillfälle.",
    ),
    (
        "party",
        "matter",
        lambda e: {"parties": ("Provnämnden", "Annan myndighet"), "purpose": "Annat"},
        "Dokumentet säger något annat än kvittot om: parties, purpose.",
    ),
    (
        "attachment",
        "matter",
        lambda e: {"attachments": ()},
        "Dokumentet säger något annat än kvittot om: attachments.",
    ),
    (
        "format",
        "proof",
        lambda e: {"signature_format": "oidc-idtoken"},
        "Kvittot anger fel form av underskrift.",
    ),
    (
        "device",
        "signer",
        lambda e: {"device_ip": "192.0.2.9"},
        "Intyget säger något annat än kvittot om hur det gick till.",
    ),
    (
        "certificate",
        "verification_result",
        lambda e: {"shown_relying_party": "Annan"},
        "Kvittot säger något annat om certifikatet än certifikatet självt.",
    ),
    ("no signature", "proof", lambda e: {"signature": None}, "Underskriften saknas i kvittot."),
    ("no ocsp", "proof", lambda e: {"ocsp": None}, "Svaret om certifikatet var spärrat saknas."),
    (
        "number",
        "signer",
        lambda e: {"personnummer": "199001019836", "expected_personnummer": "199001019836"},
        "Underskriften är gjord av en annan person än den som skulle skriva under.",
    ),
    (
        "name",
        "signer",
        lambda e: {"name": "Annan Annansson"},
        "Namnet i kvittot är inte det som underskriften bär.",
    ),
    (
        "subject",
        "signer",
        lambda e: {"sub": "annan"},
        "Intyget säger något annat än kvittot om vem, hur säkert eller när.",
    ),
    ("level", "signer", lambda e: {"level": "loa4"}, "Tillitsnivån i kvittot är inte den som intyget anger."),
    (
        "issuer",
        "signer",
        lambda e: {"iss": "https://annan.example.test"},
        "Begäran gick från någon annan eller till någon annan än kvittot säger.",
    ),
    (
        "state",
        "proof",
        lambda e: {"state_sha256": "0" * 64},
        "Begäran hör till ett annat besök än kvittot säger.",
    ),
    (
        "key of the request",
        "proof",
        lambda e: {"request_jwk": e.proof.id_token_jwk},
        "Begäran är signerad av tjänsten: signaturen stämmer inte med den nyckel som sparades.",
    ),
    (
        "id token",
        "proof",
        lambda e: {"id_token": e.proof.id_token[:-8] + "AAAAAAAA"},
        "Intyget från leverantören är signerat: signaturen stämmer inte med den nyckel som sparades.",
    ),
    (
        "key of userinfo",
        "proof",
        lambda e: {"userinfo_jwk": None if e.proof.userinfo else e.proof.id_token_jwk},
        "Personuppgifterna saknar sin nyckel, eller nyckeln sina personuppgifter.",
    ),
    (
        "time of signing",
        "times",
        lambda e: {"signed_at": e.times.signed_at + timedelta(seconds=9)},
        "Tiden för underskriften är inte den som utfärdaren angav.",
    ),
    (
        "time of the answer",
        "times",
        lambda e: {"completed_at": e.times.started_at - timedelta(days=1)},
        "Svaret om spärrning är inte gjort vid underskriften.",
    ),
    (
        "time of the request",
        "times",
        lambda e: {"started_at": e.times.started_at - timedelta(days=1)},
        "Begäran gjordes vid en annan tid än kvittot säger.",
    ),
]


@both
@pytest.mark.parametrize(
    ("part", "change", "said"), [row[1:] for row in FORGERIES], ids=[row[0] for row in FORGERIES]
)
def test_a_forger_who_computes_the_checksums_anew_is_found(
    evidence: Evidence, roots: list[bytes], part: str, change: Callable[[Any], dict[str, Any]], said: str
) -> None:
    report = verify_bytes(forged(evidence, part, **change(evidence)), roots=roots)
    assert report.ok is False
    assert said in faults(report)


def test_userinfo_that_was_changed_is_found(evidence: Evidence, roots: list[bytes]) -> None:
    changed = forged(evidence, "proof", userinfo=(evidence.proof.userinfo or "")[:-8] + "AAAAAAAA")
    said = "Personuppgifterna är signerade: signaturen stämmer inte med den nyckel som sparades."
    assert said in faults(verify_bytes(changed, roots=roots))


def test_a_forger_who_signs_the_facts_with_an_own_key_is_found(
    evidence: Evidence, roots: list[bytes]
) -> None:
    """The keys of the tokens lie in the receipt, so they can be swapped; the signature's person cannot."""
    own = ECKey.generate_key("P-256", {"kid": "own"})
    claims = dict(verify(evidence.proof.userinfo, evidence.proof.userinfo_jwk).claims)
    claims[evidence.proof.claim_names["personnummer"]] = "19900101983" + str(luhn_digit("900101983"))
    changes = {
        "userinfo": jwt.encode({"alg": "ES256", "kid": "own"}, claims, own),
        "userinfo_jwk": own.as_dict(private=False),
    }
    report = verify_bytes(forged(evidence, "proof", **changes), roots=roots)
    assert faults(report) == ["Det är inte samma person i alla delar av kvittot."]


def test_what_only_keyless_checksums_cover_is_said(evidence: Evidence, roots: list[bytes]) -> None:
    """An honest limit: these can be changed by who computes the checksums anew, and the report says so."""
    report = verify_bytes(forged(evidence, "matter", case_id="annat-arende"), roots=roots)
    assert report.ok is True
    assert [line for line in report.lines if "kontrollsummor utan nyckel" in line] != []


@both
def test_a_signature_cannot_be_called_an_approval(evidence: Evidence, roots: list[bytes]) -> None:
    proof = dataclasses.replace(evidence.proof, signature=None, ocsp=None, signature_format="oidc-idtoken")
    times = dataclasses.replace(evidence.times, signed_at=None)
    stripped = dataclasses.replace(evidence, proof=proof, times=times, assurance="godkant_efter_inloggning")
    report = verify_bytes(receipt_bytes(stripped), roots=roots)
    assert (report.ok, "Begäran gällde något annat än kvittot säger." in faults(report)) == (False, True)


@both
def test_an_approval_says_that_it_is_no_signature(live: Any, crafted_matter: Callable[..., Matter]) -> None:
    live.provider = dataclasses.replace(live.provider, sign="none")
    record = from_signing(live.visit("sign"), crafted_matter(), provider=live.provider)
    assert (record.assurance, record.proof.signature_format) == ("godkant_efter_inloggning", "oidc-idtoken")
    report = verify_bytes(receipt_bytes(record), roots=[])
    assert (report.ok, report.signed, faults(report)) == (True, False, [])
    assert "OBS  Godkänt efter inloggning, inte underskrivet." in report.lines
    claimed = dataclasses.replace(record, assurance="underskrift")
    assert verify_bytes(receipt_bytes(claimed), roots=[]).ok is False


@both
def test_a_coordination_number_and_the_browser_go_in(
    live: Any, crafted_matter: Callable[..., Matter]
) -> None:
    live.number = "19900161980" + str(luhn_digit("900161980"))
    result = live.visit("sign")
    browser = BrowserFacts(ip="192.0.2.7", user_agent="Provläsare", device_sha256="0" * 64)
    record = from_signing(result, crafted_matter(), provider=live.provider, browser=browser)
    report = verify_bytes(receipt_bytes(record), roots=[live.ca.root_pem])
    assert (report.ok, record.signer.is_coordination_number, record.signer.browser) == (True, True, browser)


@pytest.mark.parametrize(
    "change",
    [{"text": "Annan text."}, {"transaction_id": "annan"}, {"tenant": "annat"}, {"manifest_json": "{}"}],
)
def test_evidence_is_only_made_of_what_was_signed(
    live: Any, crafted_matter: Callable[..., Matter], change: dict[str, str]
) -> None:
    result = live.visit("sign")
    with pytest.raises(BindingError):
        from_signing(result, crafted_matter(**change), provider=live.provider)


@both
def test_the_report_shows_no_whole_number(evidence: Evidence, roots: list[bytes]) -> None:
    report = verify_bytes(receipt_bytes(evidence), roots=roots)
    assert evidence.signer.personnummer not in "\n".join(report.lines)
    assert [part for part in (evidence.signer.personnummer, "Testsson") if part in repr(evidence)] == []
