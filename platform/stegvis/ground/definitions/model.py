"""The base class of every definition, and the few text types that all of them use."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


class Definition(BaseModel):
    """Frozen, strict about unknown keys, strict about types (the text "3" is no number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_strip_whitespace=True)


def fits_identifier(value: str) -> bool:
    """True for lower-case ASCII letters, digits and underscore, beginning with a letter, at most 60 long."""
    return len(value) <= 60 and _IDENTIFIER.fullmatch(value) is not None


def _identifier(value: str) -> str:
    if not fits_identifier(value):
        raise ValueError(
            f"”{value}” är inget giltigt id: använd små bokstäver a-z, siffror och understreck, "
            "börja med en bokstav, högst 60 tecken."
        )
    return value


def _one_line(value: str) -> str:
    if "\n" in value:
        raise ValueError("Texten ska stå på en enda rad.")
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]
Text = Annotated[str, StringConstraints(min_length=1)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_one_line)]
