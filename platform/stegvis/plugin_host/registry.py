"""Every installed insats by its id. All of them are right, or start-up stops with the faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from stegvis.ground.definitions import DefinitionError, Fault
from stegvis.insats.definition import InsatsDefinition, load_documents
from stegvis.plugin_api import API_VERSION
from stegvis.plugin_host.api_range import fits
from stegvis.plugin_host.discovery import FoundPlugin, discover


class Registry:
    """Definitions and modules of the plugins that are taken up. Read once at start-up, never changed."""

    def __init__(self, definitions: Mapping[str, InsatsDefinition], modules: Mapping[str, str]) -> None:
        self._definitions = MappingProxyType(dict(sorted(definitions.items())))
        self.modules: Mapping[str, str] = MappingProxyType(dict(sorted(modules.items())))

    @classmethod
    def from_installed(cls, found: Iterable[FoundPlugin] | None = None) -> Registry:
        """Reads what is installed.

        Raises DefinitionError with every fault of every plugin; nothing halfway.
        """
        plugins = sorted(discover() if found is None else found)
        faults: list[Fault] = list(_twins(plugins))
        definitions: dict[str, InsatsDefinition] = {}
        for plugin in plugins:
            try:
                definitions[plugin.id] = read_plugin(plugin)
            except DefinitionError as error:
                faults += error.faults
        if faults:
            raise DefinitionError(faults)
        return cls(definitions, {plugin.id: plugin.module for plugin in plugins})

    def get(self, plugin_id: str) -> InsatsDefinition:
        """The definition. Raises KeyError with a sentence that names what there is."""
        try:
            return self._definitions[plugin_id]
        except KeyError:
            there = ", ".join(self._definitions) or "inga"
            raise KeyError(f"Insatsen ”{plugin_id}” är inte installerad. Installerade: {there}.") from None

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all plugins, in order."""
        return tuple(self._definitions)

    def __iter__(self) -> Iterator[InsatsDefinition]:
        return iter(self._definitions.values())

    def __contains__(self, plugin_id: object) -> bool:
        return plugin_id in self._definitions

    def __len__(self) -> int:
        return len(self._definitions)


def read_plugin(plugin: FoundPlugin) -> InsatsDefinition:
    """One plugin's definition, checked against its entry point and the API. Raises DefinitionError."""
    if plugin.folder is None:
        sentence = f"Insatsen ”{plugin.id}” är installerad ({plugin.distribution}) men dess filer finns inte."
        raise DefinitionError([Fault(Path(plugin.module), 1, sentence)])
    documents = load_documents(plugin.folder)
    manifest = documents.manifest
    faults = []
    if manifest.model.id != plugin.id:
        sentence = f"id är ”{manifest.model.id}” men insatsen anmäls som ”{plugin.id}” i pyproject.toml."
        faults.append(manifest.fault(("id",), sentence))
    try:
        if not fits(API_VERSION, manifest.model.api):
            wanted = manifest.model.api
            sentence = f"Insatsen passar inte plattformen: den vill ha {wanted}, här är {API_VERSION}."
            faults.append(manifest.fault(("api",), sentence))
    except ValueError as error:
        faults.append(manifest.fault(("api",), str(error)))
    if faults:
        raise DefinitionError(faults)
    return documents.definition()


def _twins(plugins: list[FoundPlugin]) -> Iterator[Fault]:
    for first, second in pairwise(plugins):
        if first.id == second.id:
            place = (second.folder or Path(second.module)) / "plugin.toml"
            names = f"{first.distribution} och {second.distribution}"
            yield Fault(
                place, 1, f"Två installerade insatser har samma id, ”{first.id}”: {names}. Ta bort den ena."
            )
