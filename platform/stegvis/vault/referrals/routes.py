"""Pages of referrals: the author's own, and the team's."""

import uuid
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from stegvis.ground.web.htmx import reload_page
from stegvis.identity.access import policy
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE, REFER
from stegvis.vault.consent import service as consent
from stegvis.vault.forms import service as forms
from stegvis.vault.referrals import service

blueprint = Blueprint("referrals", __name__, template_folder="templates")
AUTHORS = {"rights": (REFER, HANDLEDARE, INSATSLEDARE)}
TEAM = {"rights": (HANDLEDARE, INSATSLEDARE)}


@blueprint.get("/remisser")
@policy.vault("remittent", "personal", **AUTHORS)
def mine() -> Any:
    """The author's own referrals."""
    rows = service.mine()
    samtycken = consent.of_referrals(row.id for row in rows)
    return render_template("referrals/mine.html", rows=rows, samtycken=samtycken)


@blueprint.get("/remisser/ny")
@policy.vault("remittent", "personal", **AUTHORS)
def new() -> Any:
    """Whom it is about, and to which insats. Nothing is saved until it is sent on."""
    return render_template("referrals/new.html", insatser=service.insatser_to_refer_to(), typed={}, faults={})


@blueprint.post("/remisser/ny")
@policy.vault("remittent", "personal", **AUTHORS)
def begin() -> Any:
    """Begin a draft."""
    typed = request.form
    number, faults = service.read_person(
        typed.get("nummer", ""), typed.get("fornamn", ""), typed.get("efternamn", "")
    )
    chosen = typed.get("insats", "")
    if not service.offered(chosen):
        faults = {"insats": _("Välj insats.")} | faults
    if faults:
        insatser = service.insatser_to_refer_to()
        return render_template("referrals/new.html", insatser=insatser, typed=typed, faults=faults), 422
    referral_id = service.begin(chosen, number, typed["fornamn"], typed["efternamn"])
    return redirect(url_for("referrals.edit", referral_id=referral_id), 303)


@blueprint.get("/remisser/<uuid:referral_id>")
@policy.vault("remittent", "personal", **AUTHORS)
def edit(referral_id: uuid.UUID) -> Any:
    """A draft to write on, or how a sent referral is doing."""
    opened = service.own(referral_id)
    if opened.row.state == "utkast":
        return _edit_page(opened)
    listed, words = service.for_author(referral_id)
    samtycke = consent.of_referrals([referral_id]).get(referral_id)
    return render_template(
        "referrals/sent.html", listed=listed, words=words, opened=opened, samtycke=samtycke
    )


@blueprint.post("/remisser/<uuid:referral_id>/spara")
@policy.vault("remittent", "personal", **AUTHORS)
def save(referral_id: uuid.UUID) -> Any:
    """Autosave: keep what is typed, answer with the form's moving parts."""
    opened = service.save(referral_id, request.form)
    if request.headers.get("HX-Request"):
        return render_template("referrals/_moving.html", **_shown(opened))
    return redirect(url_for("referrals.check", referral_id=referral_id), 303)


@blueprint.get("/remisser/<uuid:referral_id>/kontroll")
@policy.vault("remittent", "personal", **AUTHORS)
def check(referral_id: uuid.UUID) -> Any:
    """The whole referral to read through before it is sent."""
    opened = service.own(referral_id)
    if opened.row.state != "utkast":
        return redirect(url_for("referrals.edit", referral_id=referral_id), 303)
    parsed = service.faults_before_sending(opened)
    if not parsed.ok:
        page = forms.sections(opened.definition, opened.form, parsed)
        shown = _shown(opened) | {"sections": page, "errors": forms.errors(opened.form, parsed)}
        return render_template("referrals/edit.html", **shown), 422
    answers = forms.answered(opened.definition, opened.form, opened.parsed.answers)
    return render_template("referrals/check.html", opened=opened, answers=answers)


