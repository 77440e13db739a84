"""The check's walk with the report: written, sent, attested, published, read by the förbund, completed."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pypdf import PdfReader

from stegvis.local.check_steps import INSATS, Walk, step
from stegvis.local.visitor import Page, Typed, VisitFailed, Visitor

STARTS, ENDS = "2023-10-01", "2023-12-31"
ADDRESS = f"/insats/{INSATS}/rapporter/{STARTS}"
PATIENCE_SECONDS = 60.0
# A sentence that tells of somebody's health: the last page must mark it, and the attest must answer it.
TELLING = "En deltagare fick sjukersättning."
_LISTED = re.compile(r"/rapporter/[0-9a-f-]{36}$")


@dataclass(frozen=True)
class Arrived:
    """The report at the förbund: its page's address, and the PDF as a file."""

    address: str
    pdf: Path


def walk_report(walk: Walk) -> Arrived:
    """Everything from the first word to the completed report at the förbund."""
    leader, administrator = walk.logged_in("insatsledare"), walk.logged_in("vault_admin")
    chief = walk.logged_in("forbundschef")
    with step("rapporten hos insatsledaren"):
        if not [one for one in leader.open(f"/insats/{INSATS}/rapporter").links(ADDRESS)]:
            raise VisitFailed(f"Listan har ingen rapport som börjar {STARTS}.")
        before = newest(chief)
        if before is not None and not editable(leader):
            give_back(chief, before)
    arrived = _sent_and_received(leader, administrator, chief, before, "Rapporten")
    with step("förbundet läser rapporten som sida"):
        page = chief.open(arrived)
        for wanted in ("handling", "30"):
            if wanted.lower() not in page.words.lower():
                raise VisitFailed(f"{page.path} visar inte ”{wanted}”.")
        if "sjukersättning" in page.words.replace(TELLING, "").lower():
            raise VisitFailed("Sidan visar en känslig orsak som tabellen ska dölja.")
    with step("förbundet återlämnar rapporten"):
        give_back(chief, arrived)
    arrived = _sent_and_received(leader, administrator, chief, arrived, "Den kompletterade rapporten")
    with step("rapporten som PDF"):
        path = walk.folder / f"{INSATS}-{ENDS}.pdf"
        path.write_bytes(chief.fetch(f"{arrived}/pdf").content)
        must_be_accessible(path)
    return Arrived(arrived, path)


def refused_at_persons(walk: Walk, enrolment: str) -> None:
    """The förbundschef opens no person, and none of the vault's pages."""
    with step("förbundschefen kan inte öppna någon person"):
        chief = walk.logged_in("forbundschef")
        for address in (enrolment, f"{enrolment}/matningar", f"/insats/{INSATS}/personer", ADDRESS, "/idag"):
            chief.fetch(address, status=404)


def must_be_accessible(path: Path) -> None:
    """Raise VisitFailed unless the file is tagged, in Swedish, and calls itself PDF/UA-1 and PDF/A-2a."""
    with pikepdf.open(path) as pdf:
        root = pdf.Root
        marked = "/MarkInfo" in root and bool(root.MarkInfo.get("/Marked"))
        tagged = marked and "/StructTreeRoot" in root
        language = str(root.get("/Lang", ""))
        with pdf.open_metadata() as about:
            claims = (about.get("pdfuaid:part"), about.get("pdfaid:part"), about.get("pdfaid:conformance"))
    if not tagged or not language.startswith("sv") or claims != ("1", "2", "A"):
        raise VisitFailed(f"{path.name}: taggad {tagged}, språk {language!r}, PDF/UA, PDF/A {claims}.")
    if b"pdfuaid:part" not in path.read_bytes():
        raise VisitFailed(f"{path.name}: uppgifterna om filen (XMP) ligger inte i klartext.")
    text = " ".join(page.extract_text() for page in PdfReader(path).pages)
    if "Kärnhuset" not in text:
        raise VisitFailed(f"{path.name} har ingen text om insatsen.")


def editable(leader: Visitor) -> bool:
    """Whether the report can be written on."""
    return bool(list(leader.open(ADDRESS).forms("/avsnitt/")))


def _sent_and_received(
    leader: Visitor, administrator: Visitor, chief: Visitor, before: str | None, what: str
) -> str:
    with step(f"{what}: skriva"):
        write(leader)
    with step(f"{what}: Detta blir allmän handling"):
        send(leader)
    with step(f"{what}: svara på markeringar och attestera"):
        attest(administrator)
    with step(f"{what}: mottagen av förbundet"):
        return wait_for_another(chief, before)


def write(leader: Visitor) -> None:
    """Write something under every heading."""
    page = leader.open(ADDRESS)
    forms = [form.action for form in page.forms("/avsnitt/")]
    if not forms:
        raise VisitFailed(f"{page.path} går inte att skriva i. {page.said()}")
    for action in forms:
        part = action.rsplit("/", 1)[1]
        leader.send(page, f"/avsnitt/{part}", _words_for(page, f"/avsnitt/{part}"))


def send(leader: Visitor) -> None:
    """Read what the board will see, and send the report to be attested."""
    page = leader.open(f"{ADDRESS}/granska")
    if "Detta blir allmän handling" not in page.words or TELLING not in page.words:
        raise VisitFailed(f"{page.path} visar inte vad styrelsen får se. {page.said()}")
    leader.send(page, "/skicka")


def _words_for(page: Page, part: str) -> Typed:
    """Something for every field of one heading."""
    fields = page.form(part).fields.keys()
    if "narvarande" in fields:
        return {
            next(name for name in ("satt", "form") if name in fields): "mote",
            "datum": "2024-01-12",
            "narvarande": "Ordförande i Mysam\nEnhetschef",
            "text": "Mysam ser att arbetssättet fungerar och vill följa hur det tas över.",
        }
    asked = {name: "Inga avvikelser." for name in fields if name.startswith("fraga_")}
    if asked:
        return asked
    return {"text": f"Arbetet har gått framåt under perioden. {TELLING}"}


def attest(administrator: Visitor) -> None:
    """Answer every mark of the report that waits, and attest it."""
    page = administrator.open("/granskning")
    found = page.links("/granskning/")
    if not found:
        raise VisitFailed(f"Ingen rapport väntar på attest. {page.said()}")
    page = administrator.open(found[0])
    if not list(page.forms("/markering/")):
        raise VisitFailed("Meningen om hälsa är inte markerad hos den som attesterar.")
    while next(page.forms("/markering/"), None) is not None:
        page = administrator.send(
            page, "/markering/", {"skal": "Uppgiften är allmänt känd och pekar inte ut någon."}
        )
    administrator.send(page, "/attestera")


def give_back(chief: Visitor, address: str) -> None:
    """Send a received report back for completion."""
    page = chief.open(f"{address}/aterlamna")
    chief.send(page, "/aterlamna", {"ord": "Skriv mer om hur arbetssättet tas över."})


def newest(chief: Visitor) -> str | None:
    """The address of the newest received report of the period, or None."""
    for address in chief.open("/rapporter").links("/rapporter/"):
        if _LISTED.search(address) and "okt" in (words := chief.open(address).words) and "dec 2023" in words:
            return address
    return None


def wait_for_another(chief: Visitor, before: str | None) -> str:
    """The address of the report when the förbund has another than `before`. Raises VisitFailed after a minute."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (found := newest(chief)) in (None, before):
        if time.monotonic() > until:
            raise VisitFailed("Rapporten kom inte fram till förbundet inom en minut.")
        time.sleep(0.3)
    assert found is not None
    return found
