"""Words of agreements: on screen in the reader's language, and those that are signed, which are frozen."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from stegvis.identity.eid import binding

# Frozen: they stand in signed texts and on the trail page. Swedish, English.
KINDS = {"ansokan": ("ansökan", "application"), "overenskommelse": ("överenskommelse", "agreement")}
THE_KIND = {"ansokan": "ansökan", "overenskommelse": "överenskommelsen"}
GROUNDS = {
    "delegationsordning": ("delegationsordning", "delegation order"),
    "arbetsordning": ("arbetsordning", "rules of procedure"),
    "beslut": ("beslut", "decision"),
    "firmateckningsratt": ("firmateckningsrätt", "right to sign for the company"),
    "stallningsfullmakt": ("ställningsfullmakt", "authority by position"),
    "god_man": ("förordnande som god man", "appointment as guardian (god man)"),
    "forvaltare": ("förordnande som förvaltare", "appointment as trustee (förvaltare)"),
}
# Grounds that say nothing without a number or a name beside them.
WITH_NOTE = ("beslut", "god_man", "forvaltare")


@dataclass(frozen=True)
class SignerWords:
    """A signer in clear, for the text that the signer signs."""

    name: str
    title: str
    party: str
    ground: str
    note: str


def ground_written(ground: str, note: str, *, english: bool = False) -> str:
    """What gives the right to sign, with its number or name: "beslut, 2024-02-01 § 12"."""
    word = GROUNDS[ground][1 if english else 0]
    return f"{word}, {note}" if note else word


def role_of(one: SignerWords) -> str:
    """The signer's role as evidence records it."""
    title = f"{one.title}, " if one.title else ""
    return f"{title}{one.party} ({ground_written(one.ground, one.note)})"


def text_to_sign(
    *,
    kind: str,
    title: str,
    file: str,
    version: int,
    sha256: str,
    parties: Sequence[str],
    signer: SignerWords,
    forbund: str,
) -> binding.FrozenText:
    """What stands on the signing screen, in Swedish. Raises BindingError."""
    lines = [
        f"Jag skriver under {THE_KIND[kind]} ”{title}”.",
        "",
        f"Dokument: {file}, version {version}",
        f"Kontrollsumma (SHA-256) börjar: {binding.fingerprint(sha256)}",
        f"Parter: {'; '.join(parties)}",
        "",
        f"Jag skriver under för: {signer.party}",
        f"Namn: {signer.name}",
        *([f"Titel: {signer.title}"] if signer.title else []),
        f"Med stöd av: {ground_written(signer.ground, signer.note)}",
        "",
        f"Underskrifterna samlas in av {forbund}.",
    ]
    return binding.freeze_text("\n".join(lines))


def kinds_on_screen() -> dict[str, str]:
    """The kinds as they are chosen."""
    return {"overenskommelse": _("Överenskommelse"), "ansokan": _("Ansökan")}


def grounds_on_screen() -> dict[str, str]:
    """The grounds as they are chosen."""
    return {
        "delegationsordning": _("Delegationsordning"),
        "arbetsordning": _("Arbetsordning"),
        "beslut": _("Beslut"),
        "firmateckningsratt": _("Firmateckningsrätt"),
        "stallningsfullmakt": _("Ställningsfullmakt"),
        "god_man": _("God man"),
        "forvaltare": _("Förvaltare"),
    }


def faults_on_screen() -> dict[str, str]:
    """What a broken rule says to the person."""
    return {
        "not_draft": _("Dokumentet är redan skickat, så det går inte att ändra vilka som skriver under."),
        "not_open": _("Dokumentet tar inte emot underskrifter nu. Inget är ändrat."),
        "over": _("Dokumentet är avslutat, så det går inte att ändra. Inget är ändrat."),
        "no_signers": _("Lägg till minst en som skriver under innan du skickar."),
        "too_few": _("En part behöver fler underskrifter än den har personer. Inget är ändrat."),
        "same_person": _("Samma person står redan med. En person kan inte skriva under två gånger."),
        "unknown": _("Personen hör inte till dokumentet. Inget är ändrat."),
        "other_version": _("Dokumentet har bytts ut sedan du läste det, så underskriften räknas inte."),
        "already": _("Du har redan skrivit under."),
        "not_needed": _("Parten har redan så många underskrifter som behövs. Inget är ändrat."),
    }
