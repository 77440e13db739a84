"""Rows of the faults beside the fault table: a name, who answers wrongly, and what must come of it."""

from __future__ import annotations

from typing import Any

import pytest

from eid_faults import acts
from eid_faults.acts import Act


def live(name: str, fault: str, outcome: str, purpose: str = "login") -> Any:
    """The running test provider does wrong as one of its faults says."""
    return pytest.param("live", acts.faulty(fault, purpose), outcome, id=name)


def crafted(name: str, outcome: str, **told: Any) -> Any:
    """A scripted provider answers rightly in all but what is told."""
    return pytest.param("scripted", acts.crafted(**told), outcome, id=name)


def custom(name: str, outcome: str, act: Act, party: str = "scripted") -> Any:
    """An act of its own with either party."""
    return pytest.param(party, act, outcome, id=name)
