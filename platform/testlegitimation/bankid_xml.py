"""The enveloping XML signature in the shape that BankID gives its signatures (no keys or files in here).

Every part is written in its canonical form (inclusive C14N 1.0) from the start: namespace first, attributes
in order, no empty-element tags. What is digested here is therefore exactly what a right verifier
canonicalises.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
BANKID_TYPES = "http://www.bankid.com/signature/v1.0.0/types"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


@dataclass(frozen=True)
class SignedContent:
    """What the person saw and what went with it.

    ``func_id`` is ``Signing`` or ``Identification``; ``nonce`` are fresh random bytes of the signing server.
    """

    visible_text: str
    non_visible: bytes
    func_id: str
    nonce: bytes
    rp_name: str
    display_name: str
    device: str


def b64(data: bytes) -> str:
    """Standard Base64 on one line."""
    return base64.b64encode(data).decode("ascii")


def escape(text: str) -> str:
    """Text as canonical XML writes it in an element."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def signed_data(content: SignedContent) -> str:
    """The ``bankIdSignedData`` element: visible and non-visible data, server and client."""
    client = (
        "<clientInfo>"
        f"<funcId>{escape(content.func_id)}</funcId><version>{b64(b'Testlegitimation=1')}</version>"
        f"<env><ai><type>{b64(b'TEST')}</type><deviceInfo>{b64(content.device.encode())}</deviceInfo>"
        f"<uhi>{b64(hashlib.sha256(content.device.encode()).digest()[:20])}</uhi><fsib>0</fsib><utb>cs1</utb>"
        "<requirement><condition><type>CertificatePolicies</type><value>1.2.3.4.25</value></condition></requirement>"
        "<uauth>pw</uauth></ai></env></clientInfo>"
    )
    non_visible = (
        f"<usrNonVisibleData>{b64(content.non_visible)}</usrNonVisibleData>" if content.non_visible else ""
    )
    visible = b64(content.visible_text.encode())
    return (
        f'<bankIdSignedData xmlns="{BANKID_TYPES}" Id="bidSignedData">'
        f'<usrVisibleData charset="UTF-8" visible="wysiwys">{visible}</usrVisibleData>'
        f"{non_visible}"
        f"<srvInfo><name>{b64(content.rp_name.encode())}</name><nonce>{b64(content.nonce)}</nonce>"
        f"<displayName>{b64(content.display_name.encode())}</displayName></srvInfo>"
        f"{client}</bankIdSignedData>"
    )


def key_info(chain_der: Sequence[bytes]) -> str:
    """The ``KeyInfo`` element: leaf, customer CA, bank CA (never the root)."""
    certificates = "".join(f"<X509Certificate>{b64(der)}</X509Certificate>" for der in chain_der)
    return f'<KeyInfo xmlns="{XMLDSIG}" Id="bidKeyInfo"><X509Data>{certificates}</X509Data></KeyInfo>'


def signed_info(data: str, info: str) -> str:
    """The ``SignedInfo`` element with its two references."""
    return (
        f'<SignedInfo xmlns="{XMLDSIG}">'
        f'<CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{RSA_SHA256}"></SignatureMethod>'
        f"{_reference('bidSignedData', data, BANKID_TYPES)}{_reference('bidKeyInfo', info, None)}"
        "</SignedInfo>"
    )


def _reference(target: str, canonical: str, kind: str | None) -> str:
    kind_attribute = f' Type="{kind}"' if kind else ""
    return (
        f'<Reference{kind_attribute} URI="#{target}">'
        f'<Transforms><Transform Algorithm="{C14N}"></Transform></Transforms>'
        f'<DigestMethod Algorithm="{SHA256}"></DigestMethod>'
        f"<DigestValue>{b64(hashlib.sha256(canonical.encode()).digest())}</DigestValue></Reference>"
    )


def envelope(content: SignedContent, chain_der: Sequence[bytes], sign: Callable[[bytes], bytes]) -> bytes:
    """The whole signed document as bytes. ``sign`` makes an RSA PKCS#1 v1.5 SHA-256 signature over its
    argument.
    """
    data = signed_data(content)
    info = key_info(chain_der)
    head = signed_info(data, info)
    value = b64(sign(head.encode()))
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
        f'<Signature xmlns="{XMLDSIG}">{head}<SignatureValue>{value}</SignatureValue>'
        f"{info}<Object>{data}</Object></Signature>"
    ).encode()
