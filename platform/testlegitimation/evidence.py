"""Making the signature and the OCSP response of a signing, rightly or, when a fault is asked for, wrongly."""

from __future__ import annotations

import base64
from pathlib import Path

from testlegitimation.ca import TestCA
from testlegitimation.faults import other_number
from testlegitimation.people import Person

STRANGER_TEXT = "En annan text än den som visades."


class Signer:
    """Signs with the test CA; keeps a second CA of another root for the faults that need one."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.ca = TestCA.load_or_create(home / "ca")

    def sign(
        self, person: Person, text: str, tbs_data: bytes, *, eid: str, rp_name: str, fault: str | None
    ) -> tuple[bytes, bytes]:
        """(signature XML, OCSP DER) of a person over a visible text and the non-visible ``tbs_data``."""
        ca = self._other_root() if fault == "signature-other-root" else self.ca
        signer = _stranger(person) if fault == "signature-other-person" else person
        xml = ca.sign_bankid(
            signer,
            STRANGER_TEXT if fault == "signature-other-text" else text,
            tbs_data + b";other" if fault == "signature-other-binding" else tbs_data,
            "Identification" if fault == "signature-identification" else "Signing",
            use="identification" if fault == "signature-key-usage" else None,
            eid=eid,
            rp_name=rp_name,
            expired=fault == "signature-expired-leaf",
        )
        ocsp = ca.ocsp(xml, status="revoked" if fault == "ocsp-revoked" else "good")
        if fault == "ocsp-other-signature":
            ocsp = ca.ocsp(ca.sign_bankid(_stranger(person), text, tbs_data, eid=eid, rp_name=rp_name))
        elif fault == "ocsp-nonce":
            ocsp = ca.ocsp(ca.sign_bankid(person, text, tbs_data, eid=eid, rp_name=rp_name))
        elif fault == "ocsp-other-responder":
            ocsp = self._foreign_ocsp(xml)
        elif fault == "signature-changed":
            xml = _changed(xml, text)
        elif fault == "signature-wrapped":
            xml = _wrapped(xml, text)
        return xml, ocsp

    def _other_root(self) -> TestCA:
        return TestCA.load_or_create(self._home / "ca-other-root")

    def _foreign_ocsp(self, xml: bytes) -> bytes:
        """A response for our leaf, but signed by the other root's responder and under the other CA's key
        hash.
        """
        return self._other_root().ocsp(xml)


def _stranger(person: Person) -> Person:
    return Person(other_number(person.personnummer), "Annan", "Annansson")


def _changed(xml: bytes, text: str) -> bytes:
    changed = ("x" if text[:1] != "x" else "y") + text[1:]
    return xml.replace(base64.b64encode(text.encode()), base64.b64encode(changed.encode()), 1)


def _wrapped(xml: bytes, text: str) -> bytes:
    """The signed element stays whole under the same Id, but a second one with another text stands before
    it.
    """
    start, end = xml.index(b"<bankIdSignedData"), xml.index(b"</Object>")
    signed = xml[start:end]
    decoy = signed.replace(base64.b64encode(text.encode()), base64.b64encode(STRANGER_TEXT.encode()), 1)
    return xml[:start] + decoy + b"</Object><Object>" + signed + xml[end:]
