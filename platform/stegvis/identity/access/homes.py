"""Where each kind of account comes to, its navigation row, and its kind in words."""

from collections.abc import Callable

from flask_babel import gettext as _

from stegvis.identity.access.rights import Actor

# (label, address) in the order of importance; a room above fills these in when the app is put together.
NavSource = Callable[[Actor], list[tuple[str, str]]]


def home_of(actor: Actor) -> str:
    """The first page of an account."""
    addresses = {"deltagare": "/mina-sidor", "remittent": "/remisser", "kansli": "/laget"}
    return addresses.get(actor.kind, "/idag")


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
