"""`./run pictures`: every page that each role can walk to, as pictures at the width of a phone and of a screen."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from stegvis.config import SettingsError
from stegvis.ground.definitions import DefinitionError
from stegvis.local.browser import find_chromium
from stegvis.local.demo import Demo, running_demo
from stegvis.local.home import LocalError, default_home, print_line

WIDTHS = {1280: 900, 390: 844}
# What a link leads to that is no page to look at.
FILES = ("/kvitto", "/pdf", "/fil", "/dokument", "/fardig", "/skannat", "/spar")
# The förbund whose every role is shown; in the others those who differ most.
FIRST, ELSEWHERE = "gavleborg", ("handledare", "forbundschef")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Walker:
    """Whose pages: a name for the pictures, the förbund's address, where to begin; nobody is not logged in."""

    name: str
    base: str
    start: str
    number: str = ""


@contextmanager
def chromium(program: Path) -> Iterator[Any]:
    """Chromium, driven by Playwright, for as long as the context is open."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=str(program), args=flags)
        try:
            yield browser
        finally:
            browser.close()


def log_in(page: Any, base: str, number: str) -> None:
    """Log in with the test e-ID, as a person with a screen does."""
    page.goto(f"{base}/logga-in")
    page.get_by_role("button", name="Logga in med BankID").click()
    be_at_eid(page, number, "Legitimera")
    page.wait_for_url(f"{base}/**")


def be_at_eid(page: Any, number: str, button: str) -> None:
    """At the test e-ID: be the person with this number, and press a button."""
    page.wait_for_selector("form[data-step=who]")
    page.fill("#annat", number)
    page.get_by_role("button", name=button, exact=True).click()


def choose(page: Any, question: str, answer: str) -> None:
    """Click an answer of the question that begins so: its label, which is what covers the box or the button."""
    begins = re.compile(rf"^\s*{re.escape(answer)}")
    page.get_by_role("group", name=question).locator("label").filter(has_text=begins).first.click()


def shape(address: str) -> str:
    """The kind of page an address leads to: ids and days left out, and of a query its names and plain values."""
    split = urlsplit(address)
    path = _DAY.sub("dag", _UUID.sub("id", split.path)).rstrip("/") or "/"
    asked = sorted(f"{name}={value}" for name, value in parse_qsl(split.query) if len(value) < 20)
    return path + ("?" + "&".join(asked) if asked else "")


def reachable(page: Any, walker: Walker) -> Iterator[str]:
    """The address of one page of each shape that links lead to; each is open in `page` when it is given."""
    waiting, seen = [urljoin(walker.base, walker.start)], set[str]()
    while waiting:
        address = waiting.pop(0)
        if shape(address) in seen:
            continue
        seen.add(shape(address))
        page.goto(address)
        yield address
        found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        waiting += [one.partition("#")[0] for one in found if _is_page(one, walker.base)]


def _is_page(address: str, base: str) -> bool:
    if not address.startswith(base + "/") or "sprak=" in address:
        return False
    return not urlsplit(address).path.endswith(FILES)


def walkers(demo: Demo) -> list[Walker]:
    """Nobody at each förbund, everybody's role in Gävleborg (both participants), two roles elsewhere."""
    bases = demo.base()
    found = {f"{tenant}-alla": Walker(f"{tenant}-alla", base, "/") for tenant, base in bases.items()}
    for one in demo.people:
        name = f"{one.tenant}-{one.role}"
        if name in found and one.role == "deltagare":
            name += "-2"
        if one.tenant == FIRST or one.role in ELSEWHERE:
            found.setdefault(name, Walker(name, bases[one.tenant], one.start_url, one.personnummer))
    return list(found.values())


def take(demo: Demo, browser: Any, folder: Path) -> list[Path]:
    """Take all pictures into a folder; returns their paths."""
    taken: list[Path] = []
    for walker in walkers(demo):
        addresses: list[str] = []
        for width, height in WIDTHS.items():
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme="light", locale="sv-SE"
            )
            page = context.new_page()
            page.set_default_timeout(15_000)
            if walker.number:
                log_in(page, walker.base, walker.number)
            if addresses:
                for address in addresses:
                    page.goto(address)
                    taken.append(_picture(page, walker, address, width, folder))
            else:
                for address in reachable(page, walker):
                    addresses.append(address)
                    taken.append(_picture(page, walker, address, width, folder))
            context.close()
    return taken


def _picture(page: Any, walker: Walker, address: str, width: int, folder: Path) -> Path:
    words = re.sub(r"[^a-z0-9]+", "-", shape(address).lower()).strip("-") or "start"
    path = folder / f"{walker.name}-{words}-{width}.png"
    page.screenshot(path=path, full_page=True)
    return path


def main(argv: list[str] | None = None) -> int:
    """Start the demo, take the pictures, stop it."""
    parser = argparse.ArgumentParser(prog="./run pictures", description="Tar bilder av alla sidor.")
    parser.add_argument("--folder", type=Path, help="mapp för bilderna (.stegvis/pictures)")
    parser.add_argument("--port", type=int, help="webbens port")
    told = parser.parse_args(argv)
    program = find_chromium()
    if program is None:
        print_line("Bilderna tas med Chromium, som saknas här. Inget är gjort.")
        return 2
    folder = told.folder or default_home() / "pictures"
    try:
        with running_demo(port=told.port) as demo:
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.png"):
                old.unlink()
            with chromium(program) as browser:
                taken = take(demo, browser, folder)
    except (LocalError, SettingsError, DefinitionError) as error:
        print_line(str(error))
        return 2
    print_line(f"{len(taken)} bilder i {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
