"""An agreement and those who sign it, walked through the pages: for the tests of documents signed by several."""

import re
import uuid
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import typst

from stegvis.forbund.agreements import service
from stegvis.forbund.agreements.models import Agreement, AgreementSignature
from stegvis.forbund.agreements.trail import read_trail_bytes
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import KANSLI
from visiting import People, Visitor, fresh_number, run_jobs

FORBUND = "gavleborg"
Browse = Callable[..., Visitor]
# Routes of an agreement that change something, with the event that each leaves; and those that give a file.
CHANGES = {
    **dict.fromkeys(("add_signer", "ask_of_party", "change_document", "remove_signer"), "andra"),
    "create": "skapa",
    "make_void": "makulera",
    "register_paper": "signera",
    "remind": "paminn",
    "send": "skicka",
}
FILES = ("document", "finished", "receipt", "scan", "trail")


def a_pdf(words: str = "Överenskommelse om provinsatsen", pages: int = 2) -> bytes:
    """A real PDF with some pages."""
    text = "#pagebreak()\n".join(f"= {words}\n\nSida {nth + 1}.\n" for nth in range(pages))
    made: bytes = typst.compile(text.encode())
    return made


def a_trail(*names: str) -> str:
    """A page of signatures as another service makes it, with a wrong offset."""
    entries = [
        f"{name.upper()}\n\n{uuid.uuid4()} - 2021-01-1{nth} 09:05:41 UTC +02:00\nBankID - {uuid.uuid4()} - SE\n"
        for nth, name in enumerate(names)
    ]
    return "Detta dokument innehåller 2 sidor före denna sida\n\n" + "\n".join(entries)


class Collected:
    """One agreement, drafted by the kansli through its pages; its signers visit by their links."""

    def __init__(self, people: People, browse: Browse) -> None:
        self.app, self.browse = people.app, browse
        self.who = people.account("kansli", KANSLI, scope_id=FORBUND, insats="", name="Prov Kanslist")
        self.staff = browse(self.who)
        self.pdf = a_pdf()
        self.people: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.staff.get("/overenskommelser/ny")
        self.upload("/overenskommelser/ny", self.pdf, slag="overenskommelse", titel="Provöverenskommelsen")
        assert self.staff.answer is not None
        self.path = urlsplit(self.staff.answer.request.url).path
        self.id = uuid.UUID(self.path.rsplit("/", 1)[1])

    def upload(self, path: str, content: bytes, name: str = "Avtal.pdf", **typed: str) -> Any:
        """Send a form with a file, from the page that is shown."""
        data: dict[str, Any] = {"csrf_token": self.staff.token(), "fil": (BytesIO(content), name), **typed}
        return self.staff.post(path, data, follow=True)

    def add(self, name: str, party: str, *, number: str = "", **typed: str) -> None:
        """Add a signer to the draft."""
        self.people[name] = number or fresh_number()
        told = {"namn": name, "organisation": party, "nummer": self.people[name], "befattning": "Chef"}
        self.staff.get(self.path)
        self.staff.send("/undertecknare/ny", told | {"grund": "delegationsordning"} | typed)

    def send(self) -> None:
        """Send it; the links are read from the page that shows them."""
        self.staff.get(self.path)
        self.staff.send("/skicka")
        self.read_links()

    def read_links(self) -> None:
        """The links of the page that is shown."""
        for shown in self.staff.page.tree.xpath("//input[@readonly]"):
            (label,) = self.staff.page.tree.xpath(f"//label[@for='{shown.get('id')}']")
            name = " ".join(label.text_content().split()).split(",")[0]
            self.links[name] = urlsplit(shown.get("value")).path

    def remind(self, name: str) -> None:
        """Press the button that reminds somebody."""
        self.staff.get(self.path)
        forms = [one for one in self.staff.page.forms("/paminn") if name in one.text_content()]
        self.staff.post(urlsplit(forms[0].action or "").path, {"csrf_token": self.staff.token()})
        self.read_links()

    def at_link(self, name: str) -> Visitor:
        """A new browser that has opened somebody's link."""
        visitor: Visitor = self.browse()
        visitor.get(self.links[name], follow=True)
        return visitor

    def known(self, name: str, number: str = "") -> Visitor:
        """A browser in which somebody has shown who it is."""
        visitor = self.at_link(name)
        visitor.send("/legitimera/bankid")
        visitor.get(visitor.at_eid(number or self.people[name]), follow=True)
        return visitor

    def sign(self, name: str, visitor: Visitor | None = None, number: str = "", **told: Any) -> Visitor:
        """Show who it is, and sign."""
        visitor = visitor or self.known(name)
        visitor.send("/signera/bankid")
        visitor.get(visitor.at_eid(number or self.people[name], **told), follow=True)
        return visitor

    def by_trail(self, *names: str) -> None:
        """Add people who signed at another service, send, and read that service's page in."""
        for name in names:
            self.staff.get(self.path)
            typed = {"namn": name, "organisation": f"Part {name}", "papper": "y", "grund": "arbetsordning"}
            self.staff.send("/undertecknare/ny", typed)
        self.send()
        content = a_trail(*names).encode()
        with self.app.app_context(), scope(FORBUND):
            service.import_trail(self.id, read_trail_bytes(content), content)

    def row(self) -> dict[str, Any]:
        """The agreement as it lies in its table."""
        with self.app.app_context(), scope(FORBUND):
            asked = sa.select(Agreement.__table__).where(Agreement.id == self.id)
            return dict(session().execute(asked).mappings().one())

    def evidence(self) -> list[tuple[str, str, str, int]]:
        """What proves its signatures: (way, verdict, reason, version), oldest first."""
        table = AgreementSignature
        with self.app.app_context(), scope(FORBUND):
            rows = session().execute(
                sa.select(table.way, table.verdict, table.reason, table.version)
                .where(table.agreement_id == self.id)
                .order_by(table.seq)
            )
            return [(row.way, row.verdict, row.reason, row.version) for row in rows]

    def words(self) -> str:
        """The words of the agreement's page."""
        self.staff.get(self.path)
        return re.sub(r"\s+", " ", self.staff.page.words)


