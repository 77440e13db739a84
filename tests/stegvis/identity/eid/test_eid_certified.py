"""The whole application at a certified provider that we did not write: a login and a samtycke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from asked import Asked
from eid_rows import changed_rows
from stegvis.config import Settings
from visiting import People, RunningEid, Visitor

pytestmark = pytest.mark.xdist_group("oidc-provider")


@pytest.fixture
def at_certified(eid: RunningEid, certified: Any, running_eid: Any, settings: Settings) -> Iterator[Any]:
    """The installation's BankID is a row for the certified provider, as an installation would write it."""
    with changed_rows(settings) as rows:
        key = rows.secret("certified.jwk", (running_eid.secrets / "prov.jwk").read_text())
        root = rows.secret("certified.pem", (running_eid.secrets / "root.pem").read_text())
        row = rows.row("bankid") | {"issuer": certified.provider.issuer, "at_hash_required": False}
        rows.add(row | {"client_key": key, "signature_root": root})
        yield certified


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
