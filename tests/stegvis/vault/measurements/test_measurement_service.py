"""Measurements in a real vault: one a day, the same twice is the same, what cannot be compared is not kept."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.exceptions import NotFound

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import session
from stegvis.identity.accounts.models import VaultAccount
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.measurements import service
from stegvis.vault.measurements.models import Measurement

SIX = ("vardag", "halsa", "andra_manniskor", "riktning", "vagar", "tilltro")
Browse = Callable[..., Any]


def rated(*steps: int | None) -> dict[tuple[str, str], int | None]:
    return {("deltagare", name): step for name, step in zip(SIX, steps, strict=False)}


def typed(*answers: str) -> dict[str, str]:
    return {f"deltagare-{name}": answer for name, answer in zip(SIX, answers, strict=False)}


def test_one_measurement_a_day_and_the_same_again_is_the_same(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare)
    for _ in range(2):
        with vault.acting(handledare):
            made = service.measure(enrolment, "steg_sex", rated(1, 2, 3, 4, 5, None))
            assert (made.on_date, made.mean) == (today(), 3.0)
    with vault.acting(handledare):
        with pytest.raises(service.MeasurementFault, match="redan en mätning"):
            service.measure(enrolment, "steg_sex", rated(5, 5, 5, 5, 5, 5))
        found = session().scalars(sa.select(Measurement).where(Measurement.enrolment_id == enrolment)).all()
        kept = {(one.rater, one.indicator): one.value for one in found[0].values}
        assert (len(found), found[0].together, found[0].written_by) == (1, True, handledare)
        assert kept == {key: step for key, step in rated(1, 2, 3, 4, 5).items()}


def test_means_come_in_order_for_many_in_one_statement(
    vault: Any, handledare: uuid.UUID, statements: list[str]
) -> None:
    ids = [vault.enrolled(handledare) for _ in range(3)]
    with vault.acting(handledare):
        early = today() - timedelta(weeks=10)
        service.measure(ids[0], "steg_sex", rated(4, 4, 4, 4, 4, 4))
        service.measure(ids[0], "steg_sex", rated(2, 2, 2, 2), on=early)
        service.measure(ids[1], "steg_sex", rated(1, 2, 1, 2))
        session().flush()
        statements.clear()
        found = service.rounds(ids)
        assert len(statements) == 1
        assert [(one.on_date, one.mean) for one in found[ids[0]]] == [(early, 2.0), (today(), 4.0)]
        assert [one.mean for one in found[ids[1]]] == [1.5]
        assert ids[2] not in found


def test_what_cannot_be_right_is_refused(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare, weeks=2)
    with vault.acting(handledare):
        with pytest.raises(service.MeasurementFault, match="Minst 4 frågor"):
            service.measure(enrolment, "steg_sex", rated(1, 2, 3))
        for days in (-15, 1):
            with pytest.raises(service.MeasurementFault, match="utanför tiden"):
                service.measure(enrolment, "steg_sex", rated(1, 2, 3, 4), on=today() + timedelta(days=days))
        for bad in (
            {("deltagare", "vardag"): 6},
            {("handledare", "vardag"): 3},
            {("deltagare", "pahittad"): 3},
        ):
            with pytest.raises(ValueError, match="cannot rate"):
                service.measure(enrolment, "steg_sex", rated(1, 2, 3, 4) | bad)
        assert service.rounds([enrolment]) == {}
        enrolments.end(enrolment, enrolments.Exit("studier"), on=today() - timedelta(days=3))
        with pytest.raises(service.MeasurementFault, match="utanför tiden"):
            service.measure(enrolment, "steg_sex", rated(1, 2, 3, 4))


def test_an_unknown_instrument_is_404(vault: Any, handledare: uuid.UUID) -> None:
    enrolment = vault.enrolled(handledare)
    with vault.acting(handledare), pytest.raises(NotFound):
        service.rate_page(enrolment, "pahittat")


def test_rating_together_over_http(vault: Any, handledare: uuid.UUID, browse: Browse) -> None:
    enrolment = vault.enrolled(handledare)
    with vault.acting(handledare):
        service.measure(enrolment, "steg_sex", rated(2, 2, 2, 3, 2, 3), on=today() - timedelta(weeks=13))
    path, browser = f"/personer/{enrolment}/matningar/ny", browse(handledare)
    page = browser.get(path).text
    assert page.count('value="hoppa"') == 6
    failed = browser.post(path, typed("4", "", "hoppa", "9"))
    assert failed.status_code == 422
    links = re.findall(r'<li><a href="#([^"]+)">([^<]+)</a></li>', failed.text)
    assert [anchor for anchor, _words in links] == [f"deltagare-{SIX[at]}" for at in (1, 3, 4, 5)]
    assert re.search(r'id="deltagare-vardag-4" name="deltagare-vardag" value="4" checked', failed.text)
    assert re.search(r'id="deltagare-andra_manniskor-hoppa"[^>]*value="hoppa" checked', failed.text)
    whole = typed("3", "3", "3", "3", "3", "3")
    assert [browser.post(path, whole).status_code for _ in range(2)] == [303, 303]
    shown = browser.get(f"/personer/{enrolment}/matningar").text
    assert "Bättre: medelvärdet har gått från 2,3 till 3,0 (6 frågor besvarade båda gångerna)." in shown
    assert shown.count('class="sv-diagram sv-diagram--spindel"') == 1
    assert len(re.findall(r'<polygon class="sv-linje', shown)) == 2
    other = browser.post(path, typed("5", "5", "5", "5", "5", "5"))
    assert other.status_code == 422
    assert "Det finns redan en mätning från den dagen." in other.text


def test_too_many_skipped_is_told_in_words(vault: Any, handledare: uuid.UUID, browse: Browse) -> None:
    enrolment = vault.enrolled(handledare)
    path, browser = f"/personer/{enrolment}/matningar/ny", browse(handledare)
    browser.get(path)
    answer = browser.post(path, typed("1", "2", "3", "hoppa", "hoppa", "hoppa"))
    assert answer.status_code == 422
    assert "Minst 4 frågor behöver ett svar, annars går mätningen inte att jämföra." in answer.text


def test_the_participant_sees_the_own_development_and_nobody_elses(vault: Any, handledare: uuid.UUID) -> None:
    enrolment, other = vault.enrolled(handledare), vault.enrolled(handledare)
    with vault.acting(handledare):
        service.measure(enrolment, "steg_sex", rated(1, 2, 3, 4, 5, 5))
        own, strange = (enrolments.case(one).participant_id for one in (enrolment, other))
    account = vault.account(kind="deltagare")
    with vault.acting(handledare):
        row = session().get(VaultAccount, account)
        assert row is not None
        row.participant_id = own
    with vault.acting(account):
        found = service.for_participant(own, "en")
        assert [(name, [one.title for one in shown]) for name, shown in found] == [
            ("Kärnhuset 2.0", ["How is it going?"])
        ]
        assert found[0][1][0].axes[0] == "Everyday life"

    def tried() -> None:
        with vault.acting(account), pytest.raises(NotFound):
            service.for_participant(strange)

    assert vault.new_events(account, tried) == [("neka", "nekad", strange)]
