"""The closed list of what an event can say that somebody did, and the words in which a person reads it."""

from flask_babel import gettext as _


def _sentences(thing: str) -> dict[str, str]:
    """Every action, as the participant reads it under *Vem har läst om mig*: somebody ..."""
    return {
        # Reading.
        "las": _("läste %(thing)s", thing=thing),
        "lista": _("läste en lista"),
        "sok": _("sökte"),
        "exportera": _("hämtade en fil om dig"),
        "skriv_ut": _("skrev ut %(thing)s", thing=thing),
        # Writing.
        "skapa": _("skrev %(thing)s", thing=thing),
        "andra": _("ändrade %(thing)s", thing=thing),
        "forstor": _("tog bort %(thing)s", thing=thing),
        "gallra": _("gallrade underlaget till ditt samtycke"),
        # Deciding.
        "skicka": _("skickade %(thing)s", thing=thing),
        "oppna": _("öppnade din remiss"),
        "oppna_med_skal": _("öppnade dina uppgifter från en annan insats"),
        "besluta": _("beslutade om din remiss"),
        "fraga": _("frågade om ditt samtycke"),
        "borja_signera": _("började skriva under"),
        "signera": _("tog emot ett undertecknat samtycke"),
        "signera_misslyckat": _("avvisade en underskrift som inte stämde"),
        "neka_samtycke": _("sa nej till samtycke"),
        "ta_tillbaka": _("tog tillbaka ett samtycke"),
        "besvara_markering": _("svarade på en markering i en rapport"),
        "lamna_tillbaka": _("lämnade tillbaka en rapport"),
        "attestera": _("attesterade en rapport"),
        "registrera": _("registrerade en handling"),
        # Documents signed by several.
        "makulera": _("makulerade en handling som skulle skrivas under"),
        "paminn": _("påminde om en underskrift"),
        "gor_klar": _("satte samman en underskriven handling"),
        "aterlamna": _("återlämnade en rapport"),
        # Who may come in.
        "logga_in": _("loggade in"),
        "logga_ut": _("loggade ut"),
        "avsluta_inloggning": _("avslutade en inloggning"),
        "bjud_in": _("bjöd in någon"),
        "anta_inbjudan": _("antog en inbjudan"),
        "ta_tillbaka_inbjudan": _("tog tillbaka en inbjudan"),
        "oppna_konto": _("öppnade ett konto"),
        "stang_konto": _("stängde ett konto"),
        "fornya_konto": _("förnyade ett konto"),
        "ge_ratt": _("gav en behörighet"),
        "ta_ratt": _("tog bort en behörighet"),
        "ta_ratter": _("tog bort behörigheter"),
        "neka": _("nekades att se %(thing)s", thing=thing),
        # Keys, by whoever runs the service.
        "byt_nycklar": _("bytte nycklar"),
        "byt_nyckelfil": _("bytte nyckelfil"),
        "forstor_nyckel": _("förstörde en nyckel"),
        # The trail itself.
        "lamna_huvud": _("lämnade ut spårbarhetens huvud"),
    }


ACTIONS = frozenset(
    {
        "andra", "anta_inbjudan", "aterlamna", "attestera", "avsluta_inloggning", "besluta",
        "besvara_markering", "bjud_in",
        "borja_signera", "byt_nyckelfil", "byt_nycklar", "exportera", "fornya_konto", "forstor", "forstor_nyckel",
        "fraga", "gallra", "ge_ratt", "gor_klar", "lamna_huvud", "lamna_tillbaka", "las", "lista", "logga_in",
        "logga_ut", "makulera", "neka", "neka_samtycke", "oppna", "oppna_konto", "oppna_med_skal", "paminn",
        "registrera", "signera", "signera_misslyckat", "skapa", "skicka", "skriv_ut", "sok", "stang_konto",
        "ta_ratt", "ta_ratter", "ta_tillbaka", "ta_tillbaka_inbjudan",
    }
)  # fmt: skip


class UnknownAction(ValueError):
    """An event names an action that is not in the list: nobody could read it in words."""


def known(action: str) -> str:
    """The action, if it stands in the list. Raises UnknownAction."""
    if action not in ACTIONS:
        raise UnknownAction(f"{action} is no action: add it to identity/audit/actions.py, with its words")
    return action


def in_words(action: str, thing: str) -> str:
    """What somebody did with a thing, as the person whom it is about reads it. Raises UnknownAction."""
    return _sentences(thing)[known(action)]
