"""The signer's pages: a link, the e-ID, the document, the signature. Signing logs nobody in, and needs no account."""

import time
import uuid
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, abort, flash, g, redirect, render_template, session, url_for
from flask_babel import gettext as _

from stegvis.forbund.agreements import signing, texts
from stegvis.forbund.agreements.files import AgreementFault
from stegvis.ground.tenancy.scope import scope
from stegvis.identity.access import policy
from stegvis.identity.eid import receipt as receipts
from stegvis.identity.eid import visits
from stegvis.identity.eid.errors import EidError, EidRefused
from stegvis.identity.eid.routes import sentence_for
from stegvis.identity.eid.visit import Identity, SigningResult

blueprint = Blueprint("agreement_link", __name__, template_folder="templates")
log = structlog.get_logger("stegvis.agreements")
PURPOSE, WHO = "avtal", "avtal_vem"
KEPT, ROLE = "avtal", "undertecknare"
# How long a browser that has opened a link, or shown who it is, may go on without doing it again.
SECONDS = 30 * 60


@blueprint.get("/skriv-under/<token>")
@policy.public(
    "Den som ska skriva under har inget konto; länken öppnar inget förrän e-legitimationen har visat vem."
)
def enter(token: str) -> Any:
    """Remember the link in this browser, so that it stands in no further address; 404 for one that opens nothing."""
    with scope(g.forbund.scope) as opened:
        opened.facts["role"] = ROLE
        found = signing.signer_of(token)
    if found is None:
        # A line and no event: anybody could fill a trail.
        log.warning("agreement_link_of_nobody", forbund=g.forbund.id)
        return _no_link()
    session[KEPT] = _remembered(*found, known=False)
    return redirect(url_for("agreement_link.page"), 303)


@blueprint.get("/skriv-under")
@policy.public("Den som ska skriva under har inget konto; före e-legitimationen visas bara dokumentets slag.")
def page() -> Any:
    """Before the e-ID: who asks. After it: the document, and the button that signs."""
    kept = _kept()
    if kept is None:
        return _no_link()
    with scope(g.forbund.scope) as here:
        here.facts["role"] = ROLE
        shown = signing.opened(kept["signer"], kept["link"])
        if shown is not None and kept["known"]:
            signing.read(kept["signer"])
    if shown is None:
        return _no_link()
    return render_template(
        "agreements/link.html",
        shown=shown,
        known=kept["known"],
        providers=_providers(),
        kinds=texts.kinds_on_screen(),
    )


@blueprint.post("/skriv-under/legitimera/<provider_id>")
@policy.public("Den som ska skriva under visar här med sin e-legitimation vem det är; ingen loggas in.")
def identify(provider_id: str) -> Any:
    """Leave for the e-ID to show who it is."""
    kept = _kept()
    if kept is None:
        return _no_link()
    _check(provider_id)
    try:
        started = visits.begin_identifying(
            provider_id,
            g.forbund.scope,
            WHO,
            user_message=f"Läs ett dokument att skriva under hos {g.forbund.forbund.name}",
            facts={"signer": str(kept["signer"]), "link": kept["link"]},
        )
    except EidError as error:
        return _back(sentence_for(error), "error")
    return render_template("eid/leave.html", started=started)


