"""What the tests of the samtycke share."""

from collections.abc import Callable

import pytest

from asked import Asked
from in_insats import InInsats
from visiting import People, RunningEid, Visitor

Browse = Callable[..., Visitor]


@pytest.fixture
def asked(people: People, browser: Browse, eid: RunningEid) -> Asked:
    """Somebody who is asked for a samtycke, at its page."""
    return Asked(people, browser)


@pytest.fixture
def person(people: People, browser: Browse, eid: RunningEid) -> InInsats:
    """Somebody who is enrolled, with a samtycke that was signed with the test e-ID."""
    return InInsats(people, browser)
