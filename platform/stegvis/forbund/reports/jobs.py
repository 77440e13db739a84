"""What the förbund's worker does when a report has crossed: it becomes a handling."""

import uuid
from typing import Any

from stegvis.forbund.reports import service
from stegvis.ground.jobs import service as jobs


@jobs.handles("forbund", "registrera_rapport")
def register(payload: dict[str, Any]) -> None:
    """Register one row of the inbox."""
    service.register(uuid.UUID(payload["inbox"]))
