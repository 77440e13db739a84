"""A program for the test of the logs: a whole referral with marked words, in a process whose log is read.

Everything personal in it carries one of CANARIES or the person's number. Standard error is the log; the
last line of standard output is the number that must not be found there.
"""

import logging
from pathlib import Path

import sqlalchemy as sa

import visiting
from stegvis.app import create_app
from stegvis.config import read_settings
from stegvis.ground.tenancy.scope import scope, session
from stegvis.vault.participants.models import Participant
from visiting import ANSWERS, VAULT, People, RunningEid, Visitor, draft, fresh_number

NAME = "Kanarie Kanariesson"
CANARIES = ("anarie", "ANARIE")


def run(home: Path, issuer: str) -> None:
    """Walk through everything that may leave a line in the log."""
    logging.basicConfig(level=logging.INFO)
    app = create_app(read_settings(home))
    # Other numbers than those of the tests that share this database.
    for _ in range(1900):
        next(visiting._unused)
    people, eid, number = People(app), RunningEid(None, issuer), fresh_number()
    _break_something(app)
    staff = people.account("personal", "handledare", name="Kanarie Handledare")
    author = Visitor(app)
    author.log_in(people.account("remittent", "remittera", name="Kanarie Remittent").number)
    author.get("/remisser?q=Kanarie")
    author.post("/remisser/ny", {"fornamn": "Kanarie", "nummer": number})
    referral = draft(author, number, NAME)
    answers = ANSWERS | {"fragestallningar": "Kanariefrågan", "trisam_datum": "Kanariedagen"}
    author.post(f"/remisser/{referral}/spara", answers | {"csrf_token": author.token()})
    author.get(f"/remisser/{referral}/kontroll")
    author.post(f"/remisser/{referral}/spara", ANSWERS | {"csrf_token": author.token()})
    author.get(f"/remisser/{referral}/kontroll")
    author.send("/skicka", {"samtycke": "egen"})
    person = Visitor(app)
    person.log_in(number)
    person.get(person.page.links("/mina-sidor/samtycken/")[0])
    for fault in ("signature-other-person", "number-other", None):
        eid.fault(fault)
        person.send("/signera/bankid")
        person.get(person.at_eid(number), follow=True)
    assert "Ditt samtycke är underskrivet" in person.page.words, person.page.words
    team = Visitor(app).logged_in(staff)
    team.get(f"/insats/karnhuset/remisser/{referral}")
    team.send("/svar", {"ord": "Kanarieord"}, press=("svar", "nej"))
    for path in ("/fel/vart", "/fel/databas", "/insatser/Kanarie", "/remisser/Kanarie"):
        team.get(path)
    stranger = Visitor(app)
    stranger.log_in(fresh_number())
    print(number)


def _break_something(app: visiting.Flask) -> None:
    """Two pages that fail with somebody's words in the fault: one of ours, one of the database's."""

    @app.get("/fel/vart")
    def ours() -> str:
        raise ValueError(f"{NAME} kunde inte läsas")

    @app.get("/fel/databas")
    def databas() -> str:
        with scope(VAULT):
            session().execute(
                sa.insert(Participant).values(
                    number_hash=b"x", number_sealed=b"x", given_name_sealed=b"Kanarie",
                    family_name_sealed=b"Kanariesson", birth_year=2000, gender="Kanariekon", protected=False,
                )
            )  # fmt: skip
        return ""
