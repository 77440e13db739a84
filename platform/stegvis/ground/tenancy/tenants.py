"""The förbund's files in tenants/: hosts, parties, huvudmän and which insatser run where."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from stegvis.ground.definitions import DefinitionError, Document, Fault, load_document
from stegvis.ground.tenancy.names import NameClash, ScopeId, refuse_clashes

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Host = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")]


class Strict(BaseModel):
    """Frozen, and an unknown key is a fault: a misspelt line must never pass silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Party(Strict):
    """A member or cooperating party of the förbund (FK, AF, a region, a kommun)."""

    id: Id
    name: str
    kind: Literal["fk", "af", "region", "kommun", "annan"]


class Huvudman(Strict):
    """The authority that runs insatser and is controller of the data about their participants.

    `name` is what staff read, `responsible` what stands after "Ansvarig för dina uppgifter:".
    `idle_minutes` is how long a session may rest (15-120), `draft_days` how long a referral that nobody has
    written on or answered is kept. `eid` are the e-ID providers that sign here, the huvudman's own and those
    of the service that it lets; without it its own, or else those of the förbund's login page.
    """

    id: Id
    name: str
    responsible: str
    contact: str = ""
    party: str
    eid: tuple[Id, ...] | None = None
    idle_minutes: int = Field(default=30, ge=15, le=120)
    draft_days: int = Field(default=30, ge=7, le=90)


class InsatsInstance(Strict):
    """One decision about one insats: a plugin with this förbund's own period, places and huvudmän."""

    id: Id
    plugin: Id
    name: str
    huvudmen: tuple[Id, ...] = Field(min_length=1)
    starts: date | None = None
    ends: date | None = None
    decision: str = ""
    registration: Literal["personer", "antal", "struktur"] | None = None
    places: int | None = Field(default=None, ge=1)
    roles: dict[str, str] = Field(default_factory=dict)
    policy: Literal["standard", "strikt"] = "standard"


class Look(Strict):
    """The förbund's own colour in header and print, as #rrggbb."""

    colour: str = Field(default="#116a3e", pattern=r"^#[0-9a-f]{6}$")


class Head(Strict):
    """Who the förbund is. `eid` are the service's e-ID providers on its login page; without it all of them."""

    id: Id
    name: str
    short_name: str
    hosts: tuple[Host, ...] = Field(min_length=1)
    eid: tuple[Id, ...] | None = None
    diary_prefix: str = "SF"


class Forbund(Strict):
    """One tenants/<förbund>.toml, whole."""

    forbund: Head
    look: Look = Look()
    party: tuple[Party, ...] = Field(min_length=1)
    huvudman: tuple[Huvudman, ...] = Field(min_length=1)
    insats: tuple[InsatsInstance, ...] = ()

    @property
    def id(self) -> str:
        """The förbund's id."""
        return self.forbund.id

    @property
    def scope(self) -> ScopeId:
        """The förbund's own scope."""
        return ScopeId(self.id)

    def scopes(self) -> Iterator[ScopeId]:
        """The förbund's scope, its publishing scope, then each vault."""
        yield self.scope
        yield ScopeId(self.id, publishing=True)
        yield from (ScopeId(self.id, huvudman.id) for huvudman in self.huvudman)

    def huvudman_by_id(self, huvudman_id: str) -> Huvudman:
        """One huvudman; raises KeyError."""
        return {huvudman.id: huvudman for huvudman in self.huvudman}[huvudman_id]

    def insats_by_id(self, insats_id: str) -> InsatsInstance:
        """One instance; raises KeyError."""
        return {insats.id: insats for insats in self.insats}[insats_id]

    def insatser_of(self, huvudman_id: str) -> tuple[InsatsInstance, ...]:
        """The instances that a huvudman takes part in."""
        return tuple(insats for insats in self.insats if huvudman_id in insats.huvudmen)


