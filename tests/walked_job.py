"""The whole main job, page by page: what the trail of every route, and the names on every page, are seen in."""

import uuid
from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask
from report_world import TEXTS, staff, work

from asked import Asked
from other_answers import other_answers
from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.access.rights import OPEN_WITH_REASON, VAULT_ADMIN
from stegvis.identity.accounts import service as accounts
from stegvis.local.check_case import INDICATORS
from stegvis.vault.consent.models import Consent
from visiting import VAULT, Login, People, Visitor, draft, fresh_number, refer

Browse = Callable[..., Visitor]

# Every member of staff in the walk has this name, and is shown under another.
REAL_NAME = "Kanarina Skyddadsson"


def referrals_and_consents(people: People, browser: Browse) -> Asked:
    """A draft that is thrown away, a no, a no beside the author, and a samtycke that is signed."""
    author = browser(people.remittent())
    draft(author, fresh_number())
    author.send("/slang")
    author.get("/remisser")
    refer(author, fresh_number(), way="har")
    beside = author.answer.request.path if author.answer else ""
    assert beside.endswith("/samtycke")
    author.send("/signera/bankid")
    author.get(beside)
    author.send("/nej")
    refused = Asked(people, browser)
    refused.visitor.send("/nej")
    asked = Asked(people, browser)
    asked.sign()
    asked.visitor.get(f"{asked.path}/kvitto")
    asked.visitor.get("/mina-sidor/samtycken")
    return asked


def a_person_in_the_team(people: People, browser: Browse, asked: Asked) -> str:
    """Answered, enrolled, measured, planned, busy, ended; another referral by paper."""
    team = browser(people.handledare())
    number = fresh_number()
    refer(browser(people.remittent()), number, way="papper")
    team.get("/insats/karnhuset/samtycke-pa-papper")
    typed = {"nummer": number, "datum": "2024-01-15", "plats": "I akten", "laest": "ja"}
    team.send("/samtycke-pa-papper", typed)
    with people.app.app_context(), scope(VAULT):
        newest = sa.select(Consent.id).where(Consent.method == "papper").order_by(Consent.created_at.desc())
        on_paper = session().scalars(newest.limit(1)).one()
    other_answers(people, browser, team, f"/insats/karnhuset/samtycken/{on_paper}")
    team.get(f"/insats/karnhuset/samtycken/{on_paper}")
    team.send("/atertagande", {"hur": "Ringde i dag."})
    team.get("/insats/karnhuset/remisser")
    team.get(f"/insats/karnhuset/remisser/{asked.referral}")
    team.get(f"/insats/karnhuset/remisser/{asked.referral}/galler")
    team.get(f"/insats/karnhuset/remisser/{asked.referral}")
    team.send("/svar", {"ord": "Välkommen."}, press=("svar", "ja"))
    baseline: dict[str, str | list[str]] = {
        "forsorjning_fore": ["forsorjningsstod"],
        "sysselsattning_fore": "ingen",
        "utbildning": "grundskola",
        "tid_med_offentlig_forsorjning": "3_5_ar",
    }
    team.send("/inskrivning/", baseline)
    assert team.answer is not None
    person = team.answer.request.path
    assert person.startswith("/personer/")
    team.get("/idag")
    team.get("/insats/karnhuset/personer")
    team.get(f"{person}/matningar/ny")
    team.send("/matningar/ny", {f"deltagare-{one}": "3" for one in INDICATORS})
    team.get(f"{person}/plan/ny")
    team.send("/plan/ny", {"mal": "Halvtid.", "nasta_steg": "Studiebesök.", "uppfoljning": "2024-04-15"})
    team.get(f"{person}/aktiviteter")
    kind = team.page.tree.xpath("//*[@name='aktivitet-slag']//@value")[-1]
    team.send("/aktiviteter", {"aktivitet-slag": kind})
    team.send("/slut")
    for page in ("", "/plan", "/utveckling", "/lasningar"):
        asked.visitor.get(f"/mina-sidor{page}")
    team.get(f"{person}/avslut")
    ended: dict[str, str | list[str]] = {
        "avslutskod": "tillsvidareanstallning",
        "forsorjning_efter": ["lon"],
        "sysselsattning_efter": "arbete",
    }
    team.send("/avslut", ended)
    samtycke = f"/insats/karnhuset/samtycken/{asked.consent}"
    team.get(samtycke)
    team.send("/fraga-igen")
    team.send("/stryk")
    team.get(samtycke)
    team.send("/fraga-igen")
    team.get(team.page.links("/har")[0].removeprefix(team.base))
    beside = team.answer.request.path if team.answer else ""
    team.send("/signera/bankid")
    team.get(beside)
    team.send("/nej")
    asked.visitor.get(asked.path)
    asked.visitor.send("/ta-tillbaka")
    team.get(samtycke)
    team.send("/parter", {"part": ["0"], "hur": "telefon"})
    return str(person)


