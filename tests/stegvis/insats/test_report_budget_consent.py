"""Report periods, sums of a budget, and the words of a samtycke."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stegvis.ground.definitions import DefinitionError, load
from stegvis.insats.budget import Budget
from stegvis.insats.consent import Consent, blocks, plain_text
from stegvis.insats.report import Period, ReportTemplate, periods

FOLDER = Path(__file__).parents[2] / "dummy_insats/stegvis_dummy"
NAMES = {"huvudman": "Provnämnden", "insats": "Provinsatsen", "forbund": "Provförbundet"}


def test_quarters_follow_the_calendar():
    found = periods("quarter", date(2022, 10, 1), date(2023, 5, 10))
    assert found == (
        Period(date(2022, 10, 1), date(2022, 12, 31)),
        Period(date(2023, 1, 1), date(2023, 3, 31)),
        Period(date(2023, 4, 1), date(2023, 5, 10)),
    )


@given(
    st.sampled_from(["quarter", "half_year", "year", "at_end"]),
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.integers(0, 2000),
)
def test_periods_cover_every_day_once(cadence, start, length):
    end = start + timedelta(days=length)
    found = periods(cadence, start, end)
    assert (found[0].start, found[-1].end) == (start, end)
    assert all(one.start <= one.end for one in found)
    assert [after.start - before.end for before, after in pairwise(found)] == [timedelta(days=1)] * (
        len(found) - 1
    )


def budget(**changes):
    line = {"id": "a", "title": "A", "amounts": {"2023": 40, "2024": 60}}
    base = {
        "amounts": "given",
        "text": "x",
        "total": 100,
        "totals": {"2023": 40, "2024": 60},
        "line": (line,),
    }
    return Budget.model_validate({**base, **changes})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"total": 101}, "Åren blir 100 kr, men ”total” säger 101 kr"),
        ({"totals": {"2023": 41, "2024": 59}}, "Raderna för 2023 blir 40 kr, men ”totals” säger 41 kr"),
        ({"totals": {"2023": 40}}, "precis de år"),
        ({"line": ()}, "behöver rader"),
        ({"amounts": "missing"}, "ta bort dem"),
        ({"line": ({"id": "a", "title": "A", "amounts": {"23": 1}},)}, "är inget årtal"),
        ({"line": ({"id": "a", "title": "A", "amounts": {"2023": -1}},)}, "är negativt"),
        (
            {"line": ({"id": "a", "title": "A", "party": "x", "amounts": {"2023": 1}},)},
            "som inte finns i ”party”",
        ),
    ],
)
def test_a_budget_that_does_not_add_up_is_refused(changes, sentence):
    with pytest.raises(ValidationError, match=sentence):
        budget(**changes)


def test_cost_by_year_and_party():
    assert (budget().cost(), budget().cost(year="2024"), budget().cost(party="x")) == (100, 60, 0)


def test_a_samtycke_in_five_blocks_with_names_filled_in():
    consent = load(FOLDER / "consent.toml", Consent)
    swedish, english = blocks(consent, "sv", NAMES), blocks(consent, "en", NAMES)
    assert [block.id for block in swedish] == ["vilka", "vad", "varfor", "hur_lange", "du_bestammer"]
    assert [block.id for block in english] == [block.id for block in swedish]
    assert swedish[0].points == ("Provnämnden: de som arbetar här.",)
    assert english[0].paragraphs == ("These may talk about Provinsatsen.",)
    assert plain_text("Ja", swedish) == (
        "Ja\n\n"
        "Vilka får prata med varandra\n"
        "De här får prata om Provinsatsen.\n- Provnämnden: de som arbetar här.\n\n"
        "Vad de får prata om\n- Hur det går.\n\n"
        "Varför\nSå att det går.\nDe träffas.\n\n"
        "Hur länge\nHögst ett år.\n\n"
        "Du bestämmer\nDu får säga nej.\nDu får ändra dig.\nDå händer inget.\n"
    )


def test_an_unknown_placeholder_is_refused(tmp_path):
    text = (FOLDER / "consent.toml").read_text(encoding="utf-8").replace("Så att det går.", "Tack {namn}.")
    (tmp_path / "consent.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path / "consent.toml", Consent)
    assert [fault.sentence for fault in caught.value.faults] == [
        "Texten använder {namn}, som inte finns. Det som finns är {forbund}, {huvudman}, {insats}."
    ]


def test_a_report_that_names_a_missing_figure_is_refused():
    report = load(FOLDER / "report/rapport.toml", ReportTemplate)
    assert report.own_figures() == {"ovriga"}
    content = report.model_dump()
    content["section"][0]["figures"] = ("borta",)
    with pytest.raises(ValidationError, match="Avsnitt 1 använder siffran ”borta”, som inte finns"):
        ReportTemplate.model_validate(content)
