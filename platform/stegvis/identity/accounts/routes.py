"""Pages of accounts: who may log in here, inviting, rights, ending and renewing."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from stegvis.ground.tenancy.scope import current
from stegvis.identity.access import homes, policy
from stegvis.identity.access.rights import FORBUNDSCHEF, VAULT_ADMIN
from stegvis.identity.accounts import administration, numbers, own_logins
from stegvis.identity.accounts.kinds import KINDS, RIGHTS_OF_KIND, rights_in_words
from stegvis.identity.eid import visits

blueprint = Blueprint("accounts", __name__, template_folder="templates")
KEEPERS = ((VAULT_ADMIN,), (FORBUNDSCHEF,))
# The fields of an invitation, as they stand on the page.
FIELDS = ("namn", "epost", "nummer", "org", "slag", "organisation", "insats", "ratt")


@blueprint.get("/konton")
@policy.both_levels(*KEEPERS)
def overview() -> Any:
    """Everybody with an account here, with rights and last day; those who are invited."""
    page, words = administration.overview(), _words()
    kinds = [one for one in KINDS[current().id.level] if any(x.kind == one for x in page.living)]
    wanted = request.args.get("visa", "")
    shown = [one for one in page.living if wanted not in kinds or one.kind == wanted]
    return _marked(
        shown,
        lambda found: render_template(
            "accounts/overview.html", found=found, page_of=page, kinds=kinds, wanted=wanted, **words
        ),
    )


@blueprint.get("/konton/ny")
@policy.both_levels(*KEEPERS)
def new() -> Any:
    """The form that invites somebody."""
    return _form({}, {})


@blueprint.post("/konton/ny/kontroll")
@policy.both_levels(*KEEPERS)
def check() -> Any:
    """What was typed is read back, before anything is made of it."""
    invited, faults = _read(request.form)
    if faults:
        return _form(request.form, faults), 422
    return render_template("accounts/check.html", invited=invited, **_words())


@blueprint.post("/konton/ny")
@policy.both_levels(*KEEPERS)
def invite() -> Any:
    """An invitation, whose link is shown this once."""
    typed = request.form
    invited, faults = _read(typed)
    if faults:
        return _form(typed, faults), 422
    try:
        token = administration.invite(invited)
    except administration.AccountFault as fault:
        return _form(typed, {"slag": str(fault)}), 422
    address = url_for("eid.invited", huvudman=current().id.huvudman or "-", token=token, _external=True)
    return render_template("accounts/invited.html", invited=invited, address=address, **_words())


@blueprint.post("/konton/inbjudan/<uuid:invitation_id>/ta-tillbaka")
@policy.both_levels(*KEEPERS)
def take_back(invitation_id: uuid.UUID) -> Any:
    """The invitation opens nothing any more."""
    administration.take_back_invitation(invitation_id)
    flash(_("Inbjudan är tillbakatagen. Länken går inte längre att använda."), "success")
    return redirect(url_for("accounts.overview"), 303)


@blueprint.get("/konton/<uuid:account_id>")
@policy.both_levels(*KEEPERS)
def one(account_id: uuid.UUID) -> Any:
    """One account: rights, last day, and what can be done with it."""
    return _page(account_id, {})


@blueprint.post("/konton/<uuid:account_id>/ratter/ge")
@policy.both_levels(*KEEPERS)
def give(account_id: uuid.UUID) -> Any:
    """Give a right."""
    right, insats = request.form.get("ratt", ""), request.form.get("insats", "")
    return _done(
        account_id,
        "ratt",
        lambda: administration.give(account_id, right, insats),
        _("Rätten är given. Den gäller från och med nu."),
    )


@blueprint.post("/konton/<uuid:account_id>/ratter/ta")
@policy.both_levels(*KEEPERS)
def take(account_id: uuid.UUID) -> Any:
    """Take a right."""
    right, insats = request.form.get("ratt", ""), request.form.get("insats", "")
    return _done(
        account_id,
        "ratter",
        lambda: administration.take(account_id, right, insats),
        _("Rätten är borttagen. Den gäller inte längre."),
    )


@blueprint.post("/konton/<uuid:account_id>/avsluta")
@policy.both_levels(*KEEPERS)
def end(account_id: uuid.UUID) -> Any:
    """End the account at once."""
    return _done(
        account_id,
        "avsluta",
        lambda: administration.end(account_id),
        _("Kontot är avslutat. Personen är utloggad och kan inte logga in igen."),
    )


@blueprint.post("/konton/<uuid:account_id>/fornya")
@policy.both_levels(*KEEPERS)
def renew(account_id: uuid.UUID) -> Any:
    """Another authority's account lives 90 days more."""
    contact = request.form.get("kontakt", "")
    return _done(
        account_id,
        "kontakt",
        lambda: administration.renew(account_id, contact),
        _("Kontot är förnyat i 90 dagar."),
    )


@blueprint.get("/mina-inloggningar")
@policy.everybody()
def own() -> Any:
    """Where I am logged in with this account."""
    found = own_logins.listed(session["login"])
    return render_template(
        "accounts/own_logins.html",
        found=found,
        frame=homes.frame_of(policy.actor()),
        idle=policy.idle_minutes(current().id),
        title_of=visits.title_of,
    )


