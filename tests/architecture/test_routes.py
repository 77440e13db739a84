"""Every route declares who may use it; what is open to everybody is listed here, one by one."""

from flask import Flask

from stegvis.identity.access.policy import Policy

# Endpoints of the frame and of the operator's probes: they open no scope and show nothing of anybody.
WITHOUT_POLICY = {"web.", "health.", "static"}


def guarded(app: Flask) -> dict[str, Policy | None]:
    """The declared policy of every endpoint that has to have one."""
    names = {rule.endpoint for rule in app.url_map.iter_rules()}
    return {
        name: getattr(app.view_functions[name], "policy", None)
        for name in sorted(names)
        if not any(name == one or (one.endswith(".") and name.startswith(one)) for one in WITHOUT_POLICY)
    }


def test_every_route_declares_its_policy(app: Flask) -> None:
    assert [name for name, policy in guarded(app).items() if policy is None] == []


def test_an_open_route_says_why(app: Flask) -> None:
    assert [
        name for name, one in guarded(app).items() if one and one.level is None and len(one.why) < 10
    ] == []


def test_a_closed_route_names_a_level_and_who(app: Flask) -> None:
    closed = {name: one for name, one in guarded(app).items() if one and one.level is not None}
    assert {one.level for one in closed.values()} <= {"forbund", "huvudman"}
    assert [name for name, one in closed.items() if not one.kinds] == []


def test_addresses_are_plain_swedish_letters(app: Flask) -> None:
    rules = [rule.rule for rule in app.url_map.iter_rules()]
    assert [rule for rule in rules if not rule.isascii() or (rule != rule.lower() and "<" not in rule)] == []
