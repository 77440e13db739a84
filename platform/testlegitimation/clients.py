"""The relying parties that the provider knows, from a JSON file that is read again when it changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet

from testlegitimation.people import ReloadedFile


class BadClients(ValueError):
    """The clients file cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Client:
    """A relying party: its public keys, its exact addresses, and whether it may ask for signatures."""

    client_id: str
    name: str
    keys: KeySet
    redirect_uris: frozenset[str]
    post_logout_redirect_uris: frozenset[str]
    may_sign: bool
    id_token_alg: str
    secret: str = field(default="", repr=False)


class Clients:
    """``[{"client_id", "jwks" | "jwks_file", "redirect_uris", "post_logout_redirect_uris", "name",
    "may_sign"}]``.

    ``jwks_file`` is relative to the file's folder. ``id_token_signed_response_alg`` (ES256 unless told) may
    be given, and for the second issuer ``client_secret`` instead of keys. A file that is not there yet is an
    empty list: a demo writes it while the provider starts.
    """

    def __init__(self, path: Path) -> None:
        self._file = ReloadedFile(path)
        self._clients: dict[str, Client] = {}

    def find(self, client_id: str) -> Client | None:
        """The client, or None. BadClients when the file cannot be read or a row lacks something."""
        return self.all().get(client_id)

    def all(self) -> dict[str, Client]:
        """Every client by its id."""
        if not self._file.path.exists():
            return {}
        try:
            rows, changed = self._file.read()
        except (OSError, json.JSONDecodeError) as error:
            raise BadClients(f"{self._file.path.name}: {error}") from error
        if changed:
            self._clients = {row["client_id"]: self._client(row) for row in rows}
        return self._clients

    def _client(self, row: dict[str, Any]) -> Client:
        try:
            return Client(
                client_id=row["client_id"],
                name=row.get("name") or row["client_id"],
                keys=self._keys_of(row),
                redirect_uris=frozenset(row["redirect_uris"]),
                post_logout_redirect_uris=frozenset(row.get("post_logout_redirect_uris", [])),
                may_sign=bool(row.get("may_sign", False)),
                id_token_alg=row.get("id_token_signed_response_alg", "ES256"),
                secret=row.get("client_secret", ""),
            )
        except (KeyError, ValueError, OSError) as error:
            raise BadClients(f"{self._file.path.name}: client {row.get('client_id')!r}: {error!r}") from error

    def _keys_of(self, row: dict[str, Any]) -> KeySet:
        if row.get("client_secret") and "jwks" not in row and "jwks_file" not in row:
            return KeySet([])
        jwks = row.get("jwks") or json.loads((self._file.path.parent / row["jwks_file"]).read_text("utf-8"))
        return KeySet.import_key_set(jwks)
