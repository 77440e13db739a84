"""The words of a samtycke: the plugin's text with this huvudman's names, frozen, and what it is about."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel import Locale, UnknownLocaleError
from flask_babel import gettext as _

from stegvis.ground.day import today
from stegvis.ground.tenancy.scope import current
from stegvis.identity.eid import binding, evidence
from stegvis.identity.eid.visit import SigningMaterial
from stegvis.insats.consent import MAIN, Block, blocks, party_names, plain_text
from stegvis.insats.consent import Consent as ConsentText
from stegvis.insats.consent_translation import translated_blocks
from stegvis.insats.time_spans import TimeSpan
from stegvis.plugin_host.service import definition_of
from stegvis.vault.consent.models import Consent, ConsentSigner

LEGAL_GROUND = "sekretessbrytande_samtycke_osl_10_1"


class ConsentFault(Exception):
    """What was asked cannot be done; the message is a sentence for the person."""


@dataclass(frozen=True)
class Terms:
    """What a text says in a form that can be acted on: whom it names, and how long it holds."""

    parties: tuple[str, ...]
    longest: TimeSpan
    after_avslut: TimeSpan

    def last_day(self, signed_on: date, ends_by: date | None = None) -> date:
        """The last day of a samtycke that is given on a day; `ends_by` follows from an avslut."""
        last = self.longest.after(signed_on)
        return min(last, ends_by) if ends_by is not None else last


def text_of(insats: str, kind: str = MAIN) -> ConsentText:
    """The text of a kind that the insats' plugin has now. ConsentFault when it has none."""
    definition = definition_of(current().forbund.insats_by_id(insats))
    found = definition.consent if kind == MAIN else definition.more_consents.get(kind)
    if found is None:
        raise ConsentFault(_("Insatsen har ingen text för samtycke än."))
    return found


@dataclass(frozen=True)
class Reading:
    """A text as it is read in one language: `languages` are those to choose among, (code, own name)."""

    language: str
    direction: str
    reviewed: bool
    title: str
    blocks: tuple[Block, ...]
    languages: tuple[tuple[str, str], ...]


def reading(insats: str, wanted: str, kind: str = MAIN) -> Reading:
    """The text of today in a language; Swedish, which is what is signed, where it has no other. ConsentFault."""
    text, names = text_of(insats, kind), names_in(insats)
    definition = definition_of(current().forbund.insats_by_id(insats))
    added = definition.consent_translations if kind == MAIN else {}
    own = [code for code in text.languages if code != "lattlast"]
    choices = tuple((code, own_name(code)) for code in (*own, *sorted(added)))
    if wanted in added:
        one = added[wanted]
        title = " ".join(one.title.split())
        parts = translated_blocks(one, text, names)
        return Reading(wanted, direction_of(wanted), one.reviewed, title, parts, choices)
    shown = wanted if wanted in text.languages else "sv"
    parts = blocks(text, shown, names)
    return Reading(shown, "ltr", shown in text.reviewed, text.title.get(shown), parts, choices)


def own_name(code: str) -> str:
    """What a language calls itself; its code where nobody has written that down."""
    try:
        return str(Locale(code).get_display_name(code) or code).capitalize()
    except UnknownLocaleError:
        return code


def direction_of(code: str) -> str:
    """ "ltr" or "rtl" for a language."""
    try:
        return str(Locale(code).text_direction)
    except UnknownLocaleError:
        return "ltr"


def other_kinds(insats: str) -> dict[str, str]:
    """The kinds that may be asked for besides the main one: kind -> what the text is called."""
    found = definition_of(current().forbund.insats_by_id(insats)).more_consents
    return {kind: one.title.sv for kind, one in found.items()}


def names_in(insats: str) -> dict[str, str]:
    """The names that the text leaves open."""
    scope = current()
    return {
        "huvudman": scope.huvudman.responsible,
        "insats": scope.forbund.insats_by_id(insats).name,
        "forbund": scope.forbund.forbund.name,
    }


def _swedish(insats: str, text: ConsentText) -> str:
    parts = blocks(text, "sv", names_in(insats))
    # Not translated: the text that is signed is Swedish whatever language the page is read in.
    owner = f"Ansvarig för dina uppgifter: {current().huvudman.responsible}"
    return plain_text(text.title.sv, parts) + f"\n{owner}\n"


def version_of(text: ConsentText) -> str:
    """Id and version, as a samtycke remembers them."""
    return f"{text.id}:{text.version}"


def freeze(row: Consent) -> bool:
    """Write the text of today into a question; returns whether it is another than before.

    One that is answered keeps what was answered: it is not for this function.
    """
    text = text_of(row.insats, row.kind)
    frozen = binding.freeze_text(_swedish(row.insats, text))
    if row.text_sha256 == bytes.fromhex(frozen.sha256) and row.terms_sealed is not None:
        return False
    row.text, row.text_sha256 = frozen.text, bytes.fromhex(frozen.sha256)
    row.text_version = version_of(text)
    terms = _terms(row.insats, text)
    row.terms = {
        "parties": list(terms.parties),
        "longest": [terms.longest.months, terms.longest.days],
        "after_avslut": [terms.after_avslut.months, terms.after_avslut.days],
    }
    return True


def terms_of(row: Consent) -> Terms:
    """What the frozen text says; for one that was frozen before terms were kept, what the plugin says now."""
    kept = row.terms
    if kept is None:
        return _terms(row.insats, text_of(row.insats, row.kind))
    spans = (TimeSpan(*kept[name]) for name in ("longest", "after_avslut"))
    return Terms(tuple(kept["parties"]), *spans)


def _terms(insats: str, text: ConsentText) -> Terms:
    return Terms(party_names(text, "sv", names_in(insats)), text.duration.longest, text.duration.after_avslut)


def matters(row: Consent) -> dict[str, Any]:
    """What the samtycke is about, in the words that stand both under the signature and in the evidence."""
    text, names = text_of(row.insats, row.kind), names_in(row.insats)
    shown = blocks(text, "sv", names)
    return {
        "controller": names["huvudman"],
        "kind": row.kind,
        "legal_ground": LEGAL_GROUND,
        "template_id": text.id,
        "template_version": str(text.version),
        "language": "sv",
        "parties": shown[0].points,
        "data_categories": shown[1].points,
        "purpose": shown[2].paragraphs[0],
        "valid_from": today(),
        "valid_to": terms_of(row).last_day(today(), row.ends_by),
        "interpreter": f"{row.interpreter}:{row.interpreter_language}" if row.interpreter else "",
    }


def signed_days(manifest: str) -> tuple[date, date]:
    """First and last day as they were signed, also when midnight passed while the person was at the e-ID."""
    content = json.loads(manifest)
    return date.fromisoformat(content["valid_from"]), date.fromisoformat(content["valid_to"])


def matter(
    row: Consent, signer: ConsentSigner | None, material: SigningMaterial, manifest: str, transaction: str
) -> evidence.Matter:
    """The evidence's part about what was signed."""
    signed = dict(zip(("valid_from", "valid_to"), signed_days(manifest), strict=True))
    return evidence.Matter(
        tenant=str(current().id),
        transaction_id=transaction,
        case_id=str(row.referral_id),
        subject_id=str(row.participant_id),
        signer_role=signer.role if signer is not None and signer.role != "personen" else "self",
        signer_ground=(signer.ground or "") if signer is not None else "",
        text=material.visible_text,
        manifest_json=manifest,
        binding_line=material.binding_line,
        **matters(row) | signed,
    )
