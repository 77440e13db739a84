"""The parts of a samtycke: vilka, vad, varför, hur länge, and that it is voluntary. Text only, no signatures.

Every kind is the secrecy-breaking yes (OSL 10 kap. 1 §), never a ground in GDPR's sense. One form is one kind, one
question and one answer: the main one opens the referral; that a team of consultants may hear of one person is asked
for apart, once the person is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from stegvis.ground.definitions import Definition, Identifier, Line
from stegvis.insats.texts import Language, LocalText
from stegvis.insats.time_spans import Span, TimeSpan

MAIN = "sekretessbrytande"
PLACEHOLDERS = frozenset({"huvudman", "insats", "forbund"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class ConsentParty(Definition):
    """Somebody who may tell or be told."""

    id: Identifier
    name: LocalText
    tells: LocalText


class Duration(Definition):
    """How long the yes holds: `longest` at the most, and `after_avslut` past the avslut for the follow-ups.

    `remind_before`: how long before its end the team is told to ask again.
    """

    longest: Span
    after_avslut: Span
    remind_before: Span = TimeSpan(days=30)
    text: LocalText


class Consent(Definition):
    """The whole of consent.toml, and of each file in the folder consent/, which has another kind."""

    id: Identifier
    version: int = Field(ge=1)
    kind: Literal["sekretessbrytande", "konsultation"]
    basis: Line
    languages: tuple[Language, ...] = Field(min_length=1)
    # Languages that a person who knows the language and the field has read; the others are marked on screen.
    reviewed: tuple[Language, ...] = ("sv",)
    title: LocalText
    intro: LocalText
    party: tuple[ConsentParty, ...] = Field(min_length=1)
    data: tuple[LocalText, ...] = Field(min_length=1)
    not_data: tuple[LocalText, ...] = ()
    purpose: LocalText
    cooperation: LocalText
    duration: Duration
    voluntary: LocalText
    withdraw: LocalText
    refuse: LocalText

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> Consent:
        for text in self.texts():
            for language in sorted(text.languages()):
                for name in _PLACEHOLDER.findall(text.get(language)):
                    if name not in PLACEHOLDERS:
                        known = ", ".join("{" + one + "}" for one in sorted(PLACEHOLDERS))
                        raise ValueError(
                            f"Texten använder {{{name}}}, som inte finns. Det som finns är {known}."
                        )
        if "sv" not in self.languages:
            raise ValueError("Ett samtycke skrivs alltid under på svenska: ”sv” ska stå i ”languages”.")
        return self

    def texts(self) -> tuple[LocalText, ...]:
        """Every text that the person reads."""
        own = (
            self.title,
            self.intro,
            self.purpose,
            self.cooperation,
            self.voluntary,
            self.withdraw,
            self.refuse,
        )
        parties = [text for party in self.party for text in (party.name, party.tells)]
        return (*own, *parties, *self.data, *self.not_data, self.duration.text)


@dataclass(frozen=True, slots=True)
class Block:
    """One heading with paragraphs and points, in one language. `id` is the same in every language."""

    id: Literal["vilka", "vad", "varfor", "hur_lange", "du_bestammer"]
    heading: str
    paragraphs: tuple[str, ...]
    points: tuple[str, ...] = ()


_HEADINGS: dict[str, dict[str, str]] = {
    "vilka": {"sv": "Vilka får prata med varandra", "en": "Who may talk to each other"},
    "vad": {"sv": "Vad de får prata om", "en": "What they may talk about"},
    "varfor": {"sv": "Varför", "en": "Why"},
    "hur_lange": {"sv": "Hur länge", "en": "For how long"},
    "du_bestammer": {"sv": "Du bestämmer", "en": "You decide"},
}
_NOT_DATA = {"sv": "Det här får de inte prata om:", "en": "They may not talk about this:"}


def _filled(text: LocalText, language: str, names: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: names[found.group(1)], " ".join(text.get(language).split()))


def party_names(consent: Consent, language: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Who may tell or be told, by name alone. `names` as in `blocks`."""
    return tuple(_filled(party.name, language, names) for party in consent.party)


def blocks(consent: Consent, language: str, names: Mapping[str, str]) -> tuple[Block, ...]:
    """The five blocks with huvudman, insats and forbund filled in. `names` must give all three (KeyError)."""

    def fill(text: LocalText) -> str:
        return _filled(text, language, names)

    def heading(block_id: str) -> str:
        return _HEADINGS[block_id].get(language, _HEADINGS[block_id]["sv"])

    parties = tuple(f"{fill(party.name)}: {fill(party.tells)}" for party in consent.party)
    excluded: tuple[str, ...] = ()
    if consent.not_data:
        excluded = (
            " ".join([_NOT_DATA.get(language, _NOT_DATA["sv"]), *(fill(text) for text in consent.not_data)]),
        )
    return (
        Block("vilka", heading("vilka"), (fill(consent.intro),), parties),
        Block("vad", heading("vad"), excluded, tuple(fill(text) for text in consent.data)),
        Block("varfor", heading("varfor"), (fill(consent.purpose), fill(consent.cooperation))),
        Block("hur_lange", heading("hur_lange"), (fill(consent.duration.text),)),
        Block(
            "du_bestammer",
            heading("du_bestammer"),
            (fill(consent.voluntary), fill(consent.withdraw), fill(consent.refuse)),
        ),
    )


def plain_text(title: str, parts: Sequence[Block]) -> str:
    """The whole text as it is shown, frozen and signed:

    Title, headings, paragraphs, points; LF, no blanks at the end.
    """
    lines = [title, ""]
    for part in parts:
        lines += [part.heading, *part.paragraphs, *(f"- {point}" for point in part.points), ""]
    return "\n".join(lines).strip() + "\n"
