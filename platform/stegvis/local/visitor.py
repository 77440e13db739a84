"""A person's browser without a browser: real pages, forms, cookies and redirects over HTTP, for the check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import requests
from lxml import html
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar, get_cookie_header

from testlegitimation.walk import Action, WalkFailed, walk

SECONDS = 60
Typed = Mapping[str, str | list[str]]


class VisitFailed(Exception):
    """A page or a form was not as it must be; the message says where and what."""


class _Loopback(HTTPAdapter):
    """Takes every *.localhost for this machine, as browsers do and Python does not.

    The address stays what it was, so that cookies, redirects and the Host header do too. `cookies` are sent by
    their own policy: requests copies them into a jar that has forgotten it.
    """

    def __init__(self, cookies: RequestsCookieJar) -> None:
        super().__init__()
        self.cookies = cookies

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """The pool of 127.0.0.1 for an address on a *.localhost."""
        address = urlsplit(request.url)
        return self.poolmanager.connection_from_host("127.0.0.1", address.port or 80, scheme="http")

    def add_headers(self, request: requests.PreparedRequest, **kwargs: Any) -> None:
        """The Host header that the address says, and the cookies that its host has set."""
        request.headers["Host"] = urlsplit(request.url or "").netloc
        request.headers.pop("Cookie", None)
        if cookies := get_cookie_header(self.cookies, request):
            request.headers["Cookie"] = cookies


class Page:
    """A page that was answered: where, and its forms, links and words."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.path = urlsplit(response.url).path
        parsed = html.fromstring(response.text or "<html/>", base_url=response.url)
        self.tree = cast("html.HtmlElement", parsed)
        self.tree.make_links_absolute()

    @property
    def words(self) -> str:
        """The text of the page's main part, on one line."""
        main = self.tree.xpath("//main") or [self.tree]
        return " ".join(main[0].text_content().split())

    def links(self, part: str) -> list[str]:
        """The addresses of links whose path contains `part`, in order, each once."""
        found = [one.get("href", "") for one in self.tree.xpath("//a[@href]")]
        return list(dict.fromkeys(one for one in found if part in urlsplit(one).path))

    def forms(self, part: str) -> Iterator[html.FormElement]:
        """The forms whose action's path contains `part`."""
        for form in self.tree.forms:
            if part in urlsplit(form.action or self.response.url).path:
                yield cast("html.FormElement", form)

    def form(self, part: str) -> html.FormElement:
        """The first of these forms. Raises VisitFailed."""
        found = next(self.forms(part), None)
        if found is None:
            found = self._by_button(part)
        if found is None:
            raise VisitFailed(f"{self.path}: det finns inget formulär till ”{part}”. {self.said()}")
        return found

    def _by_button(self, part: str) -> html.FormElement | None:
        """A form with a button of its own address that contains `part`, as it is sent by that button."""
        for button in self.tree.xpath("//form//button[@formaction]"):
            if part in button.get("formaction"):
                form = cast("html.FormElement", next(button.iterancestors("form")))
                form.action = button.get("formaction")
                return form
        return None

    def said(self) -> str:
        """What the page tells loudest: its alerts, else the beginning of its main part."""
        alerts = [" ".join(one.text_content().split()) for one in self.tree.xpath("//*[@role='alert']")]
        return f"Sidan säger: {(' '.join(filter(None, alerts)) or self.words)[:400]}"


class Visitor:
    """One person at one förbund's address."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        # The cookies are Secure; browsers send such to *.localhost over http too.
        self.session.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https")))
        self.session.mount("http://", _Loopback(self.session.cookies))

    def fetch(self, address: str, *, status: int = 200) -> requests.Response:
        """Get an address or path, following redirects. Raises VisitFailed for another status."""
        return self._wanted(self.session.get(urljoin(self.base, address), timeout=SECONDS), status)

    def open(self, address: str, *, status: int = 200) -> Page:
        """Get a page."""
        return Page(self.fetch(address, status=status))

    def send(
        self,
        page: Page,
        part: str,
        typed: Typed | None = None,
        press: tuple[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Page:
        """Fill in the form of `page` whose action contains `part`, and send it as a browser would."""
        return self.send_form(page, page.form(part), typed, press, status=status)

    def send_form(
        self,
        page: Page,
        form: html.FormElement,
        typed: Typed | None = None,
        press: tuple[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Page:
        """Fill in a form and send it; `press` is the button's name and value. Raises VisitFailed."""
        for name, value in (typed or {}).items():
            fill(form, name, value)
        # Browsers end the lines of what was typed with both characters (HTML, "normalize newlines").
        fields = [
            (name, value.replace("\r\n", "\n").replace("\n", "\r\n")) for name, value in form.form_values()
        ]
        if press is not None:
            if not form.xpath(".//button[@name=$n and @value=$v]", n=press[0], v=press[1]):
                raise VisitFailed(f"{page.path}: knappen {press[0]}={press[1]} finns inte.")
            fields.append(press)
        address = form.action or page.response.url
        answer = self.session.post(address, data=fields, timeout=SECONDS)
        return Page(self._wanted(answer, status))

    def log_in(self, number: str, start: str = "/logga-in", *, action: Action = "ok") -> Page:
        """Go to a page, log in with the test e-ID on the way; gives the page that the person comes to."""
        return self.legitimate(self.open(start), "/logga-in/", number, action=action)

    def legitimate(
        self, page: Page, part: str, number: str, *, action: Action = "ok", status: int = 200
    ) -> Page:
        """Press the button that leads to the e-ID, do there what a person does, and come back."""
        leaving = self.send(page, part)
        try:
            back = walk(self.session, leaving.response, number, action)
        except WalkFailed as error:
            raise VisitFailed(f"e-legitimationen: {error}") from error
        return self.open(back, status=status)

    def _wanted(self, answer: requests.Response, status: int) -> requests.Response:
        if answer.status_code == status:
            return answer
        said = Page(answer).said() if "html" in answer.headers.get("Content-Type", "") else ""
        path = urlsplit(answer.url).path
        raise VisitFailed(f"{path} svarade {answer.status_code} i stället för {status}. {said}")


def fill(form: html.FormElement, name: str, value: str | list[str]) -> None:
    """Type or choose in one field; raises VisitFailed for a field or a choice that the form does not have."""
    try:
        field = form.inputs[name]
    except KeyError:
        raise VisitFailed(f"Formuläret till {form.action} har inget fält {name}.") from None
    try:
        if isinstance(field, html.CheckboxGroup):
            field.value = set(value if isinstance(value, list) else [value])
        elif isinstance(field, html.InputElement) and field.type == "checkbox":
            field.checked = field.get("value", "on") in value
        else:
            field.value = value if isinstance(value, str) else value[0]
    except (ValueError, KeyError) as error:
        raise VisitFailed(f"Fältet {name} i {form.action} har inget val {value!r}.") from error
