"""Under which name a provider gives each fact, and how a fact is read from a token's claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from stegvis.identity.eid.errors import EidRefused, ProviderConfigError, Reason

CLAIM = "https://id.oidc.se/claim/"
# An epoch time above this many seconds (the year 5138) can only be milliseconds.
_MILLISECONDS = 100_000_000_000


@dataclass(frozen=True)
class ClaimMap:
    """Under which name a provider gives each fact.

    A name is the claim to the letter or, when there is no such claim, a path of members joined by dots
    (``details.requestedAttributes.ssn.ssn``). ``level`` says where the level of assurance stands, ``auth_time``
    when the person acted. With ``country`` the number counts only when that claim says SE; empty: not looked
    at. The defaults are OIDC Sweden, Claims and Scopes 1.0, section 2.
    """

    personnummer: str = f"{CLAIM}personalIdentityNumber"
    coordination_number: str = f"{CLAIM}coordinationNumber"
    given_name: str = "given_name"
    family_name: str = "family_name"
    name: str = "name"
    authn_provider: str = f"{CLAIM}authnProvider"
    device_ip: str = f"{CLAIM}deviceIp"
    user_signature: str = f"{CLAIM}userSignature"
    authn_evidence: str = f"{CLAIM}authnEvidence"
    level: str = "acr"
    auth_time: str = "auth_time"
    txn: str = "txn"
    country: str = ""

    @classmethod
    def from_config(cls, row: Mapping[str, str], defaults: ClaimMap | None = None) -> ClaimMap:
        """The defaults with what the row says otherwise. ``ProviderConfigError`` for an unknown name."""
        known: dict[str, str] = asdict(defaults or cls())
        unknown = sorted(set(row) - set(known))
        if unknown:
            raise ProviderConfigError(f"Leverantörens claims har ett okänt namn: {unknown[0]}.", "claims")
        if not all(isinstance(name, str) for name in row.values()):
            raise ProviderConfigError("Leverantörens claims ska vara text.", "claims")
        return cls(**(known | dict(row)))


def value_of(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of that name, or the member at that path; None when there is none."""
    if not name:
        return None
    if name in claims:
        return claims[name]
    found: Any = claims
    for step in name.split("."):
        if not isinstance(found, Mapping) or step not in found:
            return None
        found = found[step]
    return found


def text_of(claims: Mapping[str, Any], name: str) -> str | None:
    """As ``value_of``, when it is text."""
    value = value_of(claims, name)
    return value if isinstance(value, str) else None


def seconds_of(claims: Mapping[str, Any], name: str) -> float:
    """A time in epoch seconds, written as a number, as digits, in milliseconds or in ISO 8601.

    Raises ``EidRefused(TIME_MISSING)`` when it is absent or none of these.
    """
    value = value_of(claims, name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise EidRefused(Reason.TIME_MISSING) from None
        if moment.tzinfo is None:
            raise EidRefused(Reason.TIME_MISSING)
        return moment.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EidRefused(Reason.TIME_MISSING)
    return float(value) / 1000 if abs(value) > _MILLISECONDS else float(value)


def full_name(claims: Mapping[str, Any], names: ClaimMap) -> str:
    """The whole name: as the provider gives it, or given and family name together."""
    whole = text_of(claims, names.name)
    if whole:
        return whole
    parts = (text_of(claims, names.given_name), text_of(claims, names.family_name))
    return " ".join(part for part in parts if part)
