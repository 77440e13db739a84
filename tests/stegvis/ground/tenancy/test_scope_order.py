"""A scope's end: what is registered for it runs in order, once, and only when there is a commit."""

import pytest
from flask import Flask

from stegvis.ground.tenancy import scope
from stegvis.identity.accounts.models import VaultAccount

VAULT = "gavleborg/sandviken"


def test_calls_around_the_commit(in_app: Flask) -> None:
    heard: list[str] = []
    with scope(VAULT) as opened:
        opened.after_commit(lambda: heard.append(f"after, in transaction: {opened.session.in_transaction()}"))
        opened.before_commit(lambda: heard.append("first before"))
        opened.before_commit(lambda: heard.append("second before"))
        heard.append("work")
    assert heard == ["work", "first before", "second before", "after, in transaction: False"]


def test_nothing_follows_a_rollback(in_app: Flask) -> None:
    heard: list[str] = []
    with pytest.raises(ZeroDivisionError), scope(VAULT) as opened:
        opened.before_commit(lambda: heard.append("before"))
        opened.after_commit(lambda: heard.append("after"))
        raise ZeroDivisionError
    assert heard == []


def test_a_call_that_fails_before_the_commit_undoes_the_work(in_app: Flask) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    row = VaultAccount(number_hash=b"ogjord", name_sealed=b"-", kind="personal")
    with pytest.raises(ZeroDivisionError), scope(VAULT) as opened:
        opened.session.add(row)
        opened.before_commit(fail)
    with scope(VAULT) as opened:
        assert opened.session.get(VaultAccount, row.id) is None


def test_a_row_takes_no_field_that_it_does_not_have() -> None:
    with pytest.raises(TypeError) as error:
        VaultAccount(kind="personal", nyckel="?")
    assert str(error.value) == "VaultAccount has no field nyckel"
