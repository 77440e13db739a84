"""Acts through the whole web application: what a browser brings to a callback, and what must not come of it.

Each act ends with the outcome of the one answer that it is about, after it has looked that nothing else happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import structlog
from flask import Flask
from structlog.testing import LogCapture

from asked import Asked
from stegvis.identity.eid import routes
from visiting import People, RunningEid, Visitor

ELSEWHERE = "kalmar-lan.localhost"
SIGNED = [("giltig", "")], ("given", "oppen")
UNSIGNED = [], ("fraga", "vantar_samtycke")


@dataclass
class Web:
    """The application with its people and browsers, the running e-ID, and what the callback writes in its log."""

    app: Flask
    people: People
    browser: Callable[..., Visitor]
    eid: RunningEid
    lines: LogCapture

    def asked(self) -> Asked:
        """Somebody who is asked for a samtycke, at its page."""
        return Asked(self.people, self.browser)

    def bring(self, visitor: Visitor, address: str) -> str:
        """Open a callback's address in a browser: ``accepted``, ``not found`` or the reason of the refusal."""
        self.lines.entries.clear()
        answer = visitor.get(address)
        reasons = [str(one["reason"]) for one in self.lines.entries if one["event"] == "eid_visit_ended"]
        if answer.status_code == 404:
            return "not found"
        assert answer.status_code == 303, answer.status
        return reasons[0] if reasons else "accepted"


def listening(monkeypatch: Any) -> LogCapture:
    """The lines that the callback writes to its log from now on."""
    lines = LogCapture()
    monkeypatch.setattr(routes, "log", structlog.wrap_logger(None, processors=[lines]))
    return lines


def leave_to_sign(asked: Asked) -> str:
    """Begin a signing on the person's page and say yes at the e-ID: the address that it sends back to."""
    asked.visitor.get(asked.path)
    asked.visitor.send("/signera/bankid")
    return asked.visitor.at_eid(asked.number)


def found(asked: Asked) -> tuple[list[tuple[str, str]], tuple[str, str]]:
    """Evidence and states, as they lie in the vault."""
    return asked.evidence(), asked.states()


def is_logged_in(asked: Asked) -> bool:
    """Whether the person's browser still shows their own page."""
    return asked.visitor.get("/mina-sidor").status_code == 200


