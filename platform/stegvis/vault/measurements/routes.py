"""A person's measurements: the diagram, and rating together on one screen."""

import uuid
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from stegvis.identity.access import policy
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE, OPEN_WITH_REASON
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.measurements import service

blueprint = Blueprint("measurements", __name__, template_folder="templates")
TEAM = {"rights": (HANDLEDARE, INSATSLEDARE)}
# Reading a person; whoever has the last right alone is asked for a reason.
READERS = {"rights": (HANDLEDARE, INSATSLEDARE, OPEN_WITH_REASON)}


@blueprint.get("/personer/<uuid:enrolment_id>/matningar")
@policy.vault("personal", **READERS)
def page(enrolment_id: uuid.UUID) -> Any:
    """The spider diagram with its table, what has changed, and all measurements."""
    shown = service.page(enrolment_id)
    return render_template("measurements/page.html", shown=shown, person=shown.person, tab="matningar")


@blueprint.get("/personer/<uuid:enrolment_id>/matningar/ny")
@policy.vault("personal", **TEAM)
def rate(enrolment_id: uuid.UUID) -> Any:
    """The questions; `?instrument=` names one of several."""
    shown = service.rate_page(enrolment_id, request.args.get("instrument"))
    return render_template("measurements/rate.html", shown=shown, person=shown.person)


@blueprint.post("/personer/<uuid:enrolment_id>/matningar/ny")
@policy.vault("personal", **TEAM)
def rate_sent(enrolment_id: uuid.UUID) -> Any:
    """Keep today's measurement."""
    try:
        service.rate_typed(enrolment_id, request.args.get("instrument"), request.form)
    except enrolments.FormFaults as faults:
        shown = faults.page
        return render_template("measurements/rate.html", shown=shown, person=shown.person), 422
    flash(_("Mätningen är sparad. Titta på diagrammet tillsammans."), "success")
    return redirect(url_for("measurements.page", enrolment_id=enrolment_id), 303)


def init_app(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)
