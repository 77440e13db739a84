"""A wrong definition tells all its faults at once, each with line and a sentence."""

from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, model_validator

from stegvis.ground.definitions import Definition, DefinitionError, Identifier, Line, Text, load


class Inner(Definition):
    id: Identifier
    size: int = Field(default=1, ge=1, le=9)


class Outer(Definition):
    title: Line
    text: Text | None = None
    kind: Literal["stor", "liten"] = "stor"
    on: bool = False
    day: date | None = None
    names: tuple[str, ...] = ()
    inner: tuple[Inner, ...] = ()
    table: Inner | None = None
    free: dict[Identifier, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _no_twins(self) -> "Outer":
        if len({one.id for one in self.inner}) < len(self.inner):
            raise ValueError("Samma id står två gånger.")
        return self


def faults_of(tmp_path: Path, text: str | bytes) -> list[tuple[int, str]]:
    path = tmp_path / "en.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DefinitionError) as caught:
        load(path, Outer)
    assert {fault.path for fault in caught.value.faults} == {path}
    return [(fault.line, fault.sentence) for fault in caught.value.faults]


def test_a_right_file_becomes_a_frozen_model(tmp_path):
    path = tmp_path / "en.toml"
    path.write_text(
        'title = " Hej "\nday = 2024-01-15\nnames = ["a"]\n[[inner]]\nid = "x"\n', encoding="utf-8"
    )
    outer = load(path, Outer)
    assert (outer.title, outer.day, outer.names, outer.inner) == (
        "Hej",
        date(2024, 1, 15),
        ("a",),
        (Inner(id="x"),),
    )


def test_every_fault_of_a_file_is_told(tmp_path):
    text = (
        'titel = "x"\n'
        'kind = "enorm"\n'
        'on = "ja"\n'
        "day = 3\n"
        'names = "a"\n'
        "[[inner]]\n"
        'id = "Stor"\n'
        "[[inner]]\n"
        'id = "b"\n'
        "size = 10\n"
        'sise = "2"\n'
        "[table]\n"
        "size = 1.5\n"
        "[free]\n"
        '"A b" = 1\n'
    )
    assert faults_of(tmp_path, text) == [
        (1, "Nyckeln ”titel” är okänd här. Menade du ”title”?"),
        (1, "”title” saknas."),
        (2, "”kind” ska vara något av: ”stor”, ”liten”."),
        (3, "”on” ska vara true eller false, utan citattecken."),
        (4, "”day” ska vara ett datum, till exempel 2024-01-15, utan citattecken."),
        (5, "”names” ska vara en lista inom hakparenteser [ ]."),
        (
            7,
            "”Stor” är inget giltigt id: använd små bokstäver a-z, siffror och understreck, "
            "börja med en bokstav, högst 60 tecken.",
        ),
        (10, "”size” (i ”inner” nummer 2) ska vara högst 9."),
        (11, "Nyckeln ”sise” är okänd här. Menade du ”size”?"),
        (12, "”id” saknas."),
        (13, "”size” ska vara ett heltal utan citattecken."),
        (
            15,
            "”A b” är inget giltigt id: använd små bokstäver a-z, siffror och understreck, "
            "börja med en bokstav, högst 60 tecken.",
        ),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'title = "x\n',
            (1, "En text saknar avslutande citattecken, eller innehåller ett otillåtet tecken."),
        ),
        ('title = "x"\ntitle = "y"\n', (2, "Samma nyckel står två gånger.")),
        ("title = hej\n", (1, "Värdet går inte att läsa: texter ska stå inom citattecken.")),
        ('title "x"\n', (1, "Efter nyckeln saknas ett likhetstecken.")),
        ('\n\ntitle = "x" 3\n', (3, "Det står något efter värdet som inte hör dit.")),
        ("names = [1,\n2", (2, "En lista saknar avslutande hakparentes ].")),
        (b'a = 1\ntitle = "\xe5"\n', (2, "Filen är inte sparad som UTF-8.")),
        ('title = ""\n', (1, "”title” får inte vara tom.")),
        ('title = "a\\nb"\n', (1, "Texten ska stå på en enda rad.")),
        (
            'title = "a"\n[[inner]]\nid = "x"\n[[inner]]\nid = "x"\n',
            (1, "Samma id står två gånger."),
        ),
    ],
)
def test_one_fault_one_sentence(tmp_path, text, expected):
    assert faults_of(tmp_path, text) == [expected]


def test_a_missing_file_is_a_fault_too(tmp_path):
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path / "borta.toml", Outer)
    assert [(fault.line, fault.sentence) for fault in caught.value.faults] == [(1, "Filen finns inte.")]
