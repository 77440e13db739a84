"""Codes of avslut: undeclared is sensitive, and the floor cannot be lowered by any word a plugin chooses."""

import pytest
from pydantic import ValidationError

from stegvis.insats.codes import AVSLUT_GROUPS, FLOOR_TOPICS, LISTS, touches_floor
from stegvis.insats.process import AvslutCode, published_group

OPEN = {"group": "vidare_till_af", "sensitivity": "open"}


def test_undeclared_and_unknown_codes_are_published_as_annat():
    code = AvslutCode(code="flytt", label="Flyttat")
    assert (code.sensitivity, published_group(code), published_group(None)) == ("sensitive", "annat", "annat")


def test_an_open_code_is_published_in_its_group():
    assert published_group(AvslutCode(code="praktik", label="Praktik via AF", **OPEN)) == "vidare_till_af"


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("sjukersattning", "Ersättning"),
        ("x", "Beviljad sjukersättning"),
        ("aktivitetsersattning", "Ersättning"),
        ("vard", "Slutenvård för psykos"),
        ("y", "Åter i missbruk"),
        ("domd", "Annat"),
        ("z", "Dömd för brott"),
        ("q", "Misstänkt för narkotikabrott"),
        ("fangelse", "Annat"),
        ("haktad", "Annat"),
        ("i_forvar", "I förvar"),
        ("avliden", "Annat"),
        ("d", "Dödsfall"),
        ("s", "Skyddade personuppgifter"),
    ],
)
def test_words_of_the_floor_cannot_be_open(code, label):
    with pytest.raises(ValidationError, match="kan inte vara ”open”"):
        AvslutCode(code=code, label=label, **OPEN)


@pytest.mark.parametrize("topic", sorted(FLOOR_TOPICS))
def test_a_declared_topic_cannot_be_open(topic):
    with pytest.raises(ValidationError, match="kan inte vara ”open”"):
        AvslutCode(code="nagot", label="Något", topic=topic, **OPEN)


@pytest.mark.parametrize(
    "label",
    [
        "Avbrott",
        "Förvärvsarbete",
        "Genombrott",
        "Tillsvidareanställning",
        "Skyddat arbete",
        "Beroende på ort",
        "Studier",
    ],
)
def test_ordinary_words_do_not_touch_the_floor(label):
    assert touches_floor(label) is False


def test_a_sensitive_code_has_no_group_of_its_own():
    with pytest.raises(ValidationError, match="känslig och hör därför till gruppen ”annat”"):
        AvslutCode(code="flytt", label="Flyttat", group="studier")


def test_a_code_that_got_past_the_check_is_still_published_as_annat():
    code = AvslutCode.model_construct(
        code="sjukersattning",
        label=AvslutCode(code="x", label="Sjukersättning").label,
        topic=None,
        counts=True,
        **OPEN,
    )
    assert published_group(code) == "annat"


def test_lists_hold_each_code_once_and_health_is_never_open():
    for codes in LISTS.values():
        assert len({code.code for code in codes}) == len(codes)
        assert [
            code.code for code in codes if code.sensitivity == "open" and touches_floor(code.code, code.label)
        ] == []
    assert AVSLUT_GROUPS == (
        "arbete_utan_lonestod",
        "arbete_med_lonestod",
        "studier",
        "vidare_till_af",
        "ater_till_remittent",
        "annat",
    )
