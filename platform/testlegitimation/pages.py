"""The pages that a person meets: choose e-ID, say who you are, read what is to be signed, cancel or go on."""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for

from testlegitimation.names import EID_TITLES
from testlegitimation.oidc import back_to_client
from testlegitimation.people import BadNumber, Person
from testlegitimation.provider import Provider
from testlegitimation.qr_picture import picture
from testlegitimation.store import Grant, Visit
from testlegitimation.tokens import number_claim


def qr_content(token: str, secret: str, second: int) -> str:
    """What BankID's moving QR code holds in a given second: HMAC-SHA256 over the second, keyed by the
    secret.
    """
    code = hmac.new(secret.encode("ascii"), str(second).encode("ascii"), hashlib.sha256).hexdigest()
    return f"bankid.{token}.{second}.{code}"


def pages_blueprint(provider: Provider) -> Blueprint:
    """The routes of the pages."""
    routes = Blueprint("pages", __name__)

    def open_visit(key: str, eid: str | None = None) -> Visit:
        """The visit, if it is open and may be answered with this e-ID; 404 otherwise."""
        visit = provider.store.visit(key)
        if visit is None or (
            eid is not None and (eid not in EID_TITLES or visit.request.eid not in (None, eid))
        ):
            abort(404)
        # Chromium applies form-action to the redirect that follows a form too.
        address = urlsplit(visit.request.redirect_uri)
        g.form_target = f"{address.scheme}://{address.netloc}"
        return visit

    @routes.get("/valj/<key>")
    def choose(key: str) -> str:
        return render_template("choose.html", visit=open_visit(key))

    @routes.get("/<any(bankid, freja):eid>/<key>")
    def who(eid: str, key: str) -> str:
        return _who_page(provider, open_visit(key, eid), eid)

    @routes.post("/<any(bankid, freja):eid>/<key>")
    def answer_who(eid: str, key: str) -> Response | tuple[str, int]:
        visit = open_visit(key, eid)
        if ended := _ended(provider, visit):
            return ended
        try:
            person = provider.people.find(
                request.form.get("annat_nummer") or request.form.get("personnummer", "")
            )
        except BadNumber as error:
            return _who_page(provider, visit, eid, str(error)), 400
        if not _is_expected(visit, person):
            return _refused(provider, visit, "another person than the one asked for")
        if not visit.request.is_signing:
            return _completed(provider, visit, person, eid)
        visit.person = person
        return redirect(url_for("pages.text", eid=eid, key=key), code=303)  # type: ignore[return-value]

    @routes.get("/<any(bankid, freja):eid>/<key>/text")
    def text(eid: str, key: str) -> Response | str:
        visit = open_visit(key, eid)
        if visit.person is None:
            return redirect(url_for("pages.who", eid=eid, key=key), code=303)  # type: ignore[return-value]
        return render_template("text.html", visit=visit, eid=eid, title=EID_TITLES[eid])

    @routes.post("/<any(bankid, freja):eid>/<key>/text")
    def answer_text(eid: str, key: str) -> Response:
        visit = open_visit(key, eid)
        if ended := _ended(provider, visit):
            return ended
        if visit.person is None:
            abort(404)
        return _completed(provider, visit, visit.person, eid)

    @routes.get("/qr/<key>.svg")
    def qr(key: str) -> Response:
        visit = open_visit(key)
        second = int(time.time() - visit.started)
        return Response(
            picture(qr_content(visit.qr_token, visit.qr_secret, second)), mimetype="image/svg+xml"
        )

    return routes


def _who_page(provider: Provider, visit: Visit, eid: str, error: str | None = None) -> str:
    return render_template(
        "who.html",
        visit=visit,
        eid=eid,
        title=EID_TITLES[eid],
        people=provider.people.all(),
        other_device=request.args.get("enhet") == "annan",
        error=error,
        typed=request.form.get("annat_nummer", ""),
    )


def _ended(provider: Provider, visit: Visit) -> Response | None:
    """The way back when the person cancelled or let it fail; None when the answer was to go on."""
    action = request.form.get("action")
    if action == "ok":
        return None
    if action == "cancel":
        return _refused(provider, visit, "the person cancelled")
    if action == "fail":
        return _refused(provider, visit, "the authentication failed")
    abort(400)


def _is_expected(visit: Visit, person: Person) -> bool:
    """Whether the person's number is among those that the client bound the request to."""
    own = number_claim(person)
    return all(own.get(claim) in values for claim, values in visit.request.bound_numbers().items())


def _closed(provider: Provider, visit: Visit) -> None:
    if provider.store.close_visit(visit.key) is None:
        abort(404)


def _refused(provider: Provider, visit: Visit, description: str) -> Response:
    _closed(provider, visit)
    return back_to_client(
        visit.request.redirect_uri,
        {
            "error": "access_denied",
            "error_description": description,
            "state": visit.request.state,
            "iss": visit.issuer or None,
        },
    )


def _completed(provider: Provider, visit: Visit, person: Person, eid: str) -> Response:
    """Closes the visit, signs when that was asked for, and goes back with a code."""
    _closed(provider, visit)
    asked = visit.request
    fault = provider.faults.take("visit")
    name = fault.name if fault else None
    grant = Grant(
        visit=visit,
        person=person,
        eid=eid,
        auth_time=int(time.time()),
        device_ip=request.remote_addr or "127.0.0.1",
        fault=fault,
    )
    if asked.sign_text is not None and asked.tbs_data is not None:
        grant.user_signature, grant.ocsp = provider.signer.sign(
            person, asked.sign_text, asked.tbs_data, eid=eid, rp_name=asked.client.name, fault=name
        )
    back: dict[str, str | None] = {
        "code": provider.store.add_code(grant),
        "state": asked.state,
        "iss": visit.issuer or None,
    }
    if name == "response-iss-missing":
        del back["iss"]
    elif name == "response-iss-wrong":
        back["iss"] = "http://localhost:1"
    elif name == "response-state-wrong":
        back["state"] = "another-state"
    elif name == "response-state-missing":
        del back["state"]
    return back_to_client(asked.redirect_uri, back)
