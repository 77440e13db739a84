"""The house's order: who may see whom (design 3). Ground below, the two levels apart, plugins behind one

door.
"""

from collections import defaultdict

import pytest

from architecture.source import Module, imports, modules, plugin_roots

BOTTOM = {"config", "ground", "insats", "publishing"}
MIDDLE = BOTTOM | {"identity", "plugin_host", "plugin_api"}
WIRING = {"app", "cli", "worker", "wsgi", "local", "tables", "navigation"}

# First part below `stegvis` -> what else it may import. The wiring sees everything.
MAY_SEE = {
    "__init__": set(),
    "plugin_api": set(),
    "config": set(),
    "ground": {"config"},
    "insats": {"ground"},
    "publishing": {"ground", "insats"},
    "identity": BOTTOM,
    "plugin_host": BOTTOM | {"plugin_api"},
    "vault": MIDDLE,
    "forbund": MIDDLE,
}

# Imports against the order, each with its reason; the list only shrinks.
EXCEPTIONS: dict[tuple[str, str], str] = {}

# Room -> another room's module that is not its service, with the reason. The test holds to exactly these.
SEEN_BESIDE_SERVICES = {
    (
        "vault.consent",
        "vault.referrals.models",
    ): "a signature opens the referral: both rows locked, one transaction",
}
# The figures of a report are one SQL question over many rooms' coded values: its queries read their models.
READS_ALL_MODELS = "stegvis.vault.reporting.queries"

# The launcher walks the test provider over HTTP and makes its certificates before it starts.
SEEN_OF_THE_TEST_PROVIDER = {
    ("local", "testlegitimation.walk"),
    ("local", "testlegitimation.ca"),
    ("local", "testlegitimation.names"),
}


def part(name: str) -> str:
    """The first part below the package: `stegvis.vault.plans.models` -> `vault`."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def room(name: str) -> tuple[str, ...] | None:
    """The room that a module belongs to: (`vault`, `plans`); None outside the rooms."""
    parts = name.split(".")
    if parts[0] != "stegvis" or len(parts) < 3 or parts[1] not in ("vault", "forbund"):
        return None
    return tuple(parts[1:3])


def ours() -> list[Module]:
    return [one for one in modules() if one.name.split(".")[0] == "stegvis"]


def test_import_order() -> None:
    against = {}
    for module in ours():
        own = part(module.name)
        if own in WIRING:
            continue
        for line, name in imports(module):
            seen = part(name)
            if name.split(".")[0] == "stegvis" and seen != own and seen not in MAY_SEE[own]:
                against[module.name, name] = f"{module.short}:{line}"
    assert {key: against[key] for key in against if key not in EXCEPTIONS} == {}
    assert set(EXCEPTIONS) <= set(against), "an exception that is no longer needed"


def test_every_part_has_its_place() -> None:
    assert {part(one.name) for one in ours()} <= set(MAY_SEE) | WIRING


def test_the_two_levels_never_see_each_other() -> None:
    crossing = [
        f"{module.short}:{line} {name}"
        for module in ours()
        for line, name in imports(module)
        if {part(module.name), part(name)} == {"vault", "forbund"} and name.startswith("stegvis.")
    ]
    assert crossing == []


def test_rooms_meet_through_services_alone() -> None:
    met = defaultdict(list)
    for module in ours():
        own = room(module.name)
        if own is None:
            continue
        for line, name in imports(module):
            other = room(name)
            if other is None or other == own or name.endswith(".service"):
                continue
            if not (module.name == READS_ALL_MODELS and name.endswith(".models")):
                met[".".join(own), name.removeprefix("stegvis.")].append(f"{module.short}:{line}")
    assert {key: met[key] for key in met if key not in SEEN_BESIDE_SERVICES} == {}
    assert set(SEEN_BESIDE_SERVICES) <= set(met), "an exception that is no longer needed"


def test_policy_and_eid_protocol_need_no_database() -> None:
    pure = ("stegvis.publishing.policy",)
    found = [
        f"{module.short}:{line} {name}"
        for module in ours()
        if module.name.startswith(pure)
        for line, name in imports(module)
        if name.split(".")[0] in ("sqlalchemy", "psycopg", "flask", "redis")
    ]
    assert found == []


@pytest.mark.parametrize("root", plugin_roots())
def test_plugins_see_the_one_door(root: str) -> None:
    own = {one.name.split(".")[0] for one in modules(root)}
    for module in modules(root):
        for line, name in imports(module):
            first = name.split(".")[0]
            if first in own:
                continue
            if first in ("stegvis", "testlegitimation"):
                assert name == "stegvis.plugin_api" or name.startswith("stegvis.plugin_api."), (
                    root,
                    line,
                    name,
                )


def test_nothing_imports_a_plugin() -> None:
    packages = {one.name.split(".")[0] for root in plugin_roots() for one in modules(root)}
    assert packages != set()
    found = [
        f"{one.short}:{line}"
        for one in modules()
        for line, name in imports(one)
        if name.split(".")[0] in packages
    ]
    assert found == []


def test_the_test_provider_is_a_program_of_its_own() -> None:
    """Only the launcher knows of it, and only what is named above."""
    found = set()
    for module in modules():
        for _, name in imports(module):
            firsts = {module.name.split(".")[0], name.split(".")[0]}
            if firsts == {"stegvis", "testlegitimation"}:
                found.add((part(module.name) if module.name.startswith("stegvis") else module.name, name))
    assert found <= SEEN_OF_THE_TEST_PROVIDER


def test_the_source_root_is_no_package() -> None:
    """It would shadow the standard library's `platform`."""
    assert not any(one.short == "platform/__init__.py" for one in modules())
    assert len(modules()) > 50
