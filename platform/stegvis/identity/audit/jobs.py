"""Once a day the head of every scope's chains is handed out, for the huvudman's registrator."""

from datetime import date
from typing import Any

import structlog
from flask import current_app

from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy.scope import current, scope, scopes
from stegvis.identity.audit import heads

log = structlog.get_logger("stegvis.audit")
KIND = "lamna_huvud"


def daily(level: str, day: date) -> int:
    """Put the day's handing-out into the outbox of every scope of a level; returns how many scopes.

    Asked again on the same day nothing is added. A scope that cannot be opened keeps nobody else waiting.
    """
    asked = 0
    for scope_id in scopes().directory.scopes():
        if scope_id.level != level or scope_id.publishing:
            continue
        try:
            with scope(scope_id):
                jobs.add(KIND, {"dag": day.isoformat()}, f"{KIND}:{day.isoformat()}")
        except Exception as error:
            log.error("head_not_asked_for", scope=str(scope_id), fault=type(error).__name__)
        else:
            asked += 1
    return asked


@jobs.handles("huvudman", KIND)
@jobs.handles("forbund", KIND)
def hand_out(payload: dict[str, Any]) -> None:
    """Write the day's head to its file. Done again after a crash it is the same number, in the same file."""
    day = date.fromisoformat(payload["dag"])
    home = current_app.config["STEGVIS"].home
    heads.write(heads.hand_out(), heads.path_of_day(home, current().id, day))
