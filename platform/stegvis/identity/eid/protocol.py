"""Login and signing with an e-ID provider, from the form that sends a person away to the checked answer.

Protocol only: no database and no web framework. The caller renders ``Started`` as a form that posts itself,
keeps ``pending`` server-side under ``pending["state"]`` for one use in one browser session, and hands both
back at the callback. What a refusal means for the person is the caller's to say; the errors hold reason codes
only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stegvis.identity.eid import binding, exchange, tokens, visit
from stegvis.identity.eid.claims import value_of
from stegvis.identity.eid.client_keys import public_jwk
from stegvis.identity.eid.errors import EidRefused, Reason
from stegvis.identity.eid.kind import Asked
from stegvis.identity.eid.metadata import MetadataStore
from stegvis.identity.eid.personal_number import read_number
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.signature import SignatureInvalid, verify_signature
from stegvis.identity.eid.signature_faults import SignatureReason
from stegvis.identity.eid.visit import (
    BrowserFacts,
    Identity,
    Received,
    SigningMaterial,
    SigningResult,
    Started,
)

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
    asked = Asked(redirect_uri, now or datetime.now(UTC), ui_locales, user_message)
    return _start(provider, store, "login", asked, {"binding": dict(purpose_binding)})


def _start(
    provider: Provider,
    store: MetadataStore,
    purpose: visit.Purpose,
    asked: Asked,
    remembered: Mapping[str, Any],
) -> Started:
    """The visit as this kind of provider wants it, and what to remember of it."""
    metadata = store.metadata(provider)
    if asked.signs and not provider.adapter.offers_signing(metadata):
        raise EidRefused(Reason.SIGNING_NOT_OFFERED)
    sent = provider.adapter.begin(provider, metadata, asked)
    pending = {
        "version": 2,
        "purpose": purpose,
        "provider": provider.key,
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "redirect_uri": asked.redirect_uri,
        "state": asked.secrets.state,
        "nonce": asked.secrets.nonce,
        "verifier": asked.secrets.verifier,
        "created": int(asked.now.timestamp()),
        "request_object": sent.request,
        **remembered,
    }
    return Started(sent.address, sent.fields, pending, sent.method)


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
    if value_of(claims, provider.claims.user_signature):
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
    asked = Asked(
        redirect_uri,
        now or datetime.now(UTC),
        ui_locales,
        message=visible_text,
        bound=bound,
        signs=provider.sign != "none",
        visible_text=visible_text,
        binding_line=binding_line,
    )
    remembered = {
        "binding": dict(purpose_binding),
        "expected_personnummer": bound.digits,
        "visible_text": visible_text,
        "binding_line": binding_line,
    }
    return _start(provider, store, "sign", asked, remembered)


def finish_signing(
    provider: Provider,
    pending: Mapping[str, Any],
    params: Mapping[str, str],
    *,
    now: datetime,
    purpose_binding: Mapping[str, Any] | None = None,
    browser: BrowserFacts | None = None,
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
    facts = browser or BrowserFacts()
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
            provider=provider,
            pending=pending,
            identity=identity,
            claims=claims,
            received=received,
            now=now,
            browser=facts,
        )
    except SignatureInvalid as error:
        material = _material(provider, pending, received, now, browser=facts, reason=error.reason_code)
        raise EidRefused(Reason.SIGNATURE_INVALID, material) from None
    except EidRefused as error:
        error.material = _material(provider, pending, received, now, browser=facts)
        raise


def _signing_result(
    *,
    provider: Provider,
    pending: Mapping[str, Any],
    identity: Identity,
    claims: Mapping[str, Any],
    received: Received,
    now: datetime,
    browser: BrowserFacts,
) -> SigningResult:
    signed = provider.adapter.signed(provider, claims)
    received.user_signature, received.ocsp = signed.signature, signed.revocation
    if identity.personnummer != pending["expected_personnummer"]:
        raise EidRefused(Reason.NUMBER_NOT_EXPECTED)
    if provider.sign == "none":
        if received.user_signature is not None:
            raise EidRefused(Reason.SIGNATURE_UNASKED)
        material = _material(provider, pending, received, now, browser=browser)
        return SigningResult(provider, identity, material, None, "godkant_efter_inloggning")
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
    material = _material(provider, pending, received, now, browser=browser)
    return SigningResult(provider, identity, material, verified, "underskrift")


def _material(
    provider: Provider,
    pending: Mapping[str, Any],
    received: Received,
    now: datetime,
    *,
    browser: BrowserFacts,
    reason: SignatureReason | None = None,
) -> SigningMaterial:
    return SigningMaterial(
        provider_id=provider.handle,
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
        browser=browser,
    )
