"""Database errors: only names of things come out, never the row that failed."""

import traceback

import pytest
import sqlalchemy as sa
from flask import Flask

from stegvis.ground.tenancy import scope, session
from stegvis.ground.tenancy.errors import Conflict, DatabaseFault, Refused
from stegvis.ground.tenancy.models import DATA_KEYS
from stegvis.identity.accounts.models import VaultAccount

SECRET = "sparvhöken"
VAULT = "gavleborg/sandviken"


def text_of(error: BaseException) -> str:
    """Everything that a log or a failed job would show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error.args)


def account(**values: object) -> VaultAccount:
    fields = {
        "number_hash": SECRET.encode(),
        "name_sealed": SECRET.encode(),
        "kind": "personal",
        "organisation": SECRET,
    }
    return VaultAccount(**fields | values)


def test_a_unique_key_that_is_taken(in_app: Flask) -> None:
    with pytest.raises(Conflict) as error, scope(VAULT):
        session().add_all([account(), account()])
    assert (error.value.sqlstate, error.value.table) == ("23505", "account")
    assert error.value.constraint == "uq_account_number_hash_kind"
    assert SECRET not in text_of(error.value)


def test_a_check_that_says_no(in_app: Flask) -> None:
    with pytest.raises(DatabaseFault) as error, scope(VAULT):
        session().add(account(kind=SECRET))
    assert str(error.value) == "sqlstate=23514 table=account constraint=ck_account_kind"
    assert SECRET not in text_of(error.value)


def test_a_value_that_is_missing(in_app: Flask) -> None:
    with pytest.raises(DatabaseFault) as error, scope(VAULT):
        session().add(account(name_sealed=None))
    assert (error.value.sqlstate, error.value.table) == ("23502", "account")
    assert SECRET not in text_of(error.value)


def test_what_the_role_may_not(in_app: Flask) -> None:
    keys = DATA_KEYS["huvudman"]
    with pytest.raises(Refused) as error, scope(VAULT):
        session().execute(sa.update(keys).values(wrapped=SECRET.encode()))
    assert error.value.sqlstate == "42501"
    assert SECRET not in text_of(error.value)


def test_a_cast_that_fails(in_app: Flask) -> None:
    with pytest.raises(DatabaseFault) as error, scope(VAULT):
        session().execute(sa.select(sa.cast(sa.literal(SECRET), sa.Integer)))
    assert error.value.sqlstate == "22P02"
    assert SECRET not in text_of(error.value)


def test_other_errors_pass_as_they_are(in_app: Flask) -> None:
    with pytest.raises(KeyError), scope(VAULT):
        raise KeyError("mitt eget")
