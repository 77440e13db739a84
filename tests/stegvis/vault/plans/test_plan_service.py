"""Plans in a real vault: versions, what a double click does, what a failed form keeps, who reads them."""

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.exceptions import NotFound

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import session
from stegvis.identity.accounts.models import VaultAccount
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.plans import service
from stegvis.vault.plans.models import Plan

Browse = Callable[..., Any]
ANSWERS: dict[str, Any] = {
    "mal": "Arbeta i ett kök.",
    "nasta_steg": "Besöka Testköket.",
    "aktiviteter": ("samtal",),
    "uppfoljning": date(2024, 4, 15),
}
TYPED = {
    "mal": "Arbeta i ett kök.",
    "nasta_steg": "Besöka Testköket.",
    "aktiviteter": ["samtal"],
    "uppfoljning": "2024-04-15",
}


def test_the_newest_version_holds_and_the_same_twice_is_one(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare)
    changed = ANSWERS | {"nasta_steg": "Börja i Testköket."}
    with vault.acting(handledare):
        early = today() - timedelta(weeks=5)
        numbers = [service.agree(enrolment, ANSWERS, on=early) for _ in range(2)]
        numbers += [service.agree(enrolment, changed) for _ in range(2)]
        assert numbers == [1, 1, 2, 2]
    with vault.acting(handledare):
        assert service.agreed([enrolment, uuid.uuid4()]) == {enrolment: (early, today())}
        page = service.page(enrolment)
        assert page.word == "genomförandeplan"
        assert page.holds is not None
        assert (page.holds.version, page.holds.agreed_on, page.holds.written_by) == (
            2,
            today(),
            "Prov Handledare",
        )
        assert ("Mitt nästa steg", "Börja i Testköket.") in page.holds.answers
        assert ("Det här ska jag göra", "Motiverande samtal och vägledning") in page.holds.answers
        assert [one.version for one in page.older] == [1]


def test_what_is_written_is_sealed(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare)
    with vault.acting(handledare):
        service.agree(enrolment, ANSWERS)
    with vault.acting(handledare):
        table = Plan.__table__
        row = session().execute(sa.select(table).where(table.c.enrolment_id == enrolment)).one()
        assert "Testköket" not in repr(tuple(row))
        assert b"Testk" not in row.answers_sealed


def test_after_the_avslut_no_plan_is_written(vault: Any, handledare: uuid.UUID, browse: Browse) -> None:
    enrolment = vault.enrolled(handledare)
    path, browser = f"/personer/{enrolment}/plan/ny", browse(handledare)
    browser.get(path)
    with vault.acting(handledare):
        enrolments.end(enrolment, enrolments.Exit("studier"))
        with pytest.raises(enrolments.EnrolmentFault, match="avslutad"):
            service.agree(enrolment, ANSWERS)
    assert browser.post(path, TYPED).status_code == 303
    assert "Insatsen är avslutad. Planen är inte ändrad." in browser.get(f"/personer/{enrolment}/plan").text
    with vault.acting(handledare):
        assert service.agreed([enrolment]) == {}


def test_writing_over_http(vault: Any, handledare: uuid.UUID, browse: Browse) -> None:
    enrolment = vault.enrolled(handledare)
    path, browser = f"/personer/{enrolment}/plan/ny", browse(handledare)
    browser.get(path)
    failed = browser.post(path, {"mal": "Det här är kvar.", "uppfoljning": "inte ett datum"})
    assert failed.status_code == 422
    assert "Det här är kvar.</textarea>" in failed.text
    links = re.findall(r'<li><a href="#([^"]+)">', failed.text)
    assert links == ["f-nasta_steg", "f-uppfoljning"]
    assert [browser.post(path, TYPED).status_code for _ in range(2)] == [303, 303]
    assert "Version 1, gäller från" in browser.get(f"/personer/{enrolment}/plan").text
    assert "Besöka Testköket.</textarea>" in browser.get(path).text


def test_the_participant_reads_the_own_plan_and_nobody_elses(vault: Any, handledare: uuid.UUID) -> None:
    enrolment, other = vault.enrolled(handledare), vault.enrolled(handledare)
    with vault.acting(handledare):
        service.agree(enrolment, ANSWERS)
        own, strange = (enrolments.case(one).participant_id for one in (enrolment, other))
    account = vault.account(kind="deltagare")
    with vault.acting(handledare):
        row = session().get(VaultAccount, account)
        assert row is not None
        row.participant_id = own
    with vault.acting(account):
        found = service.for_participant(own, "en")
        assert [(name, plan.answers[0]) for name, plan in found] == [
            ("Kärnhuset 2.0", ("What I want to reach", "Arbeta i ett kök."))
        ]
    with vault.acting(account), pytest.raises(NotFound):
        service.for_participant(strange)