def query(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def replayed(web: Web) -> str:
    """The same answer twice in the browser that it belongs to."""
    asked = web.asked()
    back = leave_to_sign(asked)
    assert web.bring(asked.visitor, back) == "accepted"
    outcome = web.bring(asked.visitor, back)
    assert found(asked) == SIGNED and is_logged_in(asked)
    return outcome


def in_another_browser(web: Web) -> str:
    """The answer in a browser where nobody is logged in, then in one where the same person is; then at home."""
    asked = web.asked()
    back = leave_to_sign(asked)
    outcome = web.bring(web.browser(), back)
    assert web.bring(web.browser(asked.person), back) == outcome
    assert found(asked) == UNSIGNED
    assert web.bring(asked.visitor, back) == "accepted" and found(asked) == SIGNED
    return outcome


def token_of_a_login(web: Web) -> str:
    """The person logs in and says yes to the signing; the provider hands over the login's ID token for it."""
    asked = web.asked()
    web.browser().log_in(asked.number)
    web.eid.fault("id-token-of-a-login")
    outcome = web.bring(asked.visitor, leave_to_sign(asked))
    assert found(asked) == ([("ogiltig", outcome)], UNSIGNED[1]) and is_logged_in(asked)
    return outcome


def at_another_provider(web: Web) -> str:
    """The right state and code, at the callback of another provider; one that is not there changes nothing."""
    asked = web.asked()
    back = leave_to_sign(asked)
    assert web.bring(asked.visitor, back.replace("/bankid/", "/finns-inte/")) == "not found"
    outcome = web.bring(asked.visitor, back.replace("/bankid/", "/freja/"))
    assert found(asked) == ([("ogiltig", outcome)], UNSIGNED[1])
    return outcome


def forged_error(web: Web) -> str:
    """Somebody makes the browser call the callback with an error of their own while the person is away."""
    asked = web.asked()
    back = leave_to_sign(asked)
    forged = f"/legitimera/bankid/svar?error=access_denied&state=forged&iss={query(back)['iss']}"
    outcome = web.bring(asked.visitor, forged)
    assert found(asked) == UNSIGNED
    assert web.bring(asked.visitor, back) == "accepted" and found(asked) == SIGNED
    return outcome


def at_another_tenant(web: Web) -> str:
    """A signing of one förbund brought to another's host, and a login of the other's brought to the first."""
    asked = web.asked()
    back = leave_to_sign(asked)
    elsewhere = web.browser(host=ELSEWHERE)
    elsewhere.cookie = asked.visitor.cookie
    outcome = web.bring(elsewhere, back)
    assert found(asked) == UNSIGNED
    other = web.browser(host=ELSEWHERE)
    other.get("/logga-in")
    other.send("/logga-in/bankid")
    login = other.at_eid(asked.number)
    here = web.browser()
    here.cookie = other.cookie
    assert web.bring(here, login) == outcome
    assert here.get("/mina-sidor").status_code == 303
    return outcome


def logged_out_at_provider(web: Web, change: Callable[[str], str]) -> str:
    """A whole logout, in which the way back from the provider is changed: whether it is believed."""
    visitor = web.browser()
    visitor.log_in(web.people.handledare().number)
    visitor.send("/logga-ut")
    form = visitor.page.form("/logout")
    fields = dict(form.form_values())
    assert fields["id_token_hint"] and fields["state"]
    answer = requests.post(str(form.action), fields, allow_redirects=False, timeout=10)
    back = answer.headers["Location"].removeprefix(visitor.base)
    assert query(back) == {"state": fields["state"]}
    visitor.get(change(back), follow=True)
    said = visitor.page.words
    visitor.get(back, follow=True)
    assert "utloggad" not in visitor.page.words
    believed = "Du är utloggad, också hos din e-legitimation." in said
    assert believed != ("Vi vet inte om din e-legitimation loggade ut dig" in said)
    return "accepted" if believed else "not believed"


def out_at_the_provider(web: Web) -> str:
    """Out here, out there, and back with the state that was sent; a second time it says nothing."""
    return logged_out_at_provider(web, lambda back: back)


def out_with_another_state(web: Web) -> str:
    """Back with a state that we did not send."""
    return logged_out_at_provider(web, lambda back: back.partition("?")[0] + "?state=another-state")


def out_without_state(web: Web) -> str:
    """Back with none."""
    return logged_out_at_provider(web, lambda back: back.partition("?")[0])


def two_tabs(web: Web) -> str:
    """Two signings begun in two tabs, both said yes to; the second one comes back first. One samtycke."""
    asked = web.asked()
    first, second = leave_to_sign(asked), leave_to_sign(asked)
    outcome = web.bring(asked.visitor, second)
    assert web.bring(asked.visitor, first) == outcome
    assert found(asked) == SIGNED and is_logged_in(asked)
    return outcome


def back_button(web: Web) -> str:
    """Back to the page that leaves for the e-ID, which sends itself again: another yes under the used state."""
    asked = web.asked()
    asked.visitor.send("/signera/bankid")
    leaving = asked.visitor.answer
    assert web.bring(asked.visitor, asked.visitor.at_eid(asked.number)) == "accepted"
    asked.visitor.answer = leaving
    outcome = web.bring(asked.visitor, asked.visitor.at_eid(asked.number))
    assert found(asked) == SIGNED and is_logged_in(asked)
    assert "Inget nytt har hänt, och det som är klart finns kvar." in asked.visitor.page.words
    return outcome
