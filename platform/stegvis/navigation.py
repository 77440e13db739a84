"""The frame of each request: whose page it is, as what, and at most six ways on. Wiring: knows every room."""

from flask import Flask, g, request, session
from flask_babel import gettext as _

from stegvis.ground.tenancy import Forbund, ScopeId
from stegvis.ground.web import NavItem, Page, set_page_source
from stegvis.identity.access import homes
from stegvis.identity.access.rights import (
    FORBUNDSCHEF,
    HANDLEDARE,
    INSATSLEDARE,
    KANSLI,
    PUBLISH,
    REFER,
    TEAM,
    VAULT_ADMIN,
    Actor,
)


def init_app(app: Flask) -> None:
    """Make this the source of every page's frame."""
    set_page_source(app, make_page)


def make_page() -> Page:
    """The frame: bare where no förbund is known, public where nobody is logged in."""
    forbund: Forbund | None = g.get("forbund")
    if forbund is None:
        return Page()
    shown = Page(forbund_name=forbund.forbund.name, forbund_class=f"fb-{forbund.id.replace('_', '-')}")
    shown.languages = ("sv", "en")
    actor: Actor | None = g.get("actor")
    if actor is None:
        return shown
    shown.who, shown.as_what = actor.name, as_what(actor)
    shown.logout_url, shown.switch_url = "/logga-ut", "/byt-konto"
    # Everybody has both: whether somebody has several accounts is not known here (walls 3).
    own = "/mina-inloggningar"
    shown.own_ways = [NavItem(_("Mina inloggningar"), own, current=_is_here(own))]
    shown.home_url = homes.home_of(actor)
    scope_id = ScopeId.parse(session["login"]["scope"])
    # A participant reads who answers for the data on the page itself; the header is for one thing there.
    if scope_id.huvudman and actor.kind != "deltagare":
        shown.where = forbund.huvudman_by_id(scope_id.huvudman).name
    shown.nav = [
        NavItem(label, address, current=_is_here(address))
        for label, address in ways(actor, forbund, scope_id)
    ]
    return shown


def as_what(actor: Actor) -> str:
    """The role in words, the weightiest first."""
    titles = _titles()
    if actor.has(INSATSLEDARE):
        return titles[INSATSLEDARE]
    for right, words in titles.items():
        if actor.has(right):
            return words
    return homes.kind_in_words(actor.kind).lower()


def _titles() -> dict[str, str]:
    return {
        HANDLEDARE: _("handledare"),
        INSATSLEDARE: _("insatsledare"),
        VAULT_ADMIN: _("ansvarig för konton"),
        REFER: _("remittent"),
        FORBUNDSCHEF: _("förbundschef"),
        KANSLI: _("kansli"),
    }


def ways(actor: Actor, forbund: Forbund, scope_id: ScopeId) -> list[tuple[str, str]]:
    """Label and address of what this actor may do, in the order of importance; at most six."""
    if actor.kind == "deltagare":
        return [
            (_("Hem"), "/mina-sidor"),
            (_("Min plan"), "/mina-sidor/plan"),
            (_("Min utveckling"), "/mina-sidor/utveckling"),
            (_("Mina samtycken"), "/mina-sidor/samtycken"),
            (_("Vem har läst om mig"), "/mina-sidor/lasningar"),
        ]
    if actor.kind == "remittent":
        return [(_("Mina remisser"), "/remisser"), (_("Ny remiss"), "/remisser/ny")]
    if actor.kind == "kansli":
        found = [
            (_("Läget"), "/laget"),
            (_("Rapporter"), "/rapporter"),
            (_("Överenskommelser"), "/overenskommelser"),
            (_("Diarium"), "/diarium"),
        ]
        return [*found, (_("Konton"), "/konton")] if actor.has(FORBUNDSCHEF) else found
    return _staff_ways(actor, forbund, scope_id)


def _staff_ways(actor: Actor, forbund: Forbund, scope_id: ScopeId) -> list[tuple[str, str]]:
    mine = [one.id for one in forbund.insatser_of(scope_id.huvudman or "") if actor.in_team(one.id)]
    found = []
    if actor.insatser(*TEAM):
        found.append((_("I dag"), "/idag"))
    if mine:
        found.append((_("Personer"), f"/insats/{mine[0]}/personer"))
        found.append((_("Remisser"), f"/insats/{mine[0]}/remisser"))
    if mine and actor.has(INSATSLEDARE, mine[0]):
        found.append((_("Rapporter"), f"/insats/{mine[0]}/rapporter"))
    if actor.has(REFER) and not mine:
        found.append((_("Mina remisser"), "/remisser"))
    if actor.has(PUBLISH):
        found.append((_("Godkänn"), "/granskning"))
    if actor.has(VAULT_ADMIN):
        found.append((_("Konton"), "/konton"))
    return found


def _is_here(address: str) -> bool:
    path = request.path.rstrip("/")
    return path == address or (path.startswith(address + "/") and address not in ("/mina-sidor", "/remisser"))
