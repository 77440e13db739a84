"""Logging in: choose an e-ID, go there, come back, choose an account; logging out."""

import base64
import json
import time
import uuid
from typing import Any

import structlog
from flask import Blueprint, Flask, abort, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.keys import KeyFault, KeyFileFault
from stegvis.ground.tenancy import ScopeId
from stegvis.ground.tenancy.scope import scope, scopes
from stegvis.identity.access import homes, policy
from stegvis.identity.accounts import browsers, sessions
from stegvis.identity.accounts import service as accounts
from stegvis.identity.audit import service as audit
from stegvis.identity.eid import leaving, visits
from stegvis.identity.eid.client_keys import public_jwks
from stegvis.identity.eid.errors import (
    EidCancelled,
    EidError,
    EidRefused,
    EidUnavailable,
    ProviderConfigError,
)
from stegvis.identity.eid.visit import Identity

blueprint = Blueprint("eid", __name__, template_folder="templates")
log = structlog.get_logger("stegvis.eid")
# How long somebody with several accounts may think; afterwards the e-ID is asked again.
CHOICE_SECONDS = 5 * 60


@blueprint.get("/logga-in")
@policy.public("Inloggningssidan måste kunna läsas av den som inte är inloggad.")
def choose() -> Any:
    """The first page: which e-ID, and what to do without one."""
    onward = safe_onward(request.args.get("vidare"))
    return render_template("eid/choose.html", rows=visits.login_rows(g.forbund.id), onward=onward)


@blueprint.get("/utan-bankid")
@policy.public("Den som inte kan logga in måste kunna läsa vad som går i stället.")
def without() -> Any:
    """No BankID: what goes instead, and whom to ask in this förbund."""
    forbund = g.forbund
    whom = []
    for one in forbund.huvudman:
        running = [
            each.name for each in forbund.insatser_of(one.id) if each.ends is None or each.ends >= today()
        ]
        if running:
            ask = _("Ring växeln och fråga efter %(insatser)s.", insatser=", ".join(running))
            whom.append((one.name, one.contact or ask))
    held = [row.provider for row in visits.login_rows(forbund.id) if row.provider is not None]
    others = [one for one in held if one.title != "BankID" and one.identity == "person"]
    return render_template("eid/without.html", whom=whom, others=others, at_work=visits.at_work())


@blueprint.post("/logga-in/<provider_id>")
@policy.public("Här börjar en inloggning.")
def begin(provider_id: str) -> Any:
    """Leave for the provider; one that does not answer leads back with a sentence."""
    if provider_id not in [row.handle for row in visits.login_rows(g.forbund.id)]:
        abort(404)
    onward = safe_onward(request.form.get("vidare"))
    try:
        started = visits.begin_login(provider_id, g.forbund.id, g.forbund.forbund.name, onward)
    except EidError as error:
        return _failed(error, provider_id, onward)
    return render_template("eid/leave.html", started=started)


@blueprint.get("/legitimera/<provider_id>/svar")
@policy.public("Hit kommer svaret från e-legitimationen; besöket finns i webbläsarens egen session.")
def answer(provider_id: str) -> Any:
    """The callback of one provider, for logins and signings alike; the kept visit says which."""
    if not visits.is_used(g.forbund.id, provider_id):
        abort(404)
    params = request.args.to_dict()
    try:
        visit = visits.take(params.get("state", ""))
    except EidRefused as error:
        return _belongs_to_no_visit(error, provider_id)
    if visit.scope.forbund != g.forbund.id:
        abort(404)
    if visits.pages_after_identifying(visit.purpose) is not None:
        return _identified(visit, provider_id, params)
    if visit.purpose != "login":
        return _signed(visit, provider_id, params)
    return _logged_in(visit, provider_id, params)


