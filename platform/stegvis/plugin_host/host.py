"""Calls hooks: one plugin at a time, each call contained, each answer checked before anybody sees it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar

import pluggy
import structlog
from flask_babel import gettext as _

from stegvis.plugin_api import (
    PROJECT_NAME,
    Deviation,
    ExtraFinding,
    FigureRequest,
    HookSpecs,
    InsatsEvent,
    InsatsState,
    ReferralFacts,
    Suggestion,
)
from stegvis.plugin_host.registry import Registry

ValueT = TypeVar("ValueT")
_log = structlog.get_logger(__name__)
_MOST_ITEMS = 50
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class HookAnswer(Generic[ValueT]):
    """What a hook gave.

    `trouble` is empty, or the sentence that the insatsledare sees in place of the tile.
    """

    value: ValueT
    trouble: str = ""


class PluginHost:
    """The hooks of all plugins of a registry.

    One pluggy manager per plugin: no call reaches anybody else's.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._managers: dict[str, pluggy.PluginManager] = {}
        self.broken: dict[str, str] = {}

    def load(self) -> PluginHost:
        """Imports every plugin's module. One that cannot be imported keeps its data and loses its hooks."""
        for plugin_id, module in self.registry.modules.items():
            try:
                self.register(plugin_id, importlib.import_module(module))
            except Exception as error:  # a plugin may raise anything at import
                self._note(plugin_id, "import", error)
        return self

    def register(self, plugin_id: str, module: object) -> None:
        """Takes up the hooks of one plugin.

        Raises pluggy's PluginValidationError for a hook that does not fit.
        """
        manager = pluggy.PluginManager(PROJECT_NAME)
        manager.add_hookspecs(HookSpecs)
        manager.register(module, name=plugin_id)
        manager.check_pending()
        self._managers[plugin_id] = manager

    def check_pending(self) -> dict[str, str]:
        """Plugins whose hooks could not be taken up, with the kind of error. Empty when all is well."""
        return dict(self.broken)

    def implements(self, plugin_id: str, hook: str) -> bool:
        """True when the plugin has this hook."""
        manager = self._managers.get(plugin_id)
        return manager is not None and bool(getattr(manager.hook, hook).get_hookimpls())

    def eligibility(self, referral: ReferralFacts) -> HookAnswer[tuple[ExtraFinding, ...]]:
        """The plugin's own findings about a referral; none when it has no such hook."""
        found = self._items(referral.plugin_id, "stegvis_eligibility", ExtraFinding, referral=referral)
        if any(
            item.ok not in (True, False, None) or isinstance(item.ok, int) is not isinstance(item.ok, bool)
            for item in found.value
        ):
            return HookAnswer((), self._nonsense(referral.plugin_id, "stegvis_eligibility"))
        return found

    def figure(self, request: FigureRequest) -> HookAnswer[int | Decimal | None]:
        """One declared figure. An undeclared one, a text, a list or a bool never comes through (walls 5)."""
        definition = self.registry.get(request.plugin_id)
        declared = {name for report in definition.reports.values() for name in report.own_figures()}
        if request.figure_id not in declared:
            return HookAnswer(None, self._nonsense(request.plugin_id, "stegvis_figure"))
        answer = self._call(request.plugin_id, "stegvis_figure", request=request)
        number = answer.value
        if number is None or answer.trouble:
            return HookAnswer(None, answer.trouble)
        if type(number) is int or (type(number) is Decimal and number.is_finite()):
            return HookAnswer(number)
        return HookAnswer(None, self._nonsense(request.plugin_id, "stegvis_figure"))

    def deviations(self, state: InsatsState) -> HookAnswer[tuple[Deviation, ...]]:
        """The plugin's own deviations; none when it has no such hook."""
        return self._items(state.plugin_id, "stegvis_deviations", Deviation, state=state)

    def react(self, event: InsatsEvent) -> HookAnswer[tuple[Suggestion, ...]]:
        """The plugin's suggestions after an event; none when it has no such hook."""
        return self._items(event.plugin_id, "stegvis_event", Suggestion, event=event)

    def _items(
        self, plugin_id: str, hook: str, kind: type[ValueT], **arguments: Any
    ) -> HookAnswer[tuple[ValueT, ...]]:
        answer = self._call(plugin_id, hook, **arguments)
        if answer.value is None or answer.trouble:
            return HookAnswer((), answer.trouble)
        if _is_list_of(answer.value, kind):
            return HookAnswer(tuple(answer.value))
        return HookAnswer((), self._nonsense(plugin_id, hook))

    def _call(self, plugin_id: str, hook: str, **arguments: Any) -> HookAnswer[Any]:
        manager = self._managers.get(plugin_id)
        if manager is None:
            return HookAnswer(None, _trouble() if plugin_id in self.broken else "")
        caller: Callable[..., Any] = getattr(manager.hook, hook)
        try:
            return HookAnswer(caller(**arguments))
        except Exception as error:  # a plugin may raise anything; it costs its own tile
            return HookAnswer(None, self._note(plugin_id, hook, error))

    def _note(self, plugin_id: str, hook: str, error: Exception) -> str:
        """Logs kind and place of the error, never its message: a message may quote what somebody wrote."""
        if hook == "import":
            self.broken[plugin_id] = type(error).__name__
        _log.error("plugin_failed", plugin=plugin_id, hook=hook, error=type(error).__name__, at=_place(error))
        return _trouble()

    def _nonsense(self, plugin_id: str, hook: str) -> str:
        _log.error("plugin_answer_refused", plugin=plugin_id, hook=hook)
        return _trouble()


def _trouble() -> str:
    return _(
        "Insatsens egen beräkning gick inte att göra. "
        "Resten av sidan stämmer, och felet är anmält till driften."
    )


def _is_list_of(value: Any, kind: type[Any]) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or len(value) > _MOST_ITEMS:
        return False
    return all(type(item) is kind and _texts_fit(item) for item in value)


def _texts_fit(item: Any) -> bool:
    texts = [
        getattr(item, name) for name in ("id", "rule_id", "sentence", "reason", "text") if hasattr(item, name)
    ]
    return all(isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in texts)


def _place(error: Exception) -> str:
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
