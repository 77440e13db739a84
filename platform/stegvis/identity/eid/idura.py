"""The kind ``idura``: Idura Verify (formerly Criipto), BankID and Freja over plain OpenID Connect.

Read in the vendor's public documentation (docs.idura.app), not tried against a live provider. Confirmed there:
``acr_values``, ``login_hint`` with ``action:sign``, ``message``, ``nonVisibleData`` and ``sub:ssn``, the scope
``evidence`` with the claims ``evidence`` and ``ocspResponse``, client secret or ``private_key_jwt`` with RS256,
pushed requests, ``prompt=login``, the four ways of UserInfo. Not confirmed: that an ID token carries
``authenticationtype`` and ``authenticationinstant`` today (they stand in one printed token), that it lives twenty
minutes at most (that same token), ES256 for assertions, ``at_hash``. docs/decisions/0010-kinds-of-provider.md
says what follows.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import requests

from stegvis.identity.eid import requests_out
from stegvis.identity.eid.claims import ClaimMap
from stegvis.identity.eid.client_auth import credentials
from stegvis.identity.eid.errors import EidRefused, EidUnavailable, Reason
from stegvis.identity.eid.kind import Asked, Facts, Sent, Signed
from stegvis.identity.eid.wire import TIME_LIMIT, is_safe_address, read_limited

if TYPE_CHECKING:
    from stegvis.identity.eid.metadata import Metadata
    from stegvis.identity.eid.providers import Provider

BANKID = "urn:grn:authn:se:bankid"
FREJA = "urn:grn:authn:se:frejaid"
REQUEST_TYPE = "stegvis-pushed-request+jwt"
PUSH = "pushed_authorization_request_endpoint"
SCOPES = {
    BANKID: "openid ssn",
    FREJA: "openid frejaid:ssn frejaid:basic_user_info frejaid:registration_level",
}
EVIDENCE_SCOPE = "evidence"
_PERSON = "details.requestedAttributes.ssn"

BANKID_CLAIMS = ClaimMap(
    personnummer="ssn",
    coordination_number="ssn",
    authn_provider="authenticationtype",
    device_ip="ipaddress",
    user_signature="evidence",
    authn_evidence="ocspResponse",
    level="authenticationtype",
    auth_time="authenticationinstant",
    country="country",
)
FREJA_CLAIMS = ClaimMap(
    personnummer=f"{_PERSON}.ssn",
    coordination_number=f"{_PERSON}.ssn",
    authn_provider="authenticationtype",
    device_ip="ipaddress",
    user_signature="userSignature",
    authn_evidence="certificateStatus",
    level="registrationLevel",
    auth_time="timestamp",
    txn="authRef",
    country=f"{_PERSON}.country",
)


class Idura:
    """A broker that is asked by ``acr_values`` and ``login_hint``, in a request pushed to it beforehand.

    Pushing (RFC 9126) keeps text and number out of the address, authenticates us before anything is shown,
    and leaves the browser nothing to change.
    """

    facts = Facts(
        own_keys=frozenset({"acr_values", "scopes", "longest_lifetime"}),
        signs=frozenset({"login_hint", "none"}),
        client_auth=("private_key_jwt", "client_secret_basic", "client_secret_post"),
        userinfo=("none", "signed"),
        key_algorithm="RS256",
        at_hash_required=False,
        lifetime=1200,
    )

    def claims(self, row: Mapping[str, Any]) -> ClaimMap:
        return FREJA_CLAIMS if _eid(str(row.get("acr_values", ""))) == FREJA else BANKID_CLAIMS

    def check(self, row: Mapping[str, Any]) -> tuple[str, str] | None:
        selector = row.get("acr_values")
        if not isinstance(selector, str) or _eid(selector) is None:
            return "acr_values", f"saknar acr_values, som börjar med {BANKID} eller {FREJA}"
        if row.get("sign") == "login_hint" and _eid(selector) != BANKID:
            # A Freja signature by this broker cannot be checked without asking anybody: its certificates and
            # its form are not published. It is an approval after login, and is called so.
            return "sign", "kan bara godkänna efter inloggning med Freja: skriv sign = none"
        extra = row.get("scopes", ())
        if not isinstance(extra, list | tuple) or not all(isinstance(one, str) for one in extra):
            return "scopes", "har scopes som inte är en lista av ord"
        return None

    def usable(self, metadata: Metadata) -> bool:
        return is_safe_address(metadata.document.get(PUSH))

    def offers_signing(self, metadata: Metadata) -> bool:
        # The discovery document says nothing of signing: a client that may not sign is refused when it asks.
        return True

    def begin(self, provider: Provider, metadata: Metadata, asked: Asked) -> Sent:
        selector = provider.acr_values
        scopes = [SCOPES[_eid(selector) or BANKID], *provider.scopes, *([EVIDENCE_SCOPE] * asked.signs)]
        wanted = {
            "response_type": "code",
            "response_mode": "query",
            "client_id": provider.client_id,
            "redirect_uri": asked.redirect_uri,
            "scope": " ".join(scopes),
            "state": asked.secrets.state,
            "nonce": asked.secrets.nonce,
            "prompt": "login",
            "acr_values": selector,
            "code_challenge": asked.secrets.challenge,
            "code_challenge_method": "S256",
            "ui_locales": asked.ui_locales,
            "login_hint": " ".join(login_hints(selector, asked)),
        }
        pushed = {name: value for name, value in wanted.items() if value}
        created = int(asked.now.timestamp())
        record = {
            "iss": provider.client_id,
            "aud": provider.issuer,
            "iat": created,
            "jti": secrets.token_urlsafe(16),
            "pushed": pushed,
            "accepted_levels": list(provider.accepted_acr),
            "longest_lifetime": provider.longest_lifetime,
        }
        kept = requests_out.sign(provider.client_key, REQUEST_TYPE, record)
        fields = {"client_id": provider.client_id, "request_uri": _push(provider, metadata, pushed)}
        return Sent(metadata.endpoint("authorization_endpoint"), "get", fields, kept)

    def signed(self, provider: Provider, claims: Mapping[str, Any]) -> Signed:
        return requests_out.signed_by(provider.claims, claims)


def login_hints(selector: str, asked: Asked) -> list[str]:
    """The words of ``login_hint``. Freja can be bound to one person; BankID's signer is compared afterwards."""
    hints = []
    if _eid(selector) == FREJA:
        hints.append("minregistrationlevel:plus")
        if asked.bound is not None:
            hints += ["sub:ssncountry:SE", f"sub:ssn:{asked.bound.digits}"]
        return hints
    if asked.signs:
        hints += ["action:sign", f"message:{requests_out.b64(asked.visible_text)}"]
        hints.append(f"nonVisibleData:{requests_out.b64(asked.binding_line)}")
    elif asked.message:
        hints.append(f"message:{requests_out.b64(asked.message)}")
    return hints


def _eid(selector: str) -> str | None:
    """Which of the two e-IDs a selector chooses; what follows the name chooses the device."""
    return next((one for one in (BANKID, FREJA) if selector == one or selector.startswith(f"{one}:")), None)


def _push(provider: Provider, metadata: Metadata, pushed: Mapping[str, str]) -> str:
    """The ``request_uri`` that the provider gives for the request (RFC 9126)."""
    fields, headers = credentials(provider)
    try:
        with requests.post(
            str(metadata.document[PUSH]),
            data={**pushed, **fields},
            headers={"Accept": "application/json", **headers},
            timeout=TIME_LIMIT,
            allow_redirects=False,
            stream=True,
        ) as answer:
            if answer.status_code >= 500:
                raise EidUnavailable("status")
            if answer.status_code != 201:
                raise EidRefused(Reason.REQUEST_REFUSED)
            content = json.loads(read_limited(answer))
    except requests.RequestException:
        raise EidUnavailable("network") from None
    except ValueError:
        raise EidRefused(Reason.REQUEST_REFUSED) from None
    address = content.get("request_uri") if isinstance(content, dict) else None
    if not isinstance(address, str) or not address:
        raise EidRefused(Reason.REQUEST_REFUSED)
    return address