@blueprint.post("/mina-inloggningar/<login_id>/avsluta")
@policy.everybody()
def end_own(login_id: str) -> Any:
    """Log one other browser out."""
    own_logins.end(login_id)
    flash(_("Inloggningen är avslutad."), "success")
    return redirect(url_for("accounts.own"), 303)


@blueprint.post("/mina-inloggningar/avsluta-andra")
@policy.everybody()
def end_others() -> Any:
    """Log every other browser out."""
    count = own_logins.end_others(session["login"])
    flash(_("Inga andra var kvar.") if not count else _("Du är utloggad överallt utom här."), "success")
    return redirect(url_for("accounts.own"), 303)


@blueprint.post("/konton/<uuid:account_id>/uppgifter")
@policy.both_levels(*KEEPERS)
def details(account_id: uuid.UUID) -> Any:
    """Another e-mail address, or another name to be shown under."""
    typed = request.form
    email, fault = numbers.read_email(typed["epost"]) if typed.get("epost", "").strip() else ("", "")
    if fault:
        return _page(account_id, {"epost": fault}, 422)
    return _done(
        account_id,
        "epost",
        lambda: administration.change_details(account_id, email, typed.get("visas_som", "")),
        _("Uppgifterna är ändrade. De gäller från och med nu."),
    )


def _done(account_id: uuid.UUID, field: str, act: Callable[[], Any], sentence: str) -> Any:
    try:
        act()
    except administration.AccountFault as fault:
        return _page(account_id, {field: str(fault)}, 422)
    flash(sentence, "success")
    return redirect(url_for("accounts.one", account_id=account_id), 303)


def _page(account_id: uuid.UUID, faults: dict[str, str], status: int = 200) -> Any:
    found, words = administration.one(account_id), _words()
    free = administration.free_rights(found)
    typed = request.form
    return _marked(
        (found,),
        lambda marked: (
            render_template(
                "accounts/one.html", one=marked[0], free=free, faults=faults, typed=typed, **words
            ),
            status,
        ),
    )


def _marked(found: Any, render: Callable[[Any], Any]) -> Any:
    """Finish a page of a vault when its scope is closed, with the mark of who has an account at the förbund."""
    if current().id.huvudman is None:
        return render(found)
    forbund = g.forbund.scope
    return policy.Afterwards(lambda: render(administration.with_marks(forbund, found)))


def _read(typed: Any) -> tuple[administration.Invited, dict[str, str]]:
    """What was typed, and a sentence for each field that is wrong."""
    number, org, faults = _read_identity(typed)
    email, fault = numbers.read_email(typed.get("epost", ""))
    if fault:
        faults["epost"] = fault
    name, kind = " ".join(typed.get("namn", "").split()), typed.get("slag", "")
    rights = tuple(one for one in RIGHTS_OF_KIND.get(kind, ()) if one in typed.getlist("ratt"))
    if len(name.split(" ")) < 2:
        faults["namn"] = _("Skriv förnamn och efternamn.")
    if kind not in KINDS[current().id.level]:
        faults["slag"] = _("Välj vad för slags konto det ska vara.")
    elif kind == "remittent":
        rights = RIGHTS_OF_KIND[kind]
        if not typed.get("organisation", "").strip():
            faults["organisation"] = _("Skriv vilken myndighet personen arbetar på.")
    elif not rights:
        faults["ratt"] = _("Välj minst en rätt. Utan rätter kan personen inte göra något.")
    insats = typed.get("insats", "")
    if insats and insats not in administration.insatser_here():
        faults["insats"] = _("Välj insats.")
    organisation = typed.get("organisation", "").strip() if kind == "remittent" else ""
    shown = " ".join(typed.get("visas_som", "").split())
    invited = administration.Invited(number, name, kind, rights, insats, organisation, org, email, shown)
    return invited, {field: faults[field] for field in FIELDS if field in faults}


def _read_identity(typed: Any) -> tuple[str, str, dict[str, str]]:
    """A typed number, or the organisation's identity instead: (number, identity, faults)."""
    written, work = typed.get("nummer", "").strip(), typed.get("org", "").strip()
    if work and written:
        return "", "", {"org": _("Skriv personnummer eller e-legitimation i tjänsten, inte båda.")}
    if work:
        org, fault = numbers.read_org(work)
        return "", org, {"org": fault} if fault else {}
    number, fault = numbers.read(written)
    return number, "", {"nummer": fault} if fault else {}


def _form(typed: Any, faults: dict[str, str]) -> str:
    level = current().id.level
    rights = rights_in_words()
    offered = [(one, rights[one]) for one in RIGHTS_OF_KIND[KINDS[level][0]]]
    kinds = [(one, homes.kind_in_words(one)) for one in KINDS[level]]
    chosen = typed.getlist("ratt") if hasattr(typed, "getlist") else []
    return render_template(
        "accounts/new.html",
        typed=typed,
        faults=faults,
        kinds=kinds,
        offered=offered,
        chosen=chosen,
        at_work=visits.at_work(),
        **_words(),
    )


def _words() -> dict[str, Any]:
    """What every page of accounts needs to put codes into words."""
    return {
        "rights": rights_in_words(),
        "insatser": dict(administration.insatser_here()),
        "kind_in_words": homes.kind_in_words,
        "at_vault": current().id.huvudman is not None,
    }


def init_app(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
