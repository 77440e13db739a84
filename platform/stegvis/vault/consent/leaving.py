"""Leaving for the e-ID to sign a samtycke, and coming back."""

import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, request, session
from flask_babel import get_locale
from flask_babel import gettext as _

from stegvis.ground.tenancy.scope import current, scope
from stegvis.identity.eid import visits
from stegvis.identity.eid.errors import EidError, EidRefused
from stegvis.identity.eid.routes import sentence_for
from stegvis.identity.eid.visit import SigningResult
from stegvis.vault.consent import service

PURPOSE = "samtycke"


def leave(
    consent_id: uuid.UUID, provider_id: str, back: str, beside: service.Beside = None, more: str = ""
) -> Any:
    """To the e-ID, bound to whoever must sign; `back` is the page to come back to, `more` while others are left.

    The form says who signs beside somebody (`undertecknare`) and which interpreter is there (`tolk`, `tolksprak`).
    """
    if provider_id not in [one.handle for one in providers()]:
        abort(404)
    try:
        to_sign = service.to_sign(
            consent_id, beside=beside, signer_id=_signer(), interpreter=interpreter_of(request.form)
        )
    except service.ConsentFault as fault:
        flash(str(fault), "info")
        return redirect(back, 303)
    facts = {
        "consent": str(to_sign.consent_id),
        "manifest": to_sign.manifest,
        "transaction": to_sign.transaction,
        "signer": str(to_sign.signer or ""),
        "back": back,
        "more": more or back,
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


def done(visit: visits.Visit, result: SigningResult) -> Any:
    """A verified signature has come: keep it."""
    # The vault's own role: what follows a verified signature is the service's doing, not the outsider's.
    with scope(visit.scope, account=uuid.UUID(visit.facts["account"])) as opened:
        opened.facts["role"] = "signerare"
        signer = visit.facts.get("signer", "")
        try:
            left = service.signed(
                uuid.UUID(visit.facts["consent"]),
                result,
                result.provider,
                visit.facts["manifest"],
                visit.facts["transaction"],
                signer_id=uuid.UUID(signer) if signer else None,
            )
        except service.ConsentFault as fault:
            flash(str(fault), "info")
            return redirect(visit.facts["back"], 303)
    if left:
        flash(_("Tack. Underskriften är sparad. Samtycket gäller när alla har skrivit under."), "success")
        return redirect(visit.facts["more"], 303)
    if result.assurance == "underskrift":
        flash(_("Tack. Ditt samtycke är underskrivet och gäller nu."), "success")
    else:
        flash(
            _("Tack. Ditt samtycke är godkänt efter inloggning, inte underskrivet. Det gäller nu."), "success"
        )
    return redirect(visit.facts["back"], 303)


def failed(visit: visits.Visit, error: Exception) -> Any:
    """It was cancelled, or what came did not hold: nothing has changed, and a refusal is kept."""
    if isinstance(error, EidRefused):
        with scope(visit.scope, account=uuid.UUID(visit.facts["account"])) as opened:
            opened.facts["role"] = "signerare"
            service.failed(uuid.UUID(visit.facts["consent"]), error)
    assert isinstance(error, EidError)
    flash(sentence_for(error), "info")
    return redirect(visit.facts["back"], 303)


def interpreter_of(typed: Any) -> service.Interpreter:
    """The interpreter that a form tells of."""
    kind = typed.get("tolk", "")
    return service.Interpreter(kind, typed.get("tolksprak", "") if kind else "")


def providers() -> list[Any]:
    """The e-IDs that a samtycke can be signed with here."""
    return visits.signing_providers(current().id)


def language() -> str:
    """The language in which the text is read: `?text=`, or the page's."""
    return request.args.get("text") or str(get_locale() or "sv")


def _signer() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.form.get("undertecknare", ""))
    except ValueError:
        return None
