"""The plugins of the running application: the definition behind an instance, and calls to its hooks."""

from pathlib import Path

from flask import Flask, current_app

from stegvis.ground.definitions import DefinitionError, Fault
from stegvis.ground.tenancy import Directory, InsatsInstance
from stegvis.insats.definition import InsatsDefinition
from stegvis.plugin_host.host import PluginHost
from stegvis.plugin_host.registry import Registry


def init_app(app: Flask, directory: Directory, tenants: Path, registry: Registry | None = None) -> None:
    """Take up the installed plugins. DefinitionError when one is wrong or is not here."""
    registry = registry or Registry.from_installed()
    faults = [
        Fault(tenants / f"{forbund.id}.toml", 1, sentence)
        for forbund in directory
        for instance in forbund.insats
        for sentence in _misfits(instance, registry)
    ]
    if faults:
        raise DefinitionError(faults)
    app.extensions["stegvis.plugins"] = registry
    app.extensions["stegvis.plugin_host"] = PluginHost(registry).load()


def _misfits(instance: InsatsInstance, registry: Registry) -> list[str]:
    if instance.plugin not in registry:
        there = ", ".join(registry.ids) or "inga"
        return [f"Insatsen {instance.id} vill ha pluginen {instance.plugin}. Installerade: {there}."]
    allowed = registry.get(instance.plugin).manifest.registration.allowed
    if instance.registration is not None and instance.registration not in allowed:
        return [
            f"Insatsen {instance.id} har registreringen {instance.registration}, "
            f"men pluginen klarar bara {', '.join(allowed)}."
        ]
    return []


def definition_of(instance: InsatsInstance) -> InsatsDefinition:
    """What the instance's plugin says that the insats is."""
    registry: Registry = current_app.extensions["stegvis.plugins"]
    return registry.get(instance.plugin)


def host() -> PluginHost:
    """The host that calls hooks, one plugin at a time, contained."""
    found: PluginHost = current_app.extensions["stegvis.plugin_host"]
    return found
