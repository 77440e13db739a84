"""What `./run check --mutations` takes out: each text is there once, each test exists. Running them is slow."""

import ast
import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest

from architecture.source import ROOT

LIST = ROOT / "tests" / "mutations" / "taken_out.py"


def listed() -> ModuleType:
    """The list as a module."""
    spec = importlib.util.spec_from_file_location("taken_out", LIST)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["taken_out"] = module
    spec.loader.exec_module(module)
    return module


MUTATIONS = listed().MUTATIONS


@pytest.mark.parametrize("one", MUTATIONS, ids=lambda one: f"{one.wall}-{one.what}")
def test_a_mutation_can_be_made_and_has_its_witness(one: Any) -> None:
    text = (ROOT / one.file).read_text("utf-8")
    assert text.count(one.old) == 1, one.file
    assert one.new not in (one.old, None)
    ast.parse(text.replace(one.old, one.new))
    path, _, name = one.test.partition("::")
    tests = {
        node.name for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))) if hasattr(node, "name")
    }
    assert name in tests, one.test


def test_enough_is_taken_out() -> None:
    walls = {one.wall for one in MUTATIONS}
    assert len(MUTATIONS) >= 8
    assert {1, 2, 8, 9, 11, 13, 14} <= walls, (
        "a login, a sandbox, a row rule, a grant, a key, a scope, a queue"
    )
