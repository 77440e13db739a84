"""What the publishing worker does: one contribution at a time becomes a release."""

import uuid
from typing import Any

from stegvis.ground.jobs import service as jobs
from stegvis.publishing import service


@jobs.handles("publicering", "publicera")
def publish(payload: dict[str, Any]) -> None:
    """Release what a vault has handed over."""
    service.publish(uuid.UUID(payload["contribution"]))
