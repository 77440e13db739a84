"""The same signatures judged by two libraries: the one that the service uses (signxml), and xmlsec."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import xmlsec
from lxml import etree

from stegvis.identity.eid import SignatureInvalid, verify_signature
from testlegitimation.ca import TestCA

Change = Callable[[bytes, dict[str, Any]], bytes]


@pytest.fixture(scope="module")
def case(signed_case: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    ca: TestCA = signed_case["ca"]
    xml = ca.sign_bankid(signed_case["person"], signed_case["text"], signed_case["line"].encode())
    other = TestCA.load_or_create(tmp_path_factory.mktemp("other"))
    return signed_case | {"xml": xml, "ocsp": ca.ocsp(xml), "other": other}


def by_xmlsec(xml: bytes, root: bytes) -> bool:
    """Whether xmlsec finds that the signature and its chain to the root hold."""
    manager = xmlsec.KeysManager()
    manager.load_cert_from_memory(root, xmlsec.KeyFormat.PEM, xmlsec.KeyDataType.TRUSTED)
    try:
        document = etree.fromstring(xml)
        xmlsec.tree.add_ids(document, ["Id"])
        xmlsec.SignatureContext(manager).verify(document)
    except (xmlsec.Error, etree.XMLSyntaxError):
        return False
    return True


def by_service(xml: bytes, root: bytes, case: dict[str, Any]) -> bool:
    """Whether the service finds that everything holds."""
    now = datetime.now(UTC)
    try:
        verify_signature(
            xml,
            case["ocsp"],
            roots=[root],
            visible_text=case["text"],
            binding_line=case["line"],
            expected_personnummer=case["person"].personnummer,
            window=(now - timedelta(minutes=5), now),
        )
    except SignatureInvalid:
        return False
    return True


def _text(xml: bytes, case: dict[str, Any]) -> bytes:
    other = base64.b64encode(case["text"].replace("mina", "dina").encode())
    return xml.replace(base64.b64encode(case["text"].encode()), other)


def _line(xml: bytes, case: dict[str, Any]) -> bytes:
    other = base64.b64encode(case["line"].replace("txn=6", "txn=7").encode())
    return xml.replace(base64.b64encode(case["line"].encode()), other)


def _value(xml: bytes, case: dict[str, Any]) -> bytes:
    at = xml.index(b"<SignatureValue>") + 30
    return xml[:at] + (b"A" if xml[at : at + 1] != b"A" else b"B") + xml[at + 1 :]


def _certificate(xml: bytes, case: dict[str, Any]) -> bytes:
    at = xml.index(b"<X509Certificate>") + 200
    return xml[:at] + (b"A" if xml[at : at + 1] != b"A" else b"B") + xml[at + 1 :]


def _function(xml: bytes, case: dict[str, Any]) -> bytes:
    return xml.replace(b"Signing</", b"Identification</")


def _of_another(xml: bytes, case: dict[str, Any]) -> bytes:
    forged: bytes = case["other"].sign_bankid(case["person"], case["text"], case["line"].encode())
    return forged


# name, what is done to the right signature, whether both must find that it holds
VECTORS: list[tuple[str, Change, bool]] = [
    ("right", lambda xml, case: xml, True),
    ("written otherwise", lambda xml, case: xml.replace(b"<Object>", b"<Object >"), True),
    ("other text", _text, False),
    ("other binding", _line, False),
    ("signature changed", _value, False),
    ("certificate changed", _certificate, False),
    ("other function", _function, False),
    ("signed by another CA", _of_another, False),
]


@pytest.mark.parametrize(("change", "holds"), [row[1:] for row in VECTORS], ids=[row[0] for row in VECTORS])
def test_both_libraries_say_the_same(case: dict[str, Any], change: Change, holds: bool) -> None:
    xml = change(case["xml"], case)
    assert (xml == case["xml"]) == (change is VECTORS[0][1]), "the vector changes nothing"
    root = case["ca"].root_pem
    assert (by_service(xml, root, case), by_xmlsec(xml, root)) == (holds, holds)


def test_both_libraries_believe_only_the_pinned_root(case: dict[str, Any]) -> None:
    root = case["other"].root_pem
    assert (by_service(case["xml"], root, case), by_xmlsec(case["xml"], root)) == (False, False)
