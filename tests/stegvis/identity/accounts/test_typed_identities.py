"""What is typed about somebody who is invited: an organisation's identity in one way of writing, an address."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from stegvis.identity.accounts import numbers
from stegvis.identity.eid.org_affiliation import read_affiliation

ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("abc123@4444444444", "abc123@4444444444"),
        (" ABC123@444444-4444 ", "abc123@4444444444"),
        ("SE4444444444-1A2B@4444444444", "se4444444444-1a2b@4444444444"),
        ("abc@4444444445", ""),
        ("abc@444444444", ""),
        ("abc@@4444444444", ""),
        ("@4444444444", ""),
        ("a b@4444444444", ""),
        ("å@4444444444", ""),
        ("abc@４４４４４４４４４４", ""),
        ("4444444444", ""),
        ("", ""),
    ],
)
def test_one_way_of_writing(typed: str, kept: str) -> None:
    assert read_affiliation(typed) == kept


@given(ASCII.filter(lambda one: "@" not in one))
def test_what_is_kept_is_kept_again(who: str) -> None:
    once = read_affiliation(f"{who}@4444444444")
    assert once == f"{who.lower()}@4444444444" == read_affiliation(once)


@given(st.text(max_size=80))
def test_whatever_comes_is_an_identity_or_nothing(text: str) -> None:
    found = read_affiliation(text)
    assert found == "" or (found.isascii() and found == found.lower() and found.count("@") == 1)


@pytest.mark.parametrize(
    ("typed", "holds"),
    [
        ("prov@kommunen.example", True),
        (" prov.provsson@socialtjansten.kommunen.example ", True),
        ("prov@kommunen", False),
        ("prov provsson@kommunen.example", False),
        ("prov@kommunen..example", False),
        ("@kommunen.example", False),
        ("prov@kommunen.example\nBcc: x@y.example", False),
        ("a" * 250 + "@b.example", False),
        ("", False),
    ],
)
def test_an_address(app: Flask, typed: str, holds: bool) -> None:
    with app.test_request_context("/"):
        address, fault = numbers.read_email(typed)
    assert (address, fault == "") == (typed.strip() if holds else "", holds)
