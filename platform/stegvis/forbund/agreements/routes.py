"""Pages of agreements for the förbund's staff: the list, drafting, sending, reminding, paper, the files."""

import uuid
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from stegvis.forbund.agreements import files, link_routes, service, texts
from stegvis.forbund.agreements.service import AgreementFault, NewSigner
from stegvis.ground.tenancy.scope import current
from stegvis.identity.access import policy
from stegvis.identity.access.rights import FORBUNDSCHEF, KANSLI
from stegvis.identity.accounts import numbers
from stegvis.identity.eid import receipt as receipts

blueprint = Blueprint("agreements", __name__, template_folder="templates")
STAFF = (FORBUNDSCHEF, KANSLI)
ONE = "/overenskommelser/<uuid:agreement_id>"
SIGNER = f"{ONE}/undertecknare/<uuid:signer_id>"


@blueprint.get("/overenskommelser")
@policy.forbund(*STAFF)
def listed() -> Any:
    """Agreements and applications, those that wait first."""
    return render_template("agreements/listed.html", rows=service.listed(), kinds=texts.kinds_on_screen())


@blueprint.get("/overenskommelser/ny")
@policy.forbund(*STAFF)
def new() -> Any:
    """The form of a new one."""
    return _new_form({}, {})


@blueprint.post("/overenskommelser/ny")
@policy.forbund(*STAFF)
def create() -> Any:
    """A draft with its document; who signs it comes next."""
    typed, faults = request.form, {}
    due = _day(typed.get("senast", ""))
    if typed.get("senast") and due is None:
        faults["senast"] = _("Skriv dagen så här: 2024-02-15.")
    if not typed.get("titel", "").strip():
        faults["titel"] = _("Skriv vad dokumentet heter.")
    if typed.get("slag") not in texts.KINDS:
        faults["slag"] = _("Välj om det är en ansökan eller en överenskommelse.")
    document = _uploaded("fil", files.read_document, faults)
    if not faults and document is not None:
        try:
            made = service.create(typed["slag"], typed["titel"], typed.get("insats", ""), due, document)
        except AgreementFault as fault:
            faults["titel"] = str(fault)
        else:
            flash(_("Utkastet är sparat. Lägg till dem som ska skriva under."), "success")
            return redirect(url_for("agreements.one", agreement_id=made), 303)
    return _new_form(typed, faults), 422


@blueprint.get(ONE)
@policy.forbund(*STAFF)
def one(agreement_id: uuid.UUID) -> Any:
    """One agreement: who has signed, who is left, and what can be done."""
    return _page(agreement_id, {}, {})


@blueprint.post(f"{ONE}/undertecknare/ny")
@policy.forbund(*STAFF)
def add_signer(agreement_id: uuid.UUID) -> Any:
    """Add somebody who signs."""
    typed = request.form
    signer, faults = _read_signer(typed)
    if faults:
        return _page(agreement_id, typed, faults, 422)
    return _done(
        agreement_id,
        "namn",
        lambda: service.add_signer(agreement_id, signer),
        _("Personen är tillagd."),
    )


@blueprint.post(f"{SIGNER}/ta-bort")
@policy.forbund(*STAFF)
def remove_signer(agreement_id: uuid.UUID, signer_id: uuid.UUID) -> Any:
    """Take a signer out of the draft."""
    return _done(
        agreement_id,
        "undertecknare",
        lambda: service.remove_signer(agreement_id, signer_id),
        _("Personen är borttagen ur utkastet."),
    )


@blueprint.post(f"{ONE}/parter/<uuid:party_id>/krav")
@policy.forbund(*STAFF)
def ask_of_party(agreement_id: uuid.UUID, party_id: uuid.UUID) -> Any:
    """How many of a party's signers must sign."""
    written = request.form.get("antal", "")
    needed = int(written) if written.isdecimal() and len(written) < 4 else -1
    return _done(
        agreement_id,
        "undertecknare",
        lambda: service.ask_of_party(agreement_id, party_id, needed),
        _("Ändringen är sparad."),
    )