def _logged_in(visit: visits.Visit, provider_id: str, params: dict[str, str]) -> Any:
    """After a login: the invitation that may have led here, then the account or the choice of one."""
    onward = str(visit.facts.get("onward", ""))
    try:
        identity = visits.finished_login(visit, provider_id, params)
    except EidError as error:
        return _failed(error, provider_id, onward)
    try:
        _accept_invitation(identity)
    except accounts.InvitationRefused as refusal:
        flash(str(refusal), "error")
        return redirect(url_for("eid.choose"), 303)
    found = _accounts(identity)
    session.pop("choices", None)
    if not found:
        log.info("login_without_account", forbund=g.forbund.id)
        return render_template("eid/nobody.html", at_work=bool(identity.affiliation)), 403
    if len(found) == 1:
        entered = _enter(found[0], provider_id, onward, identity.id_token)
        if visit.facts.get("switching"):
            flash(_("Du har bara det här kontot hos %(name)s.", name=g.forbund.forbund.name), "info")
        return entered
    session.rotate()  # type: ignore[attr-defined]
    session.clear()
    waiting = {
        "accounts": found,
        "provider": provider_id,
        "onward": onward,
        "id_token": identity.id_token,
    }
    # Sealed: that these accounts are one person's must not be read in the broker (walls 3).
    session["choices"] = {"sealed": _seal(waiting), "until": time.time() + CHOICE_SECONDS}
    return redirect(url_for("eid.accounts_of_person"), 303)


@blueprint.get("/inbjudan/<huvudman>/<token>")
@policy.public("Den som är inbjuden har inget konto än; inbjudan öppnas först efter e-legitimationen.")
def invited(huvudman: str, token: str) -> Any:
    """Remember the invitation in this browser and go to the login; the e-ID must be the invited person's."""
    scope_id = ScopeId(g.forbund.id) if huvudman == "-" else ScopeId(g.forbund.id, huvudman)
    if not scopes().directory.knows(scope_id):
        # Nobody is known yet and the vault is not this förbund's: a line, or anybody could fill a trail.
        log.warning("invitation_of_nobody", forbund=g.forbund.id)
        abort(404)
    session["invitation"] = {"scope": str(scope_id), "token": token}
    flash(_("Logga in med din e-legitimation, så öppnas ditt konto."), "info")
    return redirect(url_for("eid.choose"), 303)


@blueprint.get("/valj-konto")
@policy.public("Den som har flera konton väljer här; valen ligger i webbläsarens egen session.")
def accounts_of_person() -> Any:
    """Several accounts: as what does the person come today?"""
    waiting = _choices()
    if waiting is None:
        return redirect(url_for("eid.choose"), 303)
    return render_template("eid/accounts.html", found=[_described(one) for one in waiting["accounts"]])


@blueprint.post("/valj-konto")
@policy.public("Den som har flera konton väljer här; valen ligger i webbläsarens egen session.")
def choose_account() -> Any:
    """Enter as the chosen account: one of those that the login found, and no other."""
    waiting = _choices()
    if waiting is None:
        return redirect(url_for("eid.choose"), 303)
    chosen = request.form.get("konto", "")
    found = [one for one in waiting["accounts"] if one[1] == chosen]
    if not found:
        abort(404)
    return _enter(found[0], waiting["provider"], waiting["onward"], waiting["id_token"])


@blueprint.post("/logga-ut")
@policy.public("Den som vill ut ska alltid komma ut.")
def leave() -> Any:
    """End this session here, and lead on to the provider's own logout where there is one."""
    provider_id, id_token = leaving.end_here()
    started = leaving.to_provider(provider_id, id_token)
    if started is not None:
        return render_template("eid/logged_out.html", started=started, eid=visits.title_of(provider_id))
    flash(_("Du är utloggad."), "success")
    return redirect(url_for("eid.choose"), 303)


