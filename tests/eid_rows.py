"""Provider rows that a test adds or changes while the application runs; afterwards all is as it was."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stegvis.config import Settings
from stegvis.identity.eid.client_keys import public_jwks
from stegvis.identity.eid.providers import Provider
from stegvis.identity.eid.rows import FOLDER, ROWS
from stegvis.local.eid_setup import ROOT, provider_home

BACK = "http://{host}/legitimera/{handle}/svar"


class Rows:
    """The installation's rows as they are being changed."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.home / FOLDER
        self.path = self.folder / ROWS
        self.clients = provider_home(settings) / "clients.json"
        self.now: list[dict[str, Any]] = tomllib.loads(self.path.read_text("utf-8"))["provider"]

    def row(self, id_: str) -> dict[str, Any]:
        """The service's row of that id, a copy."""
        return dict(next(row for row in self.now if row["id"] == id_ and "owner" not in row))

    def write(self, rows: Iterable[dict[str, Any]]) -> None:
        """These rows and no others, from the next request on."""
        lines = []
        for row in rows:
            lines += ["[[provider]]", *(f"{name} = {json.dumps(value)}" for name, value in row.items())]
        self.path.write_text("\n".join(lines), "utf-8")

    def add(self, *rows: dict[str, Any]) -> None:
        """These rows beside those that are there; one of the same owner and id goes."""
        taken = {(row.get("owner"), row["id"]) for row in rows}
        self.write([row for row in self.now if (row.get("owner"), row["id"]) not in taken] + list(rows))

    def secret(self, name: str, content: str = "en hemlighet: å") -> str:
        """A secret in a file of its own; returns its name."""
        path = self.folder / name
        path.write_text(content, "utf-8")
        path.chmod(0o600)
        return name

    def register(self, row: dict[str, Any], host: str, name: str = "Provklienten") -> None:
        """The row's client at the test provider, as an operator registers it."""
        provider = Provider.from_config(row, self.folder)
        client = {
            "client_id": provider.client_id,
            "name": name,
            "jwks": public_jwks([provider.client_key]),
            "client_secret": provider.client_secret,
            "redirect_uris": [BACK.format(host=host, handle=provider.handle)],
            "may_sign": True,
        }
        known = [
            one for one in json.loads(self.clients.read_text()) if one["client_id"] != provider.client_id
        ]
        self.clients.write_text(json.dumps([*known, client]))


def idura_row(rows: Rows, client_id: str, **told: Any) -> dict[str, Any]:
    """A row of the other kind than those that the demo shows in Gävleborg."""
    base = {
        "title": "BankID",
        "kind": "idura",
        "issuer": rows.row("idura_bankid")["issuer"],
        "client_id": client_id,
        "client_auth": "client_secret_post",
        "client_secret_file": rows.secret("prov.secret"),
        "acr_values": "urn:grn:authn:se:bankid",
        "accepted_acr": ["urn:grn:authn:se:bankid"],
        "sign": "login_hint",
        "signature_root": ROOT,
    }
    return base | told


@contextmanager
def changed_rows(settings: Settings) -> Iterator[Rows]:
    """The rows, to be changed while this is open."""
    rows = Rows(settings)
    before: dict[Path, bytes] = {path: path.read_bytes() for path in (rows.path, rows.clients)}
    files = set(rows.folder.iterdir())
    try:
        yield rows
    finally:
        for path, content in before.items():
            path.write_bytes(content)
        for path in set(rows.folder.iterdir()) - files:
            path.unlink()
