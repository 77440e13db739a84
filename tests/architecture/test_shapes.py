"""Sizes and first lines: a file fits in a head, and says at once what it is for."""

import ast

from architecture.source import ROOT, modules, plugin_roots, project_files

GOAL_LINES, MOST_LINES = 400, 600
MOST_FUNCTION_LINES = 60
MOST_PLUGIN_LINES = 500

# Files over the goal and functions over the limit. The lists only shrink.
LONG_FILES: set[str] = set()
LONG_FUNCTIONS = {
    "platform/testlegitimation/pages.py::pages_blueprint",
}
# Endings of files that can carry a first line.
WITH_FIRST_LINE = {
    ".py": ('"""', "'''"),
    ".toml": ("#",),
    ".css": ("/*",),
    ".js": ("/*", "//"),
    ".html": ("{#",),
}


def lines_of(path: str) -> int:
    return len((ROOT / path).read_text("utf-8").splitlines())


def test_files_are_short() -> None:
    sizes = {one.short: lines_of(one.short) for one in modules()}
    sizes |= {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in project_files()
        if path.suffix in (".py", ".html", ".css", ".js", ".toml") and path.name != "requirements.lock"
    }
    sizes = {name: size for name, size in sizes.items() if not name.startswith("migrations/")}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}
    assert {name for name, size in sizes.items() if size > GOAL_LINES} == LONG_FILES


def test_functions_are_short() -> None:
    found = {
        f"{module.short}::{node.name}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > MOST_FUNCTION_LINES
    }
    assert found == LONG_FUNCTIONS


def test_a_plugin_is_mostly_data() -> None:
    sizes = {root: sum(lines_of(one.short) for one in modules(root)) for root in plugin_roots()}
    assert {root: size for root, size in sizes.items() if size > MOST_PLUGIN_LINES} == {}


def test_every_file_says_what_it_is_for() -> None:
    silent = []
    for path in project_files():
        starts = WITH_FIRST_LINE.get(path.suffix)
        text = path.read_text("utf-8") if starts else ""
        first = text.splitlines()[0] if text.strip() else ""
        if starts and not first.startswith(starts):
            silent.append(path.relative_to(ROOT).as_posix())
    assert silent == []


def test_every_public_function_of_the_platform_is_explained() -> None:
    """A service's and a ground's public function says what it does; a route is explained by its page."""
    silent = [
        f"{module.short}:{node.lineno} {node.name}"
        for module in modules()
        if module.name.startswith("stegvis.") and module.path.name == "service.py"
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []
