"""What is wrong with a definition: the file, the line and one sentence for somebody who is no programmer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True, slots=True)
class Fault:
    """One fault. `line` counts from 1; `sentence` is Swedish and ends with a full stop."""

    path: Path
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


class DefinitionError(Exception):
    """Raised with every fault that was found, in the order of file and line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: list[Fault] = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
