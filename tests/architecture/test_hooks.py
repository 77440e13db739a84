"""Every hook of the plugin API is explained where it is declared, described in the papers, and tried by a

test.
"""

import inspect

import pytest

from architecture.source import ROOT
from stegvis.plugin_api import HOOK_NAMES, HookSpecs

MOST_HOOKS = 12


def test_there_are_few_hooks() -> None:
    declared = {name for name in vars(HookSpecs) if name.startswith("stegvis_")}
    assert set(HOOK_NAMES) == declared
    assert len(declared) <= MOST_HOOKS


@pytest.mark.parametrize("name", sorted(HOOK_NAMES))
def test_a_hook_is_explained_described_and_tried(name: str) -> None:
    assert inspect.getdoc(getattr(HookSpecs, name))
    papers = "".join(path.read_text("utf-8") for path in (ROOT / "docs" / "plugins").rglob("*.md"))
    assert f"`{name}`" in papers or f"{name}(" in papers
    tests = "".join(
        path.read_text("utf-8") for path in (ROOT / "tests" / "stegvis" / "plugin_host").glob("test_*.py")
    )
    assert name in tests or name.removeprefix("stegvis_") in tests
