"""A samtycke in one more language, as a file beside consent.toml: consent.<language>.toml. No code is needed.

It is read beside the Swedish text, which is what is signed; until somebody who knows the language and the field has
read it, it says so on screen (`reviewed`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from stegvis.ground.definitions import Definition, Document, Fault, Identifier, Line
from stegvis.ground.definitions.model import Text
from stegvis.insats.consent import PLACEHOLDERS, Block, Consent

FILE_NAME = re.compile(r"consent\.([a-z]{2,3})\.toml")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def _code(value: str) -> str:
    if re.fullmatch(r"[a-z]{2,3}", value) is None:
        raise ValueError(f"”{value}” är ingen språkkod: skriv två eller tre små bokstäver (ISO 639).")
    return value


LanguageCode = Annotated[str, AfterValidator(_code)]


class TranslatedParty(Definition):
    """A party's name, and who there may tell or be told."""

    name: Text
    tells: Text


class Headings(Definition):
    """The five headings, and the words before what may not be talked about."""

    vilka: Line
    vad: Line
    varfor: Line
    hur_lange: Line
    du_bestammer: Line
    not_data: Line


class ConsentTranslation(Definition):
    """The whole of consent.<language>.toml. `of` and `version` say which Swedish text it translates."""

    of: Identifier
    version: int = Field(ge=1)
    language: LanguageCode
    reviewed: bool = False
    title: Text
    intro: Text
    headings: Headings
    party: dict[str, TranslatedParty]
    data: tuple[Text, ...] = Field(min_length=1)
    not_data: tuple[Text, ...] = ()
    purpose: Text
    cooperation: Text
    duration: Text
    voluntary: Text
    withdraw: Text
    refuse: Text

    def texts(self) -> tuple[str, ...]:
        """Every text that the person reads, but the headings."""
        own = (self.title, self.intro, self.purpose, self.cooperation, self.duration)
        ends = (self.voluntary, self.withdraw, self.refuse)
        parties = [text for party in self.party.values() for text in (party.name, party.tells)]
        return (*own, *ends, *parties, *self.data, *self.not_data)


def translated_blocks(
    translation: ConsentTranslation, consent: Consent, names: Mapping[str, str]
) -> tuple[Block, ...]:
    """As `consent.blocks`: the five blocks in the translation's language, parties in the Swedish text's order."""

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: names[found.group(1)], " ".join(text.split()))

    headings = translation.headings
    parties = [translation.party[party.id] for party in consent.party]
    excluded = (
        (" ".join([headings.not_data, *map(fill, translation.not_data)]),) if translation.not_data else ()
    )
    ends = (translation.voluntary, translation.withdraw, translation.refuse)
    return (
        Block(
            "vilka",
            headings.vilka,
            (fill(translation.intro),),
            tuple(f"{fill(party.name)}: {fill(party.tells)}" for party in parties),
        ),
        Block("vad", headings.vad, excluded, tuple(map(fill, translation.data))),
        Block("varfor", headings.varfor, (fill(translation.purpose), fill(translation.cooperation))),
        Block("hur_lange", headings.hur_lange, (fill(translation.duration),)),
        Block("du_bestammer", headings.du_bestammer, tuple(map(fill, ends))),
    )


def translation_faults(
    documents: list[Document[ConsentTranslation]], consent: Document[Consent] | None
) -> Iterator[Fault]:
    """What does not fit between a translation and the text that it translates, at its line."""
    for document in documents:
        model = document.model
        if consent is None:
            yield document.fault((), "Insatsen har inget samtycke (consent.toml) att översätta.")
            continue
        yield from _against(document, consent.model)
        named = FILE_NAME.fullmatch(document.path.name)
        if named is not None and named[1] != model.language:
            yield document.fault(
                ("language",), f"Språket är ”{model.language}”, men filen heter ”{named[0]}”."
            )


def _against(document: Document[ConsentTranslation], consent: Consent) -> Iterator[Fault]:
    model = document.model
    if model.of != consent.id:
        yield document.fault(("of",), f"Samtycket heter ”{consent.id}”, inte ”{model.of}”.")
    if model.version != consent.version:
        yield document.fault(
            ("version",),
            f"Översättningen är av version {model.version}, men den svenska texten är version "
            f"{consent.version}: läs igenom den och höj numret.",
        )
    if model.language in consent.languages:
        yield document.fault(("language",), f"”{model.language}” står redan i consent.toml.")
    wanted = [party.id for party in consent.party]
    for missing in (one for one in wanted if one not in model.party):
        yield document.fault(("party",), f"Parten ”{missing}” är inte översatt.")
    for strange in (one for one in model.party if one not in wanted):
        yield document.fault(("party", strange), f"Parten ”{strange}” finns inte i samtycket.")
    for name in ("data", "not_data"):
        there, here = len(getattr(consent, name)), len(getattr(model, name))
        if there != here:
            yield document.fault((name,), f"”{name}” har {here} texter, men den svenska har {there}.")
    for text in model.texts():
        for name in _PLACEHOLDER.findall(text):
            if name not in PLACEHOLDERS:
                yield document.fault((), f"Texten använder {{{name}}}, som inte finns.")
