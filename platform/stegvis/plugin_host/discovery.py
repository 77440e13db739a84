"""Which plugins are installed.

Entry points of the group stegvis.insatser, found without importing any of them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

from stegvis.plugin_api import ENTRY_POINT_GROUP


@dataclass(frozen=True, order=True, slots=True)
class FoundPlugin:
    """An installed plugin: its id (the entry point's name), its module with hooks, the folder with its files.

    `folder` is None when the distribution is installed but its package is not to be found.
    """

    id: str
    module: str
    distribution: str
    folder: Path | None


def discover(installed: Iterable[Distribution] | None = None) -> list[FoundPlugin]:
    """Every plugin of this Python environment (or of the given distributions), in the order of their ids.

    One distribution on two paths (an editable install seen twice) counts once; two different ones with the
    same id are both returned: the registry refuses them.
    """
    found: dict[tuple[str, str], FoundPlugin] = {}
    for distribution in distributions() if installed is None else installed:
        for point in distribution.entry_points.select(group=ENTRY_POINT_GROUP):
            name = distribution.name or "?"
            found.setdefault((point.name, name), FoundPlugin(point.name, point.module, name, _folder(point)))
    return sorted(found.values(), key=lambda plugin: (plugin.id, plugin.distribution))


def _folder(point: EntryPoint) -> Path | None:
    """The package's folder. find_spec of a name without dots looks for the package and executes nothing."""
    spec = importlib.util.find_spec(point.module.split(".", maxsplit=1)[0])
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))
