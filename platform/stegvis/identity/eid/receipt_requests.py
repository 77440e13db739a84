"""What a receipt's own request asked for, read from the request as we signed it, one way for each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stegvis.identity.eid import binding, idura, sweden
from stegvis.identity.eid.evidence import Evidence, claim_map
from stegvis.identity.eid.kinds import KINDS
from stegvis.identity.eid.requests_out import b64
from stegvis.identity.eid.tokens import LEEWAY, Decoded, read_header


class CheckFailed(Exception):
    """One check does not hold; the message is the Swedish sentence for the report."""


@dataclass(frozen=True)
class Asked:
    """What the answer is compared with: nonce, the levels that were accepted, seconds that a token may live."""

    nonce: str = field(repr=False)
    levels: tuple[str, ...]
    longest_lifetime: int


def must(holds: bool, sentence: str) -> None:
    """Raise CheckFailed with the sentence unless it holds."""
    if not holds:
        raise CheckFailed(sentence)


def read_request(record: Evidence, request: Decoded) -> Asked:
    """The request when it asked this person for this text. Raises CheckFailed, or KeyError for a wrong form."""
    claims, signer = request.claims, record.signer
    must(
        claims["iss"] == signer.client_id and claims["aud"] == signer.iss,
        "Begäran gick från någon annan eller till någon annan än kvittot säger.",
    )
    must(
        abs(claims["iat"] - record.times.started_at.timestamp()) <= LEEWAY,
        "Begäran gjordes vid en annan tid än kvittot säger.",
    )
    pushed = read_header(record.proof.request_object).get("typ") == idura.REQUEST_TYPE
    sent = claims["pushed"] if pushed else claims
    hashes = (binding.sha256_hex(sent["state"].encode()), binding.sha256_hex(sent["nonce"].encode()))
    must(
        hashes == (record.proof.state_sha256, record.proof.nonce_sha256),
        "Begäran hör till ett annat besök än kvittot säger.",
    )
    if pushed:
        _pushed(record, sent)
        return Asked(sent["nonce"], tuple(claims["accepted_levels"]), claims["longest_lifetime"])
    _request_object(record, sent)
    levels = tuple(sent["claims"]["id_token"].get("acr", {}).get("values", ())) or (signer.acr,)
    return Asked(sent["nonce"], levels, KINDS["sweden"].facts.lifetime)


def _request_object(record: Evidence, claims: Any) -> None:
    """OIDC Sweden: the person by an essential claim, the text by ``signRequest``."""
    matter, signer = record.matter, record.signer
    bound = {name: value["value"] for name, value in claims["claims"]["id_token"].items() if _is_bound(value)}
    names = claim_map(record)
    name = names.coordination_number if signer.is_coordination_number else names.personnummer
    must(
        bound == {name: signer.expected_personnummer},
        "Begäran var inte riktad till den som skulle skriva under.",
    )
    wanted = sweden.SIGN_SCOPE in claims["scope"].split()
    must(wanted == (record.assurance == "underskrift"), "Begäran gällde något annat än kvittot säger.")
    if wanted:
        asked = claims[f"{sweden.PARAM}signRequest"]
        must(asked["tbs_data"] == b64(matter.binding_line), "Begäran var bunden till ett annat dokument.")
        must(asked["sign_message"] == sweden.message_object(matter.text), "Begäran visade en annan text.")


def _pushed(record: Evidence, sent: Any) -> None:
    """Idura: the text by ``login_hint``. The person is bound there for Freja alone; BankID's stands in the
    signature.
    """
    matter, signer = record.matter, record.signer
    hints = sent.get("login_hint", "").split(" ")
    said = [one for one in hints if one.startswith("sub:ssn:")]
    must(
        said in ([], [f"sub:ssn:{signer.expected_personnummer}"]),
        "Begäran var inte riktad till den som skulle skriva under.",
    )
    wanted = "action:sign" in hints
    must(wanted == (record.assurance == "underskrift"), "Begäran gällde något annat än kvittot säger.")
    if wanted:
        lines = [one for one in hints if one.startswith("nonVisibleData:")]
        texts = [one for one in hints if one.startswith("message:")]
        must(
            lines == [f"nonVisibleData:{b64(matter.binding_line)}"],
            "Begäran var bunden till ett annat dokument.",
        )
        must(texts == [f"message:{b64(matter.text)}"], "Begäran visade en annan text.")


def _is_bound(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value
