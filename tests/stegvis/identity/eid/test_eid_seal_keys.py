"""The keys of seals: closed files, made once, bought ones used as they are, and none that is spoilt."""

from __future__ import annotations

import io
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from stegvis.identity.eid import seal_keys
from stegvis.identity.eid.seal import seal
from stegvis.identity.eid.seal_checks import check_seal
from stegvis.identity.eid.seal_keys import SealFault, SealStore

OWNER = "Provnämnden för arbete och välfärd i Provköpings kommun, med ett långt namn"


def _plain() -> bytes:
    """Some PDF."""
    pdf, out = pikepdf.new(), io.BytesIO()
    pdf.add_blank_page()
    pdf.docinfo["/Title"] = "Prov"
    pdf.save(out)
    return out.getvalue()


def test_the_keys_lie_in_closed_files_and_are_made_once(tmp_path: Path) -> None:
    store = SealStore(tmp_path / "seal")
    first = store.key("a/b", "Nämnden")
    assert SealStore(tmp_path / "seal").key("a/b", "Nämnden") == first
    assert store.key("a/c", "Nämnden").certificate_der != first.certificate_der
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "seal").iterdir()}
    assert modes == dict.fromkeys(["a.b.pem", "a.c.pem", "root.key.pem", "root.pem"], 0o600)
    assert stat.S_IMODE((tmp_path / "seal").stat().st_mode) == 0o700
    assert b"PRIVATE" not in store.root_pem()
    assert "PRIVATE" not in repr(first) and first.private_der.hex()[:40] not in repr(first)


def test_a_bought_certificate_is_used_as_it_is_until_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate from elsewhere, with one between it and its root."""
    issuer = SealStore(tmp_path / "issuer")
    bought = issuer.key("x", "Köpta stämplar AB")
    store = SealStore(tmp_path / "seal")
    store.folder.mkdir(mode=0o700)
    path = store.folder / "a.b.pem"
    path.write_bytes((tmp_path / "issuer" / "x.pem").read_bytes())
    monkeypatch.setattr(seal_keys, "_ROOT_NAME", "En annan rot")
    assert store.key("a/b", "Nämnden").certificate_der == bought.certificate_der
    sealed = seal(_plain(), store.key("a/b", "Nämnden"), reason="x")
    assert check_seal(sealed, [issuer.root_pem()]).trusted
    assert not check_seal(sealed, [store.root_pem()]).trusted
    later = datetime.now(UTC) + timedelta(days=4 * 365)
    monkeypatch.setattr(seal_keys, "_now", lambda: later)
    with pytest.raises(SealFault, match="har gått ut"):
        store.key("a/b", "Nämnden")
    assert path.read_bytes() == (tmp_path / "issuer" / "x.pem").read_bytes(), "never written over"


def test_an_own_certificate_is_made_anew_before_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SealStore(tmp_path / "seal")
    first = store.key("a/b", "Nämnden")
    later = datetime.now(UTC) + timedelta(days=3 * 365 - 10)
    monkeypatch.setattr(seal_keys, "_now", lambda: later)
    second = store.key("a/b", "Nämnden")
    assert second.certificate_der != first.certificate_der
    assert store.key("a/b", "Nämnden") == second


@pytest.mark.parametrize(
    "content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_spoilt_key_file_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    store = SealStore(tmp_path / "seal")
    store.key("a/b", "Nämnden")
    path = tmp_path / "seal" / "a.b.pem"
    path.write_bytes(content)
    with pytest.raises(SealFault, match=r"a\.b\.pem"):
        store.key("a/b", "Nämnden")
    assert path.read_bytes() == content


def test_a_key_with_anothers_certificate_is_refused(tmp_path: Path) -> None:
    store = SealStore(tmp_path / "seal")
    one, other = (store.key(scope, "Nämnden") for scope in ("a/b", "a/c"))
    private = serialization.load_der_private_key(one.private_der, None)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = x509.load_der_x509_certificate(other.certificate_der)
    (tmp_path / "seal" / "a.b.pem").write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    with pytest.raises(SealFault):
        store.key("a/b", "Nämnden")


def test_the_certificate_names_the_huvudman_and_is_for_documents(tmp_path: Path) -> None:
    key = SealStore(tmp_path / "seal").key("a/b", OWNER)
    certificate = x509.load_der_x509_certificate(key.certificate_der)
    assert f"O={OWNER.encode()[:64].decode()}" in certificate.subject.rfc4514_string().replace("\\", "")
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    assert key.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()
