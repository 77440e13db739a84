"""What every kind of provider has in common: the one small interface behind which the kinds differ.

A kind knows how a visit is asked for. What comes back is read by data (the row's claim map, levels, times), so
a new kind is one module with these members, named in ``kinds.py``.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from stegvis.identity.eid.claims import ClaimMap
from stegvis.identity.eid.personal_number import PersonalNumber

if TYPE_CHECKING:
    from stegvis.identity.eid.metadata import Metadata
    from stegvis.identity.eid.providers import Provider

KindName = Literal["sweden", "idura"]
SignWay = Literal["oidc_sweden", "login_hint", "none"]
"""How a signature is asked for. A stand-alone signature service (OIDC Sweden's ``signApproval``) would be one
more way: its kind asks the provider for the approval alone, lets the service sign in ``Kind.signed``, and hands
back what the service gave. Nothing else needs to know.
"""
ClientAuth = Literal["private_key_jwt", "client_secret_basic", "client_secret_post"]
UserInfo = Literal["signed", "none"]
"""Whether the person's facts are asked for at UserInfo too (a signed answer), or stand in the ID token alone."""


@dataclass(frozen=True)
class Facts:
    """What a kind's rows may say, and what counts where they say nothing. ``signs`` are its ways of signing.

    ``own_keys`` are the keys of a row that only this kind has, ``lifetime`` the seconds that an ID token may
    live.
    """

    own_keys: frozenset[str]
    signs: frozenset[SignWay]
    client_auth: tuple[ClientAuth, ...]
    userinfo: tuple[UserInfo, ...]
    key_algorithm: Literal["ES256", "RS256"]
    at_hash_required: bool
    lifetime: int


@dataclass(frozen=True)
class Secrets:
    """State, nonce and PKCE verifier of one visit, 32 random bytes each."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def challenge(self) -> str:
        """The verifier's S256 challenge (RFC 7636)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class Asked:
    """What a visit is to bring. ``message`` is shown where the provider can; a signing shows ``visible_text``.

    ``bound`` is the only person who may answer. With ``signs`` a signature is asked for, over ``visible_text``
    and ``binding_line``.
    """

    redirect_uri: str
    now: datetime
    ui_locales: str = "sv"
    message: str | None = field(default=None, repr=False)
    bound: PersonalNumber | None = None
    signs: bool = False
    visible_text: str = field(default="", repr=False)
    binding_line: str = ""
    secrets: Secrets = field(default_factory=Secrets, repr=False)


@dataclass(frozen=True)
class Sent:
    """The form that sends a person away, and the request as we signed it, which is kept as evidence."""

    address: str
    method: Literal["post", "get"]
    fields: dict[str, str] = field(repr=False)
    request: str = field(repr=False)


@dataclass(frozen=True)
class Signed:
    """What a provider handed over as the signature: the signature itself and the answer about revocation."""

    signature: bytes | None = field(repr=False)
    revocation: bytes | None = field(repr=False)


class Kind(Protocol):
    """One kind of provider."""

    facts: Facts

    def claims(self, row: Mapping[str, Any]) -> ClaimMap:
        """Where this kind gives each fact, unless the row says otherwise."""

    def check(self, row: Mapping[str, Any]) -> tuple[str, str] | None:
        """Key and sentence (the end of one) of what is wrong with a row for this kind alone, or None."""

    def usable(self, metadata: Metadata) -> bool:
        """Whether the discovery document has what this kind cannot do without."""

    def offers_signing(self, metadata: Metadata) -> bool:
        """Whether the provider says that it can sign, where this kind of provider says so."""

    def begin(self, provider: Provider, metadata: Metadata, asked: Asked) -> Sent:
        """Ask for a visit. Raises ``EidUnavailable`` or ``EidRefused``."""

    def signed(self, provider: Provider, claims: Mapping[str, Any]) -> Signed:
        """The signature behind a checked ID token. Raises ``SignatureInvalid`` when it cannot be read."""
