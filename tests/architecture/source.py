"""Reads the project's own source for the architecture tests: files, imports, functions, calls."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stegvis.config import find_root

ROOT = find_root()
PLATFORM = ROOT / "platform"


@dataclass(frozen=True)
class Module:
    """One Python file of the platform or a plugin: its dotted name and its tree."""

    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return parsed(self.path)

    @property
    def short(self) -> str:
        """The path as it is written in lists."""
        return self.path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """A file's tree, read once."""
    return ast.parse(path.read_text("utf-8"), str(path))


@cache
def modules(folder: str = "platform") -> tuple[Module, ...]:
    """Every module under a source root; a plugin's root is `plugins/<name>`."""
    base = ROOT / folder
    found = []
    for path in sorted(base.rglob("*.py")):
        parts = path.relative_to(base).with_suffix("").parts
        if "vendor" not in parts and "build" not in parts:
            found.append(Module(".".join(parts).removesuffix(".__init__"), path))
    return tuple(found)


@cache
def plugin_roots() -> tuple[str, ...]:
    """The folders of the plugins, relative to the root."""
    return tuple(
        path.parent.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))
    )


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything that a module imports, wherever in it the import stands."""
    known = {one.name for one in modules()}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.short}:{node.lineno}: a relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield node.lineno, whole if whole in known else str(node.module)


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the last part of what is called (`a.b.execute(...)` -> `execute`)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):
                yield node, called.attr
            elif isinstance(called, ast.Name):
                yield node, called.id


@cache
def project_files() -> tuple[Path, ...]:
    """Every text file that belongs to the project (what git knows or would take), without vendored ones."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    ).stdout.decode()
    found = [ROOT / name for name in listed.split("\0") if name and "/vendor/" not in name]
    return tuple(path for path in found if path.is_file())
