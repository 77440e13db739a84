"""The house's own papers: a closed wall names a test that exists, decisions are numbered, links lead

somewhere.
"""

import re

import pytest

from architecture.source import ROOT

WALLS = ROOT / "docs" / "security" / "walls.md"
ROW = re.compile(r"^\| (\d+) [^|]+\| (closed|shape|left) \| ([^|]+)\| ([^|]*)\|$", re.MULTILINE)


def rows() -> list[tuple[int, str, str, str]]:
    """(number, state, what closes it, test) of each wall."""
    return [
        (int(one), state, what.strip(), test.strip())
        for one, state, what, test in ROW.findall(WALLS.read_text("utf-8"))
    ]


def test_every_wall_has_a_row() -> None:
    assert [number for number, *_ in rows()] == list(range(1, 26))


@pytest.mark.parametrize(("number", "state", "what", "test"), rows())
def test_a_wall_that_holds_names_its_test(number: int, state: str, what: str, test: str) -> None:
    if state == "left":
        assert (test, what != "") == ("", True)
        return
    path = ROOT / test.strip("`")
    files = [path] if path.is_file() else sorted(path.glob("test_*.py"))
    assert files != []
    assert all("def test_" in one.read_text("utf-8") for one in files)
    assert (state == "shape") == ("Left:" in what)


def test_decisions_are_numbered_without_a_gap() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for name in names:
        first = (ROOT / "docs" / "decisions" / name).read_text("utf-8").splitlines()[0]
        assert first.startswith(f"# {int(name[:4])}. ")


def test_links_between_the_papers_lead_somewhere() -> None:
    broken = []
    for path in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)} -> {target}")
    assert broken == []