@blueprint.post(f"{ONE}/dokument")
@policy.forbund(*STAFF)
def change_document(agreement_id: uuid.UUID) -> Any:
    """Another document: what was collected counts no more."""
    faults: dict[str, str] = {}
    document = _uploaded("fil", files.read_document, faults)
    if document is None:
        return _page(agreement_id, {}, faults, 422)
    return _done(
        agreement_id,
        "fil",
        lambda: service.change_document(agreement_id, document),
        _("Dokumentet är utbytt och är ett utkast igen. Underskrifter av det förra räknas inte."),
    )


@blueprint.get(f"{ONE}/dokument")
@policy.forbund(*STAFF)
def document(agreement_id: uuid.UUID) -> Any:
    """The document as it was uploaded."""
    return _file(*service.file(agreement_id, "dokument"))


@blueprint.get(f"{ONE}/fardig")
@policy.forbund(*STAFF)
def finished(agreement_id: uuid.UUID) -> Any:
    """The sealed file with the document and its trail page."""
    return _file(*service.file(agreement_id, "fardig"))


@blueprint.get(f"{ONE}/spar")
@policy.forbund(*STAFF)
def trail(agreement_id: uuid.UUID) -> Any:
    """Another service's page of signatures, as it was read in."""
    return _file(*service.file(agreement_id, "spar"))


@blueprint.post(f"{ONE}/skicka")
@policy.forbund(*STAFF)
def send(agreement_id: uuid.UUID) -> Any:
    """Begin to collect; the links are shown this once."""
    try:
        links = service.send(agreement_id)
    except AgreementFault as fault:
        return _page(agreement_id, {}, {"undertecknare": str(fault)}, 422)
    return _links(agreement_id, links, reminded=False)


@blueprint.post(f"{SIGNER}/paminn")
@policy.forbund(*STAFF)
def remind(agreement_id: uuid.UUID, signer_id: uuid.UUID) -> Any:
    """A new link to pass on with a reminder."""
    try:
        link = service.remind(agreement_id, signer_id)
    except AgreementFault as fault:
        return _page(agreement_id, {}, {"undertecknare": str(fault)}, 422)
    return _links(agreement_id, [link], reminded=True)


@blueprint.post(f"{ONE}/makulera")
@policy.forbund(*STAFF)
def make_void(agreement_id: uuid.UUID) -> Any:
    """It shall not be signed."""
    reason = request.form.get("skal", "")
    return _done(
        agreement_id,
        "skal",
        lambda: service.make_void(agreement_id, reason),
        _("Dokumentet är makulerat. Länkarna går inte längre att använda."),
    )


@blueprint.get(f"{SIGNER}/papper")
@policy.forbund(*STAFF)
def paper(agreement_id: uuid.UUID, signer_id: uuid.UUID) -> Any:
    """The form for somebody who signed on paper."""
    return _paper_form(agreement_id, signer_id, {}, {})


@blueprint.post(f"{SIGNER}/papper")
@policy.forbund(*STAFF)
def register_paper(agreement_id: uuid.UUID, signer_id: uuid.UUID) -> Any:
    """Store it: from then on it counts as any other signature."""
    typed, faults = request.form, {}
    day = _day(typed.get("datum", ""))
    if day is None:
        faults["datum"] = _("Skriv dagen då pappret skrevs under.")
    if not typed.get("plats", "").strip():
        faults["plats"] = _("Skriv var originalet förvaras.")
    scan = _uploaded("fil", files.read_scan, faults)
    if not faults and day is not None and scan is not None:
        try:
            service.register_paper(agreement_id, signer_id, day, typed["plats"], scan)
        except AgreementFault as fault:
            faults["datum"] = str(fault)
        else:
            flash(_("Underskriften på papper är registrerad."), "success")
            return redirect(url_for("agreements.one", agreement_id=agreement_id), 303)
    return _paper_form(agreement_id, signer_id, typed, faults), 422


@blueprint.get(f"{SIGNER}/skannat")
@policy.forbund(*STAFF)
def scan(agreement_id: uuid.UUID, signer_id: uuid.UUID) -> Any:
    """The scanned paper."""
    return _file(*service.file(agreement_id, "skannat", signer_id))


