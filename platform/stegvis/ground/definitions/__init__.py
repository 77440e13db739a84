"""Definitions written as TOML: read, checked against a model, every fault told with file and line.

Knows nothing of insatser or tenants: whoever has a pydantic model and a file uses it.
"""

from stegvis.ground.definitions.faults import DefinitionError, Fault
from stegvis.ground.definitions.loader import Document, load, load_document
from stegvis.ground.definitions.locator import KeyPath, Locator
from stegvis.ground.definitions.model import Definition, Identifier, Line, Text, fits_identifier

__all__ = [
    "Definition",
    "DefinitionError",
    "Document",
    "Fault",
    "Identifier",
    "KeyPath",
    "Line",
    "Locator",
    "Text",
    "fits_identifier",
    "load",
    "load_document",
]
