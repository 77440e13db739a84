"""A samtycke for the team: how it stands, asking again, a withdrawal by word of mouth, telling the parties."""

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.identity.access import policy
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE
from stegvis.vault.consent import leaving, service

blueprint = Blueprint("team_consent", __name__, template_folder="templates")
TEAM = {"rights": (HANDLEDARE, INSATSLEDARE)}
PLACE = "/insats/<insats>/samtycken/<uuid:consent_id>"


@blueprint.get(PLACE)
@policy.vault("personal", **TEAM)
def read(insats: str, consent_id: uuid.UUID) -> Any:
    """How a samtycke stands, and what the team does about it."""
    return _page(insats, consent_id, {}, {})


@blueprint.post(f"{PLACE}/fraga-igen")
@policy.vault("personal", **TEAM)
def ask_again(insats: str, consent_id: uuid.UUID) -> Any:
    """Ask the person for a new samtycke."""
    try:
        asked = service.ask_again(insats, consent_id).id
    except service.ConsentFault as fault:
        flash(str(fault), "info")
        asked = consent_id
    else:
        flash(
            _("Frågan väntar nu på personens egna sidor. Det som gäller i dag gäller tills dess tid går ut."),
            "success",
        )
    return redirect(url_for("team_consent.read", insats=insats, consent_id=asked), 303)


@blueprint.post(f"{PLACE}/fraga/<kind>")
@policy.vault("personal", **TEAM)
def ask_for(insats: str, consent_id: uuid.UUID, kind: str) -> Any:
    """Ask the person for a yes of another kind."""
    try:
        asked = service.ask_for(insats, consent_id, kind).id
    except service.ConsentFault as fault:
        flash(str(fault), "info")
        asked = consent_id
    else:
        flash(_("Frågan väntar nu på personens egna sidor."), "success")
    return redirect(url_for("team_consent.read", insats=insats, consent_id=asked), 303)


@blueprint.post(f"{PLACE}/stryk")
@policy.vault("personal", **TEAM)
def strike(insats: str, consent_id: uuid.UUID) -> Any:
    """Take the question back."""
    service.strike(insats, consent_id)
    flash(_("Frågan är borttagen från personens sidor."), "success")
    return redirect(url_for("team_consent.read", insats=insats, consent_id=consent_id), 303)


@blueprint.post(f"{PLACE}/atertagande")
@policy.vault("personal", **TEAM)
def withdrawn(insats: str, consent_id: uuid.UUID) -> Any:
    """The person took it back by word or letter."""
    typed = request.form
    service.withdraw_by_staff(insats, consent_id, typed.get("hur", "").strip(), typed.get("vem", ""))
    flash(
        _("Samtycket är tillbakataget från och med nu. Berätta för parterna, och bocka av dem här."),
        "success",
    )
    return redirect(url_for("team_consent.read", insats=insats, consent_id=consent_id), 303)


@blueprint.post(f"{PLACE}/parter")
@policy.vault("personal", **TEAM)
def told(insats: str, consent_id: uuid.UUID) -> Any:
    """Tick off the parties that have been told."""
    try:
        left = service.tell(
            insats,
            consent_id,
            request.form.getlist("part"),
            request.form.get("hur", ""),
            request.form.get("dag", ""),
        )
    except service.ToldFaults as faults:
        typed = request.form.to_dict() | {"part": request.form.getlist("part")}
        return _page(insats, consent_id, typed, faults.faults), 422
    if left:
        some = _("Sparat. %(n)s parter är kvar.", n=left)
        flash(_("Sparat. 1 part är kvar.") if left == 1 else some, "success")
    else:
        flash(_("Sparat. Alla parter vet nu att samtycket är tillbakataget."), "success")
    return redirect(url_for("team_consent.read", insats=insats, consent_id=consent_id), 303)


# -- beside the team, and the scanned paper -------------------------------------------------------


@blueprint.get(f"{PLACE}/har")
@policy.vault("personal", **TEAM)
def beside(insats: str, consent_id: uuid.UUID) -> Any:
    """A question that was asked again, on the screen of the team, for the person who sits beside."""
    return render_template(
        "consent/beside.html",
        shown=service.page_for_team(insats, consent_id, leaving.language()),
        insats=insats,
        where={"insats": insats, "consent_id": consent_id},
        providers=leaving.providers(),
        languages=service.language_names(),
    )


@blueprint.post(f"{PLACE}/signera/<provider_id>")
@policy.vault("personal", **TEAM)
def sign_beside(insats: str, consent_id: uuid.UUID, provider_id: str) -> Any:
    """The person, or somebody else who must, signs with the own e-ID on the team's screen."""
    back = url_for("team_consent.read", insats=insats, consent_id=consent_id)
    more = url_for("team_consent.beside", insats=insats, consent_id=consent_id)
    return leaving.leave(consent_id, provider_id, back, insats, more)


@blueprint.post(f"{PLACE}/nej")
@policy.vault("personal", **TEAM)
def refuse_beside(insats: str, consent_id: uuid.UUID) -> Any:
    """The person says no on the team's screen."""
    try:
        service.refuse(consent_id, beside=insats)
    except service.ConsentFault as fault:
        flash(str(fault), "info")
    return redirect(url_for("team_consent.read", insats=insats, consent_id=consent_id), 303)


@blueprint.post(f"{PLACE}/papper")
@policy.vault("personal", **TEAM)
def attach(insats: str, consent_id: uuid.UUID) -> Any:
    """Keep the scanned paper."""
    sent = request.files.get("fil")
    try:
        service.attach(insats, consent_id, sent.read() if sent is not None else b"")
    except service.ConsentFault as fault:
        return _page(insats, consent_id, {}, {"fil": str(fault)}), 422
    flash(_("Pappret är sparat. Bara teamet kan hämta det."), "success")
    return redirect(url_for("team_consent.read", insats=insats, consent_id=consent_id), 303)


@blueprint.get(f"{PLACE}/papper/<uuid:scan_id>/fil")
@policy.vault("personal", **TEAM)
def scanned(insats: str, consent_id: uuid.UUID, scan_id: uuid.UUID) -> Any:
    """The scanned paper, to keep or print."""
    content, mime, ending = service.scan(insats, consent_id, scan_id)
    name = f"samtycke-{consent_id}.{ending}"
    return Response(content, mimetype=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _page(insats: str, consent_id: uuid.UUID, typed: Any, faults: dict[str, str]) -> str:
    shown = service.staff_page(insats, consent_id)
    return render_template(
        "consent/staff.html",
        shown=shown,
        insats=insats,
        typed=typed,
        faults=faults,
        today=today(),
        languages=service.language_names(),
    )
