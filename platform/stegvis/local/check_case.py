"""The check's walk with one person: referral, samtycke, enrolment, measurements, plan, avslut; each by its actor."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from stegvis.identity.eid import seal_keys
from stegvis.identity.eid.receipt_file import pinned, verify_file
from stegvis.identity.eid.visits import FOLDER
from stegvis.local.check_steps import Walk, step
from stegvis.local.demo_people import MadeUp
from stegvis.local.visitor import Page, VisitFailed, Visitor

INSATS = "karnhuset"
INDICATORS = ("vardag", "halsa", "andra_manniskor", "riktning", "vagar", "tilltro")
SECOND_DAY = date(2024, 4, 15)


@dataclass(frozen=True)
class Signed:
    """A samtycke given by e-ID: whether its receipt holds without the service, and where that lies."""

    signed: bool
    verified: bool
    receipt: Path


def walk_with_eid(walk: Walk, person: MadeUp) -> tuple[Signed, str]:
    """From the referral to the enrolment of somebody with BankID; gives the samtycke and the person's page."""
    remittent = walk.logged_in("remittent")
    with step("remiss"):
        referral = refer(remittent, person, "egen")
    handledare = walk.logged_in("handledare")
    with step("utkastet är stängt för teamet"):
        _refused(handledare, f"/insats/{INSATS}/remisser/{referral}")
    with step("samtycke med e-legitimation"):
        signed = _sign(walk, person)
    with step("inskrivning"):
        return signed, _enrol(handledare, referral, person)


def walk_on_paper(walk: Walk, person: MadeUp) -> str:
    """The same for somebody without BankID: the samtycke is signed on paper and registered by staff."""
    remittent = walk.logged_in("remittent")
    with step("remiss för den som inte har BankID"):
        referral = refer(remittent, person, "papper")
    handledare = walk.logged_in("handledare")
    with step("samtycke på papper"):
        page = handledare.open(f"/insats/{INSATS}/samtycke-pa-papper")
        typed = {
            "nummer": person.number,
            "datum": walk.day.isoformat(),
            "plats": "I personakten på Kärnhuset",
            "laest": "ja",
        }
        _must_be(handledare.send(page, "/samtycke-pa-papper", typed), f"/remisser/{referral}")
    with step("inskrivning efter papper"):
        return _enrol(handledare, referral, person)


def first_months(walk: Walk, enrolment: str) -> None:
    """The first measurement and the plan, on the day of the enrolment."""
    handledare = walk.logged_in("handledare")
    with step("första mätningen"):
        _measure(handledare, enrolment, 2)
    with step("plan"):
        typed = {
            "mal": "Jag vill klara ett arbete på halvtid.",
            "nasta_steg": "Gå på studiebesök.",
            "uppfoljning": SECOND_DAY.isoformat(),
        }
        page = handledare.open(f"{enrolment}/plan/ny")
        _must_be(handledare.send(page, "/plan/ny", typed), f"{enrolment}/plan")


def after_three_months(walk: Walk, enrolment: str, code: str) -> None:
    """The second measurement, the diagram with both, and the avslut with its codes."""
    handledare = walk.logged_in("handledare")
    with step("andra mätningen"):
        page = _measure(handledare, enrolment, 4)
        if not page.tree.xpath("//*[local-name()='svg']") or not page.tree.xpath("//table"):
            raise VisitFailed(f"{page.path} visar inte både spindeldiagram och tabell.")
    with step("avslut"):
        page = handledare.open(f"{enrolment}/avslut")
        typed: dict[str, str | list[str]] = {
            "avslutskod": code,
            "forsorjning_efter": ["lon"],
            "sysselsattning_efter": "arbete",
        }
        _must_be(handledare.send(page, "/avslut", typed), enrolment)


def own_pages(walk: Walk, person: MadeUp) -> None:
    """What the participant sees afterwards: the own development, and who has read."""
    with step("deltagarens egna sidor"):
        deltagare = walk.visitor()
        deltagare.log_in(person.number)
        for address in ("/mina-sidor", "/mina-sidor/utveckling", "/mina-sidor/plan", "/mina-sidor/lasningar"):
            deltagare.open(address)


