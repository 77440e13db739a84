"""Pages of reports in a vault: the insatsledare's list, editor and last page before sending; the attest."""

import uuid
from datetime import date
from typing import Any

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from stegvis.ground.web import htmx
from stegvis.identity.access import policy
from stegvis.identity.access.rights import INSATSLEDARE, PUBLISH
from stegvis.vault.reporting import service, tables

blueprint = Blueprint("reporting", __name__, template_folder="templates")
WRITERS = {"rights": (INSATSLEDARE,)}
APPROVERS = {"rights": (PUBLISH,)}


@blueprint.get("/insats/<insats>/rapporter")
@policy.vault("personal", **WRITERS)
def listed(insats: str) -> Any:
    """The periods of the insats, each with how its report stands."""
    ground, rows = service.listed(insats)
    return render_template("reporting/list.html", ground=ground, rows=rows, insats=insats)


@blueprint.get("/insats/<insats>/rapporter/<starts>")
@policy.vault("personal", **WRITERS)
def edit(insats: str, starts: str) -> Any:
    """The editor; a report that has been sent is read here."""
    return render_template("reporting/edit.html", **_shown(insats, service.opened(insats, _day(starts))))


@blueprint.post("/insats/<insats>/rapporter/<starts>/avsnitt/<section>")
@policy.vault("personal", **WRITERS)
def save(insats: str, starts: str, section: str) -> Any:
    """Autosave of one heading: answers with the saved mark and what is ready."""
    draft = service.save_section(insats, _day(starts), section, request.form)
    if htmx.is_htmx(request):
        return render_template("reporting/_saved.html", view=draft.section(section), **_shown(insats, draft))
    return redirect(
        url_for("reporting.edit", insats=insats, starts=starts, _anchor=f"avsnitt-{section}"), 303
    )


@blueprint.get("/insats/<insats>/rapporter/<starts>/granska")
@policy.vault("personal", **WRITERS)
def review(insats: str, starts: str) -> Any:
    """Detta blir allmän handling."""
    seen = service.review(insats, _day(starts))
    return render_template("reporting/review.html", review=seen, **_shown(insats, seen.draft))


@blueprint.post("/insats/<insats>/rapporter/<starts>/skicka")
@policy.vault("personal", **WRITERS)
def send(insats: str, starts: str) -> Any:
    """Send it to be attested."""
    try:
        service.send(insats, _day(starts))
    except service.ReportFault as fault:
        flash(str(fault), "error")
        return redirect(url_for("reporting.review", insats=insats, starts=starts), 303)
    flash(_("Rapporten är skickad för attest. Förbundet får den när siffrorna är attesterade."), "success")
    return redirect(url_for("reporting.listed", insats=insats), 303)


@blueprint.get("/granskning")
@policy.vault("personal", **APPROVERS)
def approvals() -> Any:
    """Reports that wait for the attest."""
    return render_template("reporting/approvals.html", rows=service.waiting_for_attest())


@blueprint.get("/granskning/<uuid:report_id>")
@policy.vault("personal", **APPROVERS)
def approve(report_id: uuid.UUID) -> Any:
    """One report to attest: what crosses, and the marks to answer."""
    return render_template("reporting/approve.html", one=service.to_attest(report_id), words=kinds_in_words())


@blueprint.post("/granskning/<uuid:report_id>/markering/<uuid:mark_id>")
@policy.vault("personal", **APPROVERS)
def answer(report_id: uuid.UUID, mark_id: uuid.UUID) -> Any:
    """Let a marked sentence stand."""
    return _told(report_id, lambda: service.answer_mark(report_id, mark_id, request.form.get("skal", "")))


@blueprint.post("/granskning/<uuid:report_id>/tillbaka")
@policy.vault("personal", **APPROVERS)
def ask_back(report_id: uuid.UUID) -> Any:
    """Give the report back to the insatsledare."""
    try:
        service.ask_back(report_id, request.form.get("ord", ""))
    except service.ReportFault as fault:
        flash(str(fault), "error")
        return redirect(url_for("reporting.approve", report_id=report_id), 303)
    flash(
        _("Rapporten är tillbaka hos insatsledaren, med dina ord. Inget har gått till förbundet."), "success"
    )
    return redirect(url_for("reporting.approvals"), 303)


@blueprint.post("/granskning/<uuid:report_id>/attestera")
@policy.vault("personal", **APPROVERS)
def attest(report_id: uuid.UUID) -> Any:
    """Attest the figures: the report goes to the förbund."""
    try:
        service.attest(report_id, request.form.get("sett", ""))
    except service.ReportFault as fault:
        flash(str(fault), "error")
        return redirect(url_for("reporting.approve", report_id=report_id), 303)
    flash(_("Rapporten är attesterad och skickad till förbundet. Den blir allmän handling där."), "success")
    return redirect(url_for("reporting.approvals"), 303)


def kinds_in_words() -> dict[str, str]:
    """What a mark is about, in words."""
    return {
        "name": _("ett namn på en deltagare"),
        "small_number": _("ett litet antal personer"),
        "health": _("hälsa"),
        "crime": _("brott"),
        "addiction": _("beroende"),
        "personnummer": _("ett personnummer"),
        "hidden_code": _("en orsak som tabellen döljer"),
    }


def _told(report_id: uuid.UUID, act: Any) -> Any:
    try:
        act()
    except service.ReportFault as fault:
        flash(str(fault), "error")
    return redirect(url_for("reporting.approve", report_id=report_id, _anchor="markeringar"), 303)


def _day(starts: str) -> date:
    try:
        return date.fromisoformat(starts)
    except ValueError:
        abort(404)


def _shown(insats: str, draft: Any) -> dict[str, Any]:
    return {
        "draft": draft,
        "insats": insats,
        "starts": draft.period.start.isoformat(),
        "goal_lines": tables.goal_lines(draft.figures, draft.ground.definition),
        "kinds": kinds_in_words(),
    }


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
