"""Sealed fields: a model writes clear text to an attribute, the table keeps ciphertext bound to its row."""

import inspect
import json
from typing import Any

from stegvis.ground.keys.current_ring import get_ring


class Sealed:
    """A text attribute kept encrypted in the column `<name>_sealed` of the same model.

    The model declares the column (`bytes`, nullable where the text may be missing) and has a UUID `id`
    that is known before the row is stored. Reading and writing need an open scope.

    `hashed`: the column `<name>_hash` holds the keyed hash by which the text is found; who writes the text
    writes it too.
    """

    def __init__(self, *, hashed: bool = False) -> None:
        self.hashed = hashed

    def __set_name__(self, owner: type, name: str) -> None:
        self.column = f"{name}_sealed"
        self.hash_column = f"{name}_hash"

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        if row is None:
            return self
        sealed = getattr(row, self.column)
        if sealed is None:
            return None
        opened = get_ring().open(sealed, table=row.__tablename__, column=self.column, row=row.id)
        return self.decode(opened)

    def __set__(self, row: Any, value: Any) -> None:
        if value is None:
            setattr(row, self.column, None)
            return
        sealed = get_ring().seal(self.encode(value), table=row.__tablename__, column=self.column, row=row.id)
        setattr(row, self.column, sealed)

    def encode(self, value: Any) -> bytes:
        """Clear value to bytes."""
        return str(value).encode()

    def decode(self, clear: bytes) -> Any:
        """Bytes to clear value."""
        return clear.decode()


class SealedJson(Sealed):
    """A sealed attribute that holds a JSON value (answers of a form, evidence)."""

    def encode(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()

    def decode(self, clear: bytes) -> Any:
        return json.loads(clear)


def sealed_attributes(model: Any) -> dict[str, Sealed]:
    """The sealed attributes of a model, by name."""
    found = {name: inspect.getattr_static(model, name) for name in dir(model) if not name.startswith("_")}
    return {name: one for name, one in found.items() if isinstance(one, Sealed)}
