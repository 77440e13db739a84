"""Answers that staff registers: on paper, by word of mouth, a no; equal paths for who has no e-ID."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from stegvis.identity.access import policy
from stegvis.identity.access.rights import HANDLEDARE, INSATSLEDARE
from stegvis.vault.consent import service
from stegvis.vault.consent.leaving import interpreter_of
from stegvis.vault.referrals import service as referrals

blueprint = Blueprint("answers", __name__, template_folder="templates")
TEAM = {"rights": (HANDLEDARE, INSATSLEDARE)}


@blueprint.get("/insats/<insats>/samtycke-pa-papper")
@policy.vault("personal", **TEAM)
def paper(insats: str) -> Any:
    """Register a samtycke that was signed on paper."""
    return _page("papper", insats, {}, {})


@blueprint.post("/insats/<insats>/samtycke-pa-papper")
@policy.vault("personal", **TEAM)
def register_paper(insats: str) -> Any:
    """Store it; the referral opens as after an e-ID."""
    return _register_yes("papper", insats)


@blueprint.get("/insats/<insats>/samtycke-muntligt")
@policy.vault("personal", **TEAM)
def oral(insats: str) -> Any:
    """Register a samtycke that was given by word of mouth."""
    return _page("muntligt", insats, {}, {})


@blueprint.post("/insats/<insats>/samtycke-muntligt")
@policy.vault("personal", **TEAM)
def register_oral(insats: str) -> Any:
    """Store it; the referral opens as after an e-ID."""
    return _register_yes("muntligt", insats)


@blueprint.get("/insats/<insats>/samtycke-nej")
@policy.vault("personal", **TEAM)
def no(insats: str) -> Any:
    """Register that the person said no."""
    return _page("nej", insats, {}, {})


@blueprint.post("/insats/<insats>/samtycke-nej")
@policy.vault("personal", **TEAM)
def register_no(insats: str) -> Any:
    """Store it; what was written about the person goes."""
    number, fault = referrals.read_number(request.form.get("nummer", ""))
    faults = {"nummer": fault} if fault else {}
    if not faults:
        try:
            again = service.no(insats, number)
        except service.ConsentFault as refused:
            faults["nummer"] = str(refused)
        else:
            flash(_no_words(again), "success")
            return redirect(url_for("referrals.team", insats=insats), 303)
    return _page("nej", insats, request.form, faults), 422


def _no_words(again: bool) -> str:
    if again:
        return _("Personens nej är registrerat. Det samtycke som gäller i dag gäller tills dess tid går ut.")
    return _("Personens nej är registrerat. Remissen är borttagen, och den som skrev den får veta det.")


def _register_yes(way: str, insats: str) -> Any:
    typed = request.form
    number, given_on, faults = _read(way, typed)
    if not faults and given_on is not None:
        answer = service.Answer(
            given_on,
            typed.get("plats" if way == "papper" else "varfor", "").strip(),
            typed.get("hord_av", "").strip() if way == "muntligt" else None,
            interpreter_of(typed),
            all_signed=bool(typed.get("alla")),
        )
        try:
            referral_id = service.yes(way, insats, number, answer)
        except service.OthersMustSign as others:
            faults["alla"] = str(others)
        except service.ConsentFault as fault:
            faults["nummer"] = str(fault)
        else:
            flash(_("Samtycket är registrerat och remissen är öppen."), "success")
            return redirect(url_for("referrals.read", insats=insats, referral_id=referral_id), 303)
    return _page(way, insats, typed, faults), 422


def _read(way: str, typed: Any) -> tuple[str, date | None, dict[str, str]]:
    """What was typed: the number, the day, and a sentence for each field that is wrong."""
    number, fault = referrals.read_number(typed.get("nummer", ""))
    faults = {"nummer": fault} if fault else {}
    given_on = _date(typed.get("datum", ""))
    if given_on is None:
        faults["datum"] = _("Skriv dagen då personen sa ja.")
    if way == "papper":
        if not typed.get("plats", "").strip():
            faults["plats"] = _("Skriv var pappret förvaras.")
        if not typed.get("laest"):
            faults["laest"] = _("Kryssa i att du har läst numret på pappret.")
    else:
        if not typed.get("hord_av", "").strip():
            faults["hord_av"] = _("Skriv vem som hörde personen säga ja.")
        if not typed.get("varfor", "").strip():
            faults["varfor"] = _("Skriv varför det inte gick att skriva under.")
    wrong = interpreter_of(typed).fault()
    if wrong:
        faults["tolksprak"] = wrong
    return number, given_on, faults


def _page(way: str, insats: str, typed: Any, faults: dict[str, str]) -> str:
    return render_template(
        "consent/answer.html",
        way=way,
        insats=insats,
        typed=typed,
        faults=faults,
        languages=service.language_names(),
    )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
