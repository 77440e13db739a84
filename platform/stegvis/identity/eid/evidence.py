"""The evidence of one signing: everything that somebody needs to check it years later without the service or
provider.

It is made once and never changed; which row came before it (the hash chain) is known to the table that keeps
it, not to the record. It holds numbers and names, so whoever stores it encrypts it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib import metadata
from typing import Any, Literal

from pydantic import AwareDatetime, ConfigDict, TypeAdapter

from stegvis.identity.eid import binding
from stegvis.identity.eid.claims import ClaimMap
from stegvis.identity.eid.errors import EidRefused
from stegvis.identity.eid.evidence_form import SINCE_2, Blob, leave_out, to_base64
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.signature import VerifiedSignature
from stegvis.identity.eid.visit import Assurance, BrowserFacts, SigningMaterial, SigningResult

SOFTWARE = ("stegvis", "signxml", "cryptography", "joserfc", "authlib", "lxml")
_STRICT = ConfigDict(extra="forbid")
VERSION: Literal[2] = 2


@dataclass(frozen=True)
class Attachment:
    """A file that belongs to the document: its name, media type and SHA-256 in hexadecimal."""

    name: str
    mime: str
    sha256: str
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Matter:
    """What was signed. ``tenant`` is the scope, ``controller`` the huvudman by name as the text says it.

    ``signer_role`` is ``self``, ``vardnadshavare``, ``god_man`` or ``forvaltare``, ``signer_ground`` by what right.
    ``interpreter`` is kind and language (``auktoriserad:so``), empty where none was present.
    ``subject_id`` is the id of the person whom the data is about, ``legal_ground`` for instance
    ``sekretessbrytande_samtycke`` (OSL 10:1), ``text`` the canonical text that stood on the signing screen.
    """

    tenant: str
    controller: str
    transaction_id: str
    case_id: str
    subject_id: str
    signer_role: str
    kind: str
    legal_ground: str
    template_id: str
    template_version: str
    language: str
    text: str = field(repr=False)
    manifest_json: str = field(repr=False)
    binding_line: str
    parties: tuple[str, ...]
    data_categories: tuple[str, ...]
    purpose: str
    valid_from: date | None
    valid_to: date | None
    attachments: tuple[Attachment, ...] = ()
    signer_ground: str = field(default="", repr=False, metadata=SINCE_2)
    interpreter: str = field(default="", metadata=SINCE_2)
    __pydantic_config__ = _STRICT


def manifest_for(
    *,
    controller: str,
    kind: str,
    legal_ground: str,
    template_id: str,
    template_version: str,
    language: str,
    parties: tuple[str, ...],
    data_categories: tuple[str, ...],
    purpose: str,
    valid_from: date | None,
    valid_to: date | None,
    attachments: tuple[Attachment, ...] = (),
    interpreter: str = "",
) -> binding.Manifest:
    """The manifest that puts what a consent is about under the signature, under the names that ``Matter``
    uses.

    A receipt's check compares every member that a manifest shares with ``Matter``. Raises
    ``binding.BindingError``.
    """
    content = {
        "controller": controller,
        "kind": kind,
        "legal_ground": legal_ground,
        "template_id": template_id,
        "template_version": template_version,
        "language": language,
        "parties": list(parties),
        "data_categories": list(data_categories),
        "purpose": purpose,
        "valid_from": valid_from.isoformat() if valid_from else None,
        "valid_to": valid_to.isoformat() if valid_to else None,
        "attachments": [{"name": one.name, "mime": one.mime, "sha256": one.sha256} for one in attachments],
    }
    if interpreter:
        content["interpreter"] = interpreter
    return binding.freeze_manifest(content)


def signed_members(record: Evidence) -> dict[str, bool]:
    """The members of ``Matter`` that the manifest puts under the signature, each with whether the two agree.

    Raises ``ValueError`` when the manifest is no JSON object.
    """
    content = json.loads(record.matter.manifest_json)
    if not isinstance(content, dict):
        raise ValueError("the manifest is no object")
    kept = to_json(record)["matter"]
    return {name: content[name] == kept[name] for name in sorted(content) if name in kept}


@dataclass(frozen=True)
class SignerFacts:
    """Who signed, as the provider said it, and who was expected. Numbers are 12 digits."""

    personnummer: str = field(repr=False)
    expected_personnummer: str = field(repr=False)
    is_coordination_number: bool
    name: str = field(repr=False)
    provider_id: str
    iss: str
    sub: str = field(repr=False)
    client_id: str
    authn_provider: str | None
    acr: str
    level: str
    auth_time: AwareDatetime
    txn: str | None
    device_ip: str | None = field(repr=False)
    browser: BrowserFacts
    provider_title: str = field(default="", metadata=SINCE_2)
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Proof:
    """The raw material. Each token stands with the public key that verified it, because keys are changed.

    ``userinfo`` is None where the provider gave everything in the ID token.
    """

    signature_format: Literal["bankid-xmldsig-1", "oidc-idtoken"]
    signature: Blob | None = field(repr=False)
    ocsp: Blob | None = field(repr=False)
    id_token: str = field(repr=False)
    id_token_jwk: dict[str, str] = field(repr=False)
    userinfo: str | None = field(repr=False)
    userinfo_jwk: dict[str, str] | None = field(repr=False)
    request_object: str = field(repr=False)
    request_jwk: dict[str, str] = field(repr=False)
    claim_names: dict[str, str] = field(repr=False)
    state_sha256: str
    nonce_sha256: str
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Times:
    """When it happened: our clock at start and end, and the OCSP answer's producedAt, which is the time of
    signing.
    """

    started_at: AwareDatetime
    completed_at: AwareDatetime
    signed_at: AwareDatetime | None
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Checks:
    """The single findings by name: what was compared, and that it was the same.

    ``ocsp_status`` is None without a signature, ``chain`` the SHA-256 of the signer's certificate and of its root.
    """

    text_sha256: str
    manifest_sha256: str
    expected_signer_match: Literal[True]
    ocsp_status: Literal["good"] | None
    chain: tuple[str, ...]
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class VerificationResult:
    """What the service found when it verified the signature. ``certificate`` is empty without a signature."""

    verified_at: AwareDatetime
    software: dict[str, str]
    certificate: dict[str, Any]
    shown_relying_party: str | None
    warnings: tuple[str, ...]
    checks: Checks | None = field(default=None, metadata=SINCE_2)
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Evidence:
    """One signing, whole. ``assurance`` is *underskrift*, or *godkant_efter_inloggning* when there is no
    signature. ``version`` says which members a record has.
    """

    matter: Matter
    signer: SignerFacts
    proof: Proof
    times: Times
    verification_result: VerificationResult
    assurance: Assurance
    version: Literal[1, 2] = field(default=1, metadata=SINCE_2)
    __pydantic_config__ = _STRICT


_ADAPTER = TypeAdapter(Evidence)


def to_json(evidence: Evidence) -> dict[str, Any]:
    """The record as plain JSON data: times in ISO 8601, blobs in Base64."""
    plain: dict[str, Any] = _ADAPTER.dump_python(evidence, mode="json")
    leave_out(evidence, plain)
    return plain


def from_json(content: dict[str, Any]) -> Evidence:
    """The record from ``to_json``. Raises ``pydantic.ValidationError`` (a ValueError) for anything else."""
    return _ADAPTER.validate_json(binding.canonical_json(content))


def software_versions() -> dict[str, str]:
    """The versions of what takes part in a verification, of those that are installed as distributions."""
    versions: dict[str, str] = {}
    for name in SOFTWARE:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def certificate_facts(verified: VerifiedSignature) -> dict[str, Any]:
    """What the signer's certificate says, as JSON data."""
    facts = asdict(verified.certificate)
    return {
        **facts,
        "not_before": verified.certificate.not_before.isoformat(),
        "not_after": verified.certificate.not_after.isoformat(),
        "policies": list(verified.certificate.policies),
    }


