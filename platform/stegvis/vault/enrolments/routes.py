"""Pages about people in an insats: the caseload, finding somebody, enrolling, a person's page, activities, avslut."""

import uuid
from io import BytesIO
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, send_file, session, url_for
from flask_babel import gettext as _

from stegvis.ground.web.htmx import is_htmx, partial_or_page
from stegvis.identity.access import policy, reasons
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE, OPEN_WITH_REASON
from stegvis.vault.enrolments import service

blueprint = Blueprint("enrolments", __name__, template_folder="templates")
TEAM = {"rights": (HANDLEDARE, INSATSLEDARE)}
LEADER = {"rights": (INSATSLEDARE,)}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Reading a person; whoever has the last right alone is asked for a reason.
READERS = {"rights": (HANDLEDARE, INSATSLEDARE, OPEN_WITH_REASON)}


@blueprint.get("/insats/<insats>/personer")
@policy.vault("personal", **TEAM)
def people(insats: str) -> Any:
    """The caseload; `?visa=avslutade` and `?mina=1` choose what it shows."""
    shown = service.ENDED if request.args.get("visa") == service.ENDED else service.ENROLLED
    caseload = service.people(insats, shown, mine=request.args.get("mina") == "1")
    return render_template("enrolments/people.html", caseload=caseload)


@blueprint.get("/insats/<insats>/personer/hamta")
@policy.vault("personal", **LEADER)
def file_page(insats: str) -> Any:
    """Before the caseload leaves as a file: what it holds, and what for; `?syfte=` is what was chosen."""
    shown = service.file_page(insats, request.args.get("syfte", ""))
    return render_template("enrolments/file.html", shown=shown)


@blueprint.post("/insats/<insats>/personer/hamta")
@policy.vault("personal", **LEADER)
def file_taken(insats: str) -> Any:
    """The caseload as a file, after the e-ID where the login is some minutes old."""
    try:
        made = service.take_file(insats, request.form.get("syfte", ""))
    except service.PurposeMissing as missing:
        return render_template("enrolments/file.html", shown=missing.page), 422
    return send_file(BytesIO(made.content), XLSX, as_attachment=True, download_name=made.name)


@blueprint.get("/sok")
@policy.vault("personal", **TEAM)
def search() -> Any:
    """The field that finds a person, alone."""
    return render_template("enrolments/search.html", found=None)


@blueprint.post("/sok")
@policy.vault("personal", **TEAM)
def search_sent() -> Any:
    """Look for a person; one hit leads straight to the page, and htmx gets the rows."""
    typed = request.form.get("ord", "")
    found = service.search(typed)
    if found.only is not None and not is_htmx(request):
        return redirect(url_for("enrolments.person", enrolment_id=found.only.enrolment_id), 303)
    return partial_or_page("enrolments/_hits.html", "enrolments/search.html", found=found, typed=typed)


@blueprint.get("/insats/<insats>/inskrivning/<uuid:referral_id>")
@policy.vault("personal", **TEAM)
def enrol(insats: str, referral_id: uuid.UUID) -> Any:
    """The form that enrols the person of an accepted referral."""
    return render_template("enrolments/enrol.html", shown=service.enrol_page(insats, referral_id))


@blueprint.post("/insats/<insats>/inskrivning/<uuid:referral_id>")
@policy.vault("personal", **TEAM)
def enrol_sent(insats: str, referral_id: uuid.UUID) -> Any:
    """Enrol; for htmx only the fields that the answers so far call for."""
    if is_htmx(request):
        fields = service.enrol_fields(insats, referral_id, request.form)
        return render_template("enrolments/_fields.html", form=fields)
    try:
        enrolment_id = service.enrol_typed(insats, referral_id, request.form)
    except service.FormFaults as faults:
        return render_template("enrolments/enrol.html", shown=faults.page), 422
    flash(_("Inskrivningen är klar. Nu kan ni mäta hur det går och skriva planen."), "success")
    return redirect(url_for("enrolments.person", enrolment_id=enrolment_id), 303)


