"""What the program's parts share: issuer, keys, CA, clients, people, memory, the fault that is set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from testlegitimation.clients import Clients
from testlegitimation.evidence import Signer
from testlegitimation.faults import FaultBox
from testlegitimation.keys import ProviderKeys
from testlegitimation.names import IDURA_PATH
from testlegitimation.people import People
from testlegitimation.store import Store


@dataclass(frozen=True)
class Provider:
    """One running provider."""

    issuer: str
    keys: ProviderKeys
    signer: Signer
    clients: Clients
    people: People
    store: Store
    faults: FaultBox
    idura_keys: ProviderKeys

    @property
    def as_idura(self) -> Provider:
        """The same program as the other kind of provider: its own issuer and keys, the same people and CA."""
        return replace(self, issuer=f"{self.issuer}{IDURA_PATH}", keys=self.idura_keys)

    @classmethod
    def open(cls, *, issuer: str, home: Path, clients: Path, people: Path | None) -> Provider:
        """The provider whose keys and CA are kept in ``home`` (made at the first start, 0700)."""
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        signer = Signer(home)
        (home / "root.pem").write_bytes(signer.ca.root_pem)
        return cls(
            issuer=issuer,
            keys=ProviderKeys(home / "keys.json"),
            signer=signer,
            clients=Clients(clients),
            people=People(people),
            store=Store(),
            faults=FaultBox(),
            idura_keys=ProviderKeys(home / "keys-idura.json"),
        )