@blueprint.get("/skriv-under/dokument")
@policy.public(
    "Den som har visat vem det är får läsa dokumentet; andra får samma svar som för en okänd länk."
)
def document() -> Any:
    """The document to sign, as a file."""
    kept = _kept(known=True)
    if kept is None:
        return _no_link()
    with scope(g.forbund.scope) as here:
        here.facts["role"] = ROLE
        found = signing.document(kept["signer"]) if _holds(kept) else None
    if found is None:
        return _no_link()
    content, name = found
    answer = Response(content, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@blueprint.post("/skriv-under/signera/<provider_id>")
@policy.public(
    "Den som har visat vem det är skriver under; e-legitimationen måste vara den väntade personens."
)
def sign(provider_id: str) -> Any:
    """Leave for the e-ID to sign."""
    kept = _kept(known=True)
    if kept is None:
        return _no_link()
    _check(provider_id)
    try:
        with scope(g.forbund.scope) as here:
            here.facts["role"] = ROLE
            asked = signing.to_sign(kept["signer"]) if _holds(kept) else None
    except AgreementFault as fault:
        return _back(str(fault), "info")
    if asked is None:
        return _no_link()
    facts = {
        "signer": str(asked.signer_id),
        "version": asked.version,
        "manifest": asked.manifest,
        "transaction": asked.transaction,
    }
    try:
        started = visits.begin_signing(
            provider_id,
            g.forbund.scope,
            PURPOSE,
            number=asked.number,
            visible_text=asked.visible_text,
            binding_line=asked.binding_line,
            facts=facts,
        )
    except EidError as error:
        return _back(sentence_for(error), "error")
    return render_template("eid/leave.html", started=started)


@blueprint.get("/skriv-under/kvitto")
@policy.public("Den som har skrivit under får sitt kvitto; andra får samma svar som för en okänd länk.")
def receipt() -> Any:
    """The signer's own receipt: a file that anybody can check without this service."""
    kept = _kept(known=True)
    if kept is None:
        return _no_link()
    with scope(g.forbund.scope) as here:
        here.facts["role"] = ROLE
        found = signing.receipt(kept["signer"]) if _holds(kept) else None
    if found is None:
        return _no_link()
    head = {"Content-Disposition": f'attachment; filename="underskrift-{kept["signer"]}.json"'}
    return Response(receipts.receipt_bytes(found), mimetype="application/json", headers=head)


# -- after the e-ID ------------------------------------------------------------------------------


def _identified(visit: visits.Visit, identity: Identity) -> Any:
    signer, link = uuid.UUID(visit.facts["signer"]), visit.facts["link"]
    with scope(visit.scope) as here:
        here.facts["role"] = ROLE
        right = signing.identified(signer, link, identity.personnummer)
    if not right:
        return _back(_("Länken är skriven till någon annan än den som legitimerade sig."), "error")
    # What the browser may read has grown: an older cookie must not share it.
    session.rotate()  # type: ignore[attr-defined]
    session[KEPT] = _remembered(signer, link, known=True)
    return redirect(url_for("agreement_link.page"), 303)


def _not_identified(_visit: visits.Visit, error: Exception) -> Any:
    assert isinstance(error, EidError)
    return _back(sentence_for(error), "info")


def _done(visit: visits.Visit, result: SigningResult) -> Any:
    signer, version = uuid.UUID(visit.facts["signer"]), int(visit.facts["version"])
    try:
        with scope(visit.scope) as here:
            here.facts["role"] = ROLE
            signing.signed(
                signer,
                version,
                result,
                provider=result.provider,
                manifest=visit.facts["manifest"],
                transaction=visit.facts["transaction"],
            )
    except AgreementFault as fault:
        with scope(visit.scope) as here:
            here.facts["role"] = ROLE
            signing.too_late(signer, version, result)
        return _back(str(fault), "error")
    return _back(_("Tack. Din underskrift är sparad."), "success")


def _failed(visit: visits.Visit, error: Exception) -> Any:
    if isinstance(error, EidRefused):
        with scope(visit.scope) as here:
            here.facts["role"] = ROLE
            signing.failed(uuid.UUID(visit.facts["signer"]), int(visit.facts["version"]), error)
    assert isinstance(error, EidError)
    return _back(sentence_for(error), "info")


# -- inside --------------------------------------------------------------------------------------


def _remembered(signer: uuid.UUID, link: str, *, known: bool) -> dict[str, Any]:
    until = time.time() + SECONDS
    return {"forbund": g.forbund.id, "signer": str(signer), "link": link, "known": known, "until": until}


def _kept(*, known: bool = False) -> dict[str, Any] | None:
    """The link that this browser has opened, while it is fresh; with `known`, only after the e-ID."""
    kept: dict[str, Any] | None = session.get(KEPT)
    if kept is None or kept["forbund"] != g.forbund.id or kept["until"] < time.time():
        return None
    if known and not kept["known"]:
        return None
    return kept | {"signer": uuid.UUID(kept["signer"])}


def _holds(kept: dict[str, Any]) -> bool:
    return signing.opened(kept["signer"], kept["link"]) is not None


def _check(provider_id: str) -> None:
    if provider_id not in [one.handle for one in _providers()]:
        abort(404)


def _providers() -> list[Any]:
    """The providers that sign in the förbund's scope; who it is, is asked of the same."""
    return visits.signing_providers(g.forbund.scope)


def _back(sentence: str, kind: str) -> Any:
    flash(sentence, kind)
    return redirect(url_for("agreement_link.page"), 303)


def _no_link() -> Any:
    return render_template("agreements/no_link.html"), 404


def init_app(app: Flask) -> None:
    """Register the pages, and what follows an identification and a signing."""
    visits.when_identified(WHO, _identified, _not_identified)
    visits.when_signed(PURPOSE, _done, _failed)
    app.register_blueprint(blueprint)
