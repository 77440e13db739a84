"""The lines that a run of the wall tests ends with: one a wall, with its number, from what ran and walls.md."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

WALLS = Path(__file__).parents[1] / "docs" / "security" / "walls.md"
ROW = re.compile(r"^\| (\d+) ([^|]+)\| (closed|shape|left) \| ([^|]*)\| ?([^|]*)\|$", re.MULTILINE)
OF_A_WALL = re.compile(r"(?:^|/)test_wall_(\d\d)_\w+\.py::")
OUTCOMES = {"passed": "gick", "failed": "föll", "error": "kunde inte köras", "skipped": "hoppades över"}


@dataclass(frozen=True)
class Wall:
    """A row of walls.md."""

    number: int
    name: str
    state: str
    what: str
    test: str

    @property
    def left(self) -> str:
        """What is left and for which room, in the words of walls.md; empty when the wall is closed."""
        if self.state == "left":
            return self.what
        return self.what.partition("Left:")[2].strip()

    def line(self, counts: Counter[str]) -> str:
        """How the wall's tests went in this run."""
        ran = sum(counts.values())
        parts = []
        if set(counts) == {"passed"}:
            parts.append(f"{ran} prov, alla gick")
        elif ran:
            told = ", ".join(f"{counts[one]} {word}" for one, word in OUTCOMES.items() if counts[one])
            parts.append(f"{ran} prov: {told}")
        elif self.test:
            parts.append(f"prövas i {self.test.strip(chr(96))}")
        if self.left:
            parts.append(f"lämnad till: {self.left}")
        return f"Vägg {self.number:2} {self.name}: {'; '.join(parts) or 'inget prov kördes'}"


def walls(text: str) -> Iterator[Wall]:
    """The rows of walls.md."""
    for number, name, state, what, test in ROW.findall(text):
        yield Wall(int(number), name.strip(), state, what.strip(), test.strip())


def counted(reporter: TerminalReporter) -> dict[int, Counter[str]]:
    """Outcomes by wall of what ran; under xdist the controller has everybody's."""
    found: dict[int, Counter[str]] = {}
    for outcome in OUTCOMES:
        for report in reporter.stats.get(outcome, ()):
            match = OF_A_WALL.search(getattr(report, "nodeid", ""))
            if match:
                found.setdefault(int(match[1]), Counter())[outcome] += 1
    return found


def isolation(reporter: TerminalReporter) -> str:
    """How much the isolation matrix tried and how many leaks it found; empty when it did not run."""
    tried = [
        value
        for reports in reporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "isolering" and getattr(report, "when", "") == "call"
    ]
    if not tried:
        return ""
    count, leaks = (sum(each) for each in zip(*tried, strict=True))
    return f"isoleringsmatris: {count:,} prövningar".replace(",", " ") + f", {leaks} läckor"


def write_walls(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Print a line a wall: all 25 where the walls were asked for by name, else those that ran."""
    ran = counted(terminalreporter)
    asked = "walls" in f"{config.option.keyword} {config.option.markexpr}"
    if said := isolation(terminalreporter):
        terminalreporter.write_line(said)
    shown = [one for one in walls(WALLS.read_text("utf-8")) if asked or one.number in ran]
    if not shown:
        return
    terminalreporter.section("väggarna (docs/security/walls.md)")
    for one in shown:
        terminalreporter.write_line(one.line(ran.get(one.number, Counter())))
