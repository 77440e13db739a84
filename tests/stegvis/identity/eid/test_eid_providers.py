"""Providers as data, our keys, and what a provider publishes: kept an hour, and never mixed."""

from __future__ import annotations

import contextlib
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
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
from stegvis.identity.eid.claims import seconds_of, value_of
from stegvis.identity.eid.idura import FREJA_CLAIMS
from stegvis.identity.eid.personal_number import read_number
from stegvis.identity.eid.tokens import Expected, check_id_token, read_person
from stegvis.identity.eid.wire import is_safe_address

ROW = {
    "id": "prov",
    "title": "Prov",
    "issuer": "https://eid.example.test",
    "client_id": "stegvis",
    "accepted_acr": ["http://id.elegnamnden.se/loa/1.0/loa3"],
}
IDURA = {
    "id": "prov",
    "title": "Prov",
    "kind": "idura",
    "issuer": "https://eid.example.test",
    "client_id": "urn:prov:1",
    "client_auth": "client_secret_basic",
    "client_secret_file": "prov.secret",
    "accepted_acr": ["urn:grn:authn:se:bankid"],
    "acr_values": "urn:grn:authn:se:bankid",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of secrets: our key, a provider's shared secret."""
    ensure_client_key(tmp_path / "prov.jwk")
    (tmp_path / "prov.secret").write_text("hemlig\n")
    (tmp_path / "prov.secret").chmod(0o600)
    return tmp_path


def test_a_row_becomes_a_provider_without_code(folder: Path) -> None:
    claims = {"personnummer": "ssn", "coordination_number": "ssn"}
    provider = Provider.from_config(ROW | {"claims": claims, "algorithms": ["ES256"]}, folder)
    assert (provider.claims.personnummer, provider.algorithms, provider.sign) == ("ssn", ("ES256",), "none")
    assert Provider.from_config(ROW, folder).client_key.as_dict() == provider.client_key.as_dict()


def test_a_row_of_the_other_kind_has_its_own_defaults(folder: Path) -> None:
    provider = Provider.from_config(IDURA, folder)
    assert (provider.client_auth, provider.client_secret) == ("client_secret_basic", "hemlig")
    assert (provider.userinfo, provider.at_hash_required, provider.longest_lifetime) == ("none", False, 1200)
    assert (provider.claims.personnummer, provider.claims.level) == ("ssn", "authenticationtype")
    freja = IDURA | {"acr_values": "urn:grn:authn:se:frejaid", "accepted_acr": ["PLUS"]}
    names = Provider.from_config(freja, folder).claims
    assert (names.personnummer, names.level) == ("details.requestedAttributes.ssn.ssn", "registrationLevel")


def test_a_level_may_stand_in_another_claim_than_acr(folder: Path) -> None:
    row = ROW | {"accepted_acr": ["LOA3"], "claims": {"level": "https://frejaeid.com/oidc/claims/loaLevel"}}
    provider = Provider.from_config(row, folder)
    claims = {"iss": provider.issuer, "aud": "stegvis", "sub": "x", "nonce": "n", "iat": 1, "exp": 2}
    claims |= {"auth_time": 1, "acr": "LOA3", "https://frejaeid.com/oidc/claims/loaLevel": "LOA2"}
    expected = Expected(
        provider.issuer, "stegvis", "n", datetime.fromtimestamp(1, UTC), ("LOA3",), names=provider.claims
    )
    with pytest.raises(EidRefused) as caught:
        check_id_token(claims, expected, datetime.fromtimestamp(2, UTC))
    assert caught.value.reason_code is Reason.ACR_NOT_ACCEPTED
    check_id_token(claims | {provider.claims.level: "LOA3"}, expected, datetime.fromtimestamp(2, UTC))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1700000000, 1700000000.0),
        ("1700000000", 1700000000.0),
        ("1700000000123", 1700000000.123),
        ("2023-11-14T22:13:20.000Z", 1700000000.0),
        ("2023-11-14T23:13:20+01:00", 1700000000.0),
        ("2023-11-14T22:13:20", None),
        ("i går", None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_how_a_time_may_be_written(value: object, seconds: float | None) -> None:
    if seconds is not None:
        assert seconds_of({"at": value}, "at") == seconds
        return
    with pytest.raises(EidRefused):
        seconds_of({"at": value}, "at")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.text(),
)
def test_any_claims_are_read_or_refused(claims: Any, name: str) -> None:
    told = {"a": claims} if not isinstance(claims, dict) else claims
    value_of(told, name)
    with contextlib.suppress(EidRefused):
        seconds_of(told, name)
    with contextlib.suppress(EidRefused):
        read_person(told, FREJA_CLAIMS)


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
        ({"id": "Prov!"}, "ett id som inte"),
        ({"owner": "gavleborg"}, "inte är en huvudman"),
        ({"owner": "gavleborg:publicering"}, "inte är en huvudman"),
        ({"client_key": "annan.jwk"}, r"annan\.jwk saknas"),
        ({"client_key_env": "STEGVIS_PROV_SAKNAS"}, "STEGVIS_PROV_SAKNAS"),
        ({"client_key": "a", "client_key_env": "b"}, "behåll en"),
        ({"client_auth": "client_secret_basic"}, "client_auth som inte"),
        ({"client_secret_file": "prov.secret"}, "client_secret_file fast"),
        ({"acr_values": "urn:grn:authn:se:bankid"}, "acr_values"),
        ({"userinfo": "none"}, "userinfo"),
        ({"longest_lifetime": 1200}, "longest_lifetime"),
        ({"at_hash_required": "ja"}, "at_hash_required"),
        ({"origins": ["https://eid.example.test/sida"]}, "origins"),
        ({"claims": ["x"]}, "claims som inte"),
        ({"claims": {"level": 3}}, "ska vara text"),
    ],
)
def test_a_wrong_row_is_told_in_a_sentence(folder: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderConfigError, match=said):
        Provider.from_config(ROW | change, folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"acr_values": "urn:grn:authn:no:bankid"}, "saknar acr_values"),
        ({"acr_values": ""}, "saknar acr_values"),
        ({"sign": "oidc_sweden"}, "sätt att skriva under"),
        ({"sign": "login_hint"}, "saknar signature_root"),
        (
            {"sign": "login_hint", "signature_root": "x", "acr_values": "urn:grn:authn:se:frejaid"},
            "bara godkänna efter inloggning med Freja",
        ),
        ({"client_secret_file": "saknas.secret"}, r"saknas\.secret saknas"),
        ({"client_auth": "client_secret_post", "client_secret_env": "X"}, "behåll en"),
        ({"client_auth": "private_key_jwt"}, "fast client_auth"),
        ({"scopes": "ssn"}, "scopes"),
        ({"authn_provider": "x"}, "authn_provider"),
        ({"longest_lifetime": 7200}, "longest_lifetime"),
    ],
)
def test_a_wrong_row_of_the_other_kind_is_told(folder: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderConfigError, match=said):
        Provider.from_config(IDURA | change, folder)


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (b"", 0o600, "är tom"),
        (b" \n", 0o600, "är tom"),
        (b"\xff\xfe", 0o600, "är tom eller innehåller inte text"),
        (b"x" * 5000, 0o600, "är tom eller innehåller inte text"),
        (b"hemlig-kanarie", 0o644, "läge 0644"),
        (b"hemlig-kanarie", 0o660, "läge 0660"),
    ],
)
def test_a_secret_that_does_not_hold_is_told_and_not_shown(
    folder: Path, content: bytes, mode: int, said: str
) -> None:
    (folder / "prov.secret").write_bytes(content)
    (folder / "prov.secret").chmod(mode)
    with pytest.raises(ProviderConfigError, match=said) as caught:
        Provider.from_config(IDURA, folder)
    assert "kanarie" not in str(caught.value)


