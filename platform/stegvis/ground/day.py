"""The business day: rooms ask here for today's date, so that the demo's day can be moved as a whole.

Signatures, certificates, sessions, evidence and audit keep the real clock.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app, g, has_request_context

from stegvis.ground.tenancy.errors import translate_database_errors
from stegvis.ground.tenancy.models import Installation, db

SWEDEN = ZoneInfo("Europe/Stockholm")


def today() -> date:
    """Today in Sweden, or the installation's business day where one is set (demo only)."""
    if not current_app.config["STEGVIS"].demo:
        return datetime.now(SWEDEN).date()
    if has_request_context() and "stegvis_day" in g:
        found: date = g.stegvis_day
        return found
    with translate_database_errors(), db.engine.connect() as connection:
        written = connection.scalar(sa.select(Installation.day))
    day = date.fromisoformat(written) if written else datetime.now(SWEDEN).date()
    if has_request_context():
        g.stegvis_day = day
    return day
