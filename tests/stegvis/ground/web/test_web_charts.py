"""Charts say what they draw, keep their labels inside, and refuse what cannot be drawn truly."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stegvis.ground.web import charts
from stegvis.ground.web.charts import Measurement

AXES = ["Rutiner", "Självförtroende", "Kontakt & vänner"]
ROUNDS = [Measurement("jan", (1, 2, None)), Measurement("april", (2, 3.5, 5))]
NS = "{http://www.w3.org/2000/svg}"


def parse(chart: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(chart).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def test_spider_tells_every_value() -> None:
    root = parse(charts.spider("Min utveckling", AXES, ROUNDS))
    assert root.findtext(f"{NS}title") == "Min utveckling"
    assert root.findtext(f"{NS}desc") == (
        "Rutiner: 1 (jan), 2 (april); Självförtroende: 2 (jan), 3,5 (april); "
        "Kontakt & vänner: saknas (jan), 5 (april)."
    )


def test_table_says_the_same() -> None:
    assert charts.spider_rows(AXES, ROUNDS) == [
        ["Rutiner", "1", "2"],
        ["Självförtroende", "2", "3,5"],
        ["Kontakt & vänner", "saknas", "5"],
    ]


def test_measurements_differ_without_colour() -> None:
    three = [*ROUNDS, Measurement("juli", (1, 1, 1))]
    root = parse(charts.spider("x", AXES, three))
    dashes = {
        line.get("class"): line.get("stroke-dasharray")
        for line in root.iter()
        if "sv-linje" in line.get("class", "")
    }
    assert len(set(dashes.values())) == 3
    marks = {
        (m.tag.removeprefix(NS), m.get("class")) for m in root.iter() if "sv-punkt" in m.get("class", "")
    }
    assert marks == {
        ("circle", "sv-punkt sv-punkt--nu"),
        ("rect", "sv-punkt sv-punkt--forra"),
        ("polygon", "sv-punkt sv-punkt--forsta"),
    }


def test_missing_value_has_no_point() -> None:
    root = parse(charts.spider("x", AXES, [Measurement("jan", (1, None, 5))]))
    points = [m for m in root.iter(f"{NS}circle")]
    # Two values and the sample in the legend.
    assert len(points) == 3
    assert [p for p in root.iter(f"{NS}polygon") if "sv-linje" in p.get("class", "")] == []


@pytest.mark.parametrize(
    ("axes", "rounds"),
    [
        (["a", "b"], [Measurement("x", (1, 2))]),
        (AXES, []),
        (AXES, [Measurement(str(i), (1, 1, 1)) for i in range(4)]),
        (AXES, [Measurement("x", (1, 2))]),
        (AXES, [Measurement("x", (1, 2, 6))]),
        (AXES, [Measurement("x", (1, 2, 0))]),
    ],
)
def test_what_cannot_be_drawn_is_refused(axes: list[str], rounds: list[Measurement]) -> None:
    with pytest.raises(ValueError, match=r"Ett spindeldiagram|Mätningen"):
        charts.spider("x", axes, rounds)


words = st.text("abcdefghijklmnopqrstuvwxyzåäö -", min_size=1, max_size=60)


@given(st.lists(words, min_size=3, max_size=12), words)
def test_labels_lie_inside_the_drawing(axes: list[str], label: str) -> None:
    root = parse(charts.spider("x", axes, [Measurement(label, tuple(3 for _ in axes))]))
    left, top, width, height = (float(side) for side in root.get("viewBox", "").split())
    for text in root.iter(f"{NS}text"):
        rows = text.findall(f"{NS}tspan") or [text]
        for row in rows:
            x, y, reach = (
                float(row.get("x", "0")),
                float(row.get("y", "0")),
                len(row.text or "") * charts.LETTER,
            )
            start = {"middle": x - reach / 2, "end": x - reach}.get(text.get("text-anchor", ""), x)
            assert left <= start + 0.2 and start + reach <= left + width + 0.2
            assert top <= y - charts.FONT * 0.8 + 1 and y <= top + height


@given(words)
def test_wrapping_loses_no_letter(label: str) -> None:
    lines = charts.wrap(label)
    assert max(map(len, lines)) <= charts.LABEL_LETTERS
    assert re.sub(r"[\s-]", "", "".join(lines)) == re.sub(r"[\s-]", "", label)


def test_sparkline_has_a_gap_where_nothing_was_measured() -> None:
    root = parse(charts.sparkline("x", [1, 2, None, 3, 4]))
    assert len([line for line in root.iter(f"{NS}line") if "sv-linje" in line.get("class", "")]) == 2
    assert root.findtext(f"{NS}desc") == "1, 2, saknas, 3, 4"


def test_empty_sparkline_is_drawn() -> None:
    assert parse(charts.sparkline("x", [])).findtext(f"{NS}desc") == "saknas"


def test_goal_bar() -> None:
    root = parse(charts.goal_bar("Inskrivna", 25, 50, 0.5))
    assert root.findtext(f"{NS}desc") == "Nu 25, mål 50, 50 procent av tiden har gått."
    assert [r.get("width") for r in root.iter(f"{NS}rect")] == ["320", "160"]


@pytest.mark.parametrize("target", [0, -1])
def test_goal_without_target_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match="större än noll"):
        charts.goal_bar("x", 1, target, 0.5)


@given(st.floats(0, 1e6), st.floats(0.01, 1e6), st.floats(0, 2))
def test_goal_bar_stays_on_its_track(now: float, target: float, share: float) -> None:
    root = parse(charts.goal_bar("x", now, target, share))
    widths = [float(r.get("width", "0")) for r in root.iter(f"{NS}rect")]
    post = float(next(root.iter(f"{NS}line")).get("x1", "0"))
    assert 0 <= widths[1] <= 320 and 0 <= post <= 320


def test_charts_hold_no_inline_style() -> None:
    made = charts.spider("x", AXES, ROUNDS) + charts.sparkline("x", [1, 2]) + charts.goal_bar("x", 1, 2, 0.5)
    assert "style=" not in made
