"""Texts that people read, per language: Swedish always, lättläst and English where somebody wrote them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from stegvis.ground.definitions import Definition, Text

Language = Literal["sv", "lattlast", "en"]


class LocalText(Definition):
    """A plain string in the file is Swedish; a table gives more languages: { sv = "…", en = "…" }."""

    sv: Text
    lattlast: Text | None = None
    en: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_is_swedish(cls, value: Any) -> Any:
        return {"sv": value} if isinstance(value, str) else value

    def get(self, language: str) -> str:
        """The text in the language, otherwise in Swedish: a gap is never an empty page."""
        return {"lattlast": self.lattlast, "en": self.en}.get(language) or self.sv

    def languages(self) -> frozenset[str]:
        """The languages that the text is written in."""
        return frozenset(name for name in ("sv", "lattlast", "en") if getattr(self, name) is not None)

    def paragraphs(self, language: str = "sv") -> tuple[str, ...]:
        """The text split at blank lines, each paragraph on one line."""
        return tuple(" ".join(part.split()) for part in self.get(language).split("\n\n") if part.strip())
