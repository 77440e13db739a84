"""What a huvudman hands over, and how the report that crosses is put together from it. Pure."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stegvis.publishing.assembling import on_the_way, payload_of
from stegvis.publishing.content import ReportContent, due_on, thaw_content
from stegvis.publishing.payload import HiddenCell, Payload
from stegvis.publishing.policy import Hidden, decide
from stegvis.publishing.service import NOT_RELEASED

PERIOD = {"first": "2023-10-01", "last": "2023-12-31"}


def content(ended: dict[str, int], total: int = 30, **changes: Any) -> ReportContent:
    """A small report: so many ended with each code, one figure, goals of every source."""
    gone = sum(ended.values())
    numbers = {"total": total, "new": total, "ended": gone, "enrolled": total - gone}
    data: dict[str, Any] = {
        "tenant": {"id": "gavleborg", "name": "Ett förbund"},
        "huvudman": {"id": "sandviken", "name": "En nämnd"},
        "insats": {"id": "karnhuset", "name": "En insats"},
        "kind": "kvartalsrapport",
        "period": PERIOD,
        "version": 1,
        "time_share": 56,
        "totals": {"period": numbers, "since": numbers},
        "codes": [
            {"id": code, "count": n, "group": group, "sensitive": group == "annat"}
            for (code, n), group in zip(ended.items(), ("studier", "annat", "annat"), strict=True)
        ],
        "figures": [
            {
                "id": "utan_stod",
                "label": "Utan försörjningsstöd",
                "numerator": ended["utbildning"],
                "denominator": gone,
                "rest_label": "Med försörjningsstöd",
                "of_leavers": True,
            }
        ],
        "goals": [
            {"id": "antal", "label": "Femtio", "target": 50, "source": "total"},
            {"id": "utan_stod", "label": "Utan stöd", "target": 50, "unit": "procent", "source": "figure"},
            {"id": "annat_mal", "label": "Senare", "target": None, "source": "none"},
        ],
        "sections": [],
        "signer": {"name": "Test Testsson", "on": "2024-01-11"},
        "policy": "standard",
    }
    return ReportContent.model_validate(data | changes, strict=False)


def crossing(of: ReportContent) -> tuple[Payload, set[int]]:
    """The payload of a first release, and every number that the decision lets through."""
    decision = decide(of.counts(), (), policy=of.policy, on=date(2024, 1, 15))
    told = {n for n in decision.cells.values() if not isinstance(n, Hidden)}
    return payload_of(of, decision, NOT_RELEASED), told


def test_a_hidden_figure_tells_neither_number_nor_denominator() -> None:
    payload, _told = crossing(content({"utbildning": 1, "sjukdom": 1, "flytt": 1}))
    rows = {row.id: row for row in payload.figures}
    assert (rows["figure/utan_stod"].label, rows["figure/utan_stod/rest"].label) == (
        "Utan försörjningsstöd",
        "Med försörjningsstöd",
    )
    hidden = [rows[one].since_start for one in ("figure/utan_stod", "figure/utan_stod/rest", "group/annat")]
    assert [isinstance(one, HiddenCell) for one in hidden] == [True, True, True]
    goals = {goal.id: (goal.outcome, goal.judgement) for goal in payload.goals}
    assert isinstance(goals["utan_stod"][0], HiddenCell)
    assert goals["utan_stod"][1] is None


def test_a_shown_figure_has_its_denominator_and_the_rest() -> None:
    payload, _told = crossing(content({"utbildning": 5, "sjukdom": 2, "flytt": 1}))
    rows = {row.id: (row.label, row.since_start) for row in payload.figures}
    assert rows["figure/utan_stod"] == ("Utan försörjningsstöd (av 8)", 5)
    assert rows["figure/utan_stod/rest"] == ("Med försörjningsstöd (av 8)", 3)
    goals = {goal.id: (goal.outcome, goal.denominator, goal.judgement) for goal in payload.goals}
    assert goals == {
        "antal": (30, None, "pa_vag"),
        "utan_stod": (63, 8, "uppfyllt"),
        "annat_mal": (None, None, "gar_inte_att_mata_an"),
    }


@given(st.tuples(*[st.integers(0, 9)] * 3), st.integers(30, 60))
def test_no_number_crosses_that_the_policy_holds_back(ended: tuple[int, int, int], total: int) -> None:
    payload, told = crossing(
        content(dict(zip(("utbildning", "sjukdom", "flytt"), ended, strict=True)), total)
    )
    rows = [row for row in payload.figures if not row.id.startswith("figure/")]
    shown = {n for row in rows for n in (row.period, row.since_start) if isinstance(n, int)}
    assert shown <= told
    others = [row for row in payload.figures if row.id.startswith("figure/")]
    assert all(isinstance(row.since_start, HiddenCell) for row in others) or sum(ended) >= 5


@pytest.mark.parametrize(
    ("end", "due"),
    [
        (date(2023, 12, 31), date(2024, 1, 31)),
        (date(2024, 1, 31), date(2024, 2, 29)),
        (date(2023, 11, 30), date(2023, 12, 31)),
        (date(2023, 10, 15), date(2023, 11, 30)),
    ],
)
def test_a_report_is_due_at_the_end_of_the_following_month(end: date, due: date) -> None:
    assert due_on(end) == due


@pytest.mark.parametrize(
    ("target", "outcome", "share", "judged"),
    [
        (50, 50, 10, "uppfyllt"),
        (50, 30, 56, "pa_vag"),
        (50, 26, 56, "pa_vag"),
        (50, 25, 56, "risk"),
        (50, 25, None, None),
        (None, 25, 56, None),
    ],
)
def test_how_a_number_stands_against_target_and_time(
    target: int | None, outcome: int, share: int | None, judged: str | None
) -> None:
    assert on_the_way(target, outcome, share) == judged


def test_content_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValidationError):
        content({"utbildning": 1, "sjukdom": 1, "flytt": 1}, codes=[{"id": "studier", "count": 1}])
    with pytest.raises(ValidationError):
        content({"utbildning": 1, "sjukdom": 1, "flytt": 1}, person="Test Testsson")


def test_stored_content_is_the_attested_one() -> None:
    made = content({"utbildning": 5, "sjukdom": 2, "flytt": 1})
    assert thaw_content(made.canonical(), made.sha256()) == made
    with pytest.raises(ValueError, match="attested"):
        thaw_content(made.canonical().replace(b"30", b"31"), made.sha256())
