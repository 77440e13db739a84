"""Reading an authorization request of the other kind: acr_values, login_hint, pushed beforehand (Idura Verify).

Source: the vendor's public documentation (docs.idura.app): FrejaID, Swedish BankID, Pushed authorization requests.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from testlegitimation.clients import Client, Clients
from testlegitimation.names import (
    CLAIM,
    EIDS,
    IDURA_EIDS,
    NATURAL_PERSON_INFO,
    NATURAL_PERSON_NUMBER,
)
from testlegitimation.requests_in import AuthorizationRequest, RequestRefused, check_flow

EVIDENCE = "evidence"
DEVICES = {"": None, ":same-device": False, ":another-device:qr": True, ":qr": True}
LONGEST_MESSAGE = 40_000


def read_idura_request(parameters: dict[str, list[str]], clients: Clients) -> AuthorizationRequest:
    """The checked request (each name with all its values); RequestRefused otherwise."""
    asked = {name: values[0] for name, values in parameters.items()}
    client = clients.find(asked.get("client_id", ""))
    if client is None:
        raise RequestRefused("invalid_request", "client_id is missing or unknown")
    if asked.get("redirect_uri") not in client.redirect_uris:
        raise RequestRefused(
            "invalid_request", "redirect_uri is not one of the registered ones, to the letter"
        )
    try:
        if any(len(values) > 1 for values in parameters.values()):
            raise RequestRefused("invalid_request", "a parameter is given more than once")
        return _checked(asked, client)
    except RequestRefused as refusal:
        refusal.redirect_uri, refusal.state = asked["redirect_uri"], asked.get("state")
        raise


def _checked(asked: dict[str, str], client: Client) -> AuthorizationRequest:
    check_flow(asked)
    scopes = frozenset(asked.get("scope", "").split())
    if "openid" not in scopes:
        raise RequestRefused("invalid_scope", "scope must contain openid")
    if "none" in asked.get("prompt", "").split():
        raise RequestRefused("login_required", "nobody is ever logged in here: prompt=none cannot be met")
    eid, other_device = _selected(asked.get("acr_values", ""))
    hints = _hints(asked.get("login_hint", ""))
    message = _decoded(hints.get("message"))
    signing = hints.get("action") == "sign"
    if signing and eid != "bankid":
        raise RequestRefused("invalid_request", "signing with Freja is not played here")
    if signing and not client.may_sign:
        raise RequestRefused("unauthorized_client", "the client may not ask for signatures")
    if signing and not message:
        raise RequestRefused("invalid_request", "action:sign needs a message")
    if eid == "freja" and not {"frejaid:ssn", "frejaid:basic_user_info"} <= scopes:
        raise RequestRefused(
            "invalid_scope", "the scopes frejaid:ssn and frejaid:basic_user_info are required"
        )
    text = _text(message) if message is not None else None
    return AuthorizationRequest(
        client=client,
        redirect_uri=asked["redirect_uri"],
        scopes=scopes | {NATURAL_PERSON_INFO, NATURAL_PERSON_NUMBER},
        state=asked.get("state"),
        nonce=asked.get("nonce"),
        code_challenge=asked["code_challenge"],
        claims=_bound(hints) if eid == "freja" else {},
        authn_provider=EIDS[eid],
        user_message=None if signing else text,
        sign_text=text if signing else None,
        tbs_data=(_decoded(hints.get("nonVisibleData")) or b"") if signing else None,
        other_device=other_device,
        markdown=True,
    )


def _selected(selector: str) -> tuple[str, bool | None]:
    """Which e-ID, and on which device when that was said too."""
    for eid, urn in IDURA_EIDS.items():
        rest = selector.removeprefix(urn)
        if selector.startswith(urn) and rest in DEVICES and (eid == "bankid" or not rest):
            return eid, DEVICES[rest]
    raise RequestRefused("invalid_request", "acr_values is not one of the e-IDs here")


def _hints(login_hint: str) -> dict[str, str]:
    """The words of login_hint as name and value; a ``sub:ssn:`` is called by both its first words."""
    found: dict[str, str] = {}
    for word in login_hint.split():
        name, _, value = word.partition(":")
        if name == "sub":
            kind, _, value = value.partition(":")
            name = f"sub:{kind}"
        if name in found:
            raise RequestRefused("invalid_request", f"login_hint has {name} more than once")
        found[name] = value
    return found


def _bound(hints: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The only person who may answer, in the words of the claims parameter."""
    number = hints.get("sub:ssn")
    if number is None:
        return {}
    if hints.get("sub:ssncountry") != "SE" or not (len(number) == 12 and number.isdigit()):
        raise RequestRefused("invalid_request", "sub:ssn is 12 digits, with sub:ssncountry:SE")
    kind = "coordinationNumber" if int(number[6:8]) > 60 else "personalIdentityNumber"
    return {"id_token": {f"{CLAIM}{kind}": {"essential": True, "value": number}}}


def _decoded(value: str | None) -> bytes | None:
    if value is None:
        return None
    if len(value) > LONGEST_MESSAGE:
        raise RequestRefused("invalid_request", "a value in login_hint is too long")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestRefused("invalid_request", "a value in login_hint is not Base64") from error


def _text(message: bytes) -> str:
    try:
        return message.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestRefused("invalid_request", "message is not UTF-8") from error
