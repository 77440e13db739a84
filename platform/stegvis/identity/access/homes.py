"""Where each kind of account comes to, its navigation row, and its kind in words."""

from flask_babel import gettext as _

from stegvis.identity.access.rights import PUBLISH, REFER, TEAM, VAULT_ADMIN, Actor


def home_of(actor: Actor) -> str:
    """The first page of an account."""
    addresses = {"deltagare": "/mina-sidor", "remittent": "/remisser", "kansli": "/laget"}
    if actor.kind in addresses:
        return addresses[actor.kind]
    if actor.insatser(*TEAM):
        return "/idag"
    if actor.has(PUBLISH):
        return "/granskning"
    if actor.has(VAULT_ADMIN):
        return "/konton"
    return "/remisser" if actor.has(REFER) else "/"


def frame_of(actor: Actor) -> str:
    """The frame of a page that every kind of account has: the participant's is for a phone."""
    return "web/frame_participant.html" if actor.kind == "deltagare" else "web/frame.html"


def kind_in_words(kind: str) -> str:
    """The kind of an account as it is shown."""
    words = {
        "personal": _("Personal"),
        "remittent": _("Remittent"),
        "deltagare": _("Deltagare"),
        "kansli": _("Förbundets kansli"),
        "motesdeltagare": _("Mötesdeltagare"),
        "foretradare": _("Företrädare"),
        "utvarderare": _("Utvärderare"),
    }
    return words.get(kind, kind)
