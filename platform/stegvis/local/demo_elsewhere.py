"""A handful of made-up cases in the demo's other insatser, whose plugins have no form of referral yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from stegvis.ground.tenancy.scope import scope, session
from stegvis.identity.accounts import service as accounts
from stegvis.local.demo_people import GEMENSAM_KRAFT, KRUS, SE_COACH, DemoPerson, made_up
from stegvis.vault.enrolments.models import Enrolment
from stegvis.vault.participants import service as participants


@dataclass(frozen=True)
class Ended:
    """How a case ended, in the insats' own code and the platform's codes."""

    on: date
    code: str
    forsorjning: str
    sysselsattning: str


@dataclass(frozen=True)
class Plain:
    """One case: the place of its person among the made-up, when it began and how it ended."""

    nth: int
    started_on: date
    ended: Ended | None = None


_SUBSIDISED = ("arbete_med_lonestod", "lon_med_lonestod", "arbete_med_lonestod")
_BACK_TO_FK = ("ater_till_forsakringskassan", "sjukpenning", "sjukskriven")
_KRUS = (
    Plain(KRUS, date(2023, 2, 13), Ended(date(2023, 9, 29), "studier", "studiemedel", "studier")),
    Plain(KRUS + 1, date(2023, 3, 20), Ended(date(2023, 11, 17), "anstallning", "lon", "arbete")),
    Plain(KRUS + 2, date(2023, 8, 21)),
    Plain(KRUS + 3, date(2023, 9, 11)),
    Plain(KRUS + 4, date(2023, 10, 16)),
    Plain(KRUS + 5, date(2023, 11, 27)),
)
_SE_COACH = (
    Plain(SE_COACH[0], date(2017, 3, 6), Ended(date(2018, 1, 31), "arbete", "lon", "arbete")),
    Plain(SE_COACH[1], date(2017, 5, 15), Ended(date(2018, 3, 29), *_SUBSIDISED)),
    Plain(SE_COACH[2], date(2017, 10, 2), Ended(date(2018, 8, 17), "studier", "studiemedel", "studier")),
    Plain(SE_COACH[3], date(2018, 2, 12), Ended(date(2019, 1, 25), *_BACK_TO_FK)),
    Plain(SE_COACH[4], date(2018, 9, 3), Ended(date(2019, 10, 31), "arbete", "lon", "arbete")),
)


def _gemensam_kraft(place: int) -> tuple[Plain, ...]:
    """Three cases of one of the five kommuner, one of them ended."""
    first = GEMENSAM_KRAFT + 3 * place
    outcomes = (
        Ended(date(2023, 10, 27), *_SUBSIDISED),
        Ended(date(2023, 11, 10), "rustad_for_af", "aktivitetsstod", "arbetsmarknadsatgard"),
    )
    return (
        Plain(first, date(2023, 5, 8 + place), outcomes[place % 2]),
        Plain(first + 1, date(2023, 9, 4 + place)),
        Plain(first + 2, date(2023, 11, 6 + place)),
    )


def load_elsewhere(known: list[DemoPerson]) -> None:
    """Load the cases of every vault but Kärnhuset's; a vault that has some gets no more."""
    _load("kalmar_lan/kalmar", "krus", _KRUS, known)
    _load("gavleborg/af_gavle", "se_coach", _SE_COACH, known)
    vaults = [one for one in known if (one.role, one.insats) == ("handledare", "gemensam_kraft")]
    for place, one in enumerate(vaults):
        _load(f"{one.tenant}/{one.huvudman}", one.insats, _gemensam_kraft(place), known)


def _load(scope_text: str, insats: str, cases: tuple[Plain, ...], known: list[DemoPerson]) -> None:
    with scope(scope_text) as opened:
        opened.facts["role"] = "personal"
        if session().scalar(sa.select(sa.exists().where(Enrolment.id.is_not(None)))):
            return
        tenant, huvudman = scope_text.split("/")
        here = (tenant, huvudman, "handledare")
        handledare = next(one for one in known if (one.tenant, one.huvudman, one.role) == here)
        handledare_id = accounts.accounts_of_number(handledare.personnummer)[0][0]
        for case in cases:
            person = made_up(case.nth)
            human = participants.ensure(person.number, person.given_name, person.family_name)
            ended = case.ended
            session().add(
                Enrolment(
                    insats=insats,
                    participant_id=human.id,
                    handledare_id=handledare_id,
                    started_on=case.started_on,
                    forsorjning_before=["forsorjningsstod" if insats != "se_coach" else "sjukpenning"],
                    sysselsattning_before="ingen",
                    utbildning="grundskola" if case.nth % 2 else "gymnasium",
                    months_on_support="3_5_ar",
                    ended_on=ended.on if ended else None,
                    exit_code=ended.code if ended else None,
                    forsorjning_after=[ended.forsorjning] if ended else None,
                    sysselsattning_after=ended.sysselsattning if ended else None,
                )
            )
