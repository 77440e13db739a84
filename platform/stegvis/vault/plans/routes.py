"""A person's plan: the version that holds, and writing a new one."""

import uuid
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from stegvis.ground.web.htmx import is_htmx
from stegvis.identity.access import policy
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE, OPEN_WITH_REASON
from stegvis.vault.enrolments import service as enrolments
from stegvis.vault.plans import service

blueprint = Blueprint("plans", __name__, template_folder="templates")
TEAM = {"rights": (HANDLEDARE, INSATSLEDARE)}
# Reading a person; whoever has the last right alone is asked for a reason.
READERS = {"rights": (HANDLEDARE, INSATSLEDARE, OPEN_WITH_REASON)}


@blueprint.get("/personer/<uuid:enrolment_id>/plan")
@policy.vault("personal", **READERS)
def page(enrolment_id: uuid.UUID) -> Any:
    """The plan that holds, older ones below."""
    shown = service.page(enrolment_id)
    return render_template("plans/plan.html", shown=shown, person=shown.person, tab="plan")


@blueprint.get("/personer/<uuid:enrolment_id>/plan/ny")
@policy.vault("personal", **TEAM)
def write(enrolment_id: uuid.UUID) -> Any:
    """The form for a new version, filled in with the one that holds."""
    shown = service.write_page(enrolment_id)
    return render_template("plans/write.html", shown=shown, person=shown.person)


@blueprint.post("/personer/<uuid:enrolment_id>/plan/ny")
@policy.vault("personal", **TEAM)
def write_sent(enrolment_id: uuid.UUID) -> Any:
    """Keep a new version; for htmx only the fields that the answers so far call for."""
    if is_htmx(request):
        fields = service.write_fields(enrolment_id, request.form)
        return render_template("enrolments/_fields.html", form=fields)
    try:
        service.write_typed(enrolment_id, request.form)
    except enrolments.FormFaults as faults:
        shown = faults.page
        return render_template("plans/write.html", shown=shown, person=shown.person), 422
    except enrolments.EnrolmentFault as fault:
        flash(str(fault), "error")
        return redirect(url_for("plans.page", enrolment_id=enrolment_id), 303)
    flash(_("Planen är sparad och gäller från i dag. Den äldre finns kvar längre ned."), "success")
    return redirect(url_for("plans.page", enrolment_id=enrolment_id), 303)


def init_app(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)
