"""What the tests of agreements share."""

from collections.abc import Callable

import pytest
from flask import Flask

from agreed import Collected
from visiting import People, RunningEid, Visitor


@pytest.fixture
def collected(app: Flask, browser: Callable[..., Visitor], eid: RunningEid) -> Collected:
    """An agreement in draft, with nobody who signs it yet."""
    return Collected(People(app), browser)