def refer(remittent: Visitor, person: MadeUp, way: str) -> uuid.UUID:
    """Write and send a referral; `way` is how the person says yes: egen, har or papper. Returns its id."""
    referral = draft(remittent, person)
    page = remittent.open(f"/remisser/{referral}/kontroll")
    page = remittent.send(page, "/skicka", {"samtycke": way})
    _must_be(page, f"/remisser/{referral}")
    return referral


def draft(remittent: Visitor, person: MadeUp) -> uuid.UUID:
    """Write a referral that could be sent. Returns its id."""
    page = remittent.open("/remisser/ny")
    typed = {
        "insats": INSATS,
        "nummer": person.number,
        "fornamn": person.given_name,
        "efternamn": person.family_name,
    }
    page = remittent.send(page, "/remisser/ny", typed)
    referral = uuid.UUID(page.path.rsplit("/", 1)[1])
    # Fields that an answer calls for come with the next page, as they do where no script runs.
    page = remittent.send(page, "/spara", {"remittent": "af", "kalla": "trisam"}, status=422)
    answers = {
        "trisam_datum": "2024-01-09",
        "fragestallningar": "Vilket stöd behövs från vilken part?\nHur mycket orkar personen?",
        "samordnad_rehabilitering": "ja",
        "forsorjningsstod_lange": "ja",
        "ohalsa": "nej",
    }
    _must_be(remittent.send(page, "/spara", answers), f"/remisser/{referral}/kontroll")
    return referral


def _sign(walk: Walk, person: MadeUp) -> Signed:
    deltagare = walk.visitor()
    page = deltagare.log_in(person.number)
    found = page.links("/mina-sidor/samtycken/")
    if not found:
        raise VisitFailed(f"{page.path} visar inget samtycke att läsa. {page.said()}")
    page = deltagare.legitimate(deltagare.open(found[0]), "/signera/bankid", person.number)
    receipts = page.links("/kvitto")
    if not receipts:
        raise VisitFailed(f"{page.path} har inget kvitto efter underskriften. {page.said()}")
    path = walk.folder / f"kvitto-{person.number[2:8]}-{uuid.uuid4().hex[:8]}.pdf"
    path.write_bytes(deltagare.fetch(receipts[0]).content)
    home = walk.settings.home
    report = verify_file(path, pinned(home / FOLDER, home / seal_keys.FOLDER, test=True))
    if not (report.ok and report.signed):
        raise VisitFailed("Kvittot håller inte: " + " ".join(report.lines))
    return Signed(report.signed, report.ok, path)


def _enrol(handledare: Visitor, referral: uuid.UUID, person: MadeUp) -> str:
    page = handledare.open(f"/insats/{INSATS}/remisser/{referral}")
    page = handledare.send(page, "/svar", {"ord": "Välkommen."}, press=("svar", "ja"))
    _must_be(page, f"/insats/{INSATS}/inskrivning/{referral}")
    baseline: dict[str, str | list[str]] = {
        "forsorjning_fore": ["forsorjningsstod"],
        "sysselsattning_fore": "ingen",
        "utbildning": "grundskola",
        "tid_med_offentlig_forsorjning": "3_5_ar",
    }
    page = handledare.send(page, "/inskrivning/", baseline)
    if not page.path.startswith("/personer/") or person.name not in page.words:
        raise VisitFailed(f"{page.path} är inte personens sida. {page.said()}")
    return page.path


def _measure(handledare: Visitor, enrolment: str, value: int) -> Page:
    page = handledare.open(f"{enrolment}/matningar/ny")
    typed = {f"deltagare-{one}": str(value) for one in INDICATORS}
    page = handledare.send(page, "/matningar/ny", typed)
    _must_be(page, f"{enrolment}/matningar")
    return page


def _refused(visitor: Visitor, address: str) -> None:
    visitor.fetch(address, status=404)


def _must_be(page: Page, path: str) -> None:
    if not urlsplit(page.response.url).path.endswith(path):
        raise VisitFailed(f"Kom till {page.path} i stället för {path}. {page.said()}")
