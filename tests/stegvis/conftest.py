"""What the tests of the pages share: made-up people, browsers, and the real test e-ID of this run."""

import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from stegvis.config import Settings
from stegvis.local.eid_setup import set_up_eid
from stegvis.local.installation import DEMO_DAY, set_day
from visiting import HOST, Login, People, RunningEid, Visitor

PLATFORM = Path(__file__).parents[2] / "platform"


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
    app.extensions["stegvis.eid"].clear()
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