def from_signing(
    result: SigningResult, matter: Matter, *, provider: Provider, browser: BrowserFacts | None = None
) -> Evidence:
    """The record of a signing that held.

    Raises ``binding.BindingError`` when ``matter`` is not what was signed: its text, line, manifest and
    transaction must be those of the result.
    """
    material, identity, verified = result.material, result.identity, result.verified
    _check_matter(matter, material)
    received = material.received
    return Evidence(
        matter=matter,
        signer=_signer(result, provider, browser or material.browser),
        proof=Proof(
            signature_format="bankid-xmldsig-1" if verified else "oidc-idtoken",
            signature=received.user_signature,
            ocsp=received.ocsp,
            id_token=identity.id_token,
            id_token_jwk=dict(identity.id_token_jwk),
            userinfo=identity.userinfo,
            userinfo_jwk=dict(identity.userinfo_jwk) if identity.userinfo_jwk else None,
            request_object=material.request_object,
            request_jwk=dict(material.request_jwk),
            claim_names=asdict(provider.claims),
            state_sha256=material.state_sha256,
            nonce_sha256=material.nonce_sha256,
        ),
        times=Times(
            started_at=material.started_at,
            completed_at=material.completed_at,
            signed_at=verified.signed_at if verified else None,
        ),
        verification_result=VerificationResult(
            verified_at=material.completed_at,
            software=software_versions(),
            certificate=certificate_facts(verified) if verified else {},
            shown_relying_party=verified.relying_party if verified else None,
            warnings=verified.warnings if verified else (),
            checks=checks_of(matter, verified),
        ),
        assurance=result.assurance,
        version=VERSION,
    )


