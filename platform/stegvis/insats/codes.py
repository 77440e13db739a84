"""Code lists that every insats shares, so that figures from different insatser can stand side by side.

Försörjning follows SCB's försörjningsmått (finsam.se/information/forsorjningsmatt) with work and studies
added; the rest covers what the closed national follow-up asked at in- and utskrivning. The official code
values were never published, so these ids are our own. Values are stored, labels are only shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Gender = Literal["kvinna", "man", "annat"]
Sensitivity = Literal["open", "sensitive"]
AvslutGroup = Literal[
    "arbete_utan_lonestod",
    "arbete_med_lonestod",
    "studier",
    "vidare_till_af",
    "ater_till_remittent",
    "annat",
]
# Health, crime, protected identity, death and custody (design 2); addiction stands with health.
FloorTopic = Literal["halsa", "beroende", "brott", "skyddad_identitet", "dod", "forvar"]

AVSLUT_GROUPS: tuple[str, ...] = get_args(AvslutGroup)
AVSLUT_GROUP_LABELS: dict[str, str] = {
    "arbete_utan_lonestod": "Arbete utan lönestöd",
    "arbete_med_lonestod": "Arbete med lönestöd",
    "studier": "Studier",
    "vidare_till_af": "Vidare till Arbetsförmedlingen",
    "ater_till_remittent": "Åter till remitterande enhet",
    "annat": "Annat",
}
FLOOR_TOPICS: frozenset[str] = frozenset(get_args(FloorTopic))


@dataclass(frozen=True, slots=True)
class Code:
    """One value of a list: stored `code`, Swedish `label` for the screen."""

    code: str
    label: str
    sensitivity: Sensitivity = "sensitive"


FORSORJNING: tuple[Code, ...] = (
    Code("lon", "Lön från arbete utan lönestöd", "open"),
    Code("lon_med_lonestod", "Lön från arbete med lönestöd", "open"),
    Code("eget_foretag", "Eget företag", "open"),
    Code("studiemedel", "Studiemedel", "open"),
    Code("a_kassa", "A-kassa", "open"),
    Code("aktivitetsstod", "Aktivitetsstöd eller utvecklingsersättning", "open"),
    Code("etableringsersattning", "Etableringsersättning", "open"),
    Code("forsorjningsstod", "Försörjningsstöd", "open"),
    Code("sjukpenning", "Sjukpenning eller rehabiliteringspenning"),
    Code("aktivitetsersattning", "Aktivitetsersättning"),
    Code("sjukersattning", "Sjukersättning"),
    Code("pension", "Pension", "open"),
    Code("foraldrapenning", "Föräldrapenning", "open"),
    Code("anhorig", "Försörjs av någon annan", "open"),
    Code("ingen", "Ingen egen försörjning", "open"),
    Code("annan", "Annan försörjning"),
    Code("okand", "Vet inte"),
)

SYSSELSATTNING: tuple[Code, ...] = (
    Code("arbete", "Arbete utan lönestöd", "open"),
    Code("arbete_med_lonestod", "Arbete med lönestöd", "open"),
    Code("studier", "Studier", "open"),
    Code("arbetsmarknadsatgard", "Praktik, arbetsträning eller program hos Arbetsförmedlingen", "open"),
    Code("arbetssokande", "Söker arbete, utan annan aktivitet", "open"),
    Code("kommunal_aktivitet", "Aktivitet i kommunens regi", "open"),
    Code("foraldraledig", "Föräldraledig", "open"),
    Code("sjukskriven", "Sjukskriven på heltid"),
    Code("ingen", "Ingen sysselsättning", "open"),
    Code("annan", "Annat"),
    Code("okand", "Vet inte"),
)

UTBILDNING: tuple[Code, ...] = (
    Code("ej_grundskola", "Inte avslutad grundskola", "open"),
    Code("grundskola", "Grundskola", "open"),
    Code("gymnasium_ej_avslutat", "Gymnasium, inte avslutat", "open"),
    Code("gymnasium", "Gymnasium", "open"),
    Code("eftergymnasial_kort", "Eftergymnasial utbildning, kortare än två år", "open"),
    Code("eftergymnasial_lang", "Eftergymnasial utbildning, två år eller mer", "open"),
    Code("okand", "Vet inte"),
)

TID_MED_OFFENTLIG_FORSORJNING: tuple[Code, ...] = (
    Code("ingen", "Ingen tid", "open"),
    Code("under_1_ar", "Mindre än 1 år", "open"),
    Code("1_2_ar", "1 till 2 år", "open"),
    Code("3_5_ar", "3 till 5 år", "open"),
    Code("6_9_ar", "6 till 9 år", "open"),
    Code("10_ar_eller_mer", "10 år eller mer", "open"),
    Code("okand", "Vet inte"),
)

KON: tuple[Code, ...] = (
    Code("kvinna", "Kvinna"),
    Code("man", "Man"),
    Code("annat", "Annat eller vill inte uppge"),
)

PARTER: tuple[Code, ...] = (
    Code("kommun", "Kommunen", "open"),
    Code("af", "Arbetsförmedlingen", "open"),
    Code("fk", "Försäkringskassan", "open"),
    Code("region", "Regionen", "open"),
)

LISTS: dict[str, tuple[Code, ...]] = {
    "forsorjning": FORSORJNING,
    "sysselsattning": SYSSELSATTNING,
    "utbildning": UTBILDNING,
    "tid_med_offentlig_forsorjning": TID_MED_OFFENTLIG_FORSORJNING,
    "kon": KON,
    "parter": PARTER,
}

# Stems at the beginning of a word, after åäö have become aao: what a label cannot hide behind another word.
_FLOOR_STEMS = re.compile(
    r"(?<![a-z])("
    r"sjuk|ohals|psyk|diagnos|medicinsk|vardbehov|aktivitetsersattning|funktionsned|funktionshind|handikapp"
    r"|missbruk|beroende(?! (pa|av))|alkohol|droger|drogmissbruk|drogproblem|narkotik"
    r"|domd|domts|domen|fangel|kriminal|frihetsberov"
    r"|hakt|anhall|forvar(?!v)"
    r"|skydda(d|t|de) (?!anst|arbete)|sekretess|fingerad"
    r"|avlid|avled|dod(?![a-z])|doda(?![a-z])|dodsfall|sjalvmord|suicid"
    r")|(?<!av)(?<!genom)(?<!upp)brott"
)


def plain(text: str) -> str:
    """Lower case with å, ä, ö, é as a, a, o, e, and underscores as spaces: for comparing words only."""
    return text.lower().translate(str.maketrans("åäöéü_", "aaoeu "))


def touches_floor(*texts: str) -> bool:
    """True when a word tells of health, addiction, crime, custody, protected identity or death.

    Errs towards True: a code that is wrongly held back costs a table cell, the other way round costs a
    person.
    """
    return any(_FLOOR_STEMS.search(plain(text)) for text in texts)


def label(list_name: str, code: str) -> str:
    """The label of a code. Raises KeyError for a list or code that does not exist."""
    return {item.code: item.label for item in LISTS[list_name]}[code]
