"""Charts as SVG made on the server: shapes carry classes and plain attributes, never inline style (CSP).

The attributes alone give a readable black and white drawing, for documents; the style sheet adds colour and
dark mode.
"""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

Value = float | None

FONT = 13.0
LINE = 15.0
# A wide guess at the width of a letter: a label that is measured too wide is never clipped.
LETTER = FONT * 0.6
RADIUS = 92.0
LABEL_LETTERS = 14

# From the newest backwards: name of the class, dashes, width. Markers differ as well (see `marker`).
LINES = (("nu", "none", "3"), ("forra", "7 4", "2.5"), ("forsta", "2 4", "2.5"))


@dataclass(frozen=True)
class Measurement:
    """One round of measuring: a label ("15 jan 2024") and a value for each axis, None where it is missing."""

    label: str
    values: tuple[Value, ...]


def plain(value: float) -> str:
    """Write a coordinate or a rating without needless decimals."""
    return f"{value:.1f}".removesuffix(".0")


def spoken(value: Value, missing: str) -> str:
    """Write a rating for people: decimal comma, a word where it is missing."""
    return missing if value is None else plain(value).replace(".", ",")


def svg(kind: str, title: str, desc: str, box: tuple[float, float, float, float], shapes: str) -> Markup:
    """Wrap shapes in an svg that is read aloud as `title` and `desc`; box is (left, top, width, height).

    The name is an attribute and not a reference: the same small chart may stand many times on a page.
    """
    left, top, width, height = (plain(side) for side in box)
    return Markup(  # noqa: S704 - every text in it has been escaped
        f'<svg class="sv-diagram sv-diagram--{kind}" role="img" aria-label="{escape(title)}. {escape(desc)}" '
        f'viewBox="{left} {top} {width} {height}" width="{width}" height="{height}" '
        f'font-size="{plain(FONT)}">'
        f"<title>{escape(title)}</title><desc>{escape(desc)}</desc>{shapes}</svg>"
    )


def marker(style: int, x: float, y: float) -> str:
    """Draw the marker of a line style: filled disc, hollow square, hollow triangle."""
    name = LINES[style][0]
    if style == 0:
        return f'<circle class="sv-punkt sv-punkt--{name}" cx="{plain(x)}" cy="{plain(y)}" r="5"/>'
    hollow = f'class="sv-punkt sv-punkt--{name}" fill="#fff" stroke="#000" stroke-width="2"'
    if style == 1:
        return f'<rect {hollow} x="{plain(x - 4.5)}" y="{plain(y - 4.5)}" width="9" height="9"/>'
    points = f"{plain(x)},{plain(y - 6)} {plain(x + 5.5)},{plain(y + 4)} {plain(x - 5.5)},{plain(y + 4)}"
    return f'<polygon {hollow} points="{points}"/>'


def stroke(style: int) -> str:
    """Attributes of a line style."""
    name, dashes, width = LINES[style]
    return (
        f'class="sv-linje sv-linje--{name}" fill="none" stroke="#000" stroke-width="{width}" '
        f'stroke-dasharray="{dashes}" stroke-linejoin="round"'
    )


def wrap(label: str) -> list[str]:
    """Break a label into lines of at most LABEL_LETTERS; a longer word is divided with a hyphen."""
    lines: list[str] = []
    for line in textwrap.wrap(label, LABEL_LETTERS, break_long_words=False, break_on_hyphens=True):
        rest = line
        while len(rest) > LABEL_LETTERS:
            # Halves of equal length read better than a full line and a stump.
            cut = min(LABEL_LETTERS - 1, math.ceil(len(rest) / 2))
            lines.append(rest[:cut] + "-")
            rest = rest[cut:]
        lines.append(rest)
    return lines or [""]


@dataclass(frozen=True)
class Label:
    """A wrapped label and the box that it fills."""

    shapes: str
    left: float
    top: float
    right: float
    bottom: float


