"""Finds plugins, reads their definitions without importing them, and calls their hooks one by one,
contained.
"""

from stegvis.plugin_host.check import check
from stegvis.plugin_host.discovery import FoundPlugin, discover
from stegvis.plugin_host.host import HookAnswer, PluginHost
from stegvis.plugin_host.registry import Registry

__all__ = ["FoundPlugin", "HookAnswer", "PluginHost", "Registry", "check", "discover"]
