"""Logging out at the provider too (OpenID Connect RP-Initiated Logout 1.0), for those that offer it.

Protocol only. The Swedish profile says nothing of logout, so a provider without `end_session_endpoint` is as
good as any: the own session has been ended before anything of this is tried.
"""

from __future__ import annotations

from stegvis.identity.eid.metadata import MetadataStore
from stegvis.identity.eid.protocol import PROVIDERS_PUBLISHED
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.visit import Started
from stegvis.identity.eid.wire import is_safe_address, origin_of


def start_logout(
    provider: Provider,
    *,
    id_token: str,
    return_to: str,
    state: str,
    ui_locales: str = "sv",
    store: MetadataStore = PROVIDERS_PUBLISHED,
) -> Started | None:
    """The form that leads the browser to the provider's logout, or None when it offers none.

    Posted, which section 2 lets every client do: the ID token holds the personal number, and an address is kept
    by browsers and logs. Raises ``EidUnavailable`` or ``EidRefused(METADATA_...)``.
    """
    address = store.metadata(provider).document.get("end_session_endpoint")
    # The browser lets a form lead to the origins of the row alone (its content policy).
    if not is_safe_address(address) or origin_of(str(address)) not in provider.origins:
        return None
    fields = {
        "id_token_hint": id_token,
        "client_id": provider.client_id,
        "post_logout_redirect_uri": return_to,
        "state": state,
        "ui_locales": ui_locales,
    }
    return Started(str(address), fields, {"state": state})
