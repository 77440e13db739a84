"""Pages of received reports: the list, one report, its PDF, and asking for completion."""

import uuid
from io import BytesIO
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from stegvis.forbund.reports import service
from stegvis.identity.access import policy
from stegvis.identity.access.rights import FORBUNDSCHEF, KANSLI

blueprint = Blueprint("reports", __name__, template_folder="templates")


@blueprint.get("/rapporter")
@policy.forbund(FORBUNDSCHEF, KANSLI)
def received() -> Any:
    """Received reports, newest first."""
    return render_template("reports/received.html", rows=service.received())


@blueprint.get("/rapporter/<uuid:report_id>")
@policy.forbund(FORBUNDSCHEF, KANSLI)
def read(report_id: uuid.UUID) -> Any:
    """One report as it crossed."""
    return render_template("reports/read.html", one=service.read(report_id), kinds=service.KINDS)


@blueprint.get("/rapporter/<uuid:report_id>/pdf")
@policy.forbund(FORBUNDSCHEF, KANSLI)
def pdf(report_id: uuid.UUID) -> Any:
    """The same as PDF."""
    content, name = service.pdf(report_id)
    return send_file(BytesIO(content), mimetype="application/pdf", download_name=name)


@blueprint.get("/rapporter/<uuid:report_id>/aterlamna")
@policy.forbund(FORBUNDSCHEF, KANSLI)
def give_back(report_id: uuid.UUID) -> Any:
    """What should be completed."""
    return _ask(report_id, "", "")


@blueprint.post("/rapporter/<uuid:report_id>/aterlamna")
@policy.forbund(FORBUNDSCHEF, KANSLI)
def given_back(report_id: uuid.UUID) -> Any:
    """Send it back with words."""
    words = request.form.get("ord", "")
    try:
        service.give_back(report_id, words)
    except service.ReportFault as fault:
        return _ask(report_id, words, str(fault)), 422
    flash(_("Rapporten är återlämnad för komplettering. Insatsledaren läser dina ord."), "success")
    return redirect(url_for("reports.read", report_id=report_id), 303)


def _ask(report_id: uuid.UUID, words: str, fault: str) -> str:
    return render_template(
        "reports/give_back.html", one=service.read(report_id), words=words, fault=fault, kinds=service.KINDS
    )


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
