"""A browser in plain words: coarse, from a closed list, and nothing of the header beside."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from stegvis.identity.accounts import browsers

AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36": (
        "Chrome på Windows"
    ),
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0": (
        "Edge på Windows"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 Version/17.1 Mobile Safari/604.1": (
        "Safari på iPhone"
    ),
    "Mozilla/5.0 (Linux; Android 13; SM-A536B) AppleWebKit/537.36 SamsungBrowser/23.0 Chrome/115.0 Safari/537.36": (
        "Samsung Internet på Android"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0": "Firefox på Linux",
    "Prov/1.0 (iPad)": "En webbläsare på iPad",
    "": "En webbläsare som vi inte känner igen",
}


@pytest.mark.parametrize(("agent", "words"), AGENTS.items())
def test_what_is_read(app: Flask, agent: str, words: str) -> None:
    with app.test_request_context("/"):
        assert browsers.in_words(*browsers.coarse(agent)) == words


@given(
    st.text(max_size=300) | st.sampled_from(sorted(AGENTS)).flatmap(lambda one: st.just(one + " Version/9.8"))
)
def test_nothing_but_two_known_codes_is_kept(agent: str) -> None:
    assert set(browsers.coarse(agent)) <= {"", *browsers._NAMES}
