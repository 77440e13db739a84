"""A real worker with one more kind of job, which fails as its row says."""

import sys
from typing import Any

from stegvis.ground.jobs import service as jobs
from stegvis.worker import main
from walls.faults import FAULTS


@jobs.handles("huvudman", "prov.fel")
def fail(payload: dict[str, Any]) -> None:
    """Fail in one of the known ways."""
    FAULTS[payload["fel"]][0]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
