"""Reads the page of signatures that e-signing services put last in a document: who, when, how; pure, no database.

The form: a name, `ID - 2021-01-10 09:05:41 UTC +02:00`, `METHOD - ID - COUNTRY`, for each signer; round it a
note of how many pages come before, a legend of roles in several languages, and whoever signed by another way.
What is odd is read all the same and comes back as a remark: the paper is as it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from stegvis.forbund.agreements.trail_remarks import Remark, remarks_on

SWEDEN = ZoneInfo("Europe/Stockholm")
LARGEST = 2 * 1024 * 1024
# Longer than any of the field's: what stands above a stamp in a longer paragraph is the document, not a name.
LINES_OF_A_SIGNER = 4

_STAMP = re.compile(
    r"(?P<id>\S{1,100}) [-–—] (?P<when>\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2})(?:\.\d+)?"
    r"(?P<zone> ?(?:UTC|GMT|Z))? ?(?P<offset>[+-]\d{2}:?\d{2})?"
)
_METHOD = re.compile(r"(?P<method>\S.{0,98}?) [-–—] (?P<id>\S{1,100}) [-–—] (?P<country>[A-Z]{2})")
_PAGES = re.compile(
    r"\b(?:contains|innehåller|inneholder|sisältää)\D{0,20}(?P<count>\d{1,4})\b", re.IGNORECASE
)
_DIGEST = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})(?![0-9A-Fa-f])")
_DOCUMENT_ID = re.compile(r"(?:dokument|document)[- ]?id\s*[:#]?\s*(?P<id>\S{6,100})", re.IGNORECASE)
_HEADING = re.compile(r"(?:underskrift|signatur|undertecknas|signature|signed)", re.IGNORECASE)
# The words of the legend, with the misspelling that is in use.
ROLES = {
    "ställningsfullmakt": "stallningsfullmakt",
    "authority to sign": "stallningsfullmakt",
    "firmateckningsrätt": "firmateckningsratt",
    "firmittekningsrätt": "firmateckningsratt",
    "representative": "firmateckningsratt",
    "förvaltare": "forvaltare",
    "custodial": "forvaltare",
}


class TrailFault(Exception):
    """The file is no trail; the message is a Swedish sentence that says what it is instead."""


@dataclass(frozen=True)
class TrailSigner:
    """One signature of the trail, as it stands there. `line` is where its stamp is, from 1.

    `stated` is the clock as printed, `offset` the printed distance to UTC (None where there is none), `at` the
    moment in UTC by the two (without an offset: as Swedish time); both None for a date that does not exist.
    """

    line: int
    name: str = field(repr=False)
    details: tuple[str, ...] = field(repr=False)
    role: str
    signature_id: str
    stated: datetime | None
    stated_text: str
    offset: timedelta | None
    at: datetime | None
    method: str
    transaction_id: str
    country: str

    @property
    def in_sweden(self) -> datetime | None:
        """The moment by Swedish time, whose offset is the one of that date."""
        return self.at.astimezone(SWEDEN) if self.at else None


@dataclass(frozen=True)
class Outside:
    """Somebody named after the trail as having signed in another way: nothing proves it here."""

    line: int
    name: str = field(repr=False)
    organisation: str


@dataclass(frozen=True)
class Trail:
    """The page, read: signers in the order in which they stand, who stands outside, and what is odd."""

    signers: tuple[TrailSigner, ...]
    outside: tuple[Outside, ...]
    pages_before: int | None
    legend: tuple[str, ...]
    document_ids: tuple[str, ...]
    digests: tuple[str, ...]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    raw: str


def read_trail_bytes(content: bytes) -> Trail:
    """Read a text file. Raises TrailFault, with a sentence, for anything that is not a trail."""
    if content.startswith(b"%PDF"):
        raise TrailFault("Filen är en PDF. Spara texten ur den som en textfil och läs in den i stället.")
    if len(content) > LARGEST:
        raise TrailFault("Filen är större än 2 MB och kan inte vara en sida med underskrifter.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TrailFault("Filen är inte en textfil i UTF-8, så den går inte att läsa.") from None
    return read_trail(text)


def read_trail(text: str) -> Trail:
    """Read the text of a document that ends with a trail. Raises TrailFault where there is none."""
    lines = [
        _Line(number, " ".join(raw.split()), raw)
        for number, raw in enumerate(text.splitlines(), 1)
        if raw.strip()
    ]
    stamps = [place for place, line in enumerate(lines) if _STAMP.fullmatch(line.text)]
    if not stamps:
        raise TrailFault(
            "Det finns inga underskrifter i filen: ingen rad har formen ID - datum tid UTC +01:00."
        )
    pages = _pages(lines, stamps[0])
    signers, taken = [], set(stamps)
    for nth, place in enumerate(stamps):
        above = _above(lines, place, stamps[nth - 1] if nth else -1, pages)
        method = (
            place + 1 < len(lines) and place + 1 not in stamps and _METHOD.fullmatch(lines[place + 1].text)
        )
        taken |= {*above} | ({place + 1} if method else set())
        signers.append(_signer(lines[place], [lines[one].text for one in above], method or None))
    rest = [line for place, line in enumerate(lines) if place > min(taken) and place not in taken]
    legend = [line for line in rest if _is_legend(line)]
    about = [line for line in rest if _DIGEST.search(line.text) or _DOCUMENT_ID.search(line.text)]
    last = max(taken)
    after = [line for line in lines[last + 1 :] if line not in legend and line not in about]
    between = [line for line in rest if line not in legend and line not in about and line not in after]
    outside, unread = _outside(after)
    near = "\n".join(line.text for line in lines[_top(lines, min(taken), pages) :])
    return Trail(
        signers=tuple(signers),
        outside=outside,
        pages_before=pages[1] if pages else None,
        legend=tuple(line.text for line in legend),
        document_ids=tuple(dict.fromkeys(found["id"] for found in _DOCUMENT_ID.finditer(near))),
        digests=tuple(dict.fromkeys(found.lower() for found in _DIGEST.findall(near))),
        remarks=remarks_on(
            signers,
            outside,
            legend=bool(legend),
            digest=bool(_DIGEST.search(near)),
            unread=[line.number for line in [*between, *unread]],
        ),
    )


def _pages(lines: Sequence[_Line], first: int) -> tuple[int, int] | None:
    """Where the notes of how many pages come before begin, and that number: of the last run before the stamps."""
    found = [
        (place, int(match["count"]))
        for place, line in enumerate(lines[:first])
        if (match := _PAGES.search(line.text)) and first - place <= 12
    ]
    return found[0] if found else None


def _top(lines: Sequence[_Line], first: int, pages: tuple[int, int] | None) -> int:
    """Where the page begins: at its note, or a little above its first signer, where an id or a digest may stand."""
    return pages[0] if pages else max(0, first - LINES_OF_A_SIGNER)


def _above(
    lines: Sequence[_Line], place: int, previous: int, pages: tuple[int, int] | None
) -> tuple[int, ...]:
    """The lines that name the signer of a stamp: the paragraph above it, and never what belongs to another."""
    found: list[int] = []
    for one in range(place - 1, previous, -1):
        line = lines[one]
        own = not (
            _METHOD.fullmatch(line.text)
            or _PAGES.search(line.text)
            or _is_legend(line)
            or _DIGEST.search(line.text)
            or _DOCUMENT_ID.search(line.text)
        )
        together = not found or lines[found[-1]].number - line.number == 1
        if not own or not together or len(found) == LINES_OF_A_SIGNER:
            break
        found.append(one)
    if len(found) == LINES_OF_A_SIGNER and previous < 0 and pages is None:
        # A long paragraph above the first stamp is the document's own: only its last line can be a name.
        found = found[:1]
    return tuple(reversed(found))


def _signer(stamp: _Line, named: Sequence[str], method: re.Match[str] | None) -> TrailSigner:
    match = _STAMP.fullmatch(stamp.text)
    assert match is not None
    stated, offset = _clock(match["when"]), _offset(match["zone"], match["offset"])
    at = None
    if stated is not None:
        zone = SWEDEN if offset is None else timezone(offset)
        at = _in_utc(stated.replace(tzinfo=zone))
    details = tuple(named[1:])
    return TrailSigner(
        line=stamp.number,
        name=named[0] if named else "",
        details=details,
        role=next((role for word, role in ROLES.items() if word in " ".join(details).casefold()), ""),
        signature_id=match["id"],
        stated=stated,
        stated_text=stamp.text[match.start("when") :],
        offset=offset,
        at=at,
        method=method["method"] if method else "",
        transaction_id=method["id"] if method else "",
        country=method["country"] if method else "",
    )


def _clock(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _offset(zone: str | None, written: str | None) -> timedelta | None:
    if written is None:
        return timedelta(0) if zone else None
    digits = written[1:].replace(":", "")
    found = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    # No clock on earth is further away; datetime knows no zone of a day or more.
    return None if found >= timedelta(hours=24) else -found if written[0] == "-" else found


def _in_utc(moment: datetime) -> datetime | None:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _is_legend(line: _Line) -> bool:
    plain = line.text.casefold()
    return line.raw.strip().count("\t") >= 2 and any(word in plain for word in ROLES)


def _outside(after: Sequence[_Line]) -> tuple[tuple[Outside, ...], list[_Line]]:
    """Who is named below the trail, under a heading that speaks of signing; a name and the same name with more."""
    start = next((place for place, line in enumerate(after) if _HEADING.match(line.text)), None)
    if start is None:
        return (), list(after)
    named = [line for line in after[start + 1 :] if not _HEADING.match(line.text)]
    found: list[Outside] = []
    for line in named:
        words = line.text.casefold()
        shorter = [one for one in named if words.startswith(one.text.casefold() + " ")]
        if shorter:
            name = max(shorter, key=lambda one: len(one.text)).text
            found.append(Outside(line.number, line.text[: len(name)], line.text[len(name) :].strip(" ,-–")))
        elif not any(one.text.casefold().startswith(words + " ") for one in named):
            found.append(Outside(line.number, line.text, ""))
    unique = {(one.name.casefold(), one.organisation.casefold()): one for one in reversed(found)}
    return tuple(sorted(unique.values(), key=lambda one: one.line)), list(after[:start])
