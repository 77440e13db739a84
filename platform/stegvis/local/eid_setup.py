"""The installation's e-ID with the test provider: our key, the provider rows, its clients, its people."""

import json
from collections.abc import Iterable
from pathlib import Path

from stegvis.config import Settings
from stegvis.ground.tenancy.tenants import Directory
from stegvis.identity.eid.providers import ensure_client_key, public_jwks
from stegvis.identity.eid.visits import FOLDER, ROWS
from testlegitimation.ca import TestCA
from testlegitimation.names import EID_TITLES, EIDS, LOA3

CLIENT_ID = "stegvis"
CLIENT_KEY = "client.jwk"
ROOT = "test-root.pem"


def provider_home(settings: Settings) -> Path:
    """The folder of the test provider's own keys and certificates."""
    return settings.home / "testlegitimation"


def set_up_eid(settings: Settings, directory: Directory, people: Iterable[dict[str, str]] = ()) -> list[str]:
    """Write both sides' settings; returns the arguments to start the test provider with.

    `people` are dictionaries with personnummer, given_name, family_name and note.
    """
    folder, home = settings.home / FOLDER, provider_home(settings)
    folder.mkdir(mode=0o700, exist_ok=True)
    home.mkdir(mode=0o700, exist_ok=True)
    key = ensure_client_key(folder / CLIENT_KEY)
    (folder / ROOT).write_bytes(TestCA.load_or_create(home / "ca").root_pem)
    rows = [
        {
            "id": eid,
            "title": EID_TITLES[eid],
            "kind": "sweden",
            "issuer": settings.eid_issuer,
            "client_id": CLIENT_ID,
            "client_key": CLIENT_KEY,
            "accepted_acr": [LOA3],
            "authn_provider": address,
            "sign": "oidc_sweden",
            "signature_root": ROOT,
        }
        for eid, address in EIDS.items()
    ]
    _write(folder / ROWS, rows)
    hosts = [host for one in directory for host in one.forbund.hosts]
    client = {
        "client_id": CLIENT_ID,
        "name": "Stegvis",
        "jwks": public_jwks([key]),
        "redirect_uris": [
            f"{settings.base_url(host)}/legitimera/{eid}/svar" for host in hosts for eid in EIDS
        ],
        "post_logout_redirect_uris": [],
        "may_sign": True,
    }
    _write(home / "clients.json", [client])
    _write(home / "people.json", list(people))
    port = settings.eid_issuer.rsplit(":", 1)[1]
    return [
        "-m", "testlegitimation", "--port", port, "--home", str(home),
        "--clients", str(home / "clients.json"), "--people", str(home / "people.json"),
    ]  # fmt: skip


def _write(path: Path, content: object) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    fresh.replace(path)