def _signer(result: SigningResult, provider: Provider, browser: BrowserFacts) -> SignerFacts:
    material, identity, verified = result.material, result.identity, result.verified
    return SignerFacts(
        personnummer=identity.personnummer,
        expected_personnummer=material.expected_personnummer,
        is_coordination_number=identity.is_coordination_number,
        name=verified.signer_name if verified else identity.name,
        provider_id=material.provider_id,
        iss=identity.iss,
        sub=identity.sub,
        client_id=material.client_id,
        authn_provider=identity.authn_provider,
        acr=identity.acr,
        level=identity.acr.rsplit("/", 1)[-1],
        auth_time=identity.auth_time,
        txn=identity.txn,
        device_ip=identity.device_ip,
        browser=browser,
        provider_title=provider.title,
    )


def checks_of(matter: Matter, verified: VerifiedSignature | None) -> Checks:
    """The single findings of a signing that held."""
    return Checks(
        text_sha256=binding.text_sha256(matter.text),
        manifest_sha256=binding.sha256_hex(matter.manifest_json.encode("utf-8")),
        expected_signer_match=True,
        ocsp_status="good" if verified else None,
        chain=(verified.certificate.sha256, verified.certificate.root_sha256) if verified else (),
    )


def _check_matter(matter: Matter, material: SigningMaterial) -> None:
    line = binding.read_binding_line(matter.binding_line)
    same = (
        matter.text == material.visible_text
        and matter.binding_line == material.binding_line
        and line.tenant == matter.tenant
        and line.txn == matter.transaction_id
        and line.doc == binding.sha256_hex(matter.manifest_json.encode("utf-8"))
    )
    if not same:
        raise binding.BindingError("Uppgifterna om vad som skrevs under stämmer inte med underskriften.")


def attempt_record(refusal: EidRefused) -> dict[str, Any]:
    """A refused signing as JSON data, to be kept beside the valid ones: what was asked, what came, and why
    not.

    It holds numbers and raw tokens, as the evidence does. Raises ``ValueError`` for a refusal without
    material (a login, or a callback that was refused before anything had come).
    """
    material = refusal.material
    if not isinstance(material, SigningMaterial):
        raise ValueError("the refusal holds no material")
    plain = asdict(material)
    for name in ("started_at", "completed_at"):
        plain[name] = plain[name].isoformat()
    for name in ("user_signature", "ocsp"):
        plain["received"][name] = to_base64(plain["received"][name])
    return {
        "format": "stegvis-forsok:1",
        "reason": refusal.reason_code.value,
        "software": software_versions(),
        **plain,
    }


def claim_map(evidence: Evidence) -> ClaimMap:
    """The claim names that the provider used at the time. ``ProviderConfigError`` for an unknown one."""
    return ClaimMap.from_config(evidence.proof.claim_names)
