"""Pages of a samtycke: reading, signing with e-ID, refusing, taking back, receipt; and beside the author."""

import uuid
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.identity.access import policy
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE, REFER
from stegvis.identity.eid import receipt, visits
from stegvis.vault.consent import answer_routes, leaving, receipts, service, staff_routes

log = structlog.get_logger("stegvis.consent")
blueprint = Blueprint("consent", __name__, template_folder="templates")
AUTHORS = {"rights": (REFER, HANDLEDARE, INSATSLEDARE)}


@blueprint.get("/mina-sidor/samtycken")
@policy.vault("deltagare")
def mine() -> Any:
    """The person's samtycken."""
    return render_template("consent/mine.html", found=service.mine())


@blueprint.get("/mina-sidor/samtycken/<uuid:consent_id>")
@policy.vault("deltagare")
def read(consent_id: uuid.UUID) -> Any:
    """What the samtycke means, and the buttons."""
    page = service.page(consent_id, leaving.language())
    approved = service.only_approved(consent_id)
    return render_template(
        "consent/read.html", shown=page, today=today(), approved=approved, **_for_signing()
    )


@blueprint.post("/mina-sidor/samtycken/<uuid:consent_id>/signera/<provider_id>")
@policy.vault("deltagare")
def sign(consent_id: uuid.UUID, provider_id: str) -> Any:
    """Leave for the e-ID to sign."""
    back = url_for("consent.read", consent_id=consent_id)
    return leaving.leave(consent_id, provider_id, back)


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
    """The receipt: a sealed document, or (som=data) the data in it; anybody can check both without this service."""
    record = service.receipt(consent_id)
    form = "json" if request.args.get("som") == "data" else "pdf"
    try:
        content = receipts.document(record) if form == "pdf" else receipt.receipt_bytes(record)
    except (receipts.RenderError, receipts.SealFault) as fault:
        log.error("receipt_not_made", fault=type(fault).__name__, told=str(fault))
        flash(
            _(
                "Kvittot gick inte att göra som PDF. Ditt ja är kvar. Hämta datafilen, eller försök igen senare."
            ),
            "error",
        )
        return redirect(url_for("consent.read", consent_id=consent_id), 303)
    return Response(
        content,
        mimetype=f"application/{form}",
        headers={"Content-Disposition": f'attachment; filename="samtycke-{consent_id}.{form}"'},
    )


# -- beside the author ---------------------------------------------------------------------------


@blueprint.get("/remisser/<uuid:referral_id>/samtycke")
@policy.vault("remittent", "personal", **AUTHORS)
def beside(referral_id: uuid.UUID) -> Any:
    """The same page, on the author's screen, for the person who sits beside."""
    page = service.page_for_author(referral_id, leaving.language())
    where = {"referral_id": referral_id, "consent_id": page.row.id}
    return render_template(
        "consent/beside.html", shown=page, referral_id=referral_id, where=where, **_for_signing()
    )


@blueprint.post("/remisser/<uuid:referral_id>/samtycke/<uuid:consent_id>/signera/<provider_id>")
@policy.vault("remittent", "personal", **AUTHORS)
def sign_beside(referral_id: uuid.UUID, consent_id: uuid.UUID, provider_id: str) -> Any:
    """The person signs with the own e-ID on the author's screen."""
    back = url_for("referrals.edit", referral_id=referral_id)
    more = url_for("consent.beside", referral_id=referral_id)
    return leaving.leave(consent_id, provider_id, back, service.AUTHOR, more)


@blueprint.post("/remisser/<uuid:referral_id>/samtycke/<uuid:consent_id>/nej")
@policy.vault("remittent", "personal", **AUTHORS)
def refuse_beside(referral_id: uuid.UUID, consent_id: uuid.UUID) -> Any:
    """The person says no on the author's screen."""
    try:
        service.refuse(consent_id, beside=service.AUTHOR)
    except service.ConsentFault as fault:
        flash(str(fault), "info")
    return redirect(url_for("referrals.edit", referral_id=referral_id), 303)


# -- who must sign -------------------------------------------------------------------------------


@blueprint.get("/remisser/<uuid:referral_id>/undertecknare")
@policy.vault("remittent", "personal", **AUTHORS)
def signers(referral_id: uuid.UUID) -> Any:
    """Who must sign besides the person."""
    return _signers_page(referral_id, {}, {})


@blueprint.post("/remisser/<uuid:referral_id>/undertecknare/<uuid:consent_id>/ny")
@policy.vault("remittent", "personal", **AUTHORS)
def add_signer(referral_id: uuid.UUID, consent_id: uuid.UUID) -> Any:
    """Somebody more must sign."""
    typed = request.form
    try:
        service.add_signer(
            consent_id,
            typed.get("roll", ""),
            typed.get("nummer", ""),
            typed.get("namn", ""),
            typed.get("grund", ""),
        )
    except service.SignerFaults as faults:
        return _signers_page(referral_id, typed, faults.faults), 422
    flash(_("Sparat. Samtycket gäller först när alla har skrivit under."), "success")
    return redirect(url_for("consent.signers", referral_id=referral_id), 303)


@blueprint.post("/remisser/<uuid:referral_id>/undertecknare/<uuid:consent_id>/ta-bort")
@policy.vault("remittent", "personal", **AUTHORS)
def strike_signer(referral_id: uuid.UUID, consent_id: uuid.UUID) -> Any:
    """Somebody need not sign."""
    service.strike_signer(consent_id, request.form.get("undertecknare", ""))
    flash(_("Borttaget."), "success")
    return redirect(url_for("consent.signers", referral_id=referral_id), 303)


def _signers_page(referral_id: uuid.UUID, typed: Any, faults: dict[str, str]) -> str:
    shown = service.signers_page(referral_id)
    return render_template(
        "consent/signers.html", shown=shown, referral_id=referral_id, typed=typed, faults=faults
    )


def _for_signing() -> dict[str, Any]:
    return {"providers": leaving.providers(), "languages": service.language_names()}


def _refused(again: bool) -> str:
    if again:
        return _("Du sa nej till att förlänga. Det du sa ja till förut gäller tills dess tid går ut.")
    return _("Du sa nej. Remissen är borttagen, och den som skrev den får veta att du inte vill.")


def init_app(app: Flask) -> None:
    """Register the pages, and what follows a signing."""
    visits.when_signed(leaving.PURPOSE, leaving.done, leaving.failed)
    for one in (blueprint, answer_routes.blueprint, staff_routes.blueprint):
        app.register_blueprint(one)