def test_secrets_may_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEGVIS_PROV_NYCKEL", (folder / "prov.jwk").read_text())
    monkeypatch.setenv("STEGVIS_PROV_HEMLIG", "från miljön")
    row = {name: value for name, value in IDURA.items() if name != "client_secret_file"}
    provider = Provider.from_config(row | {"client_secret_env": "STEGVIS_PROV_HEMLIG"}, folder)
    assert provider.client_secret == "från miljön"
    known = Provider.from_config(ROW | {"client_key_env": "STEGVIS_PROV_NYCKEL"}, folder)
    assert known.client_key.kid == ensure_client_key(folder / "prov.jwk").kid
    monkeypatch.setenv("STEGVIS_PROV_HEMLIG", "  ")
    with pytest.raises(ProviderConfigError, match="STEGVIS_PROV_HEMLIG är tom"):
        Provider.from_config(row | {"client_secret_env": "STEGVIS_PROV_HEMLIG"}, folder)


def test_the_settings_of_a_row_have_a_version_and_its_title_none(folder: Path) -> None:
    key = Provider.from_config(ROW, folder).key
    assert Provider.from_config(ROW | {"title": "Annat"}, folder).key == key
    assert Provider.from_config(ROW | {"client_id": "annan"}, folder).key != key
    (folder / "prov.jwk").unlink()
    ensure_client_key(folder / "prov.jwk")
    assert Provider.from_config(ROW, folder).key != key


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


def test_unknown_keys_are_asked_for_again_once_in_a_pause(scripted: Any) -> None:
    clock = [0.0]
    store = MetadataStore(clock=lambda: clock[0])
    other = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})

    def kids(refetch: Reason | None = None) -> list[str]:
        return [key["kid"] for key in store.keys(scripted.provider, refetch=refetch)]

    assert kids() == ["one"]
    scripted.publish(other)
    assert (kids(), kids(Reason.KEY_UNKNOWN)) == (["one"], ["two"])
    scripted.publish()
    clock[0] = 29.0
    assert kids() == ["two"]
    assert kids(Reason.KEY_UNKNOWN) == ["two"]
    clock[0] = 30.0
    assert kids(Reason.KEY_UNKNOWN) == ["one"]


def test_two_rows_of_one_id_share_nothing(scripted: Any, tmp_path: Path) -> None:
    """The service's row, a huvudman's and another förbund's: same id, and each its own keys and description."""
    row = config_row_of(scripted)
    rows = [row, row | {"owner": "a/b"}, row | {"owner": "c/b"}, row | {"client_id": "annan"}]
    providers = [Provider.from_config(one, tmp_path) for one in rows]
    assert len({one.key for one in providers}) == 4
    assert [one.handle for one in providers] == ["prov", "b.prov", "b.prov", "prov"]
    scripted.store.metadata(providers[0])
    scripted.publish(issuer="https://annan.example.test")
    scripted.store.metadata(providers[0])
    for other in providers[1:]:
        with pytest.raises(EidRefused) as caught:
            scripted.store.metadata(other)
        assert caught.value.reason_code is Reason.METADATA_ISSUER


def config_row_of(scripted: Any) -> dict[str, Any]:
    """The row of the scripted provider."""
    told = {"id": "prov", "issuer": scripted.provider.issuer, "client_id": scripted.provider.client_id}
    return ROW | told


@pytest.mark.parametrize(
    "value", ["199001019803", "9001019802", "19900101-9802", None, 199001019802, "", "19901301980x"]
)
def test_no_number(value: object) -> None:
    with pytest.raises(EidRefused) as caught:
        read_number(value)
    assert caught.value.reason_code is Reason.NUMBER_INVALID
