"""Reads one TOML file into one model and tells all faults of the file at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from stegvis.ground.definitions.faults import DefinitionError, Fault
from stegvis.ground.definitions.locator import Locator
from stegvis.ground.definitions.sentences import sentence_for, sentence_for_syntax

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document(Generic[ModelT]):
    """A file that fits its model, with the lines kept for faults that only show between files."""

    path: Path
    model: ModelT
    locator: Locator

    def fault(self, where: Sequence[str | int], sentence: str) -> Fault:
        """A fault at a key path of this file."""
        return Fault(self.path, self.locator.line(where), sentence)


def load(path: Path, model: type[ModelT]) -> ModelT:
    """The file as a model. Raises DefinitionError with every fault, unreadable file and bad TOML included."""
    return load_document(path, model).model


def load_document(path: Path, model: type[ModelT]) -> Document[ModelT]:
    """As `load`, keeping the line numbers."""
    text = _read(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(
            [Fault(path, _syntax_line(error, text), sentence_for_syntax(str(error)))]
        ) from None
    locator = Locator(text)
    try:
        return Document(path, model.model_validate(_tuples(data)), locator)
    except ValidationError as error:
        faults = [
            Fault(path, locator.line(_visible(detail["loc"])), sentence_for(detail, model))
            for detail in error.errors(include_url=False)
        ]
        raise DefinitionError(faults) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DefinitionError([Fault(path, 1, "Filen finns inte.")]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DefinitionError([Fault(path, line, "Filen är inte sparad som UTF-8.")]) from None
    except OSError as error:
        raise DefinitionError([Fault(path, 1, f"Filen går inte att läsa ({error.strerror}).")]) from None


def _syntax_line(error: tomllib.TOMLDecodeError, text: str) -> int:
    found = re.search(r"\(at line (\d+)", str(error))
    return int(found.group(1)) if found else max(1, len(text.splitlines()))


def _tuples(value: Any) -> Any:
    """TOML's lists as tuples: frozen models hold tuples, and strict checking takes no list for one."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return value


def _visible(loc: Sequence[str | int]) -> tuple[str | int, ...]:
    """pydantic adds "[key]" when it is the key of a table that is wrong: that is no key of the file."""
    return tuple(part for part in loc if part != "[key]")
