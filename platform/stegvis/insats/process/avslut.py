"""Codes of avslut: in which group each is published, and which may never be told apart from "annat".

A code without a declaration is sensitive. What touches the platform's floor list (health, addiction, crime,
custody, protected identity, death) stays sensitive whatever a plugin says (design 2, walls 5).
"""

from __future__ import annotations

from pydantic import model_validator

from stegvis.ground.definitions import Definition, Identifier
from stegvis.insats.codes import AvslutGroup, FloorTopic, Sensitivity, touches_floor
from stegvis.insats.texts import LocalText


class AvslutCode(Definition):
    """One reason to end. `topic` names the floor subject it touches, where it touches one."""

    code: Identifier
    label: LocalText
    group: AvslutGroup = "annat"
    sensitivity: Sensitivity = "sensitive"
    topic: FloorTopic | None = None
    # An outcome counts as a result of the insats; felregistrering does not, and is left out of every figure.
    counts: bool = True

    @model_validator(mode="after")
    def _floor_holds(self) -> AvslutCode:
        if self.sensitivity == "open" and self.on_floor:
            raise ValueError(
                f"Avslutskoden ”{self.code}” rör hälsa, beroende, brott, skyddad identitet, frihetsberövande "
                "eller dödsfall och kan inte vara ”open”."
            )
        if self.sensitivity == "sensitive" and self.group != "annat":
            raise ValueError(
                f"Avslutskoden ”{self.code}” är känslig och hör därför till gruppen ”annat”. "
                "Skriv sensitivity = ”open” om den får synas i sin grupp."
            )
        return self

    @property
    def on_floor(self) -> bool:
        """True when no plugin can make the code open."""
        return self.topic is not None or touches_floor(
            self.code, *(self.label.get(x) for x in ("sv", "lattlast"))
        )


def avslut_codes(codes: tuple[AvslutCode, ...]) -> dict[str, AvslutCode]:
    """Codes by their id, in the order of the file."""
    return {item.code: item for item in codes}


def published_group(code: AvslutCode | None) -> str:
    """The group in which a code leaves the vault. Unknown (None) and sensitive codes are always "annat"."""
    if code is None or code.sensitivity != "open" or code.on_floor:
        return "annat"
    return code.group
