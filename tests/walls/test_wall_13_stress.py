"""Wall 13, and what wall 24 leaves lying: scopes under stress, in processes of their own.

The full size (4 processes, 40 scopes, 50 000 operations) is bench/scope_stress.py; this is the same program,
smaller. Every scope holds rows with the same keys; rows carry their scope's name.
"""

import json
import os
import subprocess
import sys

import pytest

from stegvis.config import find_root

pytestmark = pytest.mark.walls


def test_nothing_is_read_or_written_in_another_scope() -> None:
    root = find_root()
    size = {"--processes": 2, "--forbund": 2, "--huvudman": 3, "--operations": 2000}
    asked = [str(part) for pair in size.items() for part in pair]
    told = subprocess.run(
        [sys.executable, "-m", "bench.scope_stress", "--json", *asked],
        cwd=root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root / "platform"), str(root)])},
        capture_output=True,
        text=True,
    )
    assert told.returncode in (0, 1), told.stderr
    found = json.loads(told.stdout)
    assert (found["mis_scoped"], found["faults"]) == (0, [])
    counts = found["counts"]
    assert (found["scopes"], counts["operations"]) == (8, 2000)
    # Everything that could have gone wrong was there to go wrong.
    for what in (
        "read",
        "written",
        "recorded",
        "rolled back",
        "conflict",
        "traps",
        "held raised",
        "held refused",
    ):
        assert counts[what] > 0, what
    assert found["backends_ended"] > 0
