"""A demo of its own for the journeys: real servers, web, workers and test e-ID as processes, and a real Chromium."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stegvis.local.browser import find_chromium
from stegvis.local.check_steps import Walk
from stegvis.local.demo import Demo, running_demo
from stegvis.local.installation import DEMO_DAY
from stegvis.local.pictures import log_in
from stegvis.local.servers import wipe

Someone = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all journeys out, in one line, where no Chromium is installed."""
    if find_chromium() is not None:
        return
    for item in items:
        if item.get_closest_marker("browser") and "journeys" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason="Chromium saknas"))


def two_free_ports() -> int:
    """A port for the web that is free, as is the one ten above it, which the test e-ID takes."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            if port < 65_000:
                with socket.socket() as second:
                    try:
                        second.bind(("127.0.0.1", port + 10))
                    except OSError:
                        continue
                return port


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The running demo of this process."""
    home = tmp_path_factory.mktemp("demo") / "home"
    os.environ.setdefault("STEGVIS_ROOT", str(Path(__file__).parents[2]))
    with running_demo(home=home, port=two_free_ports(), progress=lambda line: None, durable=False) as running:
        yield running
    wipe(home)


@pytest.fixture(scope="session")
def walk(demo: Demo) -> Walk:
    """The demo as the check sees it: for what a journey needs to be there before it begins."""
    return Walk(demo.settings, demo.base()["gavleborg"], demo.people, DEMO_DAY)


@pytest.fixture
def someone(chromium: Any, walk: Walk) -> Iterator[Someone]:
    """Opens a browser window of its own: for a role, a personal number, or (neither) nobody in particular."""
    contexts = []

    def open_for(role: str = "", number: str = "", width: int = 1280) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 844}, locale="sv-SE")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if role or number:
            log_in(page, walk.base, number or walk.person(role).personnummer)
        return page

    yield open_for
    for context in contexts:
        context.close()
