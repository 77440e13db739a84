"""The plugins of the running application: the definition behind an instance, and calls to its hooks."""

from flask import Flask, current_app

from stegvis.ground.definitions import DefinitionError
from stegvis.ground.tenancy import Directory, InsatsInstance
from stegvis.insats.definition import InsatsDefinition
from stegvis.plugin_host.host import PluginHost
from stegvis.plugin_host.registry import Registry


def checked_registry(directory: Directory, registry: Registry | None = None) -> Registry:
    """The installed plugins, each right, and with every one that a förbund names. DefinitionError otherwise."""
    registry = registry or Registry.from_installed()
    faults = [
        directory.fault(forbund.id, ("insats", at, key), sentence)
        for forbund in directory
        for at, instance in enumerate(forbund.insats)
        for key, sentence in _misfits(instance, registry)
    ]
    if faults:
        raise DefinitionError(faults)
    return registry


def init_app(app: Flask, registry: Registry) -> None:
    """Take up the plugins and load their hooks."""
    app.extensions["stegvis.plugins"] = registry
    app.extensions["stegvis.plugin_host"] = PluginHost(registry).load()


def _misfits(instance: InsatsInstance, registry: Registry) -> list[tuple[str, str]]:
    if instance.plugin not in registry:
        there = ", ".join(registry.ids) or "inga"
        sentence = f"Insatsen {instance.id} vill ha pluginen {instance.plugin}. Installerade: {there}."
        return [("plugin", sentence)]
    allowed = registry.get(instance.plugin).manifest.registration.allowed
    if instance.registration is not None and instance.registration not in allowed:
        sentence = (
            f"Insatsen {instance.id} har registreringen {instance.registration}, "
            f"men pluginen klarar bara {', '.join(allowed)}."
        )
        return [("registration", sentence)]
    return []


def definition_of(instance: InsatsInstance) -> InsatsDefinition:
    """What the instance's plugin says that the insats is."""
    registry: Registry = current_app.extensions["stegvis.plugins"]
    return registry.get(instance.plugin)


def host() -> PluginHost:
    """The host that calls hooks, one plugin at a time, contained."""
    found: PluginHost = current_app.extensions["stegvis.plugin_host"]
    return found