class Directory:
    """All förbund of the installation, found by id and by host."""

    def __init__(self, documents: Sequence[Document[Forbund]]) -> None:
        self._documents = {one.model.id: one for one in documents}
        self._by_id = {key: one.model for key, one in self._documents.items()}
        self._by_host = {host: one for one in self for host in one.forbund.hosts}
        self._scopes = frozenset(self.scopes())

    def __iter__(self) -> Iterator[Forbund]:
        return iter(self._by_id.values())

    def get(self, forbund_id: str) -> Forbund:
        """One förbund; raises KeyError."""
        return self._by_id[forbund_id]

    def by_host(self, host: str) -> Forbund | None:
        """The förbund that answers on a host name (port and letter case do not matter), or None."""
        return self._by_host.get(host.rsplit(":", 1)[0].lower())

    def scopes(self) -> Iterator[ScopeId]:
        """Every scope of the installation."""
        for one in self:
            yield from one.scopes()

    def fault(self, forbund_id: str, where: Sequence[str | int], sentence: str) -> Fault:
        """A fault at a key path of a förbund's file, for what only shows beside something else."""
        return self._documents[forbund_id].fault(where, sentence)

    def knows(self, scope: ScopeId) -> bool:
        """Whether the scope exists here."""
        return scope in self._scopes


def load_directory(folder: Path, prefix: str = "stegvis") -> Directory:
    """Read every tenants/*.toml; raises DefinitionError with file, line and sentence for all faults."""
    faults: list[Fault] = []
    documents: list[Document[Forbund]] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            documents.append(load_document(path, Forbund))
        except DefinitionError as error:
            faults += error.faults
    for one in documents:
        faults += [one.fault(where, sentence) for where, sentence in _contradictions(one)]
    faults += _shared_hosts(documents)
    if not faults:
        try:
            refuse_clashes(prefix, [scope for one in documents for scope in one.model.scopes()])
        except NameClash as clash:
            faults.append(Fault(folder, 0, str(clash)))
    if not documents and not faults:
        faults.append(Fault(folder, 0, "Mappen har ingen fil om något förbund."))
    if faults:
        raise DefinitionError(faults)
    return Directory(documents)


Found = tuple[tuple[str | int, ...], str]


def _shared_hosts(documents: list[Document[Forbund]]) -> list[Fault]:
    """A host answers for one förbund only."""
    taken: dict[str, Path] = {}
    return [
        one.fault(("forbund", "hosts"), f"Adressen {host} står redan i {taken[host].name}.")
        for one in documents
        for host in one.model.forbund.hosts
        if taken.setdefault(host, one.path) != one.path
    ]


def _contradictions(document: Document[Forbund]) -> Iterator[Found]:
    """Key path and sentence of what no line shows alone: names that must agree, ids that must differ."""
    path, forbund = document.path, document.model
    if forbund.id != path.stem:
        sentence = f"Filen heter {path.name} men förbundets id är {forbund.id}: de ska vara lika."
        yield ("forbund", "id"), sentence
    parties, owners = {one.id for one in forbund.party}, {one.id for one in forbund.huvudman}
    yield from _eid_twice(forbund)
    yield from _doubles("party", "part", [one.id for one in forbund.party])
    yield from _doubles("huvudman", "huvudman", [one.id for one in forbund.huvudman])
    yield from _doubles("insats", "insats", [one.id for one in forbund.insats])
    for at, huvudman in enumerate(forbund.huvudman):
        if huvudman.party not in parties:
            sentence = f"Huvudmannen {huvudman.id} hör till parten {huvudman.party}, som inte finns i filen."
            yield ("huvudman", at, "party"), sentence
    for at, insats in enumerate(forbund.insats):
        for owner in (one for one in insats.huvudmen if one not in owners):
            sentence = f"Insatsen {insats.id} nämner huvudmannen {owner}, som inte finns i filen."
            yield ("insats", at, "huvudmen"), sentence
        if insats.starts and insats.ends and insats.ends < insats.starts:
            yield ("insats", at, "ends"), f"Insatsen {insats.id} slutar innan den börjar."


def _eid_twice(forbund: Forbund) -> Iterator[Found]:
    """An e-ID provider that a list shows more than once."""
    lists: list[tuple[tuple[str | int, ...], tuple[str, ...] | None]] = [
        (("forbund", "eid"), forbund.forbund.eid),
        *((("huvudman", at, "eid"), one.eid) for at, one in enumerate(forbund.huvudman)),
    ]
    for where, shown in lists:
        for at, one in enumerate(shown or ()):
            if one in (shown or ())[:at]:
                yield (*where, at), f"E-legitimationen {one} står mer än en gång."


def _doubles(table: str, word: str, ids: list[str]) -> Iterator[Found]:
    for at, one in enumerate(ids):
        if one in ids[:at]:
            yield (table, at, "id"), f"Id {one} används av mer än en {word}."
