"""Wall 13: what was read in one scope cannot be used in another.

H: one session, its scope switched after a commit: the held object of one vault became the other vault's row,
and a change through it was stored there. C: a scope opens a new session and closes it; whatever was held
raises.
"""

import itertools
import threading
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm.exc import DetachedInstanceError

from stegvis.ground.tenancy import current, scope, session, short_scope
from stegvis.ground.tenancy.names import ScopeId
from stegvis.ground.tenancy.scope import ScopeError
from stegvis.identity.accounts import service as accounts
from stegvis.identity.accounts.models import VaultAccount
from stegvis.identity.audit.models import ForbundAuditHead, VaultAuditHead
from stegvis.identity.audit.service import TRAIL

pytestmark = pytest.mark.walls

HEADS = {"huvudman": VaultAuditHead, "forbund": ForbundAuditHead}
SCOPES = ["gavleborg/sandviken", "gavleborg/af_gavle", "kalmar_lan/kalmar", "gavleborg", "kalmar_lan"]


class Undone(Exception):
    """Raised by a test to make a scope roll back."""


def held_head(scope_text: str, commits: bool, expires: bool) -> object:
    """The audit head of a scope, held beyond its end; its key is the same in every schema.

    `expires` is SQLAlchemy's expire_on_commit: a room that sets it must not open the wall.
    """
    try:
        with scope(scope_text) as opened:
            opened.session.expire_on_commit = expires
            head = opened.session.get_one(HEADS[opened.id.level], TRAIL)
            assert head.chain == TRAIL
            if not commits:
                raise Undone
    except Undone:
        pass
    return head


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(SCOPES), st.booleans(), st.booleans()), min_size=2, max_size=6))
def test_a_held_object_raises_everywhere(in_app: Flask, steps: list[tuple[str, bool, bool]]) -> None:
    held: list[tuple[str, object]] = []
    for scope_text, commits, expires in steps:
        held.append((scope_text, held_head(scope_text, commits, expires)))
        with scope(scope_text) as opened:
            for origin, head in held:
                with pytest.raises(DetachedInstanceError):
                    _ = head.seq  # type: ignore[attr-defined]
                if origin != scope_text:
                    for bring in (opened.session.add, opened.session.delete, opened.session.refresh):
                        with pytest.raises((ScopeError, InvalidRequestError)):
                            bring(head)
                    assert head not in opened.session
    with pytest.raises(DetachedInstanceError):
        _ = held[-1][1].seq  # type: ignore[attr-defined]


@pytest.mark.parametrize("expires", [True, False])
@pytest.mark.parametrize("commits", [True, False])
def test_a_change_through_a_held_object_reaches_nobody(in_app: Flask, commits: bool, expires: bool) -> None:
    with scope("gavleborg/sandviken"):
        account_id = accounts.open_account("199004042394", "Prov Provsson", "personal", organisation="rätt")
    held = []
    try:
        with scope("gavleborg/sandviken") as opened:
            opened.session.expire_on_commit = expires
            held.append(opened.session.get_one(VaultAccount, account_id))
            if not commits:
                raise Undone
    except Undone:
        pass
    held[0].organisation = "fel"
    for other in ("gavleborg/af_gavle", "kalmar_lan/kalmar"):
        with scope(other) as opened, pytest.raises(ScopeError):
            opened.session.add(held[0])
    found = {}
    for one in ("gavleborg/sandviken", "gavleborg/af_gavle", "kalmar_lan/kalmar"):
        with scope(one):
            found[one] = (
                session()
                .scalars(
                    sa.select(VaultAccount.organisation).where(VaultAccount.organisation.in_(("rätt", "fel")))
                )
                .all()
            )
    assert found == {"gavleborg/sandviken": ["rätt"], "gavleborg/af_gavle": [], "kalmar_lan/kalmar": []}


def test_no_second_scope_inside_the_first(in_app: Flask) -> None:
    for first, second in itertools.product(SCOPES, SCOPES):
        with scope(first):
            with pytest.raises(ScopeError), scope(second):
                pytest.fail("two scopes at a time")
            if first != second:
                with pytest.raises(ScopeError), short_scope(second):
                    pytest.fail("two scopes at a time")
            assert str(current().id) == first
    with pytest.raises(ScopeError):
        current()


def test_no_query_without_a_scope(in_app: Flask) -> None:
    with pytest.raises(ScopeError):
        session()
    with pytest.raises(ScopeError), scope("gavleborg/finns_inte"):
        pytest.fail("a scope that does not exist")


def test_a_short_scope_keeps_what_the_open_one_loses(in_app: Flask) -> None:
    def put(organisation: str) -> None:
        session().add(
            VaultAccount(kind="personal", number_hash=uuid.uuid4().bytes, name="", organisation=organisation)
        )

    with pytest.raises(Undone), scope("gavleborg/sandviken"):
        put("borta")
        with short_scope("gavleborg/sandviken"):
            put("kvar")
        raise Undone
    with scope("gavleborg/sandviken"):
        kept = (
            session()
            .scalars(
                sa.select(VaultAccount.organisation).where(VaultAccount.organisation.in_(("borta", "kvar")))
            )
            .all()
        )
    assert kept == ["kvar"]


def test_scopes_of_threads_are_their_own(in_app: Flask) -> None:
    faults: list[str] = []

    def walk(mine: ScopeId) -> None:
        with in_app.app_context():
            for _ in range(25):
                with scope(mine) as opened:
                    role = opened.session.scalar(sa.select(sa.func.current_user()))
                    head = opened.session.get_one(HEADS[mine.level], TRAIL)
                    if not str(role).endswith(mine.schema) or head.chain != TRAIL or current().id != mine:
                        faults.append(f"{mine}: {role}")

    threads = [threading.Thread(target=walk, args=(ScopeId.parse(one),)) for one in SCOPES]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []
