"""Pages of a samtycke: reading, signing with e-ID, refusing, taking back, receipt, and on paper by staff."""

import uuid
from datetime import date
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import get_locale
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import current, scope
from stegvis.identity.access import policy
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE, REFER
from stegvis.identity.eid import receipt, visits
from stegvis.identity.eid.errors import EidError, EidRefused
from stegvis.identity.eid.routes import sentence_for
from stegvis.identity.eid.visit import SigningResult
from stegvis.vault.consent import service, staff_routes
from stegvis.vault.referrals import service as referrals

blueprint = Blueprint("consent", __name__, template_folder="templates")
PURPOSE = "samtycke"
AUTHORS = {"rights": (REFER, HANDLEDARE, INSATSLEDARE)}
TEAM = {"rights": (HANDLEDARE, INSATSLEDARE)}


@blueprint.get("/mina-sidor/samtycken")
@policy.vault("deltagare")
def mine() -> Any:
    """The person's samtycken."""
    return render_template("consent/mine.html", found=service.mine())


@blueprint.get("/mina-sidor/samtycken/<uuid:consent_id>")
@policy.vault("deltagare")
def read(consent_id: uuid.UUID) -> Any:
    """What the samtycke means, and the buttons."""
    page = service.page(consent_id, _language())
    return render_template("consent/read.html", shown=page, providers=_providers(), today=today())


@blueprint.post("/mina-sidor/samtycken/<uuid:consent_id>/signera/<provider_id>")
@policy.vault("deltagare")
def sign(consent_id: uuid.UUID, provider_id: str) -> Any:
    """Leave for the e-ID to sign."""
    back = url_for("consent.read", consent_id=consent_id)
    return _leave(consent_id, provider_id, back)


@blueprint.post("/mina-sidor/samtycken/<uuid:consent_id>/nej")
@policy.vault("deltagare")
def refuse(consent_id: uuid.UUID) -> Any:
    """The person does not want to."""
    try:
        again = service.refuse(consent_id)
    except service.ConsentFault as fault:
        flash(str(fault), "info")
        return redirect(url_for("consent.read", consent_id=consent_id), 303)
    flash(_refused(again), "success")
    return redirect(url_for("own_pages.front"), 303)


@blueprint.post("/mina-sidor/samtycken/<uuid:consent_id>/ta-tillbaka")
@policy.vault("deltagare")
def withdraw(consent_id: uuid.UUID) -> Any:
    """The person takes it back."""
    service.withdraw(consent_id)
    flash(
        _("Du har tagit tillbaka ditt samtycke. Från och med nu får de inte prata med varandra om dig."),
        "success",
    )
    return redirect(url_for("consent.read", consent_id=consent_id), 303)


@blueprint.get("/mina-sidor/samtycken/<uuid:consent_id>/kvitto")
@policy.vault("deltagare")
def download(consent_id: uuid.UUID) -> Any:
    """The receipt: a file that anybody can check without this service."""
    content = receipt.receipt_bytes(service.receipt(consent_id))
    name = f"samtycke-{consent_id}.json"
    return Response(
        content,
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


# -- beside the author ---------------------------------------------------------------------------


@blueprint.get("/remisser/<uuid:referral_id>/samtycke")
@policy.vault("remittent", "personal", **AUTHORS)
def beside(referral_id: uuid.UUID) -> Any:
    """The same page, on the author's screen, for the person who sits beside."""
    page = service.page_for_author(referral_id, _language())
    return render_template("consent/beside.html", shown=page, providers=_providers(), referral_id=referral_id)


@blueprint.post("/remisser/<uuid:referral_id>/samtycke/<uuid:consent_id>/signera/<provider_id>")
@policy.vault("remittent", "personal", **AUTHORS)
def sign_beside(referral_id: uuid.UUID, consent_id: uuid.UUID, provider_id: str) -> Any:
    """The person signs with the own e-ID on the author's screen."""
    back = url_for("referrals.edit", referral_id=referral_id)
    return _leave(consent_id, provider_id, back, beside_author=True)


@blueprint.post("/remisser/<uuid:referral_id>/samtycke/<uuid:consent_id>/nej")
@policy.vault("remittent", "personal", **AUTHORS)
def refuse_beside(referral_id: uuid.UUID, consent_id: uuid.UUID) -> Any:
    """The person says no on the author's screen."""
    try:
        service.refuse(consent_id, beside_author=True)
    except service.ConsentFault as fault:
        flash(str(fault), "info")
    return redirect(url_for("referrals.edit", referral_id=referral_id), 303)


def _refused(again: bool) -> str:
    if again:
        return _("Du sa nej till att förlänga. Det du sa ja till förut gäller tills dess tid går ut.")
    return _("Du sa nej. Remissen är borttagen, och den som skrev den får veta att du inte vill.")


# -- on paper ------------------------------------------------------------------------------------


@blueprint.get("/insats/<insats>/samtycke-pa-papper")
@policy.vault("personal", **TEAM)
def paper(insats: str) -> Any:
    """Register a samtycke that was signed on paper."""
    return render_template("consent/paper.html", insats=insats, typed={}, faults={})


@blueprint.post("/insats/<insats>/samtycke-pa-papper")
@policy.vault("personal", **TEAM)
def register_paper(insats: str) -> Any:
    """Store it; the referral opens as after an e-ID."""
    typed, faults = request.form, {}
    number, found = referrals.read_number(typed.get("nummer", ""))
    if found:
        faults["nummer"] = found
    signed_on = _date(typed.get("datum", ""))
    if signed_on is None:
        faults["datum"] = _("Skriv dagen då pappret skrevs under.")
    if not typed.get("plats", "").strip():
        faults["plats"] = _("Skriv var pappret förvaras.")
    if not typed.get("laest"):
        faults["laest"] = _("Kryssa i att du har läst numret på pappret.")
    if not faults and signed_on is not None:
        try:
            referral_id = service.paper(insats, number, signed_on, typed["plats"].strip())
        except service.ConsentFault as fault:
            faults["nummer"] = str(fault)
        else:
            flash(_("Samtycket är registrerat och remissen är öppen."), "success")
            return redirect(url_for("referrals.read", insats=insats, referral_id=referral_id), 303)
    return render_template("consent/paper.html", insats=insats, typed=typed, faults=faults), 422


# -- after the e-ID ------------------------------------------------------------------------------


def _leave(consent_id: uuid.UUID, provider_id: str, back: str, *, beside_author: bool = False) -> Any:
    if provider_id not in current().forbund.forbund.eid:
        abort(404)
    try:
        to_sign = service.to_sign(consent_id, beside_author=beside_author)
    except service.ConsentFault as fault:
        flash(str(fault), "info")
        return redirect(back, 303)
    facts = {
        "consent": str(to_sign.consent_id),
        "manifest": to_sign.manifest,
        "transaction": to_sign.transaction,
        "back": back,
        "account": session["login"]["account"],
    }
    try:
        started = visits.begin_signing(
            provider_id,
            current().id,
            PURPOSE,
            number=to_sign.number,
            visible_text=to_sign.visible_text,
            binding_line=to_sign.binding_line,
            facts=facts,
        )
    except EidError as error:
        flash(sentence_for(error), "error")
        return redirect(back, 303)
    return render_template("eid/leave.html", started=started)


def _done(visit: visits.Visit, result: SigningResult) -> Any:
    # The vault's own role: what follows a verified signature is the service's doing, not the outsider's.
    with scope(visit.scope, account=uuid.UUID(visit.facts["account"])) as opened:
        opened.facts["role"] = "signerare"
        try:
            service.signed(
                uuid.UUID(visit.facts["consent"]),
                result,
                visits.provider(result.material.provider_id),
                visit.facts["manifest"],
                visit.facts["transaction"],
            )
        except service.ConsentFault as fault:
            flash(str(fault), "info")
            return redirect(visit.facts["back"], 303)
    flash(_("Tack. Ditt samtycke är underskrivet och gäller nu."), "success")
    return redirect(visit.facts["back"], 303)


def _failed(visit: visits.Visit, error: Exception) -> Any:
    if isinstance(error, EidRefused):
        with scope(visit.scope, account=uuid.UUID(visit.facts["account"])) as opened:
            opened.facts["role"] = "signerare"
            service.failed(uuid.UUID(visit.facts["consent"]), error)
    assert isinstance(error, EidError)
    flash(sentence_for(error), "info")
    return redirect(visit.facts["back"], 303)


def _providers() -> list[Any]:
    return [visits.provider(one) for one in current().forbund.forbund.eid]


def _language() -> str:
    return str(get_locale() or "sv")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def init_app(app: Flask) -> None:
    """Register the pages, and what follows a signing."""
    visits.when_signed(PURPOSE, _done, _failed)
    app.register_blueprint(staff_routes.blueprint)
    app.register_blueprint(blueprint)