@blueprint.get("/utloggad")
@policy.public("Hit kommer webbläsaren från e-legitimationens utloggning; ingen är inloggad då.")
def left() -> Any:
    """Back from the provider's logout. Whoever comes here by a link is neither logged out nor told so."""
    holds = leaving.came_back(request.args.to_dict())
    if holds is None:
        return redirect(url_for("catalogue.front"), 303)
    if holds:
        flash(_("Du är utloggad, också hos din e-legitimation."), "success")
    else:
        flash(
            _(
                "Du är utloggad här. Vi vet inte om din e-legitimation loggade ut dig: "
                "stäng webbläsaren om fler använder den."
            ),
            "warning",
        )
    return redirect(url_for("eid.choose"), 303)


@blueprint.post("/byt-konto")
@policy.public(
    "Den som är inloggad legitimerar sig på nytt och väljer konto; ingen annan har något att byta."
)
def switch() -> Any:
    """End this session and log in again with the same e-ID: several accounts are a choice then.

    Everybody has the button: that somebody has other accounts is not known before the e-ID has said who it is.
    """
    login = policy.current_login()
    if login is None:
        return policy.to_login()
    if visits.login_provider(login["provider"]) is None:
        # It is not shown here any longer: the login page has those that are.
        leaving.end_here()
        return redirect(url_for("eid.choose"), 303)
    name = g.forbund.forbund.name
    try:
        started = visits.begin_login(login["provider"], g.forbund.id, name, "", switching=True)
    except EidError as error:
        # Still logged in: what is worse than no other account is none at all.
        _log_failure(error, login["provider"])
        flash(sentence_for(error), "error")
        return redirect(url_for("accounts.own"), 303)
    kept = session["visits"]
    leaving.end_here()
    session["visits"] = kept
    return render_template("eid/leave.html", started=started)


