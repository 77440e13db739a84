"""The made-up numbers and names: valid, in the test series, each only once."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from personnummer import personnummer

from stegvis.local.demo_people import BIRTH_DAYS, check_digit, made_up, made_up_number, people
from stegvis.vault.participants.service import birth_date, gender_of

LAST = 10 * BIRTH_DAYS - 1


@given(st.integers(0, LAST), st.sampled_from(("kvinna", "man")))
def test_a_number_holds_and_is_of_the_test_series(nth: int, gender: str) -> None:
    number = made_up_number(nth, gender)  # type: ignore[arg-type]
    assert personnummer.Personnummer(number).format(True) == number
    assert 980 <= int(number[8:11]) <= 999
    assert gender_of(number) == gender
    assert 1961 <= birth_date(number).year <= 2002


def test_no_two_numbers_are_alike() -> None:
    for gender in ("kvinna", "man"):
        assert len({made_up_number(nth, gender) for nth in range(2 * BIRTH_DAYS)}) == 2 * BIRTH_DAYS


@pytest.mark.parametrize("nth", [-1, LAST + 1])
def test_the_series_has_an_end(nth: int) -> None:
    with pytest.raises(ValueError, match="has no number"):
        made_up_number(nth, "man")


def test_the_check_digit_is_the_one_of_the_rule() -> None:
    # The worked example of Skatteverket's brochure SKV 704: 640823-323 gets 4.
    assert check_digit("640823323") == 4


def test_names_are_two_words_and_differ() -> None:
    named = [made_up(nth) for nth in range(280)]
    assert len({one.name for one in named}) == 280
    assert {f"{one.given_name} {one.family_name}" for one in named} == {one.name for one in named}
    assert {one.family_name[-4:] for one in named} == {"sson"}


def test_everybody_who_can_log_in_is_somebody_else() -> None:
    everybody = people()
    assert len({one.personnummer for one in everybody}) == len(everybody)
    assert len({one.name for one in everybody}) == len(everybody)
    here = [one.role for one in everybody if one.insats == "karnhuset" or one.tenant == "gavleborg"]
    roles = ("deltagare", "remittent", "handledare", "insatsledare", "vault_admin", "forbundschef")
    assert [role for role in roles if role not in here] == []


def test_everybody_is_of_age_when_the_demo_begins() -> None:
    for one in people():
        assert birth_date(one.personnummer) < date(2004, 1, 1)
