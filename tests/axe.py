"""axe on an open page, judged when the page has come to rest."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe

# A colour on its way from one state to the next is nobody's fault: transitions of FKUI take up to half a second.
REST = "() => Promise.allSettled(document.getAnimations().map(animation => animation.finished))"


def violations(page: Any, rules: list[str] | None = None) -> list[tuple[str, list[str]]]:
    """What axe finds on the page (by all its rules, or by these): the rule, and how each faulty element begins."""
    page.evaluate(REST)
    found = Axe().run(page, options={"runOnly": rules} if rules else None).response["violations"]
    return [(rule["id"], [node["html"][:140] for node in rule["nodes"]]) for rule in found]


def hold(page: Any, selector: str, *states: str) -> None:
    """Keep every element of the page that the selector finds in these states (hover, focus, active)."""
    tools = page.context.new_cdp_session(page)
    tools.send("DOM.enable")
    tools.send("CSS.enable")
    root = tools.send("DOM.getDocument")["root"]["nodeId"]
    for node in tools.send("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"]:
        tools.send("CSS.forcePseudoState", {"nodeId": node, "forcedPseudoClasses": list(states)})