def safe_onward(address: str | None) -> str:
    """An address on this host, or an empty string: nobody is sent elsewhere by a link."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return ""
    return "" if any(ord(letter) < 32 for letter in address) else address.rstrip("?")


def _accounts(identity: Identity) -> list[list[str]]:
    """Every account of a person in this förbund: [scope, account, kind, organisation]; one short scope each.

    There is no register to ask: each vault is asked with its own key (walls 3). One that is closed keeps
    nobody out of the others; who is found nowhere else is told that something is closed.
    """
    found, closed = [], None
    for scope_id in scopes().living():
        if scope_id.forbund != g.forbund.id or scope_id.publishing:
            continue
        try:
            with scope(scope_id):
                for account_id, kind, organisation in accounts.accounts_of_number(
                    identity.personnummer, identity.affiliation
                ):
                    found.append([str(scope_id), str(account_id), kind, organisation])
        except KeyFileFault as fault:
            closed = fault
    if not found and closed is not None:
        raise closed
    return found


def _accept_invitation(identity: Identity) -> None:
    """Open the account of an invitation that this browser came with. Raises InvitationRefused."""
    waiting = session.pop("invitation", None)
    if waiting is None:
        return
    with scope(waiting["scope"]) as opened:
        opened.facts["role"] = "inbjuden"
        accounts.accept_invitation(waiting["token"], identity.personnummer, identity.affiliation)


def _choices() -> dict[str, Any] | None:
    """The accounts that the last login in this browser found, while the choice is fresh."""
    kept = session.get("choices")
    if kept is None:
        return None
    if kept["until"] < time.time():
        session.pop("choices")
        return None
    ring = scopes().ring(ScopeId(g.forbund.id))
    try:
        found: dict[str, Any] = json.loads(ring.open_blob(base64.b64decode(kept["sealed"]), "choices"))
    except KeyFault:
        return None
    return found


def _seal(waiting: dict[str, Any]) -> str:
    ring = scopes().ring(ScopeId(g.forbund.id))
    return base64.b64encode(ring.seal_blob(json.dumps(waiting).encode(), "choices")).decode()


def _described(one: list[str]) -> dict[str, str]:
    """A choice in words: as what, and where."""
    scope_id = ScopeId.parse(one[0])
    where = g.forbund.huvudman_by_id(scope_id.huvudman).name if scope_id.huvudman else g.forbund.forbund.name
    return {"account": one[1], "as_what": homes.kind_in_words(one[2]), "where": where, "from": one[3]}


def _enter(one: list[str], provider_id: str, onward: str, id_token: str) -> Any:
    scope_text, account, kind, _organisation = one
    outsider = kind in policy.OUTSIDERS
    with scope(scope_text, account=uuid.UUID(account)) as opened:
        actor = accounts.actor_of(uuid.UUID(account))
        if actor is None:
            flash(_("Kontot har avslutats. Be den som ansvarar för konton om en ny inbjudan."), "error")
            return redirect(url_for("eid.choose"), 303)
        opened.facts["role"] = actor.kind
        audit.record("logga_in", "account", actor.account, leverantor=provider_id)
        target = onward or homes.home_of(actor)
    kept = sessions.Kept(id_token, browsers.coarse(request.user_agent.string))
    sessions.begin_login(session, scope_text, account, provider_id, outsider=outsider, kept=kept)  # type: ignore[arg-type]
    return redirect(target, 303)


def _signed(visit: visits.Visit, provider_id: str, params: dict[str, str]) -> Any:
    done, failed = visits.pages_after(visit.purpose)
    try:
        result = visits.finished_signing(visit, provider_id, params)
    except EidError as error:
        _log_failure(error, provider_id)
        return failed(visit, error)
    return done(visit, result)


def _belongs_to_no_visit(error: EidError, provider_id: str) -> Any:
    """An answer that was used already (the back button, a second tab), is too old, or was begun elsewhere.

    Who is logged in has most likely finished what the answer was for, and is told that it stands.
    """
    login = policy.current_login()
    if login is None:
        return _failed(error, provider_id, "")
    _log_failure(error, provider_id)
    with scope(login["scope"], account=uuid.UUID(login["account"])):
        actor = accounts.actor_of(uuid.UUID(login["account"]))
    flash(
        _(
            "Svaret från e-legitimationen är redan använt eller för gammalt. "
            "Inget nytt har hänt, och det som är klart finns kvar."
        ),
        "info",
    )
    return redirect(homes.home_of(actor) if actor else url_for("eid.choose"), 303)


def _identified(visit: visits.Visit, provider_id: str, params: dict[str, str]) -> Any:
    pages = visits.pages_after_identifying(visit.purpose)
    assert pages is not None
    done, failed = pages
    try:
        identity = visits.finished_login(visit, provider_id, params)
    except EidError as error:
        _log_failure(error, provider_id)
        return failed(visit, error)
    return done(visit, identity)


def _failed(error: EidError, provider_id: str, onward: str) -> Any:
    _log_failure(error, provider_id)
    flash(sentence_for(error), "info" if isinstance(error, EidCancelled) else "error")
    return redirect(url_for("eid.choose", vidare=onward or None), 303)


def _log_failure(error: EidError, provider_id: str) -> None:
    reason = error.reason_code.value if isinstance(error, EidRefused) else type(error).__name__
    log.warning("eid_visit_ended", provider=provider_id, forbund=g.forbund.id, reason=reason)


def sentence_for(error: EidError) -> str:
    """What to tell the person."""
    if isinstance(error, EidCancelled):
        return _("Du avbröt eller kunde inte legitimeras. Inget har ändrats. Försök igen när du vill.")
    if isinstance(error, EidUnavailable):
        return _("E-legitimationen svarar inte just nu. Inget har ändrats. Försök igen om en stund.")
    if isinstance(error, ProviderConfigError):
        return _("E-legitimationen är fel inställd hos oss. Inget har ändrats. Välj en annan e-legitimation.")
    return _("Svaret från e-legitimationen gick inte att lita på, så inget har ändrats. Försök igen.")


@blueprint.get("/.well-known/jwks.json")
@policy.public("Öppna nycklar som e-legitimationens leverantör prövar våra begäranden med.")
def jwks() -> Any:
    """Our public keys."""
    return public_jwks(visits.public_keys(g.forbund.id))


def init_app(app: Flask) -> None:
    """Register the pages."""
    visits.init_app(app)
    app.register_blueprint(blueprint)
