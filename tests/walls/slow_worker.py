"""A real worker with one more kind of job: it waits for a file, so that a test can kill it mid-way."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from stegvis.ground.jobs import service as jobs
from stegvis.identity.audit import service as audit
from stegvis.worker import main

FOLDER = Path(os.environ.get("STEGVIS_TEST_FOLDER", "."))


@jobs.handles("huvudman", "prov.vanta")
def wait(payload: dict[str, Any]) -> None:
    """Leave one event in the trail, say that it has begun, and end when the test lets it."""
    audit.record("andra", nummer=payload["nummer"])
    (FOLDER / f"begun-{payload['nummer']}").touch()
    while not (FOLDER / "go").exists():
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
