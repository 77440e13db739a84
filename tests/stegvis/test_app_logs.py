"""What stands in the log after a whole referral: that things happened, and nothing of anybody."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from canary_flow import CANARIES
from stegvis.config import Settings
from visiting import RunningEid

TESTS = Path(__file__).parents[1]
PROGRAM = """
import sys
from pathlib import Path
from canary_flow import run
run(Path(sys.argv[1]), sys.argv[2])
"""


@pytest.fixture(scope="module")
def logged(app: Flask, settings: Settings, running_test_eid: RunningEid) -> tuple[str, str]:
    """The number of the person of the flow, and the log that it left."""
    path = os.pathsep.join([str(TESTS.parent / "platform"), str(TESTS)])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(settings.home), running_test_eid.issuer],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()[-1], done.stderr


def test_the_log_holds_nothing_of_anybody(logged: tuple[str, str]) -> None:
    number, log = logged
    marked = [*CANARIES, number, number[2:], f"{number[:8]}-{number[8:]}", f"{number[2:8]}-{number[8:]}"]
    lines = [line for line in log.splitlines() if any(one in line for one in marked)]
    assert lines == []


def test_the_log_tells_what_happened(logged: tuple[str, str]) -> None:
    ours = [json.loads(line) for line in logged[1].splitlines() if line.startswith("{")]
    told = {(one["event"], one.get("status")) for one in ours}
    assert {
        ("request", 200), ("request", 303), ("request", 404), ("request", 422), ("request", 500),
    } <= told  # fmt: skip
    faults = [one["fault"] for one in ours if one["event"] == "unhandled"]
    assert faults == ["ValueError", "DatabaseFault"]
    reasons = [one["reason"] for one in ours if one["event"] == "eid_visit_ended"]
    assert reasons == ["signature_invalid", "number_not_expected"]
    assert [one["event"] for one in ours].count("login_without_account") == 1


def test_every_line_of_a_request_carries_its_id_and_scope(logged: tuple[str, str]) -> None:
    ours = [json.loads(line) for line in logged[1].splitlines() if line.startswith("{")]
    assert [one for one in ours if not one.get("request")] == []
    closed = [one for one in ours if one.get("rule") == "/remisser/<uuid:referral_id>/kontroll"]
    assert closed and {one.get("scope") for one in closed} == {"gavleborg/sandviken"}