def place_label(text: str, angle: float) -> Label:
    """Place an axis' label outside the circle at `angle` (radians, 0 is up, clockwise)."""
    x, y = (RADIUS + 14) * math.sin(angle), -(RADIUS + 14) * math.cos(angle)
    lines = wrap(text)
    width, height = max(map(len, lines)) * LETTER, len(lines) * LINE
    anchor, left = "middle", x - width / 2
    if math.sin(angle) > 0.2:
        anchor, left = "start", x
    elif math.sin(angle) < -0.2:
        anchor, left = "end", x - width
    # Up: the block stands on the point. Down: it hangs from it. At the sides it is centred.
    top = y - height * (1 + math.cos(angle)) / 2
    rows = "".join(
        f'<tspan x="{plain(x)}" y="{plain(top + LINE * (row + 0.8))}">{escape(line)}</tspan>'
        for row, line in enumerate(lines)
    )
    return Label(
        f'<text class="sv-axel" text-anchor="{anchor}">{rows}</text>', left, top, left + width, top + height
    )


def grid(angles: Sequence[float], low: int, high: int) -> str:
    """Draw the rings, the axes and the numbers of the scale along the first axis."""
    parts = []
    for step in range(low, high + 1):
        reach = RADIUS * (step - low + 1) / (high - low + 1)
        points = " ".join(f"{plain(reach * math.sin(a))},{plain(-reach * math.cos(a))}" for a in angles)
        outer = " sv-ring--yttre" if step == high else ""
        parts.append(
            f'<polygon class="sv-ring{outer}" points="{points}" fill="none" stroke="#999" stroke-width="1"/>'
        )
    for a in angles:
        x, y = plain(RADIUS * math.sin(a)), plain(-RADIUS * math.cos(a))
        parts.append(
            f'<line class="sv-ring" x1="0" y1="0" x2="{x}" y2="{y}" stroke="#999" stroke-width="1"/>'
        )
    return "".join(parts)


def scale_numbers(low: int, high: int) -> str:
    """Write the scale's numbers beside the first axis."""
    reach = [RADIUS * (step - low + 1) / (high - low + 1) for step in range(low, high + 1)]
    return "".join(
        f'<text class="sv-tal" x="-9" y="{plain(-r + 4)}" text-anchor="end" font-size="11">{low + i}</text>'
        for i, r in enumerate(reach)
    )


def series(values: tuple[Value, ...], angles: Sequence[float], style: int, low: int, high: int) -> str:
    """Draw one measurement: a closed shape, or the lines between neighbours where some value is missing."""
    points = []
    for value, a in zip(values, angles, strict=True):
        reach = None if value is None else RADIUS * (value - low + 1) / (high - low + 1)
        points.append(None if reach is None else (reach * math.sin(a), -reach * math.cos(a)))
    marks = "".join(marker(style, *point) for point in points if point)
    if all(points):
        corners = " ".join(f"{plain(p[0])},{plain(p[1])}" for p in points if p)
        return f'<polygon {stroke(style)} points="{corners}"/>{marks}'
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    lines = "".join(
        f'<line {stroke(style)} x1="{plain(a[0])}" y1="{plain(a[1])}" x2="{plain(b[0])}" y2="{plain(b[1])}"/>'
        for a, b in pairs
        if a and b
    )
    return lines + marks


def check(axes: Sequence[str], rounds: Sequence[Measurement], low: int, high: int) -> None:
    """Raise ValueError for what cannot be drawn truly."""
    if len(axes) < 3:
        raise ValueError("Ett spindeldiagram behöver minst tre axlar.")
    if not 1 <= len(rounds) <= len(LINES):
        raise ValueError(f"Ett spindeldiagram visar en till {len(LINES)} mätningar.")
    for one in rounds:
        if len(one.values) != len(axes):
            raise ValueError(f"Mätningen {one.label!r} har {len(one.values)} värden för {len(axes)} axlar.")
        if any(value is not None and not low <= value <= high for value in one.values):
            raise ValueError(f"Mätningen {one.label!r} har ett värde utanför {low}-{high}.")


