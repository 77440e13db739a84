"""Once a day the head of every scope's chains is handed out, for the huvudman's registrator."""

from datetime import date
from typing import Any

from flask import current_app

from stegvis.ground.jobs import service as jobs
from stegvis.ground.tenancy.scope import current
from stegvis.identity.audit import heads

KIND = "lamna_huvud"


@jobs.daily("huvudman", KIND)
@jobs.daily("forbund", KIND)
def hand_out(payload: dict[str, Any]) -> None:
    """Write the day's head to its file. Done again after a crash it is the same number, in the same file."""
    day = date.fromisoformat(payload["day"])
    home = current_app.config["STEGVIS"].home
    heads.write(heads.hand_out(), heads.path_of_day(home, current().id, day))
