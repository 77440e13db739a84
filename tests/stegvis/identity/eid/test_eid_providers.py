"""Providers as data, our keys, and what a provider publishes: kept an hour, and never mixed."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from stegvis.identity.eid import (
    EidRefused,
    MetadataStore,
    Provider,
    ProviderConfigError,
    Reason,
    ensure_client_key,
    public_jwks,
)
from stegvis.identity.eid.personal_number import read_number
from stegvis.identity.eid.providers import is_safe_address

ROW = {
    "id": "prov",
    "title": "Prov",
    "issuer": "https://eid.example.test",
    "client_id": "stegvis",
    "accepted_acr": ["http://id.elegnamnden.se/loa/1.0/loa3"],
}


def test_a_row_becomes_a_provider_without_code(tmp_path: Path) -> None:
    claims = {"personnummer": "ssn", "coordination_number": "ssn"}
    provider = Provider.from_config(ROW | {"claims": claims, "algorithms": ["ES256"]}, tmp_path)
    assert (provider.claims.personnummer, provider.algorithms, provider.sign) == ("ssn", ("ES256",), "none")
    assert (tmp_path / "prov.jwk").exists()
    assert Provider.from_config(ROW, tmp_path).client_key.as_dict() == provider.client_key.as_dict()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issuer": "http://eid.example.test"}, "issuer"),
        ({"issuer": ""}, "saknar issuer"),
        ({"kind": "okand"}, "sorten okand"),
        ({"sign": "oidc_sweden"}, "saknar signature_root"),
        ({"sign": "fax"}, "sätt att skriva under"),
        ({"signature_root": "saknas.pem"}, "saknas.pem"),
        ({"accepted_acr": []}, "accepted_acr"),
        ({"accepted_acr": "loa3"}, "accepted_acr"),
        ({"algorithms": ["none"]}, "algoritmerna"),
        ({"algorithms": []}, "algoritmerna"),
        ({"ocsp_nonce": "ignore"}, "ocsp_nonce"),
        ({"claims": {"shoe_size": "x"}}, "shoe_size"),
        ({"client_secret": "hemlig"}, "client_secret"),
    ],
)
def test_a_wrong_row_is_told_in_a_sentence(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderConfigError, match=said):
        Provider.from_config(ROW | change, tmp_path)


def test_the_key_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "eid.jwk"
    key = ensure_client_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ensure_client_key(path).as_dict(private=True) == key.as_dict(private=True)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "{}", "no json", '{"kty":"oct","k":"AA"}', "[]"])
def test_a_file_without_such_a_key_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "eid.jwk").write_text(content)
    with pytest.raises(ProviderConfigError, match=r"eid\.jwk"):
        ensure_client_key(tmp_path / "eid.jwk")


def test_a_public_key_alone_is_no_client_key(tmp_path: Path) -> None:
    public = ECKey.generate_key("P-256", auto_kid=True).as_dict(private=False)
    (tmp_path / "eid.jwk").write_text(json.dumps(public))
    with pytest.raises(ProviderConfigError):
        ensure_client_key(tmp_path / "eid.jwk")


def test_published_keys_are_public_and_each_once(tmp_path: Path) -> None:
    one, two = ensure_client_key(tmp_path / "one"), ensure_client_key(tmp_path / "two")
    keys = public_jwks([one, two, one])["keys"]
    assert [key["kid"] for key in keys] == sorted([one.kid, two.kid])
    assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 2


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://eid.example.test", True),
        ("http://localhost:8010/token", True),
        ("http://127.0.0.1:1", True),
        ("http://eid.example.test", False),
        ("http://localhost.example.test", False),
        ("https://user@eid.example.test", False),
        ("https://eid.example.test#x", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        (None, False),
    ],
)
def test_which_addresses_may_be_talked_to(address: object, safe: bool) -> None:
    assert is_safe_address(address) is safe


def test_what_is_published_is_kept_an_hour(scripted: Any) -> None:
    clock = [0.0]
    store = MetadataStore(clock=lambda: clock[0])
    document = store.metadata(scripted.provider).document
    store.keys(scripted.provider)
    scripted.publish(ui_locales_supported=["en"])
    clock[0] = 3599.0
    assert store.metadata(scripted.provider).document == document
    clock[0] = 3600.0
    assert store.metadata(scripted.provider).document["ui_locales_supported"] == ["en"]


def test_the_same_id_at_two_issuers_never_mixes(scripted: Any, tmp_path: Path) -> None:
    scripted.store.metadata(scripted.provider)
    elsewhere = scripted.provider.issuer.replace("127.0.0.1", "localhost")
    row = ROW | {"id": scripted.provider.id, "issuer": elsewhere}
    with pytest.raises(EidRefused) as caught:
        scripted.store.metadata(Provider.from_config(row, tmp_path))
    assert caught.value.reason_code is Reason.METADATA_ISSUER


@pytest.mark.parametrize(
    "value", ["199001019803", "9001019802", "19900101-9802", None, 199001019802, "", "19901301980x"]
)
def test_no_number(value: object) -> None:
    with pytest.raises(EidRefused) as caught:
        read_number(value)
    assert caught.value.reason_code is Reason.NUMBER_INVALID