@blueprint.get("/personer/<uuid:enrolment_id>")
@policy.vault("personal", **READERS)
def person(enrolment_id: uuid.UUID) -> Any:
    """A person's first page: what is due, the time line, the baseline."""
    shown = service.open_person(enrolment_id)
    return render_template("enrolments/overview.html", shown=shown, person=shown.person, tab="oversikt")


@blueprint.get("/personer/<uuid:enrolment_id>/skal")
@policy.vault("personal", **READERS)
def ask_reason(enrolment_id: uuid.UUID) -> Any:
    """Why do you need to open? Asked of somebody outside the team."""
    service.may_be_asked(enrolment_id)
    return _reason_page(enrolment_id, {}, {})


@blueprint.post("/personer/<uuid:enrolment_id>/skal")
@policy.vault("personal", **READERS)
def reason_given(enrolment_id: uuid.UUID) -> Any:
    """Keep the reason; the person is open to this session for half an hour, to read."""
    typed = request.form
    try:
        row_id = service.open_with_reason(enrolment_id, typed.get("skal", ""), typed.get("ord", ""))
    except reasons.ReasonFault as fault:
        return _reason_page(enrolment_id, typed, fault.faults), 422
    session["med_skal"] = [*session.get("med_skal", [])[-9:], str(row_id)]
    return redirect(url_for("enrolments.person", enrolment_id=enrolment_id), 303)


def _reason_page(enrolment_id: uuid.UUID, typed: Any, faults: dict[str, str]) -> str:
    return render_template(
        "enrolments/reason.html",
        enrolment_id=enrolment_id,
        reasons=reasons.in_words(),
        typed=typed,
        faults=faults,
    )


@blueprint.get("/personer/<uuid:enrolment_id>/aktiviteter")
@policy.vault("personal", **READERS)
def activities(enrolment_id: uuid.UUID) -> Any:
    """A person's activities."""
    shown = service.activities_page(enrolment_id)
    return render_template("enrolments/activities.html", shown=shown, person=shown.person, tab="aktiviteter")


@blueprint.post("/personer/<uuid:enrolment_id>/aktiviteter")
@policy.vault("personal", **TEAM)
def activity_sent(enrolment_id: uuid.UUID) -> Any:
    """Begin an activity."""
    try:
        service.start_activity_typed(enrolment_id, request.form)
    except service.FormFaults as faults:
        shown = faults.page
        page = render_template(
            "enrolments/activities.html", shown=shown, person=shown.person, tab="aktiviteter"
        )
        return page, 422
    flash(_("Aktiviteten är sparad."), "success")
    return redirect(url_for("enrolments.activities", enrolment_id=enrolment_id), 303)


@blueprint.post("/personer/<uuid:enrolment_id>/aktiviteter/<uuid:activity_id>/slut")
@policy.vault("personal", **TEAM)
def activity_ended(enrolment_id: uuid.UUID, activity_id: uuid.UUID) -> Any:
    """End an activity today."""
    service.end_activity(enrolment_id, activity_id)
    flash(_("Aktiviteten är avslutad i dag."), "success")
    return redirect(url_for("enrolments.activities", enrolment_id=enrolment_id), 303)


@blueprint.get("/personer/<uuid:enrolment_id>/avslut")
@policy.vault("personal", **TEAM)
def exit_form(enrolment_id: uuid.UUID) -> Any:
    """The form that ends an enrolment."""
    shown = service.end_page(enrolment_id)
    return render_template("enrolments/exit.html", shown=shown, person=shown.person)


@blueprint.post("/personer/<uuid:enrolment_id>/avslut")
@policy.vault("personal", **TEAM)
def exit_sent(enrolment_id: uuid.UUID) -> Any:
    """End; for htmx only the fields that the answers so far call for."""
    if is_htmx(request):
        fields = service.end_fields(enrolment_id, request.form)
        return render_template("enrolments/_fields.html", form=fields)
    try:
        service.end_typed(enrolment_id, request.form)
    except service.FormFaults as faults:
        shown = faults.page
        return render_template("enrolments/exit.html", shown=shown, person=shown.person), 422
    flash(_("Avslutet är sparat. Personens sida finns kvar under Avslutade."), "success")
    return redirect(url_for("enrolments.person", enrolment_id=enrolment_id), 303)


def init_app(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(blueprint)
