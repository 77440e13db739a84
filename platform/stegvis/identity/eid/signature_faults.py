"""Why a BankID-shaped signature was not accepted: a closed list of reasons, each with a Swedish sentence."""

from __future__ import annotations

from enum import StrEnum


class SignatureReason(StrEnum):
    """Stable codes; they hold nothing personal and may be logged."""

    STRUCTURE = "structure"
    CHANGED = "changed"
    UNTRUSTED_CHAIN = "untrusted_chain"
    CERTIFICATE_EXPIRED = "certificate_expired"
    NOT_A_SIGNING = "not_a_signing"
    KEY_USAGE = "key_usage"
    OTHER_TEXT = "other_text"
    OTHER_BINDING = "other_binding"
    OTHER_SIGNER = "other_signer"
    OCSP_MISSING = "ocsp_missing"
    OCSP_UNREADABLE = "ocsp_unreadable"
    OCSP_RESPONDER = "ocsp_responder"
    OCSP_SIGNATURE = "ocsp_signature"
    OCSP_OTHER_CERTIFICATE = "ocsp_other_certificate"
    OCSP_NOT_GOOD = "ocsp_not_good"
    OCSP_TIME = "ocsp_time"
    OCSP_NONCE = "ocsp_nonce"


SENTENCES: dict[SignatureReason, str] = {
    SignatureReason.STRUCTURE: "Underskriften har inte den form som en BankID-underskrift har.",
    SignatureReason.CHANGED: "Underskriften stämmer inte med innehållet: något har ändrats efteråt.",
    SignatureReason.UNTRUSTED_CHAIN: "Certifikatet kommer inte från en utfärdare som är godkänd här.",
    SignatureReason.CERTIFICATE_EXPIRED: "Certifikatet gällde inte när underskriften gjordes.",
    SignatureReason.NOT_A_SIGNING: "E-legitimationen användes för att legitimera sig, inte skriva under.",
    SignatureReason.KEY_USAGE: "Certifikatet är inte avsett för underskrifter.",
    SignatureReason.OTHER_TEXT: "Texten som skrevs under är inte den text som skulle skrivas under.",
    SignatureReason.OTHER_BINDING: "Underskriften hör till ett annat dokument eller ett annat tillfälle.",
    SignatureReason.OTHER_SIGNER: "Underskriften är gjord av en annan person än den som skulle skriva under.",
    SignatureReason.OCSP_MISSING: "Svaret om certifikatet var spärrat saknas.",
    SignatureReason.OCSP_UNREADABLE: "Svaret om certifikatet var spärrat går inte att läsa.",
    SignatureReason.OCSP_RESPONDER: "Svaret om spärrning kommer inte från certifikatets utfärdare.",
    SignatureReason.OCSP_SIGNATURE: "Svaret om spärrning har en signatur som inte stämmer.",
    SignatureReason.OCSP_OTHER_CERTIFICATE: "Svaret om spärrning gäller ett annat certifikat.",
    SignatureReason.OCSP_NOT_GOOD: "Certifikatet var spärrat eller okänt hos utfärdaren.",
    SignatureReason.OCSP_TIME: "Svaret om spärrning är inte gjort vid underskriften.",
    SignatureReason.OCSP_NONCE: "Svaret om spärrning är inte knutet till just den här underskriften.",
}


class SignatureInvalid(Exception):
    """A signature that does not hold: ``reason_code`` and a Swedish ``sentence``, nothing personal."""

    def __init__(self, reason_code: SignatureReason) -> None:
        super().__init__(reason_code.value)
        self.reason_code = reason_code
        self.sentence = SENTENCES[reason_code]
