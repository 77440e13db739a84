"""The installation's e-ID with the test provider: our keys, the provider rows, its clients, its people.

BankID and Freja by the Swedish profile for everybody; by the other kind of broker for whoever shows those; and one
huvudman that signs with a client of its own.
"""

import json
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from stegvis.config import Settings
from stegvis.ground.tenancy.tenants import Directory
from stegvis.identity.eid.client_keys import ClientKey, ensure_client_key, public_jwks
from stegvis.identity.eid.visits import FOLDER, ROWS
from testlegitimation.ca import TestCA
from testlegitimation.names import EID_TITLES, EIDS, IDURA_EIDS, IDURA_PATH, LOA3

CLIENT_ID = "stegvis"
CLIENT_KEY = "client.jwk"
IDURA_CLIENT_ID = "urn:stegvis:idura"
IDURA_SECRET = "idura.secret"  # noqa: S105 - the name of a file
ROOT = "test-root.pem"
# A huvudman that signs with its own client, so that the signing screen shows its name.
OWN_CLIENT = ("kalmar_lan", "kalmar")


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
    secret = _secret(folder / IDURA_SECRET)
    _write(folder / ROWS, _toml(_rows(settings.eid_issuer, directory)))
    _write_json(home / "clients.json", list(_clients(settings, directory, key, secret)))
    _write_json(home / "people.json", list(people))
    port = settings.eid_issuer.rsplit(":", 1)[1]
    return [
        "-m", "testlegitimation", "--port", port, "--home", str(home),
        "--clients", str(home / "clients.json"), "--people", str(home / "people.json"),
    ]  # fmt: skip


def _rows(issuer: str, directory: Directory) -> Iterator[dict[str, Any]]:
    for eid, address in EIDS.items():
        yield _sweden(issuer, eid, address)
    for eid, urn in IDURA_EIDS.items():
        signs = {"sign": "login_hint", "signature_root": ROOT} if eid == "bankid" else {}
        yield {
            "id": f"idura_{eid}",
            "title": EID_TITLES[eid],
            "kind": "idura",
            "issuer": f"{issuer}{IDURA_PATH}",
            "client_id": IDURA_CLIENT_ID,
            "client_auth": "client_secret_basic",
            "client_secret_file": IDURA_SECRET,
            "acr_values": urn,
            "accepted_acr": [urn] if eid == "bankid" else ["PLUS"],
        } | signs
    for forbund, huvudman in _owners(directory):
        owner = {"owner": f"{forbund}/{huvudman}", "client_id": f"{CLIENT_ID}-{huvudman}"}
        yield _sweden(issuer, "bankid", EIDS["bankid"]) | owner


def _sweden(issuer: str, eid: str, address: str) -> dict[str, Any]:
    return {
        "id": eid,
        "title": EID_TITLES[eid],
        "kind": "sweden",
        "issuer": issuer,
        "client_id": CLIENT_ID,
        "client_key": CLIENT_KEY,
        "accepted_acr": [LOA3],
        "authn_provider": address,
        "sign": "oidc_sweden",
        "signature_root": ROOT,
    }


def _owners(directory: Directory) -> list[tuple[str, str]]:
    forbund, huvudman = OWN_CLIENT
    here = [one for one in directory if one.id == forbund and huvudman in {h.id for h in one.huvudman}]
    return [OWN_CLIENT] if here else []


def _clients(
    settings: Settings, directory: Directory, key: ClientKey, secret: str
) -> Iterator[dict[str, Any]]:
    hosts = [host for one in directory for host in one.forbund.hosts]
    yield _client(settings, CLIENT_ID, "Stegvis", hosts, list(EIDS)) | {"jwks": public_jwks([key])}
    idura = _client(settings, IDURA_CLIENT_ID, "Stegvis", hosts, [f"idura_{eid}" for eid in IDURA_EIDS])
    yield idura | {"client_secret": secret}
    for forbund_id, huvudman in _owners(directory):
        forbund = directory.get(forbund_id)
        name = forbund.huvudman_by_id(huvudman).name
        own = _client(
            settings, f"{CLIENT_ID}-{huvudman}", name, forbund.forbund.hosts, [f"{huvudman}.bankid"]
        )
        yield own | {"jwks": public_jwks([key])}


def _client(
    settings: Settings, client_id: str, name: str, hosts: Iterable[str], handles: list[str]
) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "name": name,
        "redirect_uris": [
            f"{settings.base_url(host)}/legitimera/{handle}/svar" for host in hosts for handle in handles
        ],
        "post_logout_redirect_uris": [],
        "may_sign": True,
    }


def _secret(path: Path) -> str:
    if not path.exists():
        _write(path, secrets.token_urlsafe(32))
    return path.read_text("utf-8")


def _toml(rows: Iterable[dict[str, Any]]) -> str:
    """Rows of texts and lists of texts as TOML; JSON writes both of them as TOML does."""
    lines = ["# The test provider's rows, written anew at every start."]
    for row in rows:
        lines += ["", "[[provider]]"]
        lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in row.items()]
    return "\n".join(lines) + "\n"


def _write_json(path: Path, content: object) -> None:
    _write(path, json.dumps(content, ensure_ascii=False, indent=1))


def _write(path: Path, content: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(content, "utf-8")
    fresh.chmod(0o600)
    fresh.replace(path)