def walk(people: People, browser: Browse) -> None:
    """One that is signed by e-ID and on paper, one that is changed and made void."""
    both = Collected(people, browser)
    for name in ("Test Testsson", "Prova Provsson", "Tredje Testsson"):
        both.add(name, "Provkommunens socialnämnd")
    both.staff.get(both.path)
    both.staff.send("/krav", {"antal": "1"})
    both.staff.get(both.path)
    both.staff.send("/ta-bort")
    both.add("Exempel Exempelsson", "Övningsmyndigheten")
    both.send()
    both.remind("Tredje Testsson")
    both.sign("Tredje Testsson")
    both.staff.get(both.path)
    path = urlsplit(both.staff.page.links("/papper")[-1]).path
    both.staff.get(path)
    typed = {"datum": "2024-01-12", "plats": "Arkivet"}
    both.upload(path, b"\x89PNG\r\n\x1a\n", "papper.png", **typed)
    with people.app.app_context():
        run_jobs(people.app, "satt_samman_overenskommelse", "gavleborg")
    both.staff.get(both.path)
    for part in ("/kvitto", "/skannat", "/dokument", "/fardig"):
        both.staff.get(urlsplit(both.staff.page.links(part)[0]).path)
        both.staff.get(both.path)
    imported = Collected(people, browser)
    imported.by_trail("Test Testsson")
    imported.staff.get(imported.path)
    imported.staff.get(urlsplit(imported.staff.page.links("/spar")[0]).path)
    void = Collected(people, browser)
    void.staff.get(void.path)
    void.upload(f"{void.path}/dokument", void.pdf, "Annat.pdf")
    void.staff.send("/makulera", {"skal": "Insatsen blir inte av."})
    void.staff.get("/overenskommelser")
