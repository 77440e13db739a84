"""plugin.toml: what the insats is called, which platform it fits, and the texts of its public page."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from stegvis.ground.definitions import Definition, Identifier, Line, Text
from stegvis.insats.texts import Language, LocalText

Registration = Literal["personer", "antal", "struktur"]
_VERSION = re.compile(r"\d+\.\d+\.\d+")


class RegistrationChoice(Definition):
    """Which kinds of registration the plugin can do; the instance chooses among them."""

    allowed: tuple[Registration, ...] = Field(min_length=1)
    default: Registration

    @model_validator(mode="after")
    def _default_is_allowed(self) -> RegistrationChoice:
        if self.default not in self.allowed:
            raise ValueError(f"”default” är ”{self.default}”, som inte står i ”allowed”.")
        return self


class Body(Definition):
    """A group or role of the organisation, without names of people."""

    name: Line
    text: Text


class RunningTime(Definition):
    """First and last day; the last is left out for an insats without an end. `text` tells what is unsure."""

    start: date | None = None
    end: date | None = None
    text: Text | None = None

    @model_validator(mode="after")
    def _in_order(self) -> RunningTime:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError("Perioden slutar innan den börjar.")
        if self.start is None and self.text is None:
            raise ValueError("Perioden behöver ”start”, eller en ”text” som säger varför den inte är känd.")
        return self


class PublicPage(Definition):
    """The headings of the förbund's public page about an insats (domain.md 6.3).

    Keys are the headings' own words.
    """

    syfte: LocalText
    malgrupp: LocalText
    bakgrund: LocalText
    metod: LocalText
    mal: tuple[LocalText, ...] = Field(min_length=1)
    organisation: tuple[Body, ...] = Field(min_length=1)
    uppfoljning: LocalText
    implementering: LocalText
    finansiar: Line
    projektagare: Line
    samverkansparter: Line
    period: RunningTime


class Manifest(Definition):
    """The whole of plugin.toml."""

    id: Identifier
    title: Line
    version: str
    api: Line
    summary: LocalText
    languages: tuple[Language, ...] = ("sv",)
    registration: RegistrationChoice
    # Other words for the platform's own, where the insats has them: { remiss = "intresseförfrågan" }.
    words: dict[Literal["remiss", "avslut", "handledare", "remissgrupp", "plan"], Line] = Field(
        default_factory=dict
    )
    places: int | None = Field(default=None, ge=1)
    page: PublicPage
    source: Line | None = None

    @field_validator("version")
    @classmethod
    def _three_numbers(cls, value: str) -> str:
        if _VERSION.fullmatch(value) is None:
            raise ValueError(f"Versionen ”{value}” ska vara tre tal, till exempel ”1.0.0”.")
        return value
