"""What the program's parts share: issuer, keys, CA, clients, people, memory, the fault that is set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from testlegitimation.clients import Clients
from testlegitimation.evidence import Signer
from testlegitimation.faults import FaultBox
from testlegitimation.keys import ProviderKeys
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
        )
