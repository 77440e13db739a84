"""One permission function: rooms ask it, and decide nothing by looking at rights themselves."""

import ast

from architecture.source import calls, modules

ROOMS = ("stegvis.vault.", "stegvis.forbund.", "stegvis.publishing.", "stegvis.identity.accounts.")
# Methods of the actor that tell of rights.
LOOKS = {"in_team", "has", "insatser"}


def test_rooms_do_not_look_at_rights_themselves() -> None:
    found = [
        f"{module.short}:{call.lineno} {name}"
        for module in modules()
        if module.name.startswith(ROOMS)
        for call, name in calls(module.tree)
        if name in LOOKS
    ]
    assert found == []


def test_the_permission_function_is_pure() -> None:
    (pure,) = [one for one in modules() if one.name == "stegvis.identity.access.decide"]
    seen = {
        node.module
        for node in ast.walk(pure.tree)
        if isinstance(node, ast.ImportFrom) and node.module is not None
    }
    assert seen == {"dataclasses", "enum", "stegvis.identity.access.rights"}
