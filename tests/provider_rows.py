"""Rows of e-ID providers as plain data, one of each kind, for tests at the test provider."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

IDURA_CLIENT = "urn:prov:idura"
# Signs that a form encodes: the header and the form must carry it whole.
IDURA_SECRET = "hemlig: å+/%"
LOA3 = "http://id.elegnamnden.se/loa/1.0/loa3"


def config_row(issuer: str, **changes: Any) -> dict[str, Any]:
    """A provider as plain data, as it stands in an installation's configuration."""
    row = {
        "id": "prov",
        "title": "Prov-BankID",
        "issuer": issuer,
        "client_id": "prov",
        "client_key": "prov.jwk",
        "accepted_acr": [LOA3],
        "authn_provider": "urn:testlegitimation:bankid",
        "sign": "oidc_sweden",
        "signature_root": "root.pem",
    }
    return row | changes


def idura_row(issuer: str, **changes: Any) -> dict[str, Any]:
    """The same provider as the other kind: a broker that is asked by acr_values and login_hint."""
    row = {
        "id": "prov",
        "title": "Prov-BankID",
        "kind": "idura",
        "issuer": f"{issuer}/idura",
        "client_id": IDURA_CLIENT,
        "client_auth": "client_secret_basic",
        "client_secret_file": "prov.secret",
        "accepted_acr": ["urn:grn:authn:se:bankid"],
        "acr_values": "urn:grn:authn:se:bankid",
        "sign": "login_hint",
        "signature_root": "root.pem",
    }
    return row | changes


ROWS: dict[str, Callable[..., dict[str, Any]]] = {"sweden": config_row, "idura": idura_row}


def write_secret(path: Path, content: str) -> None:
    """A secret as it must lie: for its owner alone."""
    path.write_text(content)
    path.chmod(0o600)