def spider(
    title: str,
    axes: Sequence[str],
    rounds: Sequence[Measurement],
    low: int = 1,
    high: int = 5,
    *,
    missing: str = "saknas",
) -> Markup:
    """Draw a spider diagram: at least three axes, one to three measurements in order of time (newest last).

    Ratings lie between `low` and `high`; the lowest has a ring of its own, so that 1 is seen and not lost in
    the middle. Measurements differ in dashes, width and marker, not by colour alone. ValueError: see `check`.
    """
    check(axes, rounds, low, high)
    angles = [2 * math.pi * i / len(axes) for i in range(len(axes))]
    labels = [place_label(text, angle) for text, angle in zip(axes, angles, strict=True)]
    styles = range(len(rounds) - 1, -1, -1)
    shapes = grid(angles, low, high)
    shapes += "".join(
        series(one.values, angles, style, low, high) for one, style in zip(rounds, styles, strict=True)
    )
    shapes += scale_numbers(low, high) + "".join(label.shapes for label in labels)

    left, right = min(-RADIUS, *(la.left for la in labels)) - 4, max(RADIUS, *(la.right for la in labels)) + 4
    top, bottom = min(la.top for la in labels) - 4, max(RADIUS, *(la.bottom for la in labels)) + 14
    for row, (one, style) in enumerate(zip(reversed(rounds), reversed(styles), strict=True)):
        y = bottom + row * 22 + 8
        shapes += f'<line {stroke(style)} x1="-84" y1="{plain(y)}" x2="-48" y2="{plain(y)}"/>'
        shapes += marker(style, -66, y)
        shapes += f'<text class="sv-axel" x="-40" y="{plain(y + 4.5)}">{escape(one.label)}</text>'
        right = max(right, -40 + len(one.label) * LETTER)
    bottom += len(rounds) * 22
    told = [
        f"{axis}: " + ", ".join(f"{spoken(one.values[i], missing)} ({one.label})" for one in rounds)
        for i, axis in enumerate(axes)
    ]
    return svg("spindel", title, "; ".join(told) + ".", (left, top, right - left, bottom - top), shapes)


def spider_rows(
    axes: Sequence[str], rounds: Sequence[Measurement], missing: str = "saknas"
) -> list[list[str]]:
    """Rows of the table beside a spider diagram: the axis, then one cell for each measurement."""
    return [[axis, *(spoken(one.values[i], missing) for one in rounds)] for i, axis in enumerate(axes)]


def sparkline(title: str, values: Sequence[Value], low: float = 1, high: float = 5) -> Markup:
    """Draw a small line for a table's cell: a gap where a value is missing, a disc at the last one."""
    width, height, edge = 88.0, 26.0, 5.0
    step = (width - 2 * edge) / max(1, len(values) - 1)
    reach = (height - 2 * edge) / (high - low)
    points = [
        None if value is None else (edge + i * step, height - edge - (value - low) * reach)
        for i, value in enumerate(values)
    ]
    lines = "".join(
        f'<line {stroke(0)} x1="{plain(a[0])}" y1="{plain(a[1])}" x2="{plain(b[0])}" y2="{plain(b[1])}"/>'
        for a, b in pairwise(points)
        if a and b
    )
    present = [point for point in points if point]
    base = (
        f'<line class="sv-ring" x1="{plain(edge)}" x2="{plain(width - edge)}" y1="24" y2="24" stroke="#999"/>'
    )
    last = marker(0, *present[-1]) if present else ""
    told = ", ".join(spoken(value, "saknas") for value in values) or "saknas"
    return svg("gnista", title, told, (0, 0, width, height), base + lines + last)


def goal_bar(title: str, now: float, target: float, time_share: float) -> Markup:
    """Draw "nu / mål / tid som gått": a bar for now, a post at the target, a wedge where time says to be.

    `time_share` is 0-1 of the goal's period. A value above the target runs past its post. The words stand
    beside (macro `goal`). Raises ValueError for a target that is not above zero.
    """
    if target <= 0:
        raise ValueError("Ett mål måste vara större än noll för att kunna ritas.")
    width, full = 320.0, max(target, now)
    at_now, at_target = width * max(now, 0) / full, width * target / full
    at_time = at_target * min(max(time_share, 0), 1)
    shapes = (
        f'<rect class="sv-bana" x="0" y="12" width="{plain(width)}" height="14" fill="#ddd"/>'
        f'<rect class="sv-stapel" x="0" y="12" width="{plain(at_now)}" height="14" fill="#000"/>'
        f'<line class="sv-mal" x1="{plain(at_target)}" x2="{plain(at_target)}" y1="5" y2="33" '
        f'stroke="#000" stroke-width="3"/>'
        f'<polygon class="sv-tid-kil" fill="#000" '
        f'points="{plain(at_time)},11 {plain(at_time - 6)},1 {plain(at_time + 6)},1"/>'
    )
    gone = round(time_share * 100)
    told = f"Nu {spoken(now, '')}, mål {spoken(target, '')}, {gone} procent av tiden har gått."
    return svg("mal", title, told, (-7, 0, width + 14, 36), shapes)
