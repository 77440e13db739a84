"""`./run demo --check`: the main job walked through the running demo over HTTP, and what came of it as figures."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from typing import Any

from stegvis.app import create_app
from stegvis.config import Settings
from stegvis.forbund.reports import service as received
from stegvis.ground.tenancy.provision import Provisioner
from stegvis.ground.tenancy.scope import scope
from stegvis.ground.tenancy.tenants import load_directory
from stegvis.insats.report import Period
from stegvis.local.check_case import (
    SECOND_DAY,
    after_three_months,
    first_months,
    own_pages,
    walk_on_paper,
    walk_with_eid,
)
from stegvis.local.check_report import ENDS, STARTS, refused_at_persons, walk_report
from stegvis.local.check_steps import HUVUDMAN, INSATS, TENANT, CheckFailed, Walk, step
from stegvis.local.demo import Demo
from stegvis.local.installation import DEMO_DAY, set_day
from stegvis.vault.reporting import service as reporting

__all__ = ["CheckFailed", "check"]

COUNT_PARTICIPANTS = "select count(*) from hm_gavleborg_sandviken.participant\n"
REFUSED = "permission denied"


def check(demo: Demo) -> dict[str, Any]:
    """Walk the main job in a running demo; returns what it prints. Raises CheckFailed with the step's name.

    Uses two made-up people that the installation has not seen, moves the day and puts it back, and leaves
    receipt and PDF in the folder `check` of the installation's home.
    """
    settings = demo.settings
    walk = Walk(settings, demo.base()[TENANT], demo.people, DEMO_DAY)
    before = _day(settings)
    try:
        set_day(settings, DEMO_DAY)
        signed, with_eid = walk_with_eid(walk, (person := walk.fresh(1)[0]))
        on_paper = walk_on_paper(walk, walk.fresh(1)[0])
        for one in (with_eid, on_paper):
            first_months(walk, one)
        set_day(settings, SECOND_DAY)
        after_three_months(walk, with_eid, "tillsvidareanstallning")
        after_three_months(walk, on_paper, "ater_till_remitterande_enhet")
        own_pages(walk, person)
        set_day(settings, DEMO_DAY)
        arrived = walk_report(walk)
        refused_at_persons(walk, with_eid)
    finally:
        set_day(settings, before)
    with step("förbundets databas når inga deltagare"):
        isolation = _forbund_reads_participants(settings)
    own, at_forbund = _figures(settings)
    return {
        "tenant": TENANT,
        "insats": INSATS,
        "period": {"from": STARTS, "to": ENDS},
        "figures": own,
        "received_by_forbund": at_forbund,
        "consent": {"signed": signed.signed, "verified": signed.verified, "receipt": str(signed.receipt)},
        "isolation": {"forbund_reads_participants": isolation},
        "pdf": str(arrived.pdf),
    }


def _day(settings: Settings) -> date | None:
    return Provisioner(settings, load_directory(settings.tenants_dir, settings.prefix)).business_day()


def _figures(settings: Settings) -> tuple[dict[str, Any], dict[str, Any]]:
    """The huvudman's own figures, and what the förbund has received."""
    period = Period(date.fromisoformat(STARTS), date.fromisoformat(ENDS))
    app = create_app(settings)
    with app.app_context():
        with scope(f"{TENANT}/{HUVUDMAN}"):
            own = reporting.figures_json(INSATS, period)
        with scope(TENANT):
            return own, received.newest(INSATS)


def _forbund_reads_participants(settings: Settings) -> str:
    """Ask PostgreSQL for the participants as the förbund's own role, through `stegvis db shell`."""
    environment = os.environ | {"STEGVIS_ROOT": str(settings.root), "STEGVIS_HOME": str(settings.home)}
    command = [sys.executable, "-m", "stegvis.cli", "db", "shell", "--scope", TENANT]
    answer = subprocess.run(  # noqa: S603  our own command line
        command, input=COUNT_PARTICIPANTS, env=environment, capture_output=True, text=True, check=False
    )
    if answer.returncode == 0 or REFUSED not in answer.stderr:
        raise CheckFailed(
            f"Förbundets roll blev inte nekad deltagarna (slutkod {answer.returncode}): {answer.stderr[-300:]}"
        )
    return "refused"
