"""Walking the provider's pages as a program: what a person would press, without a browser. For tests and
checks.
"""

from __future__ import annotations

from typing import Literal, cast
from urllib.parse import urljoin, urlsplit

import requests
from lxml import html

Action = Literal["ok", "cancel", "fail"]
MOST_STEPS = 8


class WalkFailed(RuntimeError):
    """The pages did not lead back to the client. The message says where it stopped and what the page said."""


def walk(
    session: requests.Session,
    url_or_response: str | requests.Response,
    personnummer: str,
    action: Action = "ok",
    *,
    eid: Literal["bankid", "freja"] = "bankid",
) -> str:
    """The address that the provider sends the person back to, with ``code``, ``state`` and ``iss`` (or
    ``error``).

    ``url_or_response``: an address of the client or of the provider, or a page that was fetched already. A
    page of the client that sends itself to the provider (a form with ``request`` or ``request_uri``) is
    followed.
    ``action`` is what the person presses at the end: at a signing on the page with the text. ``eid`` is
    chosen where there is a choice. The returned address is not fetched. Raises WalkFailed.
    """
    provider: str | None = None
    if isinstance(url_or_response, str):
        address = urlsplit(url_or_response)
        at_provider = address.path.rsplit("/", 1)[-1] == "authorize"
        provider = address.netloc if at_provider else None
        response = session.get(url_or_response, allow_redirects=not at_provider)
    else:
        response = url_or_response
    for _ in range(MOST_STEPS):
        if provider is not None and response.is_redirect:
            target = urljoin(response.url, response.headers["Location"])
            if urlsplit(target).netloc != provider:
                return target
            response = session.get(target, allow_redirects=False)
            continue
        form = _form(response, eid)
        provider = urlsplit(form.action).netloc
        fields = dict(form.form_values())
        if form.get("data-step") == "who":
            # At a signing the person's real answer comes on the next page, where the text is.
            fields = {
                "personnummer": personnummer,
                "action": "ok" if form.get("data-signing") == "yes" else action,
            }
        elif form.get("data-step") == "text":
            fields = {"action": action}
        response = _send(session, form, fields)
    raise WalkFailed(f"no way back to the client after {MOST_STEPS} pages; the last was {response.url}")


def _send(session: requests.Session, form: html.FormElement, fields: dict[str, str]) -> requests.Response:
    if form.method.upper() == "GET":
        return session.get(form.action, params=fields, allow_redirects=False)
    return session.post(form.action, data=fields, allow_redirects=False)


def _form(response: requests.Response, eid: str) -> html.FormElement:
    """The form to send: the client's own auto-submitting one, or the provider's, or the one of the chosen
    e-ID.
    """
    if response.status_code >= 400 or not response.text:
        raise WalkFailed(f"{response.status_code} from {urlsplit(response.url).path}: {_said(response)}")
    page = _page(response)
    page.make_links_absolute()
    forms = [
        form
        for form in page.forms
        if {"request", "request_uri"} & set(form.fields.keys())
        or form.get("data-step")
        or form.get("data-eid") == eid
    ]
    if not forms:
        raise WalkFailed(f"no form to go on with at {urlsplit(response.url).path}: {_said(response)}")
    return forms[0]


def _said(response: requests.Response) -> str:
    if not response.text:
        return "an empty page"
    page = _page(response)
    told = page.xpath("//*[@role='alert']") or page.xpath("//main") or [page]
    return " ".join(told[0].text_content().split())[:300]


def _page(response: requests.Response) -> html.HtmlElement:
    return cast("html.HtmlElement", html.fromstring(response.text, base_url=response.url))
