"""Pages for what went wrong: one sentence each for what happened, what was kept, what to do."""

from dataclasses import dataclass

import structlog
from flask import Flask, Response, make_response, render_template, request
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from stegvis.ground.keys import KeyFileFault
from stegvis.ground.logs import number_of_request
from stegvis.ground.web import htmx

log = structlog.get_logger("stegvis.web")


@dataclass(frozen=True)
class Words:
    """A heading, what happened and was kept, and what to do now."""

    heading: str
    happened: str
    todo: str


WORDS: dict[int, Words] = {
    400: Words(
        _("Det gick inte att läsa det som skickades"),
        _("Sidan hade kanske varit öppen för länge. Inget är ändrat."),
        _("Gå tillbaka, ladda om sidan och skicka igen."),
    ),
    403: Words(
        _("Du får inte öppna den här sidan"),
        _("Ditt konto har inte den rättigheten. Inget är ändrat."),
        _("Behöver du den i ditt arbete: be den som ansvarar för insatsen."),
    ),
    404: Words(
        _("Sidan finns inte"),
        _("Adressen kan vara fel, eller så är det inte något som du har tillgång till."),
        _("Gå till startsidan och leta därifrån."),
    ),
    405: Words(
        _("Sidan kan inte öppnas på det sättet"),
        _("Adressen tar emot något annat än det som skickades. Inget är ändrat."),
        _("Gå till startsidan och försök därifrån."),
    ),
    413: Words(
        _("Filen är för stor"),
        _("Den togs inte emot. Det du har skrivit på sidan före finns kvar om du går tillbaka."),
        _("Välj en mindre fil och skicka igen."),
    ),
    500: Words(
        _("Något gick fel hos oss"),
        _("Det du just gjorde är inte sparat. Det du hade sparat innan finns kvar."),
        _("Försök igen om en stund. Händer det igen: hör av dig och uppge felnumret."),
    ),
    503: Words(
        _("Tjänsten är stängd en kort stund"),
        _("Det du hade sparat finns kvar."),
        _("Försök igen om några minuter."),
    ),
}

UNKNOWN_HOST = Words(
    _("Det finns inget samordningsförbund på den här adressen"),
    _("Adressen hör inte till något förbund som använder Stegvis."),
    _("Kontrollera adressen i inbjudan, eller fråga den som gav dig den."),
)


def answer(code: int, words: Words) -> Response:
    """Make the answer: a page, or for htmx a message in the page's place for messages."""
    # The number by which the operator finds the line in the log; what is no fault of ours needs none.
    shown = {"words": words, "code": code, "number": number_of_request() if code >= 500 else ""}
    if htmx.is_htmx(request):
        return htmx.aim_at_notices(make_response(render_template("web/errors/fragment.html", **shown), code))
    return make_response(render_template("web/errors/page.html", **shown), code)


def unknown_host() -> Response:
    """The page for a host that belongs to no förbund (404); a line, as there is no trail to keep it in."""
    log.warning("unknown_host")
    return answer(404, UNKNOWN_HOST)


SESSION_GONE = Words(
    _("Du har blivit utloggad"),
    _("Det tog för lång tid, så inget är skickat än. Det du skrev finns kvar här."),
    _("Logga in i en ny flik. Gå sedan tillbaka hit och skicka igen."),
)


def session_gone(_error: CSRFError) -> Response:
    """The form's session is over: what was typed comes back in a form that can be sent again (400)."""
    if htmx.is_htmx(request):
        return answer(400, SESSION_GONE)
    typed = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    shown = render_template("web/errors/again.html", words=SESSION_GONE, code=400, typed=typed)
    return make_response(shown, 400)


NO_KEY = Words(
    _("Uppgifterna hos den här insatsägaren går inte att öppna"),
    _("Servern har inte rätt nyckel till dem. Inget är ändrat, och det du hade sparat finns kvar."),
    _("Försök igen om en stund. Händer det igen: hör av dig till den som ansvarar för insatsen."),
)
DESTROYED = Words(
    _("Den här insatsägaren är stängd"),
    _("Uppgifterna är förstörda på insatsägarens begäran och går inte att läsa längre."),
    _("Har du frågor: hör av dig till insatsägaren."),
)


def closed_vault(fault: KeyFileFault) -> Response:
    """The scope's key file is missing, wrong or destroyed: a page for that huvudman alone (503)."""
    return answer(503, DESTROYED if fault.why == "destroyed" else NO_KEY)


def handle(error: Exception) -> Response:
    """Answer any HTTP error in our own words; a code without words gets those of its hundred."""
    if not isinstance(error, HTTPException):
        return answer(500, WORDS[500])
    if error.response is not None:
        return make_response(error.response)
    code = error.code or 500
    made = answer(code, WORDS.get(code, WORDS[400] if code < 500 else WORDS[500]))
    if code == 405:
        made.headers.extend([item for item in error.get_headers() if item[0] == "Allow"])
    return made


def init_app(app: Flask) -> None:
    """Show our pages for HTTP errors and for everything unforeseen (Flask logs that before it asks here)."""
    app.register_error_handler(HTTPException, handle)
    app.register_error_handler(500, handle)
    app.register_error_handler(CSRFError, session_gone)
    app.register_error_handler(KeyFileFault, closed_vault)
