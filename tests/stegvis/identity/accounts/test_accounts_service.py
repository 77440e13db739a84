"""Accounts: opened once per number and kind, found while they live, given what an invitation promised."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from stegvis.ground.day import today
from stegvis.ground.tenancy import scope, session
from stegvis.ground.tenancy.models import now
from stegvis.identity.access.rights import (
    FORBUNDSCHEF,
    HANDLEDARE,
    INSATSLEDARE,
    REFER,
    VAULT_ADMIN,
)
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts.models import VaultAccount, VaultInvitation, VaultRight
from stegvis.identity.accounts.service import InvitationRefused
from stegvis.identity.audit import service as audit

VAULT = "skane_nordost/hassleholm"
_serial = iter(range(10_000))


@pytest.fixture
def number() -> Iterator[str]:
    """A number that nobody else has; its form is checked at the e-ID, not here."""
    yield f"19900101{next(_serial):04d}"


def test_an_account_is_opened_once_per_number_and_kind(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        first = accounts.open_account(
            number, "Prov Provsson", "personal", rights=(HANDLEDARE,), insats="prov"
        )
    with scope(VAULT):
        again = accounts.open_account(
            number, "Prov Provsson", "personal", rights=(HANDLEDARE, INSATSLEDARE), insats="prov"
        )
        other = accounts.open_account(number, "Prov Provsson", "deltagare")
    assert again == first != other
    with scope(VAULT):
        assert accounts.accounts_of_number(number) == [(other, "deltagare", ""), (first, "personal", "")]
        actor = accounts.actor_of(first)
        assert actor is not None
        assert (actor.name, actor.kind) == ("Prov Provsson", "personal")
        assert actor.rights == {(HANDLEDARE, "prov"), (INSATSLEDARE, "prov")}
        assert actor.in_team("prov") and not actor.in_team("annan")


def test_opening_and_giving_leave_one_event_each(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        account = accounts.open_account(number, "Prov Provsson", "personal", rights=(HANDLEDARE,))
        accounts.give_right(account, HANDLEDARE)
    with scope(VAULT):
        accounts.give_right(account, HANDLEDARE)
    with scope(VAULT):
        accounts.close_account(account)
        accounts.close_account(account)
    with scope(VAULT):
        found = [(one.action, one.details) for one in audit.events_about(account)]
    assert found == [
        ("stang_konto", {}),
        ("ge_ratt", {"ratt": HANDLEDARE}),
        ("oppna_konto", {"slag": "personal"}),
    ]


def test_a_closed_account_is_nobody(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        account = accounts.open_account(
            number, "Prov Provsson", "personal", rights=(HANDLEDARE,), insats="prov"
        )
    with scope(VAULT):
        assert accounts.team("prov", HANDLEDARE).count((account, "Prov Provsson")) == 1
        accounts.close_account(account)
    with scope(VAULT):
        assert accounts.actor_of(account) is None
        assert accounts.accounts_of_number(number) == []
        assert accounts.team("prov", HANDLEDARE).count((account, "Prov Provsson")) == 0
        assert accounts.name_of(account) == "Prov Provsson"


def test_an_account_lives_to_the_end_of_its_last_day(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        day = today()
        last = accounts.open_account(number, "Prov", "remittent", ends_on=day)
        over = accounts.open_account(number, "Prov", "motesdeltagare", ends_on=day - timedelta(days=1))
    with scope(VAULT):
        assert [accounts.actor_of(one) is not None for one in (last, over)] == [True, False]


def test_a_right_of_the_other_level_cannot_be_given(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        account = accounts.open_account(number, "Prov", "personal")
    with pytest.raises(ValueError), scope(VAULT):
        accounts.give_right(account, FORBUNDSCHEF)
    with scope("skane_nordost"):
        chief = accounts.open_account(number, "Prov", "kansli", rights=(FORBUNDSCHEF,))
    for right in (VAULT_ADMIN, HANDLEDARE):
        with pytest.raises(ValueError), scope("skane_nordost"):
            accounts.give_right(chief, right)
    with scope(VAULT):
        held = session().scalars(sa.select(VaultRight.right).where(VaultRight.account_id == account)).all()
    assert held == []


def test_an_invitation_is_accepted_once_by_the_person_named(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        token = accounts.invite(number, "Prov Provsson", "personal", (VAULT_ADMIN,))
    with pytest.raises(InvitationRefused) as stranger, scope(VAULT):
        accounts.accept_invitation(token, "199912319876")
    assert str(stranger.value) == "Inbjudan är skriven till någon annan än den som legitimerade sig."
    with scope(VAULT):
        account = accounts.accept_invitation(token, number)
    with scope(VAULT):
        actor = accounts.actor_of(account)
        assert actor is not None and actor.rights == {(VAULT_ADMIN, "")}
    with pytest.raises(InvitationRefused) as twice, scope(VAULT):
        accounts.accept_invitation(token, number)
    assert str(twice.value) == "Inbjudan gäller inte längre. Be den som bjöd in dig om en ny."


def test_an_invitation_is_worth_nothing_elsewhere_or_later(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        token = accounts.invite(number, "Prov", "personal", (VAULT_ADMIN,))
    for other in ("skane_nordost/osby", "skane_nordost", "kalmar_lan/kalmar"):
        with pytest.raises(InvitationRefused), scope(other):
            accounts.accept_invitation(token, number)
    with time_machine.travel(now() + timedelta(days=15)), pytest.raises(InvitationRefused), scope(VAULT):
        accounts.accept_invitation(token, number)


def test_the_token_is_not_kept(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        token = accounts.invite(number, "Prov", "personal", ())
        row = (
            session().scalars(sa.select(VaultInvitation).order_by(VaultInvitation.created_at.desc())).first()
        )
        assert row is not None
        kept = b"".join(one for one in vars(row).values() if isinstance(one, bytes))
    assert token.encode() not in kept and number.encode() not in kept


def test_accounts_of_other_authorities_end_by_themselves(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        token = accounts.invite(number, "Prov", "remittent", (REFER,), insats="prov", organisation="FK")
        day = today()
    with scope(VAULT):
        account = accounts.accept_invitation(token, number)
    with scope(VAULT):
        row = session().get_one(VaultAccount, account)
        assert (row.ends_on, row.organisation) == (day + timedelta(days=90), "FK")


def test_nobody_is_found_by_an_unknown_id(in_app: Flask) -> None:
    with scope(VAULT):
        assert accounts.actor_of(uuid.uuid4()) is None
        assert accounts.name_of(None) == ""


ORG = "prov123@4444444444"


def test_an_account_of_an_organisation_is_found_by_its_identity_alone(in_app: Flask, number: str) -> None:
    org = f"{number}@4444444444"
    with scope(VAULT):
        token = accounts.invite(
            "", "Prov Provsson", "personal", (HANDLEDARE,), org=org, email="prov@kommunen.example"
        )
    for stranger in ((number, ""), ("", "annan@4444444444"), ("", "")):
        with pytest.raises(InvitationRefused), scope(VAULT):
            accounts.accept_invitation(token, *stranger)
    with scope(VAULT):
        account = accounts.accept_invitation(token, "", org)
    with scope(VAULT):
        assert accounts.accounts_of_number("", org) == [(account, "personal", "")]
        assert accounts.accounts_of_number(number) == accounts.accounts_of_number("", "") == []
        row = session().get_one(VaultAccount, account)
        assert (row.number, row.number_hash, row.org, row.email) == (None, None, org, "prov@kommunen.example")
        assert org.encode() not in bytes(row.org_sealed or b"") + bytes(row.org_hash or b"")
        assert accounts.with_account([number, org]) == {org}
    for elsewhere in ("skane_nordost/osby", "skane_nordost"):
        with scope(elsewhere):
            assert accounts.accounts_of_number("", org) == []


def test_a_person_with_both_has_two_accounts_and_each_its_own_way_in(in_app: Flask, number: str) -> None:
    org = f"{number}@4444444444"
    with scope(VAULT):
        at_home = accounts.open_account(number, "Prov Provsson", "deltagare")
        at_work = accounts.open_account("", "Prov Provsson", "personal", rights=(HANDLEDARE,), org=org)
        assert accounts.open_account("", "Prov Provsson", "personal", org=org) == at_work != at_home
        assert [one[0] for one in accounts.accounts_of_number(number)] == [at_home]
        assert [one[0] for one in accounts.accounts_of_number("", org)] == [at_work]


def test_an_account_is_of_somebody_and_of_one(in_app: Flask, number: str) -> None:
    for who in (("", ""), (number, ORG)):
        with pytest.raises(ValueError), scope(VAULT):
            accounts.open_account(who[0], "Prov", "personal", org=who[1])
    with scope(VAULT):
        erased = accounts.open_account(
            "", "Prov", "remittent", org=f"x{number}@4444444444", email="a@b.example"
        )
        accounts.erase_account(erased)
        row = session().get_one(VaultAccount, erased)
        assert {row.name, row.org, row.org_hash, row.email, row.number} == {"", None}


def test_another_name_is_shown_wherever_names_are_asked_for(in_app: Flask, number: str) -> None:
    with scope(VAULT):
        account = accounts.open_account(
            number,
            "Kanarina Skyddadsson",
            "personal",
            rights=(HANDLEDARE,),
            insats="namn",
            display_name="Karin K",
        )
        actor = accounts.actor_of(account)
        assert actor is not None and actor.name == accounts.name_of(account) == "Karin K"
        assert dict(accounts.team("namn", HANDLEDARE))[account] == "Karin K"
        row = session().get_one(VaultAccount, account)
        assert row.name == "Kanarina Skyddadsson" and b"Karin" not in bytes(row.display_name_sealed or b"")
        row.display_name = None
        session().flush()
        assert accounts.name_of(account) == "Kanarina Skyddadsson"
