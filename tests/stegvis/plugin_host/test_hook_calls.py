"""Hooks: a plugin that raises or answers nonsense costs its own tile, is logged, and stops nobody else."""

import importlib
import types
from dataclasses import FrozenInstanceError
from datetime import date
from decimal import Decimal
from pathlib import Path

import pluggy
import pytest
import structlog

from stegvis.plugin_api import (
    HOOK_NAMES,
    Deviation,
    ExtraFinding,
    FigureRequest,
    InsatsEvent,
    InsatsState,
    ReferralFacts,
    Suggestion,
    hookimpl,
)
from stegvis.plugin_host import FoundPlugin, HookAnswer, PluginHost, Registry

DUMMY = Path(__file__).parents[2] / "dummy_insats"
DAY = date(2024, 1, 15)
STATE = InsatsState("dummy", DAY, {}, budget=100, spent=60, time_passed=Decimal("0.4"))
FIGURE = FigureRequest("dummy", "ovriga", DAY, DAY, {"total": 5, "enrolled": 3, "ended": 1})
TROUBLE = (
    "Insatsens egen beräkning gick inte att göra. Resten av sidan stämmer, och felet är anmält till driften."
)


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.syspath_prepend(str(DUMMY))
    found = FoundPlugin("dummy", "stegvis_dummy.insats", "stegvis-dummy", DUMMY / "stegvis_dummy")
    return Registry.from_installed([found])


@pytest.fixture
def host(registry):
    return PluginHost(registry).load()


def with_hook(registry, name, answer):
    """A host whose plugin has one hook, which gives the answer or raises it."""

    def stegvis_hook(**_):
        if isinstance(answer, Exception):
            raise answer
        return answer

    arguments = {"stegvis_figure": "request", "stegvis_deviations": "state", "stegvis_event": "event"}
    argument = arguments.get(name, "referral")
    source = f"def {name}({argument}):\n    return hook({argument}={argument})\n"
    namespace = {"hook": stegvis_hook}
    exec(source, namespace)
    module = types.ModuleType("prov")
    setattr(module, name, hookimpl(namespace[name]))
    host = PluginHost(registry)
    host.register("dummy", module)
    return host


def test_every_hook_of_the_dummy(host):
    referral = ReferralFacts("dummy", DAY, {"manader_ute": 10, "manader_sjuk": 3})
    assert host.check_pending() == {}
    assert host.eligibility(referral) == HookAnswer(
        (ExtraFinding("ett_ar_tillsammans", True, "Tiden är minst tolv månader."),)
    )
    assert host.figure(FIGURE) == HookAnswer(1)
    assert [deviation.id for deviation in host.deviations(STATE).value] == ["snabba_pengar"]
    assert host.react(InsatsEvent("dummy", "ended", DAY)).value == (
        Suggestion("hej_da", "Skicka en hälsning.", date(2024, 1, 22)),
    )
    assert [host.implements("dummy", name) for name in HOOK_NAMES] == [True] * len(HOOK_NAMES)


def test_a_figure_that_cannot_be_measured_yet(host):
    assert host.figure(FigureRequest("dummy", "ovriga", DAY, DAY)) == HookAnswer(None)


def test_a_plugin_without_hooks_answers_nothing(registry):
    host = PluginHost(registry)
    host.register("dummy", types.ModuleType("tom"))
    assert (host.figure(FIGURE), host.deviations(STATE)) == (HookAnswer(None), HookAnswer(()))


@pytest.mark.parametrize("answer", ["3", True, [3], 3.5, Decimal("NaN"), {"a": 1}])
def test_a_figure_is_a_number_or_nothing(registry, answer):
    assert with_hook(registry, "stegvis_figure", answer).figure(FIGURE) == HookAnswer(None, TROUBLE)


def test_an_undeclared_figure_never_comes_through(host):
    assert host.figure(FigureRequest("dummy", "hemlig", DAY, DAY, {"total": 1})) == HookAnswer(None, TROUBLE)


@pytest.mark.parametrize(
    "answer",
    [
        "text",
        [1],
        [Deviation("a", "b"), "c"],
        [Deviation("a", "x" * 501)],
        [Deviation("a", "b")] * 51,
        {"a": 1},
    ],
)
def test_nonsense_is_refused(registry, answer):
    assert with_hook(registry, "stegvis_deviations", answer).deviations(STATE) == HookAnswer((), TROUBLE)


def test_a_finding_is_true_false_or_unknown(registry):
    host = with_hook(registry, "stegvis_eligibility", [ExtraFinding("a", 1, "A")])  # type: ignore[arg-type]
    assert host.eligibility(ReferralFacts("dummy", DAY, {})) == HookAnswer((), TROUBLE)


def test_a_hook_that_raises_is_logged_without_its_message(registry):
    host = with_hook(registry, "stegvis_event", RuntimeError("Test Testsson 199001019802"))
    with structlog.testing.capture_logs() as logs:
        assert host.react(InsatsEvent("dummy", "ended", DAY)) == HookAnswer((), TROUBLE)
    assert [(log["event"], log["plugin"], log["hook"], log["error"]) for log in logs] == [
        ("plugin_failed", "dummy", "stegvis_event", "RuntimeError")
    ]
    assert "Testsson" not in str(logs)


def test_a_plugin_that_cannot_be_imported_keeps_its_data(monkeypatch, tmp_path, registry):
    (tmp_path / "trasig_insats.py").write_text("raise ValueError('Test Testsson')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    host = PluginHost(Registry({"dummy": registry.get("dummy")}, {"dummy": "trasig_insats"}))
    with structlog.testing.capture_logs() as logs:
        host.load()
    assert host.check_pending() == {"dummy": "ValueError"}
    assert host.figure(FIGURE) == HookAnswer(None, TROUBLE)
    assert "Testsson" not in str(logs)
    assert host.registry.get("dummy").manifest.title == "Provinsatsen"


def test_a_hook_that_is_none_of_ours_is_refused(registry):
    module = types.ModuleType("fel")
    module.stegvis_okand = hookimpl(lambda state: None)  # type: ignore[attr-defined]
    with pytest.raises(pluggy.PluginValidationError):
        PluginHost(registry).register("dummy", module)


def test_one_broken_plugin_stops_nobody_else(registry, host):
    module = types.ModuleType("trasig")
    module.stegvis_deviations = hookimpl(lambda state: 1 / 0)  # type: ignore[attr-defined]
    host.register("annan", module)
    other = InsatsState("annan", DAY, {})
    assert host.deviations(other) == HookAnswer((), TROUBLE)
    assert len(host.deviations(STATE).value) == 1


def test_arguments_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        STATE.budget = 5  # type: ignore[misc]


def test_the_api_imports_nothing_of_the_platform():
    api = importlib.import_module("stegvis.plugin_api")
    folder = Path(str(api.__file__)).parent
    lines = [
        line.strip() for path in folder.glob("*.py") for line in path.read_text(encoding="utf-8").splitlines()
    ]
    imports = [line for line in lines if line.startswith(("import stegvis", "from stegvis"))]
    assert [line for line in imports if not line.startswith("from stegvis.plugin_api")] == []
