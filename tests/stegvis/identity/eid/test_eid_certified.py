"""The whole application at a certified provider that we did not write: a login and a samtycke."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from asked import Asked
from stegvis.identity.eid import visits
from visiting import People, RunningEid, Visitor

pytestmark = pytest.mark.xdist_group("oidc-provider")


@pytest.fixture
def at_certified(app: Flask, eid: RunningEid, certified: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The installation's BankID is a row for the certified provider, as an installation would write it."""
    with app.app_context():
        assert visits.provider("bankid").issuer == eid.issuer
    row = dataclasses.replace(certified.provider, id="bankid", title="BankID", client_id="stegvis")
    monkeypatch.setitem(app.extensions["stegvis.eid"], "bankid", row)
    return certified


def test_a_login_leads_home(people: People, browser: Callable[..., Visitor], at_certified: Any) -> None:
    who = people.handledare()
    visitor = browser()
    answer = visitor.log_in(who.number)
    assert (answer.status_code, answer.request.path) == (200, "/idag")


def test_a_samtycke_is_signed_with_evidence_that_holds(
    people: People, browser: Callable[..., Visitor], at_certified: Any
) -> None:
    asked = Asked(people, browser)
    asked.sign()
    assert (asked.evidence(), asked.states()) == ([("giltig", "")], ("given", "oppen"))
