"""Login and signing with an e-ID provider, from the form that sends a person away to the checked answer.

Protocol only: no database and no web framework. The caller renders ``Started`` as a form that posts itself,
keeps ``pending`` server-side under ``pending["state"]`` for one use in one browser session, and hands both
back at the callback. What a refusal means for the person is the caller's to say; the errors hold reason codes
only.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stegvis.identity.eid import authorization, binding, exchange, tokens, visit
from stegvis.identity.eid.errors import EidRefused, Reason
from stegvis.identity.eid.metadata import MetadataStore
from stegvis.identity.eid.personal_number import read_number
from stegvis.identity.eid.providers import Provider, public_jwk
from stegvis.identity.eid.signature import SignatureInvalid, verify_signature
from stegvis.identity.eid.signature_faults import SignatureReason
from stegvis.identity.eid.visit import Identity, Received, SigningMaterial, SigningResult, Started

PROVIDERS_PUBLISHED = MetadataStore()
"""What providers publish, kept for an hour for the whole process."""


def start_login(
    provider: Provider,
    *,
    redirect_uri: str,
    purpose_binding: Mapping[str, Any],
    user_message: str | None,
    ui_locales: str = "sv",
    now: datetime | None = None,
    store: MetadataStore = PROVIDERS_PUBLISHED,
) -> Started:
    """Begins a login. ``purpose_binding`` (tenant, where to go next, ...) comes back unchanged in
    ``pending``.

    Raises ``EidUnavailable`` or ``EidRefused(METADATA_...)``.
    """
    metadata = store.metadata(provider)
    return authorization.start(
        provider,
        metadata,
        purpose="login",
        redirect_uri=redirect_uri,
        scope=authorization.LOGIN_SCOPES,
        prompt="login",
        claims=authorization.id_token_claims(provider, None, signature=False),
        extras=authorization.login_extras(provider, metadata, user_message),
        ui_locales=ui_locales,
        purpose_binding=purpose_binding,
        remembered={},
        now=now or datetime.now(UTC),
    )


def finish_login(
    provider: Provider,
    pending: Mapping[str, Any],
    params: Mapping[str, str],
    *,
    now: datetime,
    purpose_binding: Mapping[str, Any] | None = None,
    store: MetadataStore = PROVIDERS_PUBLISHED,
) -> Identity:
    """Who logged in, from the callback's query ``params``.

    ``purpose_binding``, when given, must equal the one of the start (the tenant of the callback's host, say).
    An answer that carries a signature was no login and is refused. Raises ``EidCancelled``, ``EidRefused``,
    ``EidUnavailable``.
    """
    metadata = store.metadata(provider)
    code = visit.check_return(
        provider, metadata, pending, params, purpose="login", purpose_binding=purpose_binding, now=now
    )
    identity, claims = exchange.exchange(
        provider=provider,
        metadata=metadata,
        store=store,
        pending=pending,
        code=code,
        received=Received(),
        now=now,
    )
    if provider.claims.user_signature in claims:
        raise EidRefused(Reason.SIGNATURE_UNASKED)
    return identity


def start_signing(
    provider: Provider,
    *,
    redirect_uri: str,
    expected_personnummer: str,
    visible_text: str,
    binding_line: str,
    purpose_binding: Mapping[str, Any],
    ui_locales: str = "sv",
    now: datetime | None = None,
    store: MetadataStore = PROVIDERS_PUBLISHED,
) -> Started:
    """Begins a signing of ``visible_text`` (canonical) and ``binding_line`` by exactly one person.

    With a provider that makes no signatures it is a login of that one person, shown the same text where the
    provider can show one. Raises ``EidUnavailable``, ``EidRefused`` or ``binding.BindingError`` when line and
    text do not belong together.
    """
    if binding.read_binding_line(binding_line).text != binding.text_sha256(visible_text):
        raise binding.BindingError(
            "Raden som binder underskriften gäller en annan text. Inget har skrivits under."
        )
    bound = read_number(expected_personnummer)
    metadata = store.metadata(provider)
    signs = provider.sign == "oidc_sweden"
    if signs and not metadata.offers_scope(authorization.SIGN_SCOPE):
        raise EidRefused(Reason.SIGNING_NOT_OFFERED)
    extras = authorization.login_extras(provider, metadata, None if signs else visible_text)
    if signs:
        extras |= authorization.sign_extras(visible_text, binding_line)
    return authorization.start(
        provider,
        metadata,
        purpose="sign",
        redirect_uri=redirect_uri,
        scope=authorization.LOGIN_SCOPES + (f" {authorization.SIGN_SCOPE}" if signs else ""),
        prompt="login consent" if signs else "login",
        claims=authorization.id_token_claims(provider, bound, signature=signs),
        extras=extras,
        ui_locales=ui_locales,
        purpose_binding=purpose_binding,
        remembered={
            "expected_personnummer": bound.digits,
            "visible_text": visible_text,
            "binding_line": binding_line,
        },
        now=now or datetime.now(UTC),
    )


def finish_signing(
    provider: Provider,
    pending: Mapping[str, Any],
    params: Mapping[str, str],
    *,
    now: datetime,
    purpose_binding: Mapping[str, Any] | None = None,
    store: MetadataStore = PROVIDERS_PUBLISHED,
) -> SigningResult:
    """The verified signature behind a callback.

    Raises as ``finish_login``; an ``EidRefused`` carries in ``material`` all that had come, for the caller to
    keep as evidence of the attempt. It never says who is logged in, and no session may be started from it.
    """
    metadata = store.metadata(provider)
    code = visit.check_return(
        provider, metadata, pending, params, purpose="sign", purpose_binding=purpose_binding, now=now
    )
    received = Received()
    try:
        identity, claims = exchange.exchange(
            provider=provider,
            metadata=metadata,
            store=store,
            pending=pending,
            code=code,
            received=received,
            now=now,
        )
        return _signing_result(
            provider=provider, pending=pending, identity=identity, claims=claims, received=received, now=now
        )
    except SignatureInvalid as error:
        material = _material(provider, pending, received, now, error.reason_code)
        raise EidRefused(Reason.SIGNATURE_INVALID, material) from None
    except EidRefused as error:
        error.material = _material(provider, pending, received, now, None)
        raise


def _signing_result(
    *,
    provider: Provider,
    pending: Mapping[str, Any],
    identity: Identity,
    claims: Mapping[str, Any],
    received: Received,
    now: datetime,
) -> SigningResult:
    names = provider.claims
    received.user_signature = _blob(claims, names.user_signature)
    received.ocsp = _blob(claims, names.authn_evidence)
    if identity.personnummer != pending["expected_personnummer"]:
        raise EidRefused(Reason.NUMBER_NOT_EXPECTED)
    if provider.sign == "none":
        if received.user_signature is not None:
            raise EidRefused(Reason.SIGNATURE_UNASKED)
        material = _material(provider, pending, received, now, None)
        return SigningResult(identity, material, None, "godkant_efter_inloggning")
    if received.user_signature is None:
        raise EidRefused(Reason.SIGNATURE_MISSING)
    verified = verify_signature(
        received.user_signature,
        received.ocsp,
        roots=[provider.signature_root_pem] if provider.signature_root_pem else [],
        visible_text=pending["visible_text"],
        binding_line=pending["binding_line"],
        expected_personnummer=pending["expected_personnummer"],
        window=(visit.started_at(pending), now),
        nonce_rule=provider.ocsp_nonce,
    )
    return SigningResult(identity, _material(provider, pending, received, now, None), verified, "underskrift")


def _blob(claims: Mapping[str, Any], name: str) -> bytes | None:
    """The bytes of a Base64 claim; None when it is absent or empty."""
    value = claims.get(name)
    if not value:
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, TypeError):
        raise SignatureInvalid(SignatureReason.STRUCTURE) from None


def _material(
    provider: Provider,
    pending: Mapping[str, Any],
    received: Received,
    now: datetime,
    reason: SignatureReason | None,
) -> SigningMaterial:
    return SigningMaterial(
        provider_id=provider.id,
        issuer=provider.issuer,
        client_id=provider.client_id,
        expected_personnummer=pending["expected_personnummer"],
        visible_text=pending["visible_text"],
        binding_line=pending["binding_line"],
        request_object=pending["request_object"],
        request_jwk=tokens.public_part(public_jwk(provider.client_key)),
        state_sha256=binding.sha256_hex(pending["state"].encode()),
        nonce_sha256=binding.sha256_hex(pending["nonce"].encode()),
        started_at=visit.started_at(pending),
        completed_at=now,
        received=received,
        signature_reason=reason.value if reason else None,
    )
