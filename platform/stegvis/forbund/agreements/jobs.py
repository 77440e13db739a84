"""What the förbund's worker does when all have signed: the finished file is put together."""

import uuid
from typing import Any

from stegvis.forbund.agreements import finishing, signing
from stegvis.ground.jobs import service as jobs


@jobs.handles("forbund", signing.FINISH)
def finish(payload: dict[str, Any]) -> None:
    """Put one agreement together."""
    finishing.finish(uuid.UUID(payload["agreement"]))