@blueprint.post("/remisser/<uuid:referral_id>/skicka")
@policy.vault("remittent", "personal", **AUTHORS)
def send(referral_id: uuid.UUID) -> Any:
    """Send; what comes next is the person's yes."""
    try:
        opened = service.send(referral_id)
    except service.ReferralFault as fault:
        flash(str(fault), "error")
        return redirect(url_for("referrals.check", referral_id=referral_id), 303)
    asked = consent.ask(referral_id)
    way = request.form.get("samtycke", "egen")
    if way == "har" and asked.state == "fraga":
        return redirect(url_for("consent.beside", referral_id=referral_id), 303)
    flash(
        _(
            "Remissen är skickad till %(insats)s. Den öppnas för teamet när personen har sagt ja.",
            insats=opened.instance.name,
        ),
        "success",
    )
    return redirect(url_for("referrals.edit", referral_id=referral_id), 303)


@blueprint.post("/remisser/<uuid:referral_id>/slang")
@policy.vault("remittent", "personal", **AUTHORS)
def discard(referral_id: uuid.UUID) -> Any:
    """Throw an own draft away."""
    service.discard(referral_id)
    flash(_("Utkastet är borttaget, och allt som stod i det."), "success")
    return redirect(url_for("referrals.mine"), 303)


@blueprint.get("/insats/<insats>/remisser")
@policy.vault("personal", **TEAM)
def team(insats: str) -> Any:
    """The team's referrals, and how many are on the way."""
    rows = service.of_team(insats)
    return render_template(
        "referrals/team.html", insats=insats, rows=rows, on_the_way=service.on_the_way(insats)
    )


@blueprint.get("/insats/<insats>/remisser/<uuid:referral_id>")
@policy.vault("personal", **TEAM)
def read(insats: str, referral_id: uuid.UUID) -> Any:
    """One referral for the team."""
    return _team_page(insats, referral_id, "", "")


@blueprint.post("/insats/<insats>/remisser/<uuid:referral_id>/svar")
@policy.vault("personal", **TEAM)
def decide(insats: str, referral_id: uuid.UUID) -> Any:
    """The team's answer to the author."""
    answer, words = request.form.get("svar", ""), request.form.get("ord", "")
    accept = answer == "ja"
    try:
        if answer not in ("ja", "nej"):
            raise service.ReferralFault(_("Välj om ni tar emot personen eller avböjer."))
        service.decide(referral_id, accept=accept, words=words)
    except service.ReferralFault as fault:
        return _team_page(insats, referral_id, words, str(fault)), 422
    if accept:
        flash(_("Remissen är antagen och remittenten får veta det. Nästa steg är inskrivningen."), "success")
        return redirect(url_for("enrolments.enrol", insats=insats, referral_id=referral_id), 303)
    flash(_("Remissen är avböjd. Remittenten läser era ord."), "success")
    return redirect(url_for("referrals.team", insats=insats), 303)


@blueprint.get("/insats/<insats>/remisser/<uuid:referral_id>/galler")
@policy.vault_watch("personal", **TEAM)
def still_holds(insats: str, referral_id: uuid.UUID) -> Any:
    """What an open page asks every half minute: nothing new, or that it is to be loaded anew and so emptied."""
    return ("", 204) if consent.holds(insats, referral_id) else reload_page()


def _team_page(insats: str, referral_id: uuid.UUID, words: str, fault: str) -> str:
    opened = consent.papers(insats, referral_id)
    if opened is None:
        return render_template("referrals/closed.html", insats=insats, fault=fault)
    answers = forms.answered(opened.definition, opened.form, opened.parsed.answers)
    return render_template(
        "referrals/read.html", insats=insats, opened=opened, answers=answers, words=words, fault=fault
    )


def _shown(opened: service.Opened) -> dict[str, Any]:
    page = forms.sections(opened.definition, opened.form, opened.parsed)
    return {"opened": opened, "sections": page, "errors": []}


def _edit_page(opened: service.Opened) -> str:
    return render_template("referrals/edit.html", **_shown(opened))


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