@blueprint.get(f"{SIGNER}/kvitto")
@policy.forbund(*STAFF)
def receipt(agreement_id: uuid.UUID, signer_id: uuid.UUID) -> Any:
    """The evidence of one signature, in a file that anybody can check without this service."""
    return receipt_file(receipts.receipt_bytes(service.receipt(agreement_id, signer_id)), signer_id)


def receipt_file(content: bytes, signer_id: uuid.UUID) -> Response:
    """A receipt to download."""
    head = {"Content-Disposition": f'attachment; filename="underskrift-{signer_id}.json"'}
    return Response(content, mimetype="application/json", headers=head)


# -- inside --------------------------------------------------------------------------------------


def _done(agreement_id: uuid.UUID, field: str, act: Callable[[], Any], sentence: str) -> Any:
    try:
        act()
    except AgreementFault as fault:
        return _page(agreement_id, request.form, {field: str(fault)}, 422)
    flash(sentence, "success")
    return redirect(url_for("agreements.one", agreement_id=agreement_id), 303)


def _page(agreement_id: uuid.UUID, typed: Any, faults: dict[str, str], status: int = 200) -> Any:
    shown = service.page(agreement_id)
    words = {"kinds": texts.kinds_on_screen(), "grounds": texts.grounds_on_screen()}
    return render_template("agreements/one.html", shown=shown, typed=typed, faults=faults, **words), status


def _new_form(typed: Any, faults: dict[str, str]) -> str:
    return render_template(
        "agreements/new.html",
        typed=typed,
        faults=faults,
        kinds=texts.kinds_on_screen(),
        insatser=[(each.id, each.name) for each in current().forbund.insats],
    )


def _paper_form(agreement_id: uuid.UUID, signer_id: uuid.UUID, typed: Any, faults: dict[str, str]) -> str:
    shown = service.page(agreement_id)
    (signer,) = [each for each in shown.signers if each.id == signer_id] or (None,)
    policy.require(signer is not None, "agreement", agreement_id)
    return render_template("agreements/paper.html", shown=shown, signer=signer, typed=typed, faults=faults)


def _links(agreement_id: uuid.UUID, links: list[service.Link], *, reminded: bool) -> str:
    shown = [(each, url_for("agreement_link.enter", token=each.token, _external=True)) for each in links]
    return render_template("agreements/links.html", agreement_id=agreement_id, links=shown, reminded=reminded)


def _read_signer(typed: Any) -> tuple[NewSigner, dict[str, str]]:
    """What was typed of a signer, and a sentence for each field that is wrong."""
    faults: dict[str, str] = {}
    number = ""
    if typed.get("nummer", "").strip() or not typed.get("papper"):
        number, fault = numbers.read(typed.get("nummer", ""))
        if fault:
            faults["nummer"] = fault
    name = " ".join(typed.get("namn", "").split())
    if len(name.split(" ")) < 2:
        faults["namn"] = _("Skriv förnamn och efternamn.")
    if not typed.get("organisation", "").strip():
        faults["organisation"] = _("Skriv vilken part personen skriver under för.")
    ground, note = typed.get("grund", ""), typed.get("grund_text", "").strip()
    if ground not in texts.GROUNDS:
        faults["grund"] = _("Välj vad som ger rätt att skriva under.")
    elif ground in texts.WITH_NOTE and not note:
        faults["grund_text"] = _("Skriv beslutets nummer, eller vem personen företräder.")
    signer = NewSigner(name, number, typed.get("organisation", ""), typed.get("befattning", ""), ground, note)
    return signer, faults


def _uploaded(
    field: str, read: Callable[[str, bytes], files.Upload], faults: dict[str, str]
) -> files.Upload | None:
    sent = request.files.get(field)
    try:
        return read(sent.filename or "", sent.read()) if sent is not None else read("", b"")
    except AgreementFault as fault:
        faults[field] = str(fault)
        return None


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _file(content: bytes, name: str, mime: str) -> Response:
    """A file to keep: never shown on our own address, where what it holds would act as ours."""
    return send_file(BytesIO(content), mimetype=mime, download_name=name, as_attachment=True)


def init_app(app: Flask) -> None:
    """Register the pages, those of the signers too."""
    app.register_blueprint(blueprint)
    link_routes.init_app(app)
