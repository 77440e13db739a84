"""e-ID as a relying party: login and signing over OpenID Connect, offline verification, evidence and receipt.

Protocol only: nothing in here knows of a database, a tenant's tables or a web request.
"""

from stegvis.identity.eid.binding import (
    BindingError,
    FrozenText,
    Manifest,
    binding_line,
    fingerprint,
    freeze_manifest,
    freeze_text,
)
from stegvis.identity.eid.claims import ClaimMap
from stegvis.identity.eid.client_keys import ensure_client_key, public_jwks
from stegvis.identity.eid.errors import (
    EidCancelled,
    EidError,
    EidRefused,
    EidUnavailable,
    ProviderConfigError,
    Reason,
)
from stegvis.identity.eid.evidence import (
    Attachment,
    BrowserFacts,
    Evidence,
    Matter,
    attempt_record,
    from_signing,
    manifest_for,
)
from stegvis.identity.eid.metadata import MetadataStore
from stegvis.identity.eid.protocol import finish_login, finish_signing, start_login, start_signing
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.receipt import Report, receipt_bytes, verify_bytes, verify_receipt, write_receipt
from stegvis.identity.eid.signature import (
    SignatureInvalid,
    SignatureReason,
    VerifiedSignature,
    verify_signature,
)
from stegvis.identity.eid.visit import Identity, SigningMaterial, SigningResult, Started

__all__ = [
    "Attachment",
    "BindingError",
    "BrowserFacts",
    "ClaimMap",
    "EidCancelled",
    "EidError",
    "EidRefused",
    "EidUnavailable",
    "Evidence",
    "FrozenText",
    "Identity",
    "Manifest",
    "Matter",
    "MetadataStore",
    "Provider",
    "ProviderConfigError",
    "Reason",
    "Report",
    "SignatureInvalid",
    "SignatureReason",
    "SigningMaterial",
    "SigningResult",
    "Started",
    "VerifiedSignature",
    "attempt_record",
    "binding_line",
    "ensure_client_key",
    "fingerprint",
    "finish_login",
    "finish_signing",
    "freeze_manifest",
    "freeze_text",
    "from_signing",
    "manifest_for",
    "public_jwks",
    "receipt_bytes",
    "start_login",
    "start_signing",
    "verify_bytes",
    "verify_receipt",
    "verify_signature",
    "write_receipt",
]
