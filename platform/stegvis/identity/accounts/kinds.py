"""Which kinds of account each level has, the rights that each kind can have, and those rights in words."""

from flask_babel import gettext as _

from stegvis.identity.access.rights import (
    FORBUNDSCHEF,
    HANDLEDARE,
    INSATSLEDARE,
    KANSLI,
    OPEN_WITH_REASON,
    PUBLISH,
    REFER,
    SKYDDADE,
    VAULT_ADMIN,
)

# Kind of account -> the rights that it can have. Participants' and meeting guests' accounts are made elsewhere.
RIGHTS_OF_KIND: dict[str, tuple[str, ...]] = {
    "personal": (HANDLEDARE, INSATSLEDARE, PUBLISH, VAULT_ADMIN, OPEN_WITH_REASON, SKYDDADE, REFER),
    "remittent": (REFER,),
    "kansli": (KANSLI, FORBUNDSCHEF),
}
KINDS = {"huvudman": ("personal", "remittent"), "forbund": ("kansli",)}
# The right that somebody must always have, or nobody could let anybody in.
KEEPER = {"huvudman": VAULT_ADMIN, "forbund": FORBUNDSCHEF}


def rights_in_words() -> dict[str, str]:
    """The closed list of rights, as it is read."""
    return {
        HANDLEDARE: _("Handledare"),
        INSATSLEDARE: _("Insatsledare"),
        PUBLISH: _("Godkänna publicering"),
        VAULT_ADMIN: _("Ansvara för konton"),
        OPEN_WITH_REASON: _("Öppna med skäl i andra insatser"),
        SKYDDADE: _("Personer med skyddade personuppgifter"),
        REFER: _("Remittera"),
        KANSLI: _("Kansli"),
        FORBUNDSCHEF: _("Förbundschef"),
    }
