"""Real servers for the tests: one PostgreSQL and one Valkey a run, one database and role prefix a worker;

made-up people, browsers, and the real test e-ID.
"""

import contextlib
import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from _pytest.terminal import TerminalReporter
from flask import Flask
from playwright.sync_api import Browser, sync_playwright

import eid_summary
import walls_summary
from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.ground.tenancy.models import db
from stegvis.local.browser import find_chromium
from stegvis.local.eid_setup import set_up_eid
from stegvis.local.home import LocalError
from stegvis.local.installation import DEMO_DAY, set_day, set_up
from stegvis.local.servers import Servers, servers, wipe
from visiting import HOST, Login, People, RunningEid, Visitor

# How long an example takes says something about the machine, nothing about the code.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")

PLATFORM = Path(__file__).parents[1] / "platform"


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """The e-ID's count and a line a wall; here, where also the process that only collects for xdist looks."""
    eid_summary.write_count(terminalreporter)
    walls_summary.write_walls(terminalreporter, config)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The name of this worker of pytest-xdist, or `main` where there is one process."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "main" else own.parent


@pytest.fixture(scope="session")
def running(run_folder: Path) -> Iterator[Servers]:
    """The servers of this run; the last worker out stops them."""
    home = run_folder / "servers"
    with servers(home, progress=lambda line: None, durable=False) as started:
        yield started
    # As root the data lies outside the home; the last worker takes it away, an earlier one is told "in use".
    with contextlib.suppress(LocalError):
        wipe(home)


@pytest.fixture(scope="session")
def settings(running: Servers, run_folder: Path, worker_id: str) -> Settings:
    """An installation of this worker's own, provisioned from tenants/."""
    return set_up(
        run_folder / f"home-{worker_id}",
        running,
        progress=lambda line: None,
        prefix=f"t_{worker_id}",
        name=f"stegvis_{worker_id}",
    )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The web application with all engines of the installation (the workers' too)."""
    made = create_app(settings, levels=("forbund", "huvudman", "publicering"))
    yield made
    with made.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real Chromium, one a worker; the tests that need it are skipped where there is none."""
    program = find_chromium()
    if program is None:
        pytest.skip("Chromium saknas")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An open application context, for tests that work below the web."""
    with app.app_context():
        yield app


@pytest.fixture
def people(app: Flask, settings: Settings) -> People:
    """Opens accounts of made-up people, on the demo's day."""
    set_day(settings, DEMO_DAY)
    return People(app)


@pytest.fixture
def browser(app: Flask, settings: Settings) -> Callable[..., Visitor]:
    """A browser, logged in as somebody unless nobody is named."""

    set_day(settings, DEMO_DAY)

    def open_one(who: Login | None = None, host: str = HOST) -> Visitor:
        made = Visitor(app, host)
        return made.logged_in(who) if who is not None else made

    return open_one


@pytest.fixture(scope="session")
def running_test_eid(app: Flask, settings: Settings) -> Iterator[RunningEid]:
    """testlegitimation as a program of its own, with the installation as its client."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here = dataclasses.replace(settings, port=80, eid_issuer=f"http://localhost:{port}")
    arguments = set_up_eid(here, app.extensions["stegvis.scopes"].directory)
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(PLATFORM)},
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("TESTMILJÖ: "), line
        yield RunningEid(process, here.eid_issuer)
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


@pytest.fixture
def eid(running_test_eid: RunningEid) -> Iterator[RunningEid]:
    """The running test e-ID; no fault is left behind."""
    yield running_test_eid
    running_test_eid.fault(None)
