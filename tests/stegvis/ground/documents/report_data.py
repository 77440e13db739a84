"""A report like the one that the project was created from: its figures, made-up words and people."""

from __future__ import annotations

from typing import Any

ACTIVITIES = (
    "Tjugotvå deltagare är inskrivna. De flesta har länge varit utan arbete.\n\n"
    "Under hösten har handledarna börjat med arbetsförmågebedömningar."
    " Arbetsterapeuten och en coach har gått "
    "utbildningen i oktober, och hela arbetslaget var med på fördjupningsdagen i november.\n\n"
    "Progressionskortet används nu vid varje uppföljning. Samtalen blir tydligare, säger handledarna."
)
HEADINGS = (
    ("allmanna_uppgifter", "1", "Allmänna uppgifter"),
    ("aktivitetsrapport", "2", "Aktivitetsrapport"),
    ("aktiviteter", "2.1", "Aktiviteter"),
    ("avvikelser", "2.2", "Avvikelser från planering samt åtgärder"),
    ("brukarmedverkan", "2.3", "Brukarmedverkan"),
    ("mal", "2.4", "Insatsens mål samt delmål"),
    ("bedomning", "2.5", "Sammanfattande bedömning"),
    ("styrgrupp", "2.6", "Styrgruppens analys av utfallet"),
    ("uppgiftslamnare", "3", "Uppgiftslämnare"),
)
FEW = {"hidden": "for_fa"}
SINCE_ONLY = {"hidden": "bara_sedan_start"}


def row(
    id_: str, label: str, period: Any, since: Any, indent: int = 0, stands: str | None = None
) -> dict[str, Any]:
    """One row of the table of figures."""
    return {
        "id": id_,
        "label": label,
        "period": period,
        "since_start": since,
        "unit": "personer",
        "indent": indent,
        "stands_from": stands,
    }


def payload(texts: dict[str, str]) -> dict[str, Any]:
    """The payload of the seed-like report, with these narrative parts."""
    return {
        "schema_version": 1,
        "tenant": {"id": "gavleborg", "name": "Samordningsförbund Gävleborg"},
        "huvudman": {"id": "sandviken", "name": "Sandvikens kommun, nämnden för individ- och familjeomsorg"},
        "insats": {"id": "karnhuset", "name": "Kärnhuset 2.0"},
        "kind": "kvartalsrapport",
        "period": {"first": "2023-10-01", "last": "2023-12-31"},
        "version": 1,
        "figures": [
            row("total", "Deltagare i allt", 4, 30),
            row("enrolled", "Inskrivna vid periodens slut", None, 22),
            row("new", "Nya", 4, 30),
            row("ended", "Avslutade", 2, 8),
            row("group/arbete_utan_lonestod", "Arbete utan lönestöd", SINCE_ONLY, 1, 1),
            row("group/arbete_med_lonestod", "Arbete med lönestöd", SINCE_ONLY, 1, 1),
            row("group/vidare_till_af", "Vidare till Arbetsförmedlingen", SINCE_ONLY, 1, 1),
            row("group/ater_till_remittent", "Åter till remitterande enhet", SINCE_ONLY, 3, 1, "2023-12-31"),
            row("group/annat", "Annat", SINCE_ONLY, 2, 1),
            row("sites", "Avslutade per ort", FEW, FEW),
        ],
        "goals": [
            {
                "id": "volym",
                "label": "Deltagare som identifierats via Trisam",
                "target": 50,
                "outcome": 30,
                "denominator": None,
                "unit": "personer",
                "judgement": "risk",
            },
            {
                "id": "steg",
                "label": "Tydlig stegförflyttning mot egen försörjning",
                "target": None,
                "outcome": FEW,
                "denominator": None,
                "unit": "personer",
                "judgement": "gar_inte_att_mata_an",
            },
            {
                "id": "utan_stod",
                "label": "Utan försörjningsstöd efter avslut",
                "target": None,
                "outcome": 5,
                "denominator": 8,
                "unit": "personer",
                "judgement": None,
            },
        ],
        "sections": [
            {"id": id_, "number": number, "heading": heading, "text": texts.get(id_, "")}
            for id_, number, heading in HEADINGS
        ],
        "steering": {
            "form": "mejl",
            "on": "2023-12-18",
            "present": ["Ordförande Prov Provsson", "Exempel Exempelsson"],
            "text": "Gruppen har läst rapporten och har inga synpunkter.",
        },
        "signer": {"name": "Test Testsson", "on": "2024-01-11"},
        "policy": "standard",
        "ledger": "00000000-0000-4000-8000-000000000000",
    }


def seed_like(texts: dict[str, str] | None = None) -> dict[str, Any]:
    """What `render_report` takes, with the given narrative or the ordinary one."""
    ordinary = {
        "aktiviteter": ACTIVITIES,
        "avvikelser": "Inga avvikelser i ekonomin. Bedömningarna går långsammare än planerat.",
        "brukarmedverkan": "Varje deltagare skriver sin plan med handledaren och ser sitt diagram.",
        "mal": "Utbildningsmålet är nått. Volymen ligger efter planen.",
        "bedomning": "Arbetet går bra sedan arbetslaget blev fulltaligt efter sommaren.",
    }
    return {
        "payload": payload(ordinary if texts is None else texts),
        "tenant_name": "Samordningsförbund Gävleborg",
        "dnr": "2023/8",
        "handling": "5",
        "received": "2024-01-13",
        "sha256": "0" * 64,
    }
