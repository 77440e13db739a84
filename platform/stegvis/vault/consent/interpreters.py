"""An interpreter who was present: authorised or another, and the language. The name is not needed."""

from dataclasses import dataclass

from babel import Locale
from flask_babel import gettext as _

from stegvis.vault.consent.models import Consent
from stegvis.vault.consent.texts import ConsentFault
from stegvis.vault.participants import service as participants

KINDS = ("auktoriserad", "annan")
# The languages that are interpreted most in Swedish public service, by code of ISO 639; `swl` is the Swedish
# sign language.
LANGUAGES = (
    "am", "ar", "az", "bg", "bn", "bs", "ckb", "cs", "de", "el", "en", "es", "et", "fa", "fi", "fr", "hi", "hr", "hu",
    "hy", "it", "ka", "kmr", "lt", "lv", "mk", "mn", "ne", "nl", "om", "pl", "prs", "ps", "pt", "ro", "rom", "ru",
    "sk", "so", "sq", "sr", "sw", "swl", "ta", "th", "ti", "tr", "uk", "ur", "uz", "vi", "yue", "zh",
)  # fmt: skip
# Where the name of the standard is not the one that interpreters use.
OWN_NAMES = {
    "ckb": "sorani", "kmr": "kurmanji", "prs": "dari", "ps": "pashto", "rom": "romani", "swl": "svenskt teckenspråk",
}  # fmt: skip


@dataclass(frozen=True)
class Interpreter:
    """Kind (empty: nobody) and language."""

    kind: str = ""
    language: str = ""

    @property
    def code(self) -> str:
        """As it stands in evidence: `auktoriserad:so`, or empty."""
        return f"{self.kind}:{self.language}" if self.kind else ""

    def fault(self) -> str:
        """What is missing or unknown, in a sentence; empty when all is well."""
        if self.kind and self.kind not in KINDS:
            return _("Välj om tolken var auktoriserad.")
        if self.kind and self.language not in LANGUAGES:
            return _("Välj vilket språk tolken tolkade.")
        return ""


NONE = Interpreter()


def of(row: Consent) -> Interpreter:
    """The interpreter of a samtycke."""
    return Interpreter(row.interpreter, row.interpreter_language)


def note(row: Consent, told: Interpreter) -> None:
    """Keep who interpreted. Raises ConsentFault; the kind is kept even then, so that only the language is asked."""
    row.interpreter = told.kind if told.kind in KINDS else ""
    row.interpreter_language = told.language if row.interpreter and told.language in LANGUAGES else ""
    fault = told.fault()
    if fault:
        raise ConsentFault(fault)


def language_names() -> list[tuple[str, str]]:
    """The languages to choose among: (code, Swedish name), in Swedish order."""
    return sorted(
        ((code, language_name(code)) for code in LANGUAGES),
        key=lambda one: participants.swedish_order(one[1]),
    )


def language_name(code: str) -> str:
    """A language's name in Swedish: what staff writes is Swedish whatever language the page is read in."""
    own = {
        "ps": "pashto",
        "swl": "svenskt teckenspråk",
        "prs": "dari",
        "kmr": "kurmanji",
        "ckb": "sorani",
        "rom": "romani",
    }
    return own.get(code) or Locale("sv").languages.get(code, code)
