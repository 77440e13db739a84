"""Participants: one row a person, gender and age from the number, names in Swedish order."""

import threading
import uuid
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from personnummer import personnummer

from stegvis.ground.tenancy.scope import scope, session
from stegvis.vault.participants import service
from stegvis.vault.participants.models import Participant

SCOPE = "gavleborg/sandviken"


def control_digit(nine: str) -> str:
    doubled = "".join(str(int(digit) * (2 - at % 2)) for at, digit in enumerate(nine))
    return str(-sum(map(int, doubled)) % 10)


def number_of(day: date, serial: int, *, coordination: bool = False) -> str:
    days = f"{day.day + 60:02}" if coordination else f"{day:%d}"
    nine = f"{day:%y%m}{days}{serial}"
    return f"{day:%Y}"[:2] + nine + control_digit(nine)


serials = st.integers(980, 999)
days = st.dates(date(1910, 1, 1), date(2015, 12, 31))


@given(days, serials, st.booleans())
def test_birth_date_and_gender_come_from_the_number(day: date, serial: int, coordination: bool) -> None:
    number = number_of(day, serial, coordination=coordination)
    assert service.birth_date(number) == day
    read = personnummer.Personnummer(number)
    assert service.gender_of(number) == ("man" if read.is_male() else "kvinna")


@given(days, serials, st.dates(date(2016, 1, 1), date(2040, 1, 1)))
def test_age_grows_by_one_at_each_birthday(day: date, serial: int, now: date) -> None:
    had_it = (now.month, now.day) >= (day.month, day.day)
    assert service.age_of_number(number_of(day, serial), now) == now.year - day.year - (0 if had_it else 1)


def test_born_on_the_29th_of_february_is_older_on_the_first_of_march() -> None:
    number = number_of(date(2000, 2, 29), 980)
    ages = [service.age_of_number(number, day) for day in (date(2018, 2, 28), date(2018, 3, 1))]
    assert ages == [17, 18]


@pytest.mark.parametrize(
    "number", ["", "197001019802", "19700101-980", "199002309801", "７" * 12, "1990010198", "19900101980X"]
)
def test_a_number_that_is_none_is_refused(in_app: Flask, number: str) -> None:
    with in_app.test_request_context(), pytest.raises(service.NumberRefused):
        service.birth_date(number)


def test_ensure_finds_who_is_there_and_keeps_the_name(in_app: Flask) -> None:
    number = number_of(date(1977, 5, 17), 983, coordination=True)
    with scope(SCOPE):
        first = service.ensure(number, " Test ", "Testsson").id
    with scope(SCOPE):
        again = service.ensure(number, "Annan", "Stavning")
        assert (again.id, again.name) == (first, "Test Testsson")
        assert (again.number, again.birth_year, again.gender, again.protected) == (number, 1977, "man", False)
        found = service.find_by_number(number)
        assert found is not None and found.id == first
        assert service.age_on(again, date(2024, 5, 16)) == 46
        assert service.many([first, uuid.uuid4()]) == {first: again}
        with pytest.raises(LookupError):
            service.get(uuid.uuid4())


def test_the_same_number_is_another_row_in_another_vault(in_app: Flask) -> None:
    number = number_of(date(1978, 6, 18), 984)
    with scope(SCOPE):
        here = service.ensure(number, "Test", "Testsson").id
    with scope("kalmar_lan/kalmar"):
        assert service.find_by_number(number) is None
        assert service.ensure(number, "Test", "Testsson").id != here


def test_several_at_once_make_one_row(app: Flask) -> None:
    number = number_of(date(1979, 7, 19), 985)
    together, ids = threading.Barrier(4), []

    def make() -> None:
        with app.app_context(), scope(SCOPE):
            session().scalar(sa.select(sa.func.count()).select_from(Participant))
            together.wait(10)
            ids.append(service.ensure(number, "Test", "Testsson").id)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1


def test_swedish_order() -> None:
    names = [
        "Örjan Prov",
        "anna Prov",
        "Åsa Prov",
        "Zeta Prov",
        "Ärla Prov",
        "Émile Prov",
        "Eva Prov",
        "Anna Test",
    ]
    assert sorted(names, key=service.swedish_order) == [
        "anna Prov", "Anna Test", "Émile Prov", "Eva Prov", "Zeta Prov", "Åsa Prov", "Ärla Prov", "Örjan Prov",
    ]  # fmt: skip
