"""How a record of evidence is written as JSON: blobs in Base64, and members that came with a later version."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_SINCE = "since"
SINCE_2: Mapping[str, int] = {_SINCE: 2}
"""The metadata of a member that records have from version 2 on."""


def from_base64(value: object) -> object:
    """The bytes of a text in Base64; anything else as it is. ``ValueError``."""
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def to_base64(value: bytes | None) -> str | None:
    """Bytes as text."""
    return None if value is None else base64.b64encode(value).decode("ascii")


Blob = Annotated[bytes, BeforeValidator(from_base64), PlainSerializer(to_base64, when_used="json")]


def leave_out(part: Any, plain: dict[str, Any]) -> None:
    """Take out of ``plain`` every member of a later version that stands at its default.

    So an older record is written byte for byte as it was, and there is one way to write each.
    """
    for one in fields(part):
        value = getattr(part, one.name)
        if _SINCE in one.metadata and value == one.default:
            del plain[one.name]
        elif is_dataclass(value) and one.name in plain:
            leave_out(value, plain[one.name])
