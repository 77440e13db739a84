"""Everything that can be said of a plugin's folder without running it: `stegvis insats check PATH`."""

from __future__ import annotations

import ast
import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stegvis.ground.definitions import DefinitionError, Fault, Locator
from stegvis.plugin_api import ENTRY_POINT_GROUP, HOOK_NAMES
from stegvis.plugin_host.discovery import FoundPlugin
from stegvis.plugin_host.registry import read_plugin

# A plugin is mostly data; more code than this belongs in the platform (design 3).
MOST_PYTHON_LINES = 500


def check(path: Path) -> list[Fault]:
    """Every fault of the distribution in the folder, in the order of file and line; an empty list means none.

    Reads pyproject.toml, finds the plugin's package beside it, reads all definitions, and looks through the
    Python files without importing them.
    """
    project = path / "pyproject.toml"
    try:
        found = _plugins(path, project)
    except DefinitionError as error:
        return error.faults
    faults: set[Fault] = set()
    for plugin in found:
        try:
            read_plugin(plugin)
        except DefinitionError as error:
            faults.update(error.faults)
        if plugin.folder is not None:
            faults.update(_python_faults(plugin.folder))
    return sorted(faults)


def find_plugins(path: Path) -> list[FoundPlugin]:
    """The plugins that the distribution in this folder announces.

    Raises DefinitionError for a bad pyproject.toml.
    """
    return _plugins(path, path / "pyproject.toml")


def _plugins(path: Path, project: Path) -> list[FoundPlugin]:
    if not project.is_file():
        raise DefinitionError(
            [Fault(project, 1, "Filen finns inte: ange mappen där insatsens pyproject.toml ligger.")]
        )
    text = project.read_text(encoding="utf-8")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError([Fault(project, 1, f"Filen går inte att läsa: {error}.")]) from None
    points: dict[str, Any] = data.get("project", {}).get("entry-points", {}).get(ENTRY_POINT_GROUP, {})
    if not points:
        sentence = (
            f"Ingen insats anmäls: rubriken [project.entry-points.”{ENTRY_POINT_GROUP}”] saknas eller är tom."
        )
        raise DefinitionError([Fault(project, 1, sentence.replace("”", '"'))])
    locator = Locator(text)
    name = str(data.get("project", {}).get("name", path.name))
    plugins = []
    for plugin_id, target in points.items():
        module = str(target).split(":", maxsplit=1)[0]
        folder = next(
            (
                base / module.split(".")[0]
                for base in (path, path / "src")
                if (base / module.split(".")[0]).is_dir()
            ),
            None,
        )
        if folder is None:
            line = locator.line(("project", "entry-points", ENTRY_POINT_GROUP, plugin_id))
            raise DefinitionError(
                [Fault(project, line, f"Paketet ”{module.split('.')[0]}” finns inte i mappen.")]
            )
        plugins.append(FoundPlugin(plugin_id, module, name, folder))
    return plugins


def _python_faults(folder: Path) -> Iterator[Fault]:
    lines = 0
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        lines += len(text.splitlines())
        if lines > MOST_PYTHON_LINES:
            yield Fault(path, 1, f"Insatsen har mer än {MOST_PYTHON_LINES} rader Python.")
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            yield Fault(path, error.lineno or 1, "Raden går inte att läsa som Python.")
            continue
        yield from _import_faults(path, tree)
        yield from _hook_faults(path, tree)


def _import_faults(path: Path, tree: ast.AST) -> Iterator[Fault]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            # "from stegvis import plugin_api" is the same door by another handle.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            inside = name == "stegvis" or name.startswith("stegvis.")
            if inside and not f"{name}.".startswith("stegvis.plugin_api."):
                yield Fault(
                    path, getattr(node, "lineno", 1), "En insats får bara importera stegvis.plugin_api."
                )


def _hook_faults(path: Path, tree: ast.AST) -> Iterator[Fault]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or not any(_is_marker(mark) for mark in node.decorator_list):
            continue
        if node.name not in HOOK_NAMES:
            near = difflib.get_close_matches(node.name, HOOK_NAMES, n=1)
            hint = f" Menade du ”{near[0]}”?" if near else ""
            yield Fault(path, node.lineno, f"Det finns ingen krok som heter ”{node.name}”.{hint}")


def _is_marker(mark: ast.expr) -> bool:
    target = mark.func if isinstance(mark, ast.Call) else mark
    return (isinstance(target, ast.Name) and target.id == "hookimpl") or (
        isinstance(target, ast.Attribute) and target.attr == "hookimpl"
    )
