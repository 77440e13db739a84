"""What is odd about a trail of signatures that was read in, each as a code with its lines and a sentence."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

SWEDEN = ZoneInfo("Europe/Stockholm")
GROUPS = (8, 4, 4, 4, 12)
_HEX = re.compile(r"[0-9a-fA-F]*")


@dataclass(frozen=True)
class Remark:
    """Something about the paper that whoever reads it must know; the sentence is Swedish and may hold names.

    `lines` are numbers of the file's lines, from 1.
    """

    code: str
    lines: tuple[int, ...]
    sentence: str = field(repr=False)


def remarks_on(
    signers: Sequence[Any], outside: Sequence[Any], *, legend: bool, digest: bool, unread: Sequence[int]
) -> tuple[Remark, ...]:
    """Every remark: what makes a signature doubtful first, then what the trail does not say."""
    found = [*_ids(signers), *_times(signers), *_offsets(signers), *_twice(signers), *_parts(signers)]
    found += [
        Remark(
            "utanfor_sparet",
            (one.line,),
            f"{one.name}{f', {one.organisation},' if one.organisation else ''} står utanför spåret: där finns "
            "varken tid, metod eller id. Underskriften måste visas på annat sätt, till exempel på papper.",
        )
        for one in outside
    ]
    if unread:
        places = ", ".join(map(str, unread))
        found.append(
            Remark("rad_ej_last", tuple(unread), f"Rad {places} hör inte till något som gick att läsa.")
        )
    return (*found, *_missing(signers, legend=legend, digest=digest))


def fault_of_id(value: str) -> str:
    """What is wrong with an id that should be a UUID (RFC 9562 4), as the end of a sentence; "" for none."""
    groups = value.split("-")
    if len(groups) != len(GROUPS):
        return f"det har {len(groups)} grupper och ska ha {len(GROUPS)}"
    for nth, (group, length) in enumerate(zip(groups, GROUPS, strict=True), 1):
        if not _HEX.fullmatch(group):
            return f"grupp {nth} har andra tecken än 0-9 och a-f"
        if len(group) != length:
            return f"grupp {nth} har {len(group)} tecken och ska ha {length}"
    return ""


def _ids(signers: Iterable[Any]) -> Iterable[Remark]:
    for one in signers:
        for what, value in (("underskrift", one.signature_id), ("transaktion", one.transaction_id)):
            fault = fault_of_id(value) if value else ""
            if fault:
                yield Remark(
                    "id_har_fel_form",
                    (one.line,),
                    f"Id för {what} hos {_name(one)} har fel form: {fault}. Det står {value}.",
                )


def _times(signers: Iterable[Any]) -> Iterable[Remark]:
    for one in signers:
        if one.at is None:
            yield Remark(
                "tid_finns_inte", (one.line,), f"Tiden hos {_name(one)} finns inte: {one.stated_text}."
            )
        elif one.offset is None:
            yield Remark(
                "forskjutning_saknas",
                (one.line,),
                f"Tiden hos {_name(one)} säger inte sin förskjutning mot UTC; den är läst som svensk tid.",
            )


def _offsets(signers: Sequence[Any]) -> Iterable[Remark]:
    """One remark for each pair of printed and right offset. Plain UTC is no mistake: it claims no local clock."""
    wrong: dict[tuple[timedelta, timedelta], list[Any]] = {}
    for one in signers:
        if one.at is None or not one.offset:
            continue
        right = one.at.astimezone(SWEDEN).utcoffset()
        if one.offset != right:
            wrong.setdefault((one.offset, right), []).append(one)
    for (stated, right), rows in wrong.items():
        first = rows[0]
        whose = "alla tider" if len(rows) > 1 and len(rows) == len(signers) else _count(len(rows))
        yield Remark(
            "fel_forskjutning",
            tuple(one.line for one in rows),
            f"Förskjutningen {written(stated)} är fel för {whose}: svensk tid var {written(right)} då. "
            f"Gick klockan efter {written(stated)} skrev {_name(first)} under "
            f"{first.at.astimezone(SWEDEN):%Y-%m-%d %H:%M:%S} svensk tid; var klockan svensk och bara "
            f"förskjutningen fel var det {first.stated:%Y-%m-%d %H:%M:%S}.",
        )


def _twice(signers: Iterable[Any]) -> Iterable[Remark]:
    for what, value in (
        ("namn", lambda one: one.name.casefold()),
        ("id för underskrift", lambda one: one.signature_id.casefold()),
        ("id för transaktion", lambda one: one.transaction_id.casefold()),
    ):
        same: dict[str, list[Any]] = {}
        for one in signers:
            same.setdefault(value(one), []).append(one)
        for key, rows in same.items():
            if key and len(rows) > 1:
                yield Remark(
                    "samma_flera_ganger",
                    tuple(one.line for one in rows),
                    f"Samma {what} står hos {len(rows)} underskrifter: {', '.join(map(_name, rows))}.",
                )


def _parts(signers: Iterable[Any]) -> Iterable[Remark]:
    for one in signers:
        if not one.name:
            yield Remark("namn_saknas", (one.line,), f"Rad {one.line} har en underskrift utan namn.")
        if not one.method:
            yield Remark(
                "metod_saknas", (one.line,), f"Hos {_name(one)} saknas raden med metod och transaktion."
            )
        elif one.country != "SE":
            yield Remark(
                "annat_land", (one.line,), f"E-legitimationen hos {_name(one)} är från {one.country}."
            )


def _missing(signers: Sequence[Any], *, legend: bool, digest: bool) -> Iterable[Remark]:
    unsure = [one for one in signers if "/" in one.method]
    if unsure:
        sentence = f"Spåret säger inte vilken e-legitimation som användes, bara {unsure[0].method}."
        yield Remark("metod_oklar", tuple(one.line for one in unsure), sentence)
    without = [one for one in signers if not one.details]
    if without:
        sentence = f"Organisation och titel saknas för {_count(len(without))}."
        yield Remark("organisation_saknas", tuple(one.line for one in without), sentence)
    unplaced = [one for one in signers if not one.role]
    if unplaced:
        known = "Spåret räknar upp roller men säger inte" if legend else "Spåret säger inte"
        sentence = f"{known} med vilken rätt var och en skrev under."
        yield Remark("roll_saknas", tuple(one.line for one in unplaced), sentence)
    if not digest:
        sentence = "Spåret har ingen kontrollsumma, så det går inte att pröva vilket dokument det hör till."
        yield Remark("kontrollsumma_saknas", (), sentence)


def written(offset: timedelta) -> str:
    """An offset as it is written: +01:00."""
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _name(one: Any) -> str:
    return one.name or f"underskriften på rad {one.line}"


def _count(number: int) -> str:
    return "en underskrift" if number == 1 else f"{number} underskrifter"
