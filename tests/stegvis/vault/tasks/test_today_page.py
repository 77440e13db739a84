"""The page I dag in a real vault: whose tasks, in which order, with how many statements."""

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from werkzeug.exceptions import NotFound

from stegvis.ground.day import today
from stegvis.ground.tenancy.models import now
from stegvis.ground.tenancy.scope import session
from stegvis.identity.access.rights import HANDLEDARE
from stegvis.identity.accounts import service as accounts
from stegvis.vault.consent.models import Consent
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.measurements import service as measurements
from stegvis.vault.plans import service as plans
from stegvis.vault.tasks import service

SIX = ("vardag", "halsa", "andra_manniskor", "riktning", "vagar", "tilltro")


def samtycke(vault: Any, handledare: uuid.UUID, enrolment: uuid.UUID, days: int) -> None:
    """A samtycke that was given and ends in some days."""
    with vault.acting(handledare):
        row = enrolments.case(enrolment)
        made = Consent(
            insats="karnhuset",
            referral_id=row.referral_id,
            participant_id=row.participant_id,
            state="given",
            method="papper",
            text_version="1",
            text="Ja till att vi pratar med varandra om dig",
            text_sha256=b"",
            valid_from=row.started_on,
            valid_to=today() + timedelta(days=days),
            signed_at=now(),
        )
        session().add(made)


def nothing_due(vault: Any, handledare: uuid.UUID, enrolment: uuid.UUID) -> None:
    """The person has been measured and has a plan."""
    with vault.acting(handledare):
        measurements.measure(enrolment, "steg_sex", {("deltagare", one): 3 for one in SIX})
        plans.agree(enrolment, {"mal": "Prova.", "nasta_steg": "Träffas.", "uppfoljning": date(2024, 4, 15)})


def tasks_of(vault: Any, account: uuid.UUID, *subjects: uuid.UUID) -> list[tuple[str, uuid.UUID]]:
    with vault.acting(account):
        page = service.today_page()
    return [(one.kind, one.subject) for one in page.tasks if one.subject in subjects]


def test_what_cannot_wait_stands_first(vault: Any, handledare: uuid.UUID) -> None:
    fresh, late, ending = (
        vault.enrolled(handledare, weeks=0),
        vault.enrolled(handledare),
        vault.enrolled(handledare),
    )
    referral = vault.accepted()
    nothing_due(vault, handledare, ending)
    samtycke(vault, handledare, ending, 3)
    samtycke(vault, handledare, late, 20)
    assert tasks_of(vault, handledare, fresh, late, ending, referral) == [
        ("consent_urgent", ending),
        ("overdue", late),
        ("overdue", late),
        ("to_enrol", referral),
        ("due", fresh),
        ("consent_ends", late),
    ]


def test_a_handledare_sees_the_own_and_those_without_a_living_handledare(
    vault: Any, handledare: uuid.UUID, insatsledare: uuid.UUID
) -> None:
    colleague, leaver = vault.account(HANDLEDARE), vault.account(HANDLEDARE)
    own, others, orphan = vault.enrolled(handledare), vault.enrolled(colleague), vault.enrolled(leaver)
    with vault.acting(insatsledare):
        accounts.close_account(leaver)
    for account, seen in (
        (handledare, {own, orphan}),
        (colleague, {others, orphan}),
        (insatsledare, {own, others, orphan}),
    ):
        assert {subject for _kind, subject in tasks_of(vault, account, own, others, orphan)} == seen
    with vault.acting(handledare):
        assert [one.enrolment_id for one in service.today_page().people] == [own]


def test_the_page_runs_the_same_statements_with_one_as_with_many(
    vault: Any, handledare: uuid.UUID, statements: list[str]
) -> None:
    def counted() -> tuple[int, int]:
        with vault.acting(handledare):
            statements.clear()
            return len(service.today_page().people), len(statements)

    samtycke(vault, handledare, vault.enrolled(handledare), 10)
    few = counted()
    for _ in range(24):
        samtycke(vault, handledare, vault.enrolled(handledare), 10)
    many = counted()
    assert (few[0], many[0]) == (1, 25)
    assert few[1] == many[1]


def test_nobody_outside_a_team_gets_a_page(vault: Any) -> None:
    plain = vault.account()
    with vault.acting(plain), pytest.raises(NotFound):
        service.today_page()


def test_each_line_has_its_one_action(vault: Any, handledare: uuid.UUID, browse: Callable[..., Any]) -> None:
    late, referral = vault.enrolled(handledare, "Sen", "Testsson"), vault.accepted("Ny", "Testsson")
    page = browse(handledare).get("/idag").text
    links = set(re.findall(r'<a class="button[^"]*" href="([^"]+)"', page))
    assert {
        f"/personer/{late}/matningar/ny?instrument=steg_sex",
        f"/personer/{late}/plan/ny",
        f"/insats/karnhuset/inskrivning/{referral}",
    } <= links
    assert f'href="/personer/{late}"' in page
