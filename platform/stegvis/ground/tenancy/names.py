"""Names of scopes, schemas and roles, and the check that no two scopes share one (walls 21)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

ID_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,40}")
POSTGRES_NAME_BYTES = 63


class NameClash(Exception):
    """Two scopes would share a schema or role, or a name is too long; the message names them."""


PUBLISHING = "publicering"


@dataclass(frozen=True, order=True)
class ScopeId:
    """`gavleborg` (a förbund), `gavleborg/sandviken` (the vault of a huvudman) or `gavleborg:publicering`.

    The third is the small schema where contributions of several huvudmän are added up before they cross;
    only the publishing worker opens it.
    """

    forbund: str
    huvudman: str | None = None
    publishing: bool = False

    @classmethod
    def parse(cls, text: str) -> "ScopeId":
        """Read the written form; raises ValueError with a Swedish sentence."""
        publishing = text.endswith(f":{PUBLISHING}")
        parts = text.removesuffix(f":{PUBLISHING}").split("/")
        fits = len(parts) == 1 or (len(parts) == 2 and not publishing)
        if not fits or not all(ID_PATTERN.fullmatch(part) for part in parts):
            raise ValueError(f"{text!r} är inget scope: skriv gavleborg eller gavleborg/sandviken.")
        return cls(parts[0], parts[1] if len(parts) == 2 else None, publishing)

    def __str__(self) -> str:
        if self.publishing:
            return f"{self.forbund}:{PUBLISHING}"
        return self.forbund if self.huvudman is None else f"{self.forbund}/{self.huvudman}"

    @property
    def level(self) -> str:
        """The level, which is also the placeholder schema of its tables."""
        if self.publishing:
            return PUBLISHING
        return "forbund" if self.huvudman is None else "huvudman"

    @property
    def schema(self) -> str:
        """The real schema of this scope."""
        if self.publishing:
            return f"pub_{self.forbund}"
        return f"fb_{self.forbund}" if self.huvudman is None else f"hm_{self.forbund}_{self.huvudman}"

    @property
    def login(self) -> str:
        """The kind of login that may become this scope's role: fb, hm or pub."""
        return {"forbund": "fb", "huvudman": "hm", PUBLISHING: "pub"}[self.level]

    def role(self, prefix: str) -> str:
        """The role that may use the schema."""
        return f"{prefix}_{self.schema}"

    def outsider_role(self, prefix: str) -> str:
        """The narrower role of a vault for remittenter, participants and guests (walls 19)."""
        if self.huvudman is None:
            raise ValueError(f"{self} has no outsiders' role")
        return f"{prefix}_{self.schema}_ute"

    def gallring_role(self, prefix: str) -> str:
        """The role of a vault that alone may take away evidence whose time is over (walls 18)."""
        if self.huvudman is None:
            raise ValueError(f"{self} has no role for gallring")
        return f"{prefix}_{self.schema}_gallring"

    def roles(self, prefix: str) -> tuple[str, ...]:
        """Every role of the scope."""
        return tuple(self.logins(prefix))

    def logins(self, prefix: str) -> dict[str, str]:
        """Every role of the scope with the kind of login that may become it."""
        own = {self.role(prefix): self.login}
        if self.huvudman is None:
            return own
        return own | {self.outsider_role(prefix): self.login, self.gallring_role(prefix): "gallring"}

    def translation(self) -> dict[str, str]:
        """Placeholder schema -> real schema, for all levels of the same förbund; grants say what is open."""
        names = {"forbund": f"fb_{self.forbund}", PUBLISHING: f"pub_{self.forbund}"}
        return names if self.huvudman is None else names | {"huvudman": self.schema}


def login(prefix: str, kind: str) -> str:
    """The name of a login or of the owner: `kind` is owner, migrator, backup, fb, hm, pub, gallring or door."""
    return f"{prefix}_{kind}"


def refuse_clashes(prefix: str, scopes: Iterable[ScopeId]) -> None:
    """Raise NameClash when two scopes give one schema or role, or one is longer than PostgreSQL keeps."""
    taken: dict[str, str] = {}
    for kind in ("owner", "migrator", "backup", "fb", "hm", "pub", "gallring", "door"):
        taken[login(prefix, kind)] = f"inloggningen {kind}"
    for scope in scopes:
        for name in (scope.schema, *scope.roles(prefix)):
            if len(name.encode()) > POSTGRES_NAME_BYTES:
                raise NameClash(f"{scope} ger namnet {name}, som är längre än {POSTGRES_NAME_BYTES} tecken.")
            if taken.setdefault(name, str(scope)) != str(scope):
                raise NameClash(f"{scope} och {taken[name]} ger samma namn i databasen: {name}.")