def accounts_and_a_reason(people: People, browser: Browse, person: str) -> None:
    """Somebody is invited, another gets a right, loses it, is renewed and ended; a person is opened with a reason."""
    keeper = browser(people.account("personal", VAULT_ADMIN))
    keeper.get("/konton/ny")
    typed: dict[str, str | list[str]] = {
        "namn": "Prov Inbjuden",
        "nummer": fresh_number(),
        "epost": "prov@kommunen.example",
        "ratt": ["handledare"],
    }
    keeper.send("/konton/ny/kontroll", typed)
    keeper.send("/konton/ny")
    keeper.get("/konton")
    keeper.send("/ta-tillbaka")
    other = people.remittent()
    address = f"/konton/{other.account}"
    keeper.get(address)
    keeper.send("/uppgifter", {"epost": "prov@kommunen.example", "visas_som": "Prov Remittent"})
    keeper.send("/ratter/ta")
    keeper.send("/ratter/ge", {"ratt": "remittera"})
    keeper.send("/fornya", {"kontakt": "Exempel Chefsson"})
    keeper.send("/avsluta")
    opener = browser(people.account("personal", OPEN_WITH_REASON))
    opener.get(f"{person}/skal")
    opener.send("/skal", {"skal": "vikarie", "ord": "Jag ersätter en kollega i dag."})
    who = people.handledare()
    searcher = browser(who)
    for press in ("/avsluta", "/avsluta-andra"):
        browser(who), browser(who)
        searcher.get("/mina-inloggningar")
        searcher.send(press)
    searcher.get("/sok")
    searcher.send("/sok", {"ord": "Tes"})


def a_report(app: Flask, browser: Browse) -> None:
    """Written, given back within the vault, sent again, attested; read, printed and sent back by the förbund."""
    with app.app_context():
        who = staff()
        hide(VAULT, who.insatsledare, who.handledare, who.approver)
        hide("gavleborg", who.forbundschef)
    leader = browser(Login(who.insatsledare, "", "personal", VAULT))
    approver = browser(Login(who.approver, "", "personal", VAULT))
    chief = browser(Login(who.forbundschef, "", "kansli", "gavleborg"))
    address = "/insats/karnhuset/rapporter/2023-10-01"
    leader.get("/insats/karnhuset/rapporter")
    leader.get("/insats/karnhuset/personer/hamta")
    leader.send("/hamta", {"syfte": "mote"})
    for section, typed in TEXTS.items():
        leader.get(address)
        told = {"text": "En deltagare fick sjukersättning."} if section == "bedomning" else {}
        leader.send(f"/avsnitt/{section}", typed | told)
    for sent in range(2):
        leader.get(f"{address}/granska")
        leader.send("/skicka")
        approver.get("/granskning")
        (link,) = approver.page.links("/granskning/")
        approver.get(link.removeprefix(approver.base))
        if sent == 0:
            approver.send("/tillbaka", {"ord": "Skriv mer."})
    while list(approver.page.forms("/markering/")):
        approver.send("/markering/", {"skal": "Det är allmänt känt."})
    approver.send("/attestera")
    with app.app_context():
        work()
    chief.get("/laget")
    chief.get("/diarium")
    chief.get("/rapporter")
    one = chief.page.links("/rapporter/")[0].removeprefix(chief.base)
    chief.get(one)
    chief.get(f"{one}/pdf")
    chief.get(f"{one}/aterlamna")
    chief.send("/aterlamna", {"ord": "Komplettera."})


def hide(place: str, *account_ids: uuid.UUID) -> None:
    """Let accounts be shown under the name that they have, and really be called something else."""
    with scope(place):
        for row in map(accounts.account_row, account_ids):
            row.display_name, row.name = row.shown_name, REAL_NAME
